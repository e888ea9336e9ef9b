"""Landing into a bucket, from brokers that want to know who asks, and under spark-submit."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.verify import digests
from lakehouse.errors import JobError
from lakehouse.ops.spark import session_for
from lakehouse.runtime import jars
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.settings import Settings
from lakehouse.streams import broker
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.job import Wanted, land_events
from lakehouse.streams.bronze.query import Pace, checkpoints
from lakehouse.streams.bronze.sink import Landed
from tests.kafka.events import put
from tests.kafka.secured import PASSWORD, TOPIC, Secured
from tests.kafka.test_signing_in import by_certificate, by_password, secured
from tests.kills import PATIENCE, ROOT, ended, environment
from tests.oracle.digest import digest
from tests.oracle.silver import silver_of
from tests.spark.s3.conftest import address, bucket, in_use
from tests.spark.streams.landed import all_landed, landed, stated
from tests.unit.calls import Command

__all__ = ["address", "bucket", "secured"]

pytestmark = pytest.mark.timeout(600)

SUBMIT = Path(sys.executable).with_name("spark-submit")


def silver_is_the_oracles(lake: Lake, topic: str) -> None:
    state = silver_of(one for one in stated(landed(lake, topic).values()) if one is not None)
    silver = digests(lambda: session_for(lake), lake)["silver.sales"]
    assert (silver.rows, silver.sum) == digest(state)


@pytest.mark.parametrize("staging", [pytest.param("home", marks=pytest.mark.soak), "bucket"])
def test_events_go_to_a_bucket_and_its_silver_with_the_checkpoint_here_or_there(
    staging: str, spark: SparkSession, home: Path, address: str, bucket: str, served: Path, topic: str, oracle: Path,
    lakehouse: Command, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LAKEHOUSE_STORAGE__STAGING", staging)
    with in_use(address, bucket, home, spark) as lake:
        made = ("produce", "--partitions", 2, "--abort", 0.2, "--oracle", oracle, "--events")
        for seed in (1, 2):
            assert lakehouse(*made, 1_000, "--seed", seed).code == 0
            done = lakehouse("stream", "bronze", "--once", "--most", 500)
            assert done.code == 0, done.err
        assert all_landed(lake, served, topic, oracle) > 1_000
        assert not (home / "bronze").exists()
        assert (home / "streams").exists() == (staging == "home")
        assert checkpoints(lake).startswith(lake.root) == (staging == "bucket")
        assert [*lake.scratch.objects_below(checkpoints(lake))] == []
        assert "\n0 event(s) behind" in lakehouse("stream", "status").out
        done = lakehouse("stream", "silver", "--once", "--most", 800)
        assert done.code == 0, done.err
        silver_is_the_oracles(lake, topic)


@contextmanager
def signed_in(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    monkeypatch.setenv("KAFKA_PASSWORD", PASSWORD)
    yield replace(open_lake("local"), settings=settings)


def drain(spark: SparkSession, lake: Lake) -> Landed:
    came = Landed(topic=TOPIC)
    wanted = Wanted(topic=TOPIC, pace=Pace(every=None, most=1_000), patience=1.0)
    land_events(lambda: spark, lake, wanted, came, stop=Event())
    return came


@pytest.mark.parametrize("way", ["password", "certificate"])
def test_the_source_signs_in_over_tls(
    way: str, spark: SparkSession, home: Path, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = broker.running(str(secured.home))
    assert there is not None
    put(there.address, TOPIC, [b"1", b"2"])
    settings = by_certificate(secured) if way == "certificate" else by_password(secured, "SCRAM-SHA-512")
    with signed_in(settings.model_copy(update={"home": home}), monkeypatch) as lake:
        assert drain(spark, lake).rows >= 2
        assert {event.value for event in landed(lake, TOPIC).values()} == {b"1", b"2"}


def test_who_may_not_read_is_told(
    spark: SparkSession, home: Path, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = by_password(secured, user="reader").model_copy(update={"home": home})
    with signed_in(settings, monkeypatch) as lake, pytest.raises(JobError) as caught:
        drain(spark, lake)
    assert f"the brokers do not let this user read topic {TOPIC}" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def event_log(folder: Path) -> Path:
    """Where Spark's event log will be, for who has the configuration that is written beside it."""
    events = folder / "events"
    for made in (events, folder / "conf"):
        made.mkdir()
    said = {"enabled": "true", "compress": "false", "dir": events.as_uri()}
    lines = (f"spark.eventLog.{key} {value}\n" for key, value in said.items())
    (folder / "conf" / "spark-defaults.conf").write_text("".join(lines))
    return events


@pytest.mark.parametrize("user, code", [("loader", 0), ("reader", 1)])
def test_a_password_is_in_no_file_and_on_no_terminal(
    user: str, code: int, home: Path, secured: Secured, tmp_path: Path
) -> None:
    there = broker.running(str(secured.home))
    assert there is not None
    put(there.address, TOPIC, [b"1"])
    said = {"BOOTSTRAP_SERVERS": secured.signed, "SASL_MECHANISM": "PLAIN", "USERNAME": user, "TOPIC": TOPIC,
            "PASSWORD_ENV": "KAFKA_PASSWORD", "CA_FILE": str(secured.folder / "ca.pem")}  # fmt: skip
    settings = {f"LAKEHOUSE_KAFKA__{name}": value for name, value in said.items()}
    protocol = {"LAKEHOUSE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_PASSWORD": PASSWORD}
    events = event_log(tmp_path)
    conf = {"SPARK_CONF_DIR": str(tmp_path / "conf")}
    done = ended(home, "--debug", "stream", "bronze", "--once", "--patience", "1", **settings, **protocol, **conf)
    assert done.returncode == code, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    logged = [file for file in events.rglob("*") if file.is_file()]
    assert b"SparkListenerSQLExecutionStart" in b"".join(file.read_bytes() for file in logged)
    files = [*logged, *(file for file in home.rglob("*") if file.is_file())]
    assert home / "logs" / "spark.log" in files
    assert [file for file in files if b"hunter2" in file.read_bytes()] == []


def submitted(home: Path, job: str) -> subprocess.CompletedProcess[str]:
    """A job on events under spark-submit, run to its end."""
    options = ["--master", "local[2]", "--driver-class-path", jars.class_path()]
    return subprocess.run(
        [str(SUBMIT), *options, str(ROOT / "streaming" / job), "--env", "local", "--once"],
        env=environment(home, PYSPARK_PYTHON=sys.executable),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_under_spark_submit_it_is_the_same(
    home: Path, lake: Lake, served: Path, topic: str, oracle: Path, lakehouse: Command
) -> None:
    assert lakehouse("produce", "--events", 1_000, "--partitions", 2, "--oracle", oracle).code == 0
    done = submitted(home, "kafka_to_bronze.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"topic {topic}: 1 000 event(s) landed" in done.stdout
    assert all_landed(lake, served, topic, oracle) == 1_000
    done = submitted(home, "bronze_to_silver.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"topic {topic}: 1 000 message(s) into silver" in done.stdout
    silver_is_the_oracles(lake, topic)
    for table in (EVENTS, "silver.sales"):
        assert (home / "leases" / f"{table}.lock").read_text() == ""
