"""R5: every CSV mutator through landing and the batch protocol, against the oracle, record by record.

All mutated files of a source land in one call. Their rows are judged in one go and brought into silver as one
batch; some of the files travel the whole road on their own.
"""

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import LANDED, REJECTED, Landing
from lakehouse.care.verify import findings
from lakehouse.cli.main import main
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample.records import HEADER
from lakehouse.silver.judge import judged_rows
from tests.mutators import MUTATORS, Mutation
from tests.oracle.csv_sources import CsvBatch, read_csv
from tests.oracle.silver import Statement, apply_batch, silver_of
from tests.spark.statements import bring
from tests.spark.travels import classes, expected, folder_of, rules_of, sales, standings, travel

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)

SUPERSTORE = HEADER + "".join(
    f"{{id}}{row}\n"
    for row in (
        "1,CA-2011-1,2011-03-01,2011-03-04,First Class,AB-10015,Ána Bergman,Consumer,São Paulo,São Paulo,Brazil,,"
        'LATAM,South,TEC-1,Technology,Phones,"Phone, black",1234.5600,2,0.1,-3.25,12.5,High',
        "2,CA-2011-2,01-04-2011,03-04-2011,Same Day,00815,Bob O'Hara,Corporate,Concord,New Hampshire,United States,"
        '03301,US,East,FUR-2,Furniture,Chairs,"Chair 5"" high",261.96,3,0,41.9136,8.25,Low',
        "3,CA-2011-3,2011-05-05,2011-05-09,Second Class,CH-12345,Claire Höfer,Home Office,Köln,Nordrhein-Westfalen,"
        "Germany,,EU,Central,OFF-3,Office Supplies,Paper,Plain paper 90g,14.62,2,0.5,6.8714,1.25,Medium",
        "4,CA-2011-4,2011-06-06,2011-06-06,Standard Class,00917,Dora Lind,Consumer,Malmö,Skåne,Sweden,,"
        'EU,North,OFF-4,Office Supplies,Art,"Pens, 12\nof each",957.5775,5,0.45,-383.031,70.5,Critical',
        "5,CA-2011-5,2012-02-29,2012-03-02,First Class,EF-10020,Ed Fox,Corporate,Boston,Massachusetts,United States,"
        "02108,US,East,TEC-5,Technology,Copiers,Copier 3000,22.368,2,0.2,2.5164,4.75,High",
        "6,CA-2011-6,2013-07-01,2013-07-08,Second Class,GH-10030,Gil Hart,Consumer,Łódź,Łódź,Poland,,"
        "EU,Central,OFF-6,Office Supplies,Labels,Labels white,48.86,7,0,14.1694,2.5,Medium",
    )
)
ONLINE_RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" + "".join(
    f"{{id}}{row}\n"
    for row in (
        "1,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom",
        '2,00711,"WHITE METAL LANTERN, LARGE",6,12/1/2010 8:26,3.39,17850,United Kingdom',
        '3,84406B,"CREAM ""CUPID"" HEARTS COAT HANGER",8,12/1/2010 8:28,2.75,,EIRE',
        "4,22633,HAND WARMER UNION JACK £,-1,12/2/2010 18:08,1.85,13047,France",
        "5,22748,POPPY'S PLAYHOUSE KITCHEN,6,12/3/2010 8:34,1234.56,13047,Germany",
        "6,POST,,3,12/3/2010 8:45,18.00,12583,France",
    )
)
APART = 1_000
"""Lines from one file to the next, where files count as one."""
BASES = {"superstore": SUPERSTORE, "online_retail": ONLINE_RETAIL}
WHOLE_ROAD = ["open_quote_in_the_middle", "utf_16_big_endian", "invalid_utf_8", "blank_rows"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One mutated file, what it was made of, and what the oracle reads in it; nothing where it is rejected."""

    mutation: Mutation
    base: bytes
    landing: Landing
    read: CsvBatch


def base_of(source: str, number: int) -> bytes:
    """The well-formed file with keys of its own, so that mutated files do not speak about one another's lines."""
    return BASES[source].replace("{id}", str(100 + number)).encode()


def landed(lake: Lake, source: str, folder: Path) -> list[Case]:
    """The cases of a source, after one call of `lakehouse land` for all files."""
    bases = {name: base_of(source, number) for number, name in enumerate(MUTATORS)}
    mutations = {name: MUTATORS[name](base) for name, base in bases.items()}
    folder_of(folder, {f"{name}.csv": mutation.data for name, mutation in mutations.items()})
    with pytest.raises(SystemExit) as ended:
        main(["land", "--source", source, "--as-of", AS_OF.isoformat(), str(folder)])
    assert ended.value.code == 1  # some are rejected; all others land
    by_name = {one.file_name.removesuffix(".csv"): one for one in ledger.read(lake, source=source)}
    assert set(by_name) == set(MUTATORS)
    return [
        Case(mutation=m, base=bases[name], landing=by_name[name], read=oracle(source, m.data, by_name[name]))
        for name, m in mutations.items()
    ]


def oracle(source: str, data: bytes, landing: Landing) -> CsvBatch:
    if landing.encoding is None or landing.delimiter is None:
        return CsvBatch()
    return read_csv(source, data, landing.encoding, landing.delimiter, AS_OF)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Lake]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_HOME", str(tmp_path_factory.mktemp("home")))
        yield open_lake("local")


