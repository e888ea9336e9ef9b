"""A gate holds a batch: nothing of it reaches silver, later ones go on, and accepting it resumes it."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.status import status_of
from lakehouse.care.verify import findings
from lakehouse.conf import conf_folder
from lakehouse.errors import UsageError
from lakehouse.ops import accounting
from lakehouse.road import resume
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from lakehouse.silver.pending import accept
from tests.spark.travels import digest_of, lake_at, travel

GATE = "\n  quantity_is_one: {check: at_least, column: quantity, min: 1000, on_fail: abort}\n"


@pytest.fixture
def strict(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lakehouse whose Superstore has a gate that holds every batch."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_folder(), folder)
    source = folder / "sources" / "superstore.yml"
    source.write_text(source.read_text().replace("\nexpectations:\n", "\nexpectations:" + GATE))
    monkeypatch.setenv("LAKEHOUSE_CONF", str(folder))
    return open_lake("local")


def test_a_held_batch_waits_until_it_is_accepted(
    spark: SparkSession, strict: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (one.path for one in write_sample(tmp_path / "files", rows=200, days=2))
    held = [*travel(spark, strict, "superstore", [first]), *travel(spark, strict, "superstore", [second])]
    assert [one.status for one in held] == ["held", "held"]
    assert all("quantity_is_one in" in str(one.reason) for one in held)
    assert travel(spark, strict, "superstore", [first]) == []
    assert [f for f in findings(lambda: spark, strict, rebuild=False) if not f.ok] == []

    told = resume("local", held[0].batch_id, to="silver")
    assert [(one.batch_id, one.status, one.reason) for one in told.closed] == [
        (held[0].batch_id, "done", held[0].reason)
    ]
    accept(strict, held[1].batch_id)
    assert [one.status for one in travel(spark, strict, "superstore", [])] == ["done"]
    with pytest.raises(UsageError, match=f"no batch {held[0].batch_id} is held"):
        accept(strict, held[0].batch_id)

    monkeypatch.delenv("LAKEHOUSE_CONF")
    free = lake_at(tmp_path / "free", open_lake("local"))
    travel(spark, free, "superstore", [first, second])
    assert digest_of(spark, strict) == digest_of(spark, free)
    assert {one.status for one in accounting.read(strict)} == {"done"}


def test_status_names_the_command_that_accepts(spark: SparkSession, strict: Lake, tmp_path: Path) -> None:
    (held,) = travel(spark, strict, "superstore", [write_sample(tmp_path / "files", rows=200, days=1)[0].path])
    assert any(f"lakehouse accept {held.batch_id}" in warning for warning in status_of(strict)["warnings"])
