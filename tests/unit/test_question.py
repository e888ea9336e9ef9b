"""Questions to the warehouse: what is one, what is none, and what is sent."""

import pytest

from lakehouse.errors import UsageError
from lakehouse.publish.question import READ_ONLY, statement


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "SELECT * FROM fact_sales WHERE order_id = 'a;b' -- what; now",
        "with a as (select 1 as x) select x from a order by x",
        "(select 1) union all select 2",
        "select 1 except select 2",
        "show tables",
        "SHOW TABLES LIKE 'DIM%'",
        "describe table dim_customer",
        "desc table dim_customer",
        "select 1;",
        "  select 1 ;; ",
        "select 'drop table x', \"delete\" from t",
    ],
)
def test_what_reads_is_a_question(sql: str) -> None:
    assert statement(sql) == sql.partition(" --")[0].strip(" ;")


@pytest.mark.parametrize(
    "sql",
    [
        "drop table fact_sales",
        "delete from fact_sales",
        "select 1; delete from fact_sales",
        "select 1; select 2",
        "with a as (select 1) delete from fact_sales",
        "insert into t select 1",
        "update t set a = 1",
        "merge into t using s on t.a = s.a when matched then delete",
        "create table t as select 1",
        "create view v as select 1",
        "alter table t add column a int",
        "truncate table t",
        "copy into t from @s",
        "put 'file:///etc/passwd' @%t",
        "get @%t 'file:///tmp'",
        "remove @%t",
        "begin",
        "commit",
        "set a = 1",
        "use schema public",
        "call p()",
        "grant select on t to role r",
        "execute immediate 'drop table t'",
        "explain select 1",
        "show parameters; drop table fact_sales",
        "show parameters ->> drop table fact_sales",
        "select 1 ->> truncate fact_sales",
        "show roles->>insert into t select 1",
        "select 1 into t",
        "",
        " ; ",
        "-- nothing",
    ],
)
def test_what_does_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(UsageError) as refused:
        statement(sql)
    assert str(refused.value) == READ_ONLY


@pytest.mark.parametrize(
    "sql, told",
    [
        ("select (1", ') is missing at or near "1" (line 1, column 9)'),
        ("select a = from b", 'something is missing at or near "from" (line 1, column 12)'),
        ("select\n  from", 'expected table name at or near "from" (line 2, column 3)'),
        ("select *\nfrom t\nwhere", 'something is missing at or near "where" (line 3, column 1)'),
        ("select * frm fact_sales", 'it cannot be read at or near "fact_sales" (line 1, column 14)'),
        ("select sum(sales from fact_sales", ') is missing at or near "from" (line 1, column 18)'),
        ("select 'a", "perhaps a quote or a comment in it is not closed"),
    ],
)
def test_what_is_no_sql_is_refused_with_its_place(sql: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        statement(sql)
    assert str(refused.value) == f"this is not SQL: {told}"


@pytest.mark.parametrize("sql", ["selec 1", "gibberish goes here", "drop table from"])
def test_what_begins_as_no_question_is_told_how_one_begins(sql: str) -> None:
    with pytest.raises(UsageError) as refused:
        statement(sql)
    assert str(refused.value) == READ_ONLY


def test_a_show_that_the_parser_does_not_know_is_sent_and_not_commented(capfd: pytest.CaptureFixture[str]) -> None:
    assert statement("show parameters;") == "show parameters"
    assert capfd.readouterr() == ("", "")


def test_a_query_without_a_limit_is_given_one_and_any_other_is_sent_as_written() -> None:
    assert statement("select 1 -- one;", 11) == "select 1\nLIMIT 11"
    assert statement("select 1 union select 2;", 11) == "select 1 union select 2\nLIMIT 11"
    assert statement("select * from (select 1 limit 3)", 11) == "select * from (select 1 limit 3)\nLIMIT 11"
    for sql in ("select 1 limit 3", "select 1 fetch first 3 rows only", "show tables", "describe table t"):
        assert statement(sql, 11) == sql
