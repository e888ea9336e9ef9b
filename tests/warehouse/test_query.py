"""Asking the warehouse from the command line: what an answer looks like, what is refused, and how a question waits."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.cli.main import main
from lakehouse.publish import emulator
from lakehouse.publish.job import publish
from lakehouse.runtime.lake import Lake
from tests.warehouse.gold import LARGEST, publish_ready, rows_of, small_gold

ROOT = Path(__file__).resolve().parents[2]
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def published(served: Lake) -> Lake:
    publish_ready(served, small_gold(), 1)
    publish(served)
    return served


@pytest.fixture
def ask(published: Lake, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    """`lakehouse query` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("LAKEHOUSE_HOME", published.root)

    def asked(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["query", *arguments])
        out, err = capfdbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out.decode(errors="replace"), err.decode()

    return asked


def test_a_table_has_numbers_as_they_can_be_asked_for(ask: Ask) -> None:
    code, out, _ = ask("select sum(sales) as s, count(*) as n, max(order_date_sk) from fact_sales where sales > 100000")
    assert code == 0
    assert "│ 1499999999999999.999985 │ 15 │" in out
    assert " 19900207 " in ask("select date_sk from dim_date where date_sk = 19900207")[1]


def test_a_column_without_a_name_is_headed_by_its_expression(ask: Ask) -> None:
    sql = "select count(*), sum(sales), avg(quantity) + 1, 'x', is_return, max(1) over () from fact_sales group by 5"
    heads = ["COUNT(*)", "SUM(SALES)", "AVG(QUANTITY) + 1", "'X'", "IS_RETURN", "MAX(1) OVER ()"]
    for asked in (sql, f"{sql} union all {sql}"):
        assert next(csv.reader(io.StringIO(ask(asked, "--format=csv")[1]))) == heads
    assert "┃ COUNT(*) ┃" in ask("select count(*) from fact_sales")[1]
    assert json.loads(ask("with n as (select 1 as x) select max(x) from n", "--format=json")[1]) == [{"MAX(X)": 1}]


def test_sums_of_money_are_exact(ask: Ask) -> None:
    _, out, _ = ask("select sum(sales), sum(customer_sk) from fact_sales", "--format", "json")
    told = [Decimal(value) for value in json.loads(out)[0].values()]
    facts = small_gold()["gold.fact_sales"]
    assert told == [sum(f["sales"] for f in facts), sum(f["customer_sk"] for f in facts)]


def test_a_table_is_cut_at_its_limit_and_says_so(ask: Ask) -> None:
    assert ask("select sale_id from fact_sales", "--limit", "60")[1].count("│ 0000") == 60
    assert "there are more" not in ask("select sale_id from fact_sales", "--limit", "60")[1]
    cut = ask("select sale_id from fact_sales", "--limit", "2")[1]
    assert cut.count("│ 0000") == 2
    assert cut.endswith("the first 2 row(s); there are more: --limit N shows N\n")


def test_csv_has_every_row_and_empty_fields_for_null(ask: Ask) -> None:
    _, out, _ = ask(
        "select customer_sk, customer_name, first_observed_at, is_current from dim_customer", "--format=csv"
    )
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    found = {int(row["CUSTOMER_SK"]): row for row in rows}
    names = {row["customer_sk"]: row["customer_name"] for row in small_gold()["gold.dim_customer"]}
    assert {key: row["CUSTOMER_NAME"] for key, row in found.items()} == names
    assert (found[-1]["FIRST_OBSERVED_AT"], found[-1]["IS_CURRENT"]) == ("", "true")


def test_json_is_a_list_of_objects_with_decimals_as_text(ask: Ask) -> None:
    _, out, _ = ask(
        "select sale_id, sales, discount, quantity, is_return from fact_sales where sale_id = ?".replace(
            "?", "'000000000'"
        ),
        "--format",
        "json",
    )
    told = {"SALE_ID": "000000000", "SALES": f"{LARGEST}", "DISCOUNT": None, "QUANTITY": -2, "IS_RETURN": True}
    assert json.loads(out) == [told]
    assert json.loads(ask("select 1 as x from fact_sales where false", "--format", "json")[1]) == []


