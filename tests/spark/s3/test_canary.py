"""No credential gets anywhere: not into what is printed, nor into logs, Spark's event log, tables or objects.

A whole run in a bucket, and commands that fail for each kind of reason, all with `--debug` and with canaries for
credentials; then every byte they left is searched. And every object of two runs, of which the second is killed, is
encrypted as the settings say, staged rows included, by whichever of three clients it was written.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.runtime.lake import Lake
from lakehouse.runtime.parquet import FILE
from lakehouse.sample import write_sample
from tests.kills import ended
from tests.spark.s3.buckets import client, keys
from tests.spark.s3.conftest import in_use
from tests.unit.wrong_storage import KMS_KEY

CANARIES = {
    "AWS_SECRET_ACCESS_KEY": "Canary/Secret+OfAws0",
    "AWS_SESSION_TOKEN": "Canary/Token+OfAws0==",
    "RETAIL_KAFKA_PASSWORD": "Canary/PasswordOfKafka",
}
KEY = "Canary/KeyOfSnowflake"
ENCRYPTED = {"ENCRYPTION": "sse-kms", "KMS_KEY": KMS_KEY, "STAGING": "bucket"}
RUN = ("--debug", "run", "--to", "gold", "--source", "superstore")


@pytest.fixture
def there(address: str, bucket: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    for name, value in ENCRYPTED.items():
        monkeypatch.setenv(f"LAKEHOUSE_STORAGE__{name}", value)
    with in_use(address, bucket, home) as lake:
        yield lake


@pytest.fixture
def event_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Spark writes down all that happens, its configuration included."""
    folder, conf = tmp_path / "events", tmp_path / "spark-conf"
    folder.mkdir()
    conf.mkdir()
    said = {"enabled": "true", "dir": folder.as_uri(), "compress": "false", "rolling.enabled": "false"}
    (conf / "spark-defaults.conf").write_text("".join(f"spark.eventLog.{key} {value}\n" for key, value in said.items()))
    monkeypatch.setenv("SPARK_CONF_DIR", str(conf))
    return folder


def every_byte_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def encryptions(asked: Any, bucket: str, of: list[str]) -> set[tuple[str, str]]:
    """By which algorithms and keys these objects are encrypted."""
    heads = [asked.head_object(Bucket=bucket, Key=key) for key in of]
    return {(head.get("ServerSideEncryption", ""), head.get("SSEKMSKeyId", "")) for head in heads}


def test_credentials_are_nowhere_to_be_found_and_every_object_is_encrypted(
    there: Lake, event_log: Path, tmp_path: Path, address: str, bucket: str
) -> None:
    home, key_file = Path(there.home), tmp_path / "key.p8"
    key_file.write_text(f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\n")
    key_file.chmod(0o600)
    first, second = (str(file.path) for file in write_sample(tmp_path / "files", rows=300, days=2))
    snowflake = {"KIND": "snowflake", "ACCOUNT": "org-none", "USER": "u", "ROLE": "r", "WAREHOUSE": "w"}
    of_snowflake = {f"LAKEHOUSE_WAREHOUSE__{k}": v for k, v in snowflake.items()}
    of_snowflake["LAKEHOUSE_WAREHOUSE__PRIVATE_KEY_FILE"] = str(key_file)
    of_kafka = {
        "LAKEHOUSE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "LAKEHOUSE_KAFKA__SASL_MECHANISM": "PLAIN",
        "LAKEHOUSE_KAFKA__USERNAME": "u",
        "LAKEHOUSE_KAFKA__PASSWORD_ENV": "RETAIL_KAFKA_PASSWORD",
    }
    told = [
        ended(home, *RUN, first, **CANARIES),
        ended(home, *RUN, second, **CANARIES, LAKEHOUSE_KILL_AT="gold-fact-sales"),
        ended(home, *RUN, second, LAKEHOUSE_STORAGE__BUCKET="no-such-bucket", **CANARIES),
        ended(home, *RUN, second, LAKEHOUSE_STORAGE__ENDPOINT="http://127.0.0.1:1", **CANARIES),
        ended(home, *RUN, second, LAKEHOUSE_STORAGE__REGION=CANARIES["AWS_SECRET_ACCESS_KEY"], **CANARIES),
        ended(home, "--debug", "publish", **of_snowflake, **CANARIES),
        ended(home, "--debug", "doctor", **of_snowflake, **of_kafka, **CANARIES),
        ended(home, "--debug", "config", "check", **of_snowflake, **of_kafka, **CANARIES),
        ended(home, "--debug", "status", **CANARIES),
    ]
    assert [one.returncode != 0 for one in told] == [False, True, True, True, True, True, True, False, False]
    events = every_byte_below(event_log)
    assert any(b"SparkListenerEnvironmentUpdate" in body for body in events.values())
    asked, objects = client(address), keys(address, bucket)
    assert encryptions(asked, bucket, objects) == {("aws:kms", KMS_KEY)}
    assert any(key.startswith("staging/") and key.endswith(FILE) for key in objects)  # rows staged without Spark
    searched = {
        **{f"what {number} printed": (one.stdout + one.stderr).encode() for number, one in enumerate(told)},
        **every_byte_below(home),
        **events,
        **{key: asked.get_object(Bucket=bucket, Key=key)["Body"].read() for key in objects},
    }
    for canary in (*CANARIES.values(), KEY):
        assert [place for place, body in searched.items() if canary.encode() in body] == [], canary
