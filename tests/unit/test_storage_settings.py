"""Where a lakehouse is kept: what goes and what does not, and that no credential is taken, or told again."""

import json
import os
import traceback
from pathlib import Path

import pytest

from lakehouse.errors import UsageError
from lakehouse.runtime.settings import Settings, load_settings
from lakehouse.runtime.storage_settings import StorageSettings
from tests.unit.calls import Command, nothing_happened
from tests.unit.test_config_check import findings
from tests.unit.wrong_configurations import KEY, KEY_FILE, LOCAL, PRODUCTION, S3
from tests.unit.wrong_storage import (
    ACCESS_KEY,
    CREDENTIAL,
    KMS_KEY,
    SECRET_KEY,
    SERVER,
    TOGETHER,
    VALUES,
    VARIABLE,
    variables,
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.upper().startswith("LAKEHOUSE_")]:
        monkeypatch.delenv(name)


def say(monkeypatch: pytest.MonkeyPatch, said: dict[str, str]) -> None:
    for name, value in variables(said).items():
        monkeypatch.setenv(name, value)


def storage(monkeypatch: pytest.MonkeyPatch, **said: str) -> StorageSettings:
    say(monkeypatch, {**S3, **{name.upper(): value for name, value in said.items()}})
    return load_settings("local").storage


def test_a_lakehouse_is_local_unless_said_otherwise() -> None:
    assert load_settings("local").storage == StorageSettings()
    assert StorageSettings().model_dump() == {
        "kind": "local",
        "bucket": None,
        "prefix": "",
        "region": None,
        "endpoint": None,
        "tls": True,
        "ca_file": None,
        "path_style": False,
        "encryption": "bucket",
        "kms_key": None,
        "lease_seconds": 60,
        "staging": "home",
    }


def test_s3_needs_a_bucket_and_a_region_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    there = storage(monkeypatch)
    assert (there.kind, there.bucket, there.region) == ("s3", "retail-lake", "eu-central-1")