def test_parquet_keeps_types_and_values(ask: Ask, published: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a file.parquet"
    assert ask("select * from dim_product", "--format", "parquet", "--output", str(file))[0] == 0
    found = pq.read_table(file)
    assert found.schema.field("VALID_TO").type == pa.timestamp("us")
    rows = [{name.lower(): value for name, value in row.items()} for row in found.to_pylist()]
    expected = [{n: v for n, v in row.items() if n != "_uneven"} for row in rows_of(published, "gold.dim_product")]
    plain = [{n: v.replace(tzinfo=None) if isinstance(v, datetime) else v for n, v in row.items()} for row in expected]
    assert sorted(rows, key=repr) == sorted(plain, key=repr)
    assert [path.name for path in tmp_path.iterdir()] == ["a file.parquet"]


def test_parquet_of_numbers_beyond_64_bits_is_refused_and_leaves_no_file(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    asked = ask("select sum(customer_sk) as s from fact_sales", "--format", "parquet", "--output", str(file))
    assert asked[0] == 2
    assert "cast it to VARCHAR" in asked[2]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sql, told",
    [
        ("drop table fact_sales", "error: this is for questions alone: ask one SELECT, WITH, SHOW or DESCRIBE\n"),
        (
            "select sale from fact_sales",
            "error: there is no column SALE here (did you mean SALES or SALE_ID?): "
            "lakehouse query 'DESCRIBE TABLE FACT_SALES' lists the columns\n",
        ),
        ("select f.city from fact_sales f", "error: there is no column F.CITY here (DIM_STORE has CITY): "),
        ("select x.sales from fact_sales f", 'Referenced table "X" not found (candidate tables: "F")\n'),
        (
            "select * from fact_sale",
            "error: there is no table FACT_SALE (did you mean FACT_SALES?): "
            "lakehouse query 'SHOW TABLES' lists what there is\n",
        ),
        ("select * from gold.nope", "error: there is no table NOPE: lakehouse query 'SHOW TABLES' lists"),
        ("describe table nope", "error: there is no table NOPE: lakehouse query 'SHOW TABLES' lists what there is\n"),
        ("select summ(sales) from fact_sales", 'Function with name summ does not exist (did you mean "sum"?)\n'),
        ("select 'x'::date", "error: the warehouse refuses this: invalid date field format"),
        ("select substr('a', 'b')", "error: the warehouse refuses this: "),
        ("select sum(sales from t", 'error: this is not SQL: ) is missing at or near "from" (line 1, column 18)\n'),
        ("show gibberish", "error: there is no table gibberish: "),
    ],
)
def test_an_error_in_a_question_is_one_sentence(ask: Ask, sql: str, told: str) -> None:
    code, out, err = ask(sql)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert "!" not in err


def test_what_there_is_can_be_listed_and_described(ask: Ask, published: Lake) -> None:
    listed = ask("show tables like '%s%'", "--format=csv")[1]
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(listed))}
    assert {name: row["rows"] for name, row in rows.items()} == {
        "DIM_CUSTOMER": "9",
        "DIM_STORE": "9",
        "FACT_SALES": "60",
        "LAKEHOUSE_RELEASES": "1",
    }
    assert rows["FACT_SALES"]["comment"] == published.table("gold.fact_sales").description
    assert "┃ schema_name ┃ name " in ask("show tables")[1]
    assert "VALID_FROM" in ask("describe table dim_store", "--format", "csv")[1]
    assert ",GOLD," in ask("select current_database(), current_schema(), 1", "--format", "csv")[1]


def test_the_ledger_tells_the_release(ask: Ask) -> None:
    _, out, _ = ask("select release_number, row_counts from lakehouse_releases", "--format", "json")
    (row,) = json.loads(out)
    assert row["RELEASE_NUMBER"] == 1
    assert json.loads(row["ROW_COUNTS"])["gold.fact_sales"] == 60


def test_status_tells_what_was_published(published: Lake) -> None:
    from lakehouse.care.status import status_of

    (row,) = status_of(published)["warehouse"]
    assert (row["place"], row["release"], row["facts"], row["gold is ahead"]) == ("local RETAIL.GOLD", 1, 60, False)
    assert (datetime.now(UTC) - row["published"]).total_seconds() < 900


@pytest.mark.parametrize("with_a_server", [True, False])
def test_before_a_release_is_published_a_question_says_so(
    lake: Lake, with_a_server: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    there = lake.settings.warehouse
    emulator.start(lake.root, there.database, there.schema_name)
    if not with_a_server:
        emulator.stop(lake.root)
    with pytest.raises(SystemExit) as ended:
        main(["query", "select * from fact_sales"])
    told = "has no release yet: lakehouse run --source NAME FILE makes one and publishes it\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, f"error: the warehouse, local RETAIL.GOLD, {told}")


def test_two_questions_at_once_without_a_server_wait_for_one_another(lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LAKEHOUSE_HOME": lake.root}
    words = [sys.executable, "-m", "lakehouse.cli.main", "query", "--format", "csv"]
    both = [
        subprocess.Popen([*words, "select count(*) as n from fact_sales"], env=environment, stdout=-1, stderr=-1)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120) for process in both]
    assert [(process.returncode, out) for process, (out, _) in zip(both, told, strict=True)] == [(0, b"N\n60\n")] * 2
