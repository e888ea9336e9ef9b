"""What tests without a JVM share: an empty lakehouse, the command line called in this process, a good file, an S3."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from lakehouse.bronze.landing import land
from lakehouse.bronze.ledger import Landing
from lakehouse.conf import conf_folder
from lakehouse.runtime import leases, s3_leases, session
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.unit.calls import Command, calling
from tests.unit.lease_processes import BUCKET

if TYPE_CHECKING:  # moto takes a second to load
    from tests.unit.faulty_s3 import Faulty


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty root of a lakehouse, the one that commands in this test would work on."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LAKEHOUSE_HOME", str(folder))
    for name in ("LAKEHOUSE_ENV", "LAKEHOUSE_CONF"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def conf(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration, in use."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_folder(), folder)
    monkeypatch.setenv("LAKEHOUSE_CONF", str(folder))
    return folder


@pytest.fixture
def lake(home: Path) -> Lake:
    """A lakehouse without data."""
    return open_lake("local")


@pytest.fixture
def lakehouse(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls the command line as the installed command does; none of it may start Spark."""

    def no_spark(*_: object, **__: object) -> None:
        raise AssertionError("Spark was started")

    monkeypatch.setattr(session, "open_session", no_spark)
    return calling(capfd)


@pytest.fixture(scope="session")
def good_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("good"), rows=200, days=1)[0].path


@pytest.fixture
def file(good_file: Path, tmp_path: Path) -> Path:
    """A good file, in a folder of its own."""
    (tmp_path / "files").mkdir()
    return Path(shutil.copy(good_file, tmp_path / "files"))


@pytest.fixture
def landed(lake: Lake, file: Path) -> Landing:
    """The one landing of a lakehouse."""
    (outcome,) = land(lake, lake.source("superstore"), [file])
    return outcome.landing


@pytest.fixture
def no_session(lakehouse: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line with a session that nobody asks anything."""
    monkeypatch.setattr(session, "open_session", lambda *_, **__: None)
    return lakehouse


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    """A client of an S3 that this process serves; child processes find it by the environment's variables."""
    import boto3
    from moto.s3.responses import S3Response
    from moto.server import ThreadedMotoServer

    from lakehouse.runtime.s3_leases import CLIENT

    put, one_at_a_time = S3Response.put_object, threading.Lock()

    def put_in_one_step(self: Any) -> Any:
        with one_at_a_time:  # moto looks and then puts; a store does both at once
            return put(self)

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(S3Response, "put_object", put_in_one_step)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
            patched.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "testing")
        patched.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name in ("NO_PROXY", "no_proxy"):
            patched.setenv(name, "127.0.0.1")
        patched.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.get_host_and_port()[1]}")
        client = boto3.Session().client("s3", config=CLIENT)
        client.create_bucket(Bucket=BUCKET)
        yield client
        client.close()
    server.stop()


@pytest.fixture(scope="module")
def before(store: Any) -> Iterator["Faulty"]:
    from tests.unit.faulty_s3 import faulty_before

    with faulty_before(store.meta.endpoint_url) as faulty:
        yield faulty


@pytest.fixture
def faulty(before: "Faulty") -> "Faulty":
    """One without faults yet; the server is the same for all tests, since to make a client for another takes long."""
    before.begin()
    return before


@pytest.fixture(scope="module")
def another(store: Any) -> Iterator["Faulty"]:
    from tests.unit.faulty_s3 import faulty_before

    with faulty_before(store.meta.endpoint_url) as faulty:
        yield faulty


@pytest.fixture
def unheard(another: "Faulty", monkeypatch: pytest.MonkeyPatch) -> "Faulty":
    """One whose clients soon give up: they are made here, for a server of their own."""
    from lakehouse.runtime import s3_clients
    from tests.unit.s3_operations import GIVES_UP

    monkeypatch.setattr(s3_clients, "FOR_OBJECTS", s3_clients.FOR_OBJECTS.merge(GIVES_UP))
    another.begin()
    return another


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of uploads are tiny, and nobody waits before trying again."""
    from tests.unit.s3_stores import hasty, tiny_parts

    tiny_parts(monkeypatch)
    hasty(monkeypatch)


@pytest.fixture
def prefix() -> str:
    """Of a lakehouse of this test's own, in the bucket of `store`."""
    return f"{uuid4().hex}/"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a lease in S3 looks often, and this process drives no JVM."""
    monkeypatch.setattr(s3_leases, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(s3_leases, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(leases, "_OWN_JVM", [])


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Stands for a JVM: it lives until it is killed, whatever becomes of those who recorded it."""
    child = subprocess.Popen(["sleep", "300"])
    yield child
    child.kill()
    child.wait()
