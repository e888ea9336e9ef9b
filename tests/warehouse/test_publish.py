"""Gold in the warehouse: the rows of the release, all of them and exactly; only what changed moves; all or nothing."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from lakehouse.contract.derive.warehouse_ddl import published_columns, warehouse_name
from lakehouse.errors import JobError
from lakehouse.gold.release import GOLD_TABLES
from lakehouse.publish import ledger
from lakehouse.publish.connection import connected
from lakehouse.publish.job import publish
from lakehouse.runtime.lake import Lake
from tests.warehouse.gold import Gold, Row, publish_ready, rows_of, small_gold

ROOT = Path(__file__).resolve().parents[2]
FACT = "gold.fact_sales"


@contextmanager
def session(lake: Lake) -> Iterator[Any]:
    with connected(lake.settings, "test") as connection:
        yield connection.cursor()


def in_warehouse(cursor: Any, lake: Lake, name: str) -> list[Row]:
    """The rows of a published table as the connector reads them, with the names and zones of Delta, sorted."""
    table = lake.table(name)
    columns = [c.name for c in published_columns(table)]
    found = cursor.execute(f"SELECT {', '.join(columns)} FROM {warehouse_name(table)}").fetchall()
    return sorted(({c: _utc(v) for c, v in zip(columns, row, strict=True)} for row in found), key=repr)


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def in_delta(lake: Lake, name: str) -> list[Row]:
    """The published columns of a Delta table."""
    columns = [c.name for c in published_columns(lake.table(name))]
    return sorted(({c: row[c] for c in columns} for row in rows_of(lake, name)), key=repr)


def holds_the_release(lake: Lake) -> None:
    """Every value of every table, compared with an independent read of Delta; and the ledger."""
    with session(lake) as cursor:
        for name in GOLD_TABLES:
            assert in_warehouse(cursor, lake, name) == in_delta(lake, name), name
        assert not cursor.execute("SHOW TABLES LIKE 'LAKEHOUSE_STAGING%'").fetchall()


def changed(gold: Gold) -> Gold:
    """A corrected line, a line that is gone, a new one, and a customer with another name."""
    made = copy.deepcopy(gold)
    lines = made[FACT]
    lines[3]["sales"] = Decimal("5.500001")
    lines.append({**lines[8], "sale_id": "new"})
    del lines[7]
    made["gold.dim_customer"][4]["customer_name"] = "another"
    return made


def test_every_value_of_a_release_arrives_as_it_is(lake: Lake) -> None:
    release = publish_ready(lake, small_gold(), 1)
    done = publish(lake)
    assert done is not None
    assert (done.release_id, done.new, done.moved) == (release.release_id, True, dict(release.row_counts))
    holds_the_release(lake)
    assert not list(Path(lake.root, "staging").glob("*"))


def test_there_is_nothing_to_publish_without_a_release(lake: Lake) -> None:
    assert publish(lake) is None
    assert not Path(lake.root).exists()


def test_a_release_that_is_there_is_not_published_again(served: Lake) -> None:
    publish_ready(served, small_gold(), 1)
    publish(served)
    again = publish(served)
    assert again is not None
    assert (again.new, again.sequence, again.moved) == (False, 1, {})


def test_only_rows_that_changed_move(served: Lake) -> None:
    publish_ready(served, small_gold(), 1)
    publish(served)
    publish_ready(served, changed(small_gold()), 2)
    done = publish(served)
    assert done is not None
    assert done.moved == {"gold.dim_customer": 1, FACT: 3}
    holds_the_release(served)


def test_all_rows_move_where_more_than_a_third_changed(served: Lake) -> None:
    gold = changed(small_gold())
    for line in gold[FACT][:30]:
        line["quantity"] = 11
    publish_ready(served, gold, 3)
    done = publish(served)
    assert done is not None
    assert done.moved == {FACT: 60} | ({"gold.dim_customer": 1} if "gold.dim_customer" in done.moved else {})
    holds_the_release(served)


def test_all_rows_move_where_the_version_before_is_gone(lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    publish_ready(lake, changed(small_gold()), 2)
    DeltaTable(lake.location(FACT)).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    done = publish(lake)
    assert done is not None
    assert done.moved == {"gold.dim_customer": 1, FACT: 60}
    holds_the_release(lake)


def test_a_lakehouse_begun_anew_with_the_same_ids_is_published_as_another(lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    for name in (*GOLD_TABLES, "ops.releases"):
        subprocess.run(["rm", "-r", lake.location(name)], check=True)
    publish_ready(lake, changed(small_gold()), 1)
    done = publish(lake)
    assert done is not None
    assert (done.new, done.sequence, done.moved[FACT]) == (True, 2, 60)
    holds_the_release(lake)


def test_what_differs_from_delta_is_found_before_the_commit(lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    with session(lake) as cursor:
        cursor.execute("UPDATE FACT_SALES SET PROFIT = PROFIT + 0.000001 WHERE SALE_ID = '000000011'")
    publish_ready(lake, changed(small_gold()), 2)
    with pytest.raises(JobError) as refused:
        publish(lake)
    told = "FACT_SALES is not as its release: the sum of profit is 190.750001 in the warehouse and 190.75 in Delta"
    assert str(refused.value).startswith(told)
    with session(lake) as cursor:
        before = ledger.newest(cursor, lake)
        assert before is not None
        assert before.release_number == 1
        assert cursor.execute("SELECT SUM(QUANTITY), COUNT(*) FROM FACT_SALES").fetchall()[0][1] == 60
    done = publish(lake, full=True)
    assert done is not None
    assert done.new
    holds_the_release(lake)


@pytest.mark.parametrize(
    "point, with_server",
    [("publish-staged", True), ("publish-loaded", True), ("publish-committed", True), ("publish-reconciled", False)],
)
def test_a_killed_publication_leaves_a_release_whole_and_is_healed_by_the_next(
    lake: Lake, served: Lake, point: str, with_server: bool
) -> None:
    there = served if with_server else lake
    number = len(rows_of(there, "ops.releases")) + 1 if DeltaTable.is_deltatable(there.location("ops.releases")) else 1
    publish_ready(there, small_gold(), number)
    publish(there)
    publish_ready(there, changed(small_gold()), number + 1)
    told = subprocess.run(
        [sys.executable, "-m", "lakehouse.cli.main", "publish"],
        env={**os.environ, "LAKEHOUSE_HOME": there.root, "LAKEHOUSE_KILL_AT": point, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert told.returncode == -9, told.stderr
    with session(there) as cursor:
        visible = ledger.newest(cursor, there)
        assert visible is not None
        expected = number + 1 if point == "publish-committed" else number
        assert visible.release_number == expected
        counted = cursor.execute("SELECT COUNT(*) FROM FACT_SALES WHERE SALE_ID = 'new'").fetchall()[0][0]
        assert counted == (1 if expected == number + 1 else 0)
    done = publish(there)
    assert done is not None
    assert (done.number, done.new) == (number + 1, point != "publish-committed")
    holds_the_release(there)


@pytest.mark.parametrize(
    "lost",
    ["ALTER TABLE DIM_STORE DROP COLUMN REGION", "DROP TABLE DIM_STORE"],
    ids=["a column, as where a contract gained it", "a table, as where somebody dropped it"],
)
def test_what_the_warehouse_lacks_is_made_and_all_rows_of_its_table_move(lost: str, lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    with session(lake) as cursor:
        cursor.execute(lost)
    done = publish(lake)
    assert done is not None
    assert done.moved["gold.dim_store"] == len(small_gold()["gold.dim_store"])
    holds_the_release(lake)


def test_a_column_that_no_contract_has_is_refused(lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    with session(lake) as cursor:
        cursor.execute("ALTER TABLE DIM_STORE ADD COLUMN NOTE VARCHAR")
    publish_ready(lake, changed(small_gold()), 2)
    with pytest.raises(JobError, match="DIM_STORE has columns in the warehouse that its contract has not"):
        publish(lake)


def test_a_column_of_another_type_is_refused(lake: Lake) -> None:
    publish_ready(lake, small_gold(), 1)
    publish(lake)
    with session(lake) as cursor:
        cursor.execute("ALTER TABLE FACT_SALES DROP COLUMN PROFIT")
        cursor.execute("ALTER TABLE FACT_SALES ADD COLUMN PROFIT NUMBER(20,2)")
    publish_ready(lake, changed(small_gold()), 2)
    with pytest.raises(JobError, match=r"FACT_SALES has columns of other types .* \(PROFIT is to be NUMBER\(20,6\)\)"):
        publish(lake)
    with session(lake) as cursor:  # what the sentence says is to be done
        cursor.execute("DROP TABLE FACT_SALES")
    publish(lake)
    holds_the_release(lake)


def test_the_job_of_spark_submit_does_what_the_command_does(served: Lake) -> None:
    publish_ready(served, small_gold(), 90)
    told = subprocess.run(
        [sys.executable, str(ROOT / "jobs" / "gold_to_snowflake.py"), "--json"],
        env={**os.environ, "LAKEHOUSE_HOME": served.root, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    published = json.loads(told.stdout)["published"]
    assert (published["number"], published["new"]) == (90, True)
    holds_the_release(served)