@pytest.mark.parametrize("name", ["abc", "a1.b-c", "1lake", 63 * "x", "1.2.3", "1.2.3.4.5"])
def test_names_that_a_bucket_may_have(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert storage(monkeypatch, bucket=name).bucket == name


@pytest.mark.parametrize("prefix", ["retail", "retail/eu", "a=1/B_2/c.d-e", "...", ".hidden", 512 * "x"])
def test_prefixes_that_go(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    assert storage(monkeypatch, prefix=prefix).prefix == prefix


@pytest.mark.parametrize("server", [SERVER, "http://minio", "http://[::1]:9000", "http://s3.my-shop.example:80"])
def test_servers_without_tls_that_go(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    there = storage(monkeypatch, endpoint=server, tls="false", path_style="true")
    assert (there.endpoint, there.tls, there.path_style) == (server, False, True)


@pytest.mark.parametrize("said, meant", [("true", True), ("1", True), ("yes", True), ("FALSE", False), ("no", False)])
def test_a_truth_may_be_said_in_some_ways(monkeypatch: pytest.MonkeyPatch, said: str, meant: bool) -> None:
    assert storage(monkeypatch, path_style=said).path_style is meant


@pytest.mark.parametrize(
    "key",
    [
        KMS_KEY,
        "arn:aws-cn:kms:cn-north-1:111122223333:alias/retail/lake",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "mrk-1234abcd12ab34cd56ef1234567890ab",
        "alias/lake",
    ],
)
def test_a_kms_key_is_named_in_each_of_amazon_s_ways(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    assert storage(monkeypatch, encryption="sse-kms", kms_key=key).kms_key == key


def test_kms_goes_without_a_key_of_one_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage(monkeypatch, encryption="sse-kms").kms_key is None


@pytest.mark.parametrize("master", ["local", "local[*]", "local[4]"])
def test_one_machine_may_keep_intermediate_results_at_home(monkeypatch: pytest.MonkeyPatch, master: str) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__MASTER", master)
    assert storage(monkeypatch).staging == "home"


def test_a_cluster_keeps_them_in_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__MASTER", "yarn")
    assert storage(monkeypatch, staging="bucket").staging == "bucket"


@pytest.mark.parametrize("name, value, told", VALUES.values(), ids=VALUES)
def test_a_value_that_is_wrong(
    lakehouse: Command, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    place = VARIABLE + name.upper()
    say(monkeypatch, {**S3, place: value})
    ended = lakehouse("config", "check", "--json")
    assert (ended.code, findings(ended)) == (2, [(place, told)])
    assert len(value) < 9 or value not in ended.out  # shorter ones stand in words of the sentences
    assert not home.exists()


@pytest.mark.parametrize("said, told", TOGETHER.values(), ids=TOGETHER)
def test_values_that_do_not_go_together(
    lakehouse: Command, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], told: str
) -> None:
    say(monkeypatch, said)
    ended = lakehouse("config", "check", "--json")
    places = ", ".join(sorted(name for name in variables(said) if name.startswith(VARIABLE)))
    assert (ended.code, findings(ended)) == (2, [(places, told)])


@pytest.mark.parametrize("arguments", [["status"], ["land", "--source", "superstore", "x.csv"], ["verify"]])
def test_a_command_with_wrong_storage_does_nothing(
    lakehouse: Command, home: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    say(monkeypatch, {**S3, "SECRET_KEY": SECRET_KEY})
    ended = lakehouse(*arguments)
    assert ended.code == 2
    assert ended.sentence == f"the settings of 'local' are not usable:\n  {VARIABLE}SECRET_KEY: {CREDENTIAL}"
    assert SECRET_KEY not in ended.err + ended.out
    assert nothing_happened(home)


@pytest.mark.parametrize("secret", [ACCESS_KEY, SECRET_KEY, "hush"])
@pytest.mark.parametrize("name", [*StorageSettings.model_fields, "secret_key", "secret__key"])
def test_a_credential_at_a_wrong_place_is_told_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, secret: str
) -> None:
    say(monkeypatch, {**S3, name.upper(): secret, "LEASE_SECONDS": secret})
    with pytest.raises(UsageError) as caught:
        load_settings("local")
    assert secret not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(ValueError, match="storage") as raw:
        Settings()
    assert secret not in str(raw.value)


def test_a_credential_in_a_file_is_told_by_its_name(lakehouse: Command, conf: Path) -> None:
    (conf / LOCAL).write_text(f"storage: {{kind: s3, bucket: lake, region: x, secret_key: {SECRET_KEY}}}")
    ended = lakehouse("config", "check", "--json")
    assert findings(ended) == [(LOCAL, f"storage.secret_key: {CREDENTIAL}")]
    assert SECRET_KEY not in ended.out


def test_production_says_exactly_what_is_missing(lakehouse: Command) -> None:
    ended = lakehouse("config", "check", "--env", "prod", "--json")
    assert ended.code == 2
    names = ("ACCOUNT", "USER", "PRIVATE_KEY_FILE", "ROLE", "WAREHOUSE")
    assert findings(ended) == [
        (
            "environments/prod.yml",
            f"storage: kind is s3, but this is not said: set {VARIABLE}BUCKET, {VARIABLE}REGION",
        ),
        (
            "environments/prod.yml",
            "warehouse: kind is snowflake, but this is not said: set "
            + ", ".join(f"LAKEHOUSE_WAREHOUSE__{name}" for name in names),
        ),
    ]


def test_production_is_sound_once_told(lakehouse: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loader.p8").write_text(KEY)
    (tmp_path / "loader.p8").chmod(0o600)
    say(monkeypatch, {**PRODUCTION, KEY_FILE: str(tmp_path / "loader.p8")})
    assert json.loads(lakehouse("config", "check", "--env", "prod", "--json").out)["findings"] == []


def test_development_needs_to_be_told_nothing(lakehouse: Command) -> None:
    assert findings(lakehouse("config", "check", "--env", "dev", "--json")) == []
    there = load_settings("dev").storage
    assert (there.endpoint, there.tls, there.path_style, there.bucket) == (SERVER, False, True, "lakehouse-dev")
