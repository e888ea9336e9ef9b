"""The same road in a bucket: what comes of it is, digest for digest, what comes of it in a folder."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze import ledger
from lakehouse.care.audit import audit
from lakehouse.care.verify import digests, findings
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import newest
from lakehouse.ops import plain
from lakehouse.ops.accounting import Accounting
from lakehouse.publish.job import publish
from lakehouse.publish.question import asked
from lakehouse.road import take_back
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.session import open_session
from lakehouse.sample import SampleFile, write_sample
from tests.kills import leftovers
from tests.real_files import EARLIER, GOLD_DIGESTS, ONLINE_RETAIL, SILVER_DIGESTS
from tests.spark.gold_data import counted_digests
from tests.spark.s3.buckets import commits_without_a_look, keys
from tests.spark.travels import digest_of, lake_at, travel


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return write_sample(tmp_path_factory.mktemp("sample"), rows=300, days=3)


def travelled(spark: SparkSession, lake: Lake, files: list[SampleFile]) -> list[Accounting]:
    """Each file to gold, one after the other: built from nothing, then in steps."""
    batches = []
    for file in files:
        batches += travel(spark, lake, "superstore", [file.path])
        bring_to_gold(spark, lake)
    return batches


def classes(batches: list[Accounting]) -> list[dict[str, int]]:
    return [dict(one.classes) for one in batches]


def test_the_sample_of_the_demo_comes_to_the_same_in_a_bucket_as_in_a_folder(
    spark: SparkSession, in_s3: Lake, tmp_path: Path, address: str, bucket: str
) -> None:
    sample = write_sample(tmp_path / "sample")
    here = lake_at(tmp_path / "here", in_s3)
    assert here.root == str(tmp_path / "here")
    assert classes(travelled(spark, in_s3, sample)) == classes(travelled(spark, here, sample))
    assert digests(lambda: spark, in_s3) == digests(lambda: spark, here)
    release = newest(in_s3)
    assert release is not None
    assert counted_digests(spark, in_s3, release) == release.digests
    assert [one for one in findings(lambda: spark, in_s3, rebuild=True) if not one.ok] == []
    assert audit(in_s3).ok
    assert leftovers(in_s3) == []
    assert {key.partition("/")[0] for key in keys(address, bucket)} == {"bronze", "silver", "gold", "ops", "leases"}


def test_what_is_in_a_bucket_goes_to_the_warehouse_and_can_be_taken_back(
    spark: SparkSession, in_s3: Lake, sample: list[SampleFile], address: str, bucket: str
) -> None:
    travelled(spark, in_s3, sample[:1])
    before = digests(lambda: spark, in_s3)
    travelled(spark, in_s3, sample[1:2])
    publish(in_s3)
    with asked(in_s3.settings, "SELECT count(*) FROM fact_sales", say=lambda _: None) as answer:
        ((count,),) = next(answer.batches)
    release = newest(in_s3)
    assert release is not None
    assert count == release.row_counts["gold.fact_sales"]
    take_back("local", "superstore", [sample[1].path.name], agree=lambda _: None)
    assert digests(lambda: spark, in_s3) == before
    assert sorted(one.status for one in ledger.read(in_s3)) == ["landed", "withdrawn"]
    versions, without_a_look = commits_without_a_look(address, bucket)
    assert versions > 40
    assert without_a_look == []


def test_staging_in_the_bucket_comes_to_the_same(
    spark: SparkSession, in_s3: Lake, sample: list[SampleFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a cluster, whose executors do not see the folders of the driver; and as it is for large tables."""
    spread = replace(in_s3, scratch=in_s3.store)
    with monkeypatch.context() as patched:
        patched.setattr(plain, "PLAIN_BYTES", 0)
        travelled(spark, spread, sample[:2])
    here = lake_at(tmp_path / "here", in_s3)
    travelled(spark, here, sample[:2])
    assert digests(lambda: spark, spread) == digests(lambda: spark, here)
    assert leftovers(spread) == []


@pytest.mark.usefixtures("large")
def test_online_retail_in_a_bucket_is_the_oracles_gold(spark: SparkSession, in_s3: Lake, real_data: Path) -> None:
    open_session(in_s3.settings)
    (batch,) = travel(spark, in_s3, "online_retail", [real_data / ONLINE_RETAIL], EARLIER)
    assert batch.rows_in == 541_909
    assert digest_of(spark, in_s3) == SILVER_DIGESTS[ONLINE_RETAIL]
    release = bring_to_gold(spark, in_s3)
    assert release is not None
    assert release.digests == GOLD_DIGESTS[ONLINE_RETAIL]
    assert audit(in_s3).ok