@pytest.fixture(scope="module", params=["superstore", "online_retail"])
def cases(request: pytest.FixtureRequest, lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return landed(lake, request.param, tmp_path_factory.mktemp(request.param))


def source_of(cases: list[Case]) -> str:
    return cases[0].landing.source


def taken(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.landing.status == LANDED]


def judge(spark: SparkSession, lake: Lake, cases: list[Case]) -> DataFrame:
    source = source_of(cases)
    return judged_rows(spark, lake, rules_of(lake, source), [case.landing for case in taken(cases)])


@pytest.fixture(scope="module")
def judged(spark: SparkSession, lake: Lake, cases: list[Case]) -> dict[str, list[Any]]:
    """Every judged row of every case, by landing, in file order."""
    found: dict[str, list[Any]] = {case.landing.landing_id: [] for case in taken(cases)}
    columns = ("_landing_id", "_source_row", "_blank", "_reasons", "_raw", "_raw_bytes", "sale_id", "_content_hash")
    for row in judge(spark, lake, cases).select(*columns).orderBy("_landing_id", "_source_row").collect():
        found[row["_landing_id"]].append(row)
    return found


def as_one_file(judged: DataFrame, files: list[Case]) -> DataFrame:
    """The rows numbered as if the files followed one another in one; `bring` makes them rows of one landing."""
    number = F.create_map(*(F.lit(part) for n, case in enumerate(files) for part in (case.landing.landing_id, n)))
    return judged.withColumn("_source_row", number[F.col("_landing_id")] * APART + F.col("_source_row"))


def told(statements: Iterable[Statement]) -> Counter[tuple[str, str]]:
    return Counter((s.sale_id, s.content_hash) for s in statements)


def is_good(row: Any) -> bool:
    return not row["_blank"] and not row["_reasons"]


def raw_bytes(row: Any, encoding: str) -> bytes:
    """The record as it stood in the file, from what was kept of it."""
    return bytes(row["_raw_bytes"]) if row["_raw_bytes"] is not None else row["_raw"].encode(encoding)


def test_a_file_is_rejected_if_and_only_if_it_is_none_of_the_source(lake: Lake, cases: list[Case]) -> None:
    for case in cases:
        wanted = REJECTED if case.mutation.rejected_file else LANDED
        assert (case.mutation.name, case.landing.status) == (case.mutation.name, wanted)
        assert bool(case.landing.reason) == case.mutation.rejected_file
        assert Path(lake.object(case.landing.path)).read_bytes() == case.mutation.data  # kept, whatever it is


def test_every_record_is_judged_as_the_oracle_judges_it(cases: list[Case], judged: dict[str, list[Any]]) -> None:
    for case in taken(cases):
        rows, name = judged[case.landing.landing_id], case.mutation.name
        assert (name, len(rows)) == (name, case.landing.records)
        good = {r["_source_row"]: (r["sale_id"], r["_content_hash"]) for r in rows if is_good(r)}
        assert (name, good) == (name, {line: (s.sale_id, s.content_hash) for line, s in case.read.statements})
        bad = {r["_source_row"] for r in rows if r["_reasons"]}
        assert (name, bad) == (name, {line for line, _, _ in case.read.quarantined})
        assert (name, sum(r["_blank"] for r in rows)) == (name, case.read.blank)
        assert len(good) + len(bad) + case.read.blank == len(rows)


def test_what_is_kept_out_can_be_recovered_to_the_byte(cases: list[Case], judged: dict[str, list[Any]]) -> None:
    kept = 0
    for case in taken(cases):
        data = case.mutation.data
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        encoding = case.landing.encoding or ""
        raw = {line: text for line, text, _ in case.read.quarantined}
        for row in judged[case.landing.landing_id]:
            if not row["_reasons"]:
                assert (row["_raw"], row["_raw_bytes"]) == (None, None)
                continue
            found = raw_bytes(row, encoding)
            assert found in data
            assert found == raw[row["_source_row"]].encode(encoding.removesuffix("-sig"), "surrogateescape")
            kept += 1
    assert kept >= 12


def test_rows_that_a_damage_does_not_touch_are_unharmed(cases: list[Case], judged: dict[str, list[Any]]) -> None:
    for case in taken(cases):
        before = read_csv(source_of(cases), case.base, "utf-8", ",", AS_OF)
        assert (len(before.statements), before.quarantined) == (6, [])
        whole = [s for row, (_, s) in enumerate(before.statements) if row not in case.mutation.damaged]
        rows = judged[case.landing.landing_id]
        found = Counter((r["sale_id"], r["_content_hash"]) for r in rows if is_good(r))
        assert told(whole) <= found, case.mutation.name


def test_all_of_it_goes_into_silver_and_quarantine_and_the_accounting_closes(
    spark: SparkSession, lake: Lake, cases: list[Case]
) -> None:
    source, files = source_of(cases), taken(cases)
    done = bring(spark, lake, as_one_file(judge(spark, lake, cases), files), "all mutated files", source)
    assert done.rows_in == sum(case.landing.records or 0 for case in files)
    statements = [s for case in files for _, s in case.read.statements]
    _, counts = apply_batch({}, statements)
    counts["blank"] = sum(case.read.blank for case in files)
    counts["quarantined"] = sum(len(case.read.quarantined) for case in files)
    counts.pop("conflicts", None)
    assert classes([done]) == +counts
    live = {key: row for key, row in standings(sales(spark, lake)).items() if key[0] == source}
    assert live == expected(silver_of(statements))
    kept = tables.read(lake, "ops.quarantine", batch_id=done.batch_id)
    wanted = {(n * APART + line) for n, case in enumerate(files) for line, _, _ in case.read.quarantined}
    assert {row["line"] for row in kept} == wanted
    assert all(row["reasons"] and row["raw_text"] is not None for row in kept)


def test_damaged_files_travel_the_whole_road(spark: SparkSession, home: Path, tmp_path: Path) -> None:
    lake = open_lake("local")
    data = {f"{name}.csv": MUTATORS[name](base_of("superstore", n)).data for n, name in enumerate(WHOLE_ROAD)}
    batches = travel(spark, lake, "superstore", folder_of(tmp_path / "files", data), AS_OF)
    landings = {one.landing_id: one for one in ledger.read(lake)}
    statements = []
    for batch in batches:
        landing = landings[batch.landing_id]
        read = oracle("superstore", data[landing.file_name], landing)
        statements += [s for _, s in read.statements]
        wanted = {"inserted": len(read.statements), "quarantined": len(read.quarantined), "blank": read.blank}
        assert classes([batch]) == Counter({name: count for name, count in wanted.items() if count})
        assert batch.rows_in == landing.records
    assert len(batches) == len(WHOLE_ROAD)
    assert standings(sales(spark, lake)) == expected(silver_of(statements))
    assert [one.promise for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []
