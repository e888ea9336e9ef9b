"""`lakehouse doctor`: each check finds what it is there for, and one finding never hides another."""

import contextlib
import errno
import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from snowflake.connector.errors import ProgrammingError

from lakehouse.care import doctor
from lakehouse.care.doctor import diagnoses
from lakehouse.errors import JobError
from lakehouse.runtime.local_store import LocalStore
from tests.unit.calls import Command

ENCRYPTED = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    .decode()
)

CHECKS = ["python", "java", "configuration", "jars", "storage", "disk", "leases", "warehouse", "broker"]


def wrong() -> dict[str, str]:
    """What is not well, by its check."""
    return {one.check: one.told for one in diagnoses("local") if not one.ok}


def test_all_is_well_where_all_is_there(lakehouse: Command, home: Path) -> None:
    done = lakehouse("doctor", "--json")
    told = json.loads(done.out)
    assert [one["check"] for one in told["checks"]] == CHECKS
    assert (done.code, told["ok"], wrong()) == (0, True, {})
    assert told["checks"][-2]["told"] == f"local RETAIL.GOLD, opened when it is asked, at {home / 'warehouse'}"
    assert told["checks"][-1]["told"] == "none runs here, and none is named: started by `lakehouse kafka start`"


def test_jars_that_are_not_there_and_another_java(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lakehouse: Command
) -> None:
    monkeypatch.setenv("LAKEHOUSE_JARS", str(tmp_path / "jars"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    found = wrong()
    assert list(found) == ["java", "jars"]
    assert found["jars"].endswith("run `make setup`, or any lakehouse run")
    assert lakehouse("doctor").code == 2


def test_a_configuration_that_is_wrong_ends_with_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__DRIVER_MEMORY", "a lot")
    assert list(wrong()) == ["configuration"]


def test_a_disk_that_is_nearly_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = namedtuple("free", "total used free")(10, 9, 1024**3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    assert wrong() == {"disk": f"1.0 GiB free at {home}: make room, a run wants 2 GiB or more"}


def test_a_home_that_can_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "not" / "there"
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))

    def refused(folder: Path, **_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(folder))

    monkeypatch.setattr(Path, "mkdir", refused)
    found = wrong()
    assert list(found) == ["storage", "leases"]
    assert found["storage"] == (
        f"{home} cannot be written, as its file system is read-only: "
        "choose another place (that of the lakehouse is LAKEHOUSE_HOME)"
    )


def test_a_file_system_without_locks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def nobody_else(*_: object, **__: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(LocalStore, "lease", nobody_else)
    assert wrong()["leases"].startswith("two writers got the same lease")


@pytest.fixture
def snowflake(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name Snowflake, with a key file that is not there."""
    names = {"KIND": "snowflake", "ACCOUNT": "org-retail", "USER": "loader", "ROLE": "LOADER", "WAREHOUSE": "LOADING"}
    for name, value in {**names, "PRIVATE_KEY_FILE": str(home / "key.p8")}.items():
        monkeypatch.setenv(f"LAKEHOUSE_WAREHOUSE__{name}", value)


def test_a_warehouse_whose_key_is_not_there(home: Path, snowflake: None) -> None:
    found = wrong()
    assert list(found) == ["warehouse"]
    assert found["warehouse"].startswith(f"there is no key file {home / 'key.p8'}")


class Answering:
    """A session of Snowflake that has one row to give."""

    def __init__(self, row: tuple[str | None, ...]) -> None:
        self.row = row

    def cursor(self) -> "Answering":
        return self

    def execute(self, _: str) -> "Answering":
        return self

    def fetchone(self) -> tuple[str | None, ...]:
        return self.row


@pytest.mark.parametrize(
    "row, told",
    [
        (("LOADER", "LOADING", "GOLD"), None),
        (("LOADER", None, None), "ORG-RETAIL RETAIL.GOLD answers, but this user may not use its warehouse, schema"),
    ],
)
def test_a_warehouse_is_asked_what_its_user_may_use(
    row: tuple[str | None, ...], told: str | None, snowflake: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "connected", lambda *_: contextlib.nullcontext(Answering(row)))
    assert wrong().get("warehouse", "").partition(":")[0] == (told or "")


class Refusing(Answering):
    """A session of Snowflake that refuses what it is asked."""

    def execute(self, _: str) -> "Answering":
        raise ProgrammingError("no such privilege")


def test_a_warehouse_that_refuses_hides_nothing_else(snowflake: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "connected", lambda *_: contextlib.nullcontext(Refusing(())))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("free", "total used free")(10, 9, 0))
    assert list(wrong()) == ["disk", "warehouse"]


@pytest.mark.parametrize("key", ["no key at all", ENCRYPTED])
def test_a_key_that_cannot_be_used_is_named(
    key: str, snowflake: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key.p8"
    file.write_text(key)
    monkeypatch.setenv("LAKEHOUSE_WAREHOUSE__PRIVATE_KEY_FILE", str(file))
    assert wrong()["warehouse"].startswith(f"the key in {file} cannot be used (")
    assert wrong()["warehouse"].endswith("): name a PEM file without a passphrase")


def test_a_second_lease_that_fails_for_another_reason_proves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, taken = LocalStore.lease, list[str]()

    def lease(self: LocalStore, table: str, **options: object) -> object:
        taken.append(table)
        if len(taken) > 1:
            raise JobError("the lease of doctor cannot be had: the store does not answer")
        return real(self, table, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalStore, "lease", lease)
    assert wrong() == {"leases": "the lease of doctor cannot be had: the store does not answer"}
