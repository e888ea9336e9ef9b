"""The SQL of a publication, as a person has read it: what Snowflake is sent, word for word."""

import pytest
from sqlglot import parse

from lakehouse.conf import conf_folder
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Column, Table
from lakehouse.publish import statements
from lakehouse.publish.ledger import LEDGER

TABLE = Table(
    name="gold.fact_lines",
    description="One row per line.",
    owner="x",
    keys=("source_system", "line_id"),
    columns=(
        Column(name="source_system", type="text", description="The feed.", required=True),
        Column(name="line_id", type="text", description="The key.", required=True),
        Column(name="quantity", type="integer", description="Units."),
        Column(name="sales", type="money", description="The amount."),
        Column(name="sold_at", type="timestamp", description="When."),
        Column(name="is_return", type="boolean", description="Whether it came back."),
        Column(name="_uneven", type="boolean", description="Technical.", required=True),
    ),
)
STAGING = statements.staging_name("r00007-0123456789ab", TABLE)


def test_a_staging_table_is_named_after_release_and_table() -> None:
    assert STAGING == "LAKEHOUSE_STAGING_R00007_0123456789AB_FACT_LINES"


def test_rows_are_staged_by_the_names_of_columns() -> None:
    assert statements.create_staging(STAGING, TABLE) == (
        f"CREATE OR REPLACE TRANSIENT TABLE {STAGING} (\n"
        "  SOURCE_SYSTEM VARCHAR,\n  LINE_ID VARCHAR,\n  QUANTITY NUMBER(38,0),\n  SALES NUMBER(20,6),\n"
        "  SOLD_AT TIMESTAMP_NTZ(6),\n  IS_RETURN BOOLEAN,\n  LAKEHOUSE_GONE BOOLEAN\n)"
    )
    assert statements.put("/a home/part.parquet", STAGING) == (
        f"PUT 'file:///a home/part.parquet' @%{STAGING} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"
    )
    assert statements.copy_into(STAGING) == (
        f"COPY INTO {STAGING} FROM @%{STAGING}\n"
        "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)\n"
        "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE"
    )
    assert statements.drop(STAGING) == f"DROP TABLE IF EXISTS {STAGING}"


INSERT = (
    "INSERT INTO FACT_LINES (SOURCE_SYSTEM, LINE_ID, QUANTITY, SALES, SOLD_AT, IS_RETURN)\n"
    f"SELECT SOURCE_SYSTEM, LINE_ID, QUANTITY, SALES, SOLD_AT, IS_RETURN FROM {STAGING} WHERE NOT LAKEHOUSE_GONE"
)


def test_all_rows_are_replaced_by_those_staged() -> None:
    assert statements.replace_all(TABLE, STAGING) == ["DELETE FROM FACT_LINES", INSERT]


def test_changed_rows_are_replaced_by_their_keys() -> None:
    assert statements.replace_changed(TABLE, STAGING) == [
        f"DELETE FROM FACT_LINES USING {STAGING} WHERE FACT_LINES.SOURCE_SYSTEM = {STAGING}.SOURCE_SYSTEM "
        f"AND FACT_LINES.LINE_ID = {STAGING}.LINE_ID",
        INSERT,
    ]


def test_numbers_are_summed_and_other_values_counted() -> None:
    assert statements.totals(TABLE) == (
        "SELECT COUNT(*) AS ALL_ROWS, COUNT(SOURCE_SYSTEM) AS SOURCE_SYSTEM, COUNT(LINE_ID) AS LINE_ID, "
        "SUM(QUANTITY) AS QUANTITY, SUM(SALES) AS SALES, COUNT(SOLD_AT) AS SOLD_AT, COUNT(IS_RETURN) AS IS_RETURN "
        "FROM FACT_LINES"
    )


def test_the_ledger_takes_its_values_as_parameters() -> None:
    ledger = load_catalog(conf_folder()).tables[LEDGER]
    assert statements.insert_publication(ledger, ["sequence", "release_id"]) == (
        "INSERT INTO LAKEHOUSE_RELEASES (SEQUENCE, RELEASE_ID) VALUES (?, ?)"
    )
    assert statements.newest_publication(ledger) == (
        "SELECT SEQUENCE, RELEASE_ID, RELEASE_NUMBER, VERSIONS, ROW_COUNTS, DIGESTS, PUBLISHED_AT "
        "FROM LAKEHOUSE_RELEASES ORDER BY SEQUENCE DESC LIMIT 1"
    )
    assert statements.add_column(TABLE, TABLE.column("sales")) == "ALTER TABLE FACT_LINES ADD COLUMN SALES NUMBER(20,6)"


@pytest.mark.parametrize("sql", [statements.TABLES, *statements.replace_changed(TABLE, STAGING)])
def test_a_parser_of_snowflake_s_sql_takes_the_statements(sql: str) -> None:
    assert len(parse(sql, read="snowflake")) == 1
