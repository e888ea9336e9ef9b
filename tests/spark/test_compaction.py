"""Many small batches: silver and gold keep few files, and nobody notices but by the time it takes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import JobError
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import GOLD_TABLES, Release
from lakehouse.gold.span import span_between
from lakehouse.ops import compaction, tables
from lakehouse.ops.compaction import Sizes, compact_merged
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake, in_folder
from lakehouse.sample import write_sample
from lakehouse.silver import SALES
from lakehouse.silver.job import bring_to_silver
from tests.spark.gold_data import arrive, counted_digests, line
from tests.spark.travels import digest_of, travel

pytestmark = pytest.mark.timeout(900)

MOST = 2
EVERY = (SALES, *GOLD_TABLES)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MOST_SMALL", MOST)


def files_of(lake: Lake, table: str) -> dict[str, int]:
    """The files of a table and their sizes."""
    added = pa.table(opened(lake, table).get_add_actions())
    return dict(zip(added["path"].to_pylist(), added["size_bytes"].to_pylist(), strict=True))


def optimized(lake: Lake, table: str) -> list[int]:
    """The versions that OPTIMIZE made of a table."""
    return [one["version"] for one in tables.history(lake, table, -1) if one["operation"] == "OPTIMIZE"]


def versions(lake: Lake) -> list[int | None]:
    return [tables.version(lake, table) for table in EVERY]


def parts(file: Path, folder: Path, count: int) -> list[Path]:
    """A CSV file in several, so that each brings lines of its own."""
    head, *lines = file.read_bytes().splitlines(keepends=True)
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.csv").write_bytes(head + b"".join(lines[number::count]))
    return sorted(folder.iterdir())


def released(spark: SparkSession, lake: Lake) -> Release:
    release = bring_to_gold(spark, lake)
    assert release is not None
    return release


def travelled(spark: SparkSession, lake: Lake, files: list[Path]) -> Iterator[Release]:
    """Each file to gold, a day after the one before."""
    for number, file in enumerate(files):
        travel(spark, lake, "superstore", [file], datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number))
        yield released(spark, lake)


@pytest.mark.usefixtures("few")
def test_many_small_batches_keep_few_files_and_change_nothing_else(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    (file,) = write_sample(tmp_path / "files", rows=200, days=1)
    files = parts(file.path, tmp_path / "parts", 5)
    releases = []
    for release in travelled(spark, lake, files):
        releases.append(release)
        assert {table: len(files_of(lake, table)) for table in EVERY if len(files_of(lake, table)) > MOST} == {}
    assert (len(optimized(lake, SALES)), len(optimized(lake, "gold.fact_sales"))) == (2, 2)
    for table in GOLD_TABLES:  # a release names what is compacted already
        assert set(optimized(lake, table)) <= {one.versions[table] for one in releases}
    for release in releases:
        assert counted_digests(spark, lake, release) == release.digests
    assert {one.kind for one in releases[1:]} == {"step"}
    between = span_between(lake, releases[0].silver_version, releases[-1].silver_version)
    assert between.batches is not None
    assert len(between.batches) == len(files) - 1

    at_rest = versions(lake)
    assert bring_to_silver(spark, lake, "superstore") == []
    assert released(spark, lake) == releases[-1]
    assert versions(lake) == at_rest

    beside = in_folder(lake, str(tmp_path / "beside"))  # all at once, and never compacted
    travel(spark, beside, "superstore", [file.path], datetime(2026, 1, 5, tzinfo=UTC))
    assert digest_of(spark, lake)[0] == digest_of(spark, beside)[0]
    assert releases[-1].row_counts == released(spark, beside).row_counts


@pytest.mark.usefixtures("few")
def test_a_file_that_is_large_enough_is_left_alone(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = Sizes(small=60_000, largest=120_000)
    monkeypatch.setattr(compaction, "MERGED", sizes)
    random, large, written, landed = Random(1), set[str](), 0, 0
    for number in range(8):
        before = files_of(lake, SALES) if number else {}
        lines = (line(f"{number}-{n}", "2024-01-01", city=random.randbytes(60).hex()) for n in range(250))
        arrive(spark, lake, f"b{number}", *lines)
        arrived = files_of(lake, SALES)
        landed += sum(size for path, size in arrived.items() if path not in before)
        compact_merged(spark, lake, SALES)
        after = files_of(lake, SALES)
        written += sum(size for path, size in after.items() if path not in arrived)
        assert large <= after.keys(), "a large file was written anew"
        large = {path for path, size in after.items() if size >= sizes.small}
        assert sum(size < sizes.small for size in after.values()) <= MOST
    assert large
    assert optimized(lake, SALES)
    assert written <= 2 * landed


@pytest.mark.usefixtures("few")
def test_nothing_is_compacted_under_a_lost_lease(spark: SparkSession, lake: Lake) -> None:
    for number in range(MOST + 1):
        arrive(spark, lake, f"b{number}", line(str(number), "2024-01-01"))
    with lake.lease(SALES):
        (Path(lake.root) / "leases" / f"{SALES}.lock").unlink()
        with pytest.raises(JobError, match="was taken away"):
            compact_merged(spark, lake, SALES)
    assert optimized(lake, SALES) == []
