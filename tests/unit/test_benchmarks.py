"""The pure parts of the benches: what they count, cut and compare; no Spark, and nothing about time."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import CommitProperties, write_deltalake
from pyspark.sql import DataFrameWriter

from benchmarks import child
from benchmarks.__main__ import BENCHES, main
from benchmarks.changes import metrics_of
from benchmarks.compare import fingerprint
from benchmarks.increment import split, step_to, told_by
from benchmarks.invoices import invoices, made_up
from benchmarks.measure import Step, by_stage, commits, stage_of
from benchmarks.peer import SALES, load
from benchmarks.report import Report, Table, document
from benchmarks.road import CLASSES, classes
from benchmarks.sampling import samples_of
from lakehouse.conf import conf_folder
from lakehouse.contract.loader import load_catalog
from lakehouse.errors import JobError
from lakehouse.gold.job import GOLD_POINTS
from lakehouse.ops.killpoints import LANDING_POINTS, SILVER_POINTS
from lakehouse.publish.job import PUBLISH_POINTS

AS_OF = "2012-01-01T00:00:00"


def marks(*told: tuple[str, float, int]) -> list[dict[str, object]]:
    return [{"point": point, "at": at, "jobs": jobs} for point, at, jobs in told]


def test_every_named_point_of_the_protocols_ends_a_stage():
    assert all(stage_of(point) for point in (*LANDING_POINTS, *SILVER_POINTS, *GOLD_POINTS, *PUBLISH_POINTS))


def test_every_stage_of_gold_is_told_from_those_before():
    assert {stage_of(point).partition(" ")[0] for point in GOLD_POINTS} == {"gold"}
    assert "gold" not in {stage_of(point).partition(" ")[0] for point in (*LANDING_POINTS, *SILVER_POINTS)}


def test_an_intermediate_result_of_gold_ends_a_stage_whatever_its_name():
    assert [stage_of(f"gold-staged-{name}") for name in ("lines", "customer", "touched")] == [
        "gold lines",
        "gold dimensions",
        "gold facts",
    ]
    with pytest.raises(JobError, match="no stage ends at 'elsewhere'"):
        stage_of("elsewhere")


def test_intermediate_results_are_told_while_gold_is_built_and_not_after(monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    written: list[str] = []
    monkeypatch.setattr(DataFrameWriter, "parquet", lambda _, path: written.append(path))
    monkeypatch.setattr(child, "_LISTENER", [told.append])
    writer = DataFrameWriter.__new__(DataFrameWriter)
    for point in ("gold-begun", "gold-before-release"):
        writer.parquet(f"before {point}/fact_sales")
        child._reached(point)
    writer.parquet("after")
    assert told == ["gold-begun", "gold-staged-fact-sales", "gold-before-release"]
    assert len(written) == 3


def test_where_silver_ends_is_told_by_the_stages():
    seconds = {"start": 1.0, "merge": 2.0, "gold begin": 4.0, "gold tables": 8.0, "report": 16.0}
    step = Step(outcome=None, seconds=seconds, jobs={}, cpu_seconds=0, peak_bytes=0)
    assert (step.before_gold, step.total) == (3, 31)


def test_the_time_between_two_marks_belongs_to_the_stage_that_the_later_one_ends():
    told = marks(("batch-begun", 11, 4), ("staged", 13, 6), ("done", 14, 6), ("batch-begun", 15, 6), ("staged", 18, 9))
    seconds, jobs = by_stage(told, begun=10, jobs_before=4)
    assert seconds == {"session": 2, "stage": 5, "accounting": 1}
    assert jobs == {"session": 0, "stage": 5, "accounting": 0}


def test_commits_are_counted_by_table_without_checkpoints_and_checksums(tmp_path: Path):
    log = tmp_path / "silver" / "sales" / "_delta_log"
    log.mkdir(parents=True)
    for name in ("00000.json", "00001.json", "00001.crc", "00001.checkpoint.parquet", "00001.compacted.json"):
        (log / name).touch()
    assert commits(tmp_path) == {"silver.sales": 2}


def test_a_history_is_cut_without_losing_a_line_and_every_part_has_the_header(tmp_path: Path):
    whole = tmp_path / "whole.csv"
    whole.write_text("head\n" + "".join(f"{n}\n" for n in range(7)))
    parts = list(split(whole, 3))
    assert [p.read_text().split() for p in parts] == [["head", *"012"], ["head", *"345"], ["head", "6"]]


def test_a_run_without_files_goes_on_with_what_has_landed(tmp_path: Path):
    assert step_to("gold", tmp_path)["arguments"] == ["run", "--to", "gold", "--source", "superstore"]
    assert step_to("gold", tmp_path, "2024-01-01", [tmp_path])["arguments"][-3:] == [
        "--as-of",
        "2024-01-01",
        str(tmp_path),
    ]


def test_a_commit_is_found_by_its_id_with_the_files_there_were_before(tmp_path: Path):
    rows = pa.table({"n": [1, 2]})
    for signature in ("r1", "r2"):
        signed = CommitProperties(custom_metadata={"userMetadata": signature})
        write_deltalake(str(tmp_path), rows, mode="append", commit_properties=signed)
    (told,) = told_by(tmp_path, "r2")
    assert (told["commit"], told["files before"]) == ("WRITE", 1)
    assert list(told_by(tmp_path, "r3")) == []


def test_the_size_of_change_files_is_told_by_the_log(tmp_path: Path):
    signed = CommitProperties(custom_metadata={"userMetadata": "b1"})
    write_deltalake(str(tmp_path), pa.table({"n": [1]}), commit_properties=signed)
    log = tmp_path / "_delta_log" / f"{0:020}.json"
    cdc = [json.dumps({"cdc": {"path": f"_change_data/{n}", "size": 100, "dataChange": False}}) for n in (1, 2)]
    log.write_text("\n".join([log.read_text().rstrip(), *cdc, ""]))
    told = metrics_of(tmp_path, "b1")
    assert (told["changeBytes"], told["numTargetChangeFilesAdded"]) == (200, 0)


def test_made_up_invoices_are_the_same_each_time_and_hold_what_makes_work(monkeypatch, tmp_path: Path):
    monkeypatch.delenv("RETAIL_REAL_DATA", raising=False)
    assert "made-up" in invoices(tmp_path / "a.csv", 100)
    lines = made_up(5_000)
    assert lines == made_up(5_000)
    assert len(lines) == 5_000
    assert len(set(lines)) < 5_000


def test_the_peer_gives_every_row_one_class_and_keeps_the_winners(tmp_path: Path):
    csv = tmp_path / "invoices.csv"
    good = '536365,85123A," WHITE\u00a0 LANTERN ",6,12/1/2010 8:26,2.55,17850,United Kingdom\n'
    tidy = "536365,85123A,WHITE LANTERN,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
    guest = "C536379,D,,-1,12/1/2010 9:41,27.5,,France\n"
    bad = "A563186,B,Adjust bad debt,1,8/12/2011 14:51,-11062.06,,United Kingdom\n536366,X,,none,today,1,,\n"
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    csv.write_text(header + good + tidy + guest + bad, encoding="utf-8")
    told: list[str] = []
    counts = load(csv, tmp_path, AS_OF, told.append)
    assert counts == {"rows_in": 5, "inserted": 2, "duplicate": 1, "quarantined": 2}
    assert fingerprint(tmp_path / "silver" / "sales")[0] == 2
    assert all(stage_of(point) for point in told)


def test_the_peer_makes_the_business_columns_of_the_contract_in_their_order():
    table = load_catalog(conf_folder()).tables["silver.sales"]
    assert list(SALES) == [column.name for column in table.business_columns]


def test_classes_are_read_from_a_run_and_from_the_peer_alike():
    counts = {"rows_in": 3, "inserted": 2, "duplicate": 1}
    assert classes({"batches": [{**counts, "stale": 0}]}) == classes(counts)
    assert tuple(classes(counts)) == CLASSES


def test_a_process_is_sampled_until_it_has_ended():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.3)"]) as process:
        samples = list(samples_of(process))
    assert samples
    assert max(sample.resident for sample in samples) > 0
    spent = [sample.cpu_seconds for sample in samples]
    assert spent == sorted(spent)


def test_the_json_document_holds_the_machine_and_every_figure():
    report = Report(bench="help", tables=[Table(title="t", rows=[{"median s": 0.25}])], notes=["n"])
    found = json.loads(document([report], small=True))
    assert found["machine"]["cores"] >= 1
    assert found["benches"][0]["tables"][0]["rows"] == [{"median s": 0.25}]


@pytest.mark.parametrize("arguments, told", [(["nothing"], "nothing"), (["help", "--folder", "."], "not empty")])
def test_wrong_use_is_a_sentence_and_exit_code_2(arguments: list[str], told: str):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_every_bench_is_a_module_that_is_there():
    folder = Path(__file__).parents[2] / "benchmarks"
    assert all((folder / f"{module}.py").is_file() for module in BENCHES.values())
