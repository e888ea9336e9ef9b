"""What a warehouse says of a wrong question, Snowflake's words and its emulator's alike, and what the user is told."""

from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from lakehouse.publish.refusals import refused

THERE = [
    ("FACT_SALES", "SALES"),
    ("FACT_SALES", "SALE_ID"),
    ("DIM_STORE", "REGION"),
    ("DIM_STORE", "STORE_SK"),
    ("FACT_SALES", "STORE_SK"),
]
PLACE = "account RETAIL.GOLD"


class Cursor:
    """Answers with the names that there are; an error where they may not be asked for."""

    def __init__(self, there: list[tuple[str, str]] | None) -> None:
        self.there = there

    def execute(self, _: str) -> "Cursor":
        if self.there is None:
            raise ProgrammingError("no right")
        return self

    def fetchall(self) -> list[tuple[str, str]]:
        return self.there or []


def told(said: str, sql: str = "", there: list[tuple[str, str]] | None = THERE) -> str:
    cursor: Any = Cursor(there)
    return str(refused(ProgrammingError(said), cursor, sql, PLACE))


@pytest.mark.parametrize(
    "said",
    [
        "002003 (42S02): SQL compilation error:\nObject 'FACT_SALE' does not exist or not authorized.",
        "002003 (42S02): Object 'FACT_SALE' does not exist or not authorized",
        "002003 (42S02): Table 'FACT_SALE' does not exist or not authorized",
    ],
)
def test_an_unknown_table_is_told_with_those_near_it(said: str) -> None:
    assert told(said) == (
        "there is no table FACT_SALE (did you mean FACT_SALES?): lakehouse query 'SHOW TABLES' lists what there is"
    )


def test_a_table_of_another_schema_is_told_by_its_name_here() -> None:
    assert told("Object 'OTHER.FACT_SALES' does not exist").startswith(
        "there is no table OTHER.FACT_SALES (did you mean FACT_SALES?)"
    )


@pytest.mark.parametrize(
    "said",
    [
        "000904 (42000): SQL compilation error: error line 1 at position 7\ninvalid identifier 'SALE'",
        "000904 (42000): invalid identifier 'SALE'",
    ],
)
def test_an_unknown_column_is_told_with_those_near_it(said: str) -> None:
    assert told(said, "select sale from Fact_Sales") == (
        "there is no column SALE here (did you mean SALES or SALE_ID?): "
        "lakehouse query 'DESCRIBE TABLE FACT_SALES' lists the columns"
    )


def test_a_column_of_a_table_that_was_not_joined_is_told_with_its_table() -> None:
    assert told("invalid identifier 'F.REGION'", "select f.region from fact_sales f") == (
        "there is no column F.REGION here (DIM_STORE has REGION): "
        "lakehouse query 'DESCRIBE TABLE FACT_SALES' lists the columns"
    )


def test_where_nothing_was_published_that_is_what_is_told() -> None:
    assert told("Object 'FACT_SALES' does not exist", there=[]) == (
        "the warehouse, account RETAIL.GOLD, has no release yet, or none that this user may see: "
        "lakehouse run --source NAME FILE makes one and publishes it"
    )


def test_where_names_may_not_be_asked_for_the_warehouse_is_quoted() -> None:
    assert told("Object 'X' does not exist", there=None) == "the warehouse refuses this: Object 'X' does not exist"


def test_what_else_is_refused_is_quoted_with_its_place_behind() -> None:
    said = "001790 (42000): SQL compilation error: error line 1 at position 7\n'REGION' is not in the group by clause."
    assert told(said) == (
        "the warehouse refuses this: 'REGION' is not in the group by clause. (error line 1 at position 7)"
    )
