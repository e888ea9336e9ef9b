"""Where the emulator was not as Snowflake is: what SHOW TABLES tells, what an error says."""

import pytest
from duckdb import BinderException, CatalogException, ConversionException, Error

from lakehouse.publish.as_snowflake import sentence
from lakehouse.runtime.lake import Lake
from tests.warehouse.test_publish import session


def test_rows_are_counted_and_a_comment_outlives_the_process_that_made_it(lake: Lake) -> None:
    with session(lake) as cursor:
        cursor.execute("CREATE TABLE KEPT (X NUMBER(38,0)) COMMENT = 'it''s one; a row a line'")
        cursor.execute("CREATE TRANSIENT TABLE BARE (X NUMBER(38,0))")
        cursor.execute("INSERT INTO KEPT VALUES (1), (2), (3)")
        cursor.execute("DELETE FROM KEPT WHERE X = 1")
    with session(lake) as cursor:
        cursor.execute("SHOW TABLES")
        names = [column.name for column in cursor.description]
        told = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert [(one["name"], one["rows"], one["comment"]) for one in told] == [
            ("BARE", 0, ""),
            ("KEPT", 2, "it's one; a row a line"),
        ]
        assert cursor.execute("SHOW TERSE TABLES LIKE 'k%'").fetchall()[0][1] == "KEPT"


@pytest.mark.parametrize(
    "error, told",
    [
        (
            CatalogException('Catalog Error: Table with name NOPE does not exist!\nDid you mean "NOTE"?\n\nLINE 1: …'),
            "Object 'NOPE' does not exist or not authorized",
        ),
        (
            CatalogException('Catalog Error: Table with name "A.B" does not exist because schema "A" does not exist.'),
            "Object 'A.B' does not exist or not authorized",
        ),
        (BinderException('Binder Error: Referenced column "X" not found in FROM clause!\n'), "invalid identifier 'X'"),
        (BinderException('Binder Error: Table "F" does not have a column named "X"\n\n'), "invalid identifier 'F.X'"),
        (
            BinderException('Binder Error: Referenced table "X" not found!\nCandidate tables: "F"'),
            'Referenced table "X" not found (candidate tables: "F")',
        ),
        (ConversionException("Conversion Error: no. Not that.\n\nLINE 1"), "no; Not that"),
        (Error(""), "Error"),
    ],
)
def test_what_duckdb_refuses_is_said_without_its_listings(error: Error, told: str) -> None:
    assert sentence(error) == told
