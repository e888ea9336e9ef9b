"""The peer's gold: the star schema of Online Retail with DuckDB and delta-rs, by the same rules of history.

In: a connection with the view `sales`, the rows of the peer's silver. Out: the Delta tables of `gold`. Guaranteed:
the same versions, keys and facts as the product, written anew in SQL: the bench compares every column. It leaves
out `_uneven`, and all that makes a release: steps from one to the next, the gate on colliding keys, digests, and
that readers never see half of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deltalake import write_deltalake
from duckdb import DuckDBPyConnection

from benchmarks.hashing import hash_number, time_text

BEGINNING, OPEN_END = "TIMESTAMP '1900-01-01'", "TIMESTAMP '9999-12-31'"
FIRST_DAY, LAST_DAY = "1990-01-01", "2049-12-31"
NO_MERCHANDISE = r"POST|DOT|M|m|D|S|C2|CRUK|B|PADS|BANK CHARGES|AMAZONFEE|gift_0001_\d+"
NO_TEXT = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A tracked attribute: how a line of `sales` tells it, and whether NULL means that the line says nothing."""

    name: str
    told: str
    null_is_unknown: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Dimension:
    """A dimension with history.

    Attributes:
        natural_key: how a line tells the key.
        columns: those of the table in their order but for times; what makes each of `key` and attributes.
        members: the columns that name the members -1 and -2, and the first one's name.
    """

    natural_key: str
    attributes: Sequence[Attribute]
    columns: Mapping[str, str]
    members: tuple[Sequence[str], str]


DIMENSIONS = {
    "customer": Dimension(
        natural_key="customer_id",
        attributes=[Attribute(name="country", told="country")],
        columns={"customer_id": "key", "customer_name": NO_TEXT, "segment": NO_TEXT, "country": "country"},
        members=(("customer_id", "customer_name"), "GUEST"),
    ),
    "product": Dimension(
        natural_key="product_id",
        attributes=[Attribute(name="product_name", told="product_name", null_is_unknown=True)],
        columns={
            "product_id": "key",
            "product_name": "product_name",
            **dict.fromkeys(("category", "sub_category"), NO_TEXT),
            "is_merchandise": f"NOT regexp_full_match(key, '{NO_MERCHANDISE}')",
        },
        members=(("product_id", "product_name"), "(unknown)"),
    ),
    "store": Dimension(
        natural_key="country",
        attributes=[Attribute(name="market", told="market"), Attribute(name="region", told="region")],
        columns={
            "store_id": "key",
            "country": "key",
            **dict.fromkeys(("state", "city"), NO_TEXT),
            **{name: name for name in ("market", "region")},
        },
        members=(("store_id",), "(unknown)"),
    ),
}
"""A dimension's name → what of Online Retail makes it."""

TABLES = (*(f"dim_{name}" for name in DIMENSIONS), "dim_date", "fact_sales")


def build(con: DuckDBPyConnection, folder: Path, mark: Callable[[str], None]) -> None:
    """Make all tables and write them below `folder`; `mark` is told each stage that ends."""
    for name, dimension in DIMENSIONS.items():
        con.execute(f"CREATE TEMP TABLE dim_{name} AS {dimension_rows(name, dimension)}")
    con.execute(f"CREATE TEMP VIEW dim_date AS {CALENDAR}")
    con.execute(f"CREATE TEMP VIEW fact_sales AS {facts()}")
    mark("peer-gold-dimensions")
    for table in TABLES:
        write_deltalake(str(folder / "gold" / table), con.table(table))
    mark("peer-gold-tables")


def dimension_rows(name: str, dimension: Dimension) -> str:
    """SQL: all rows of a dimension, its members included."""
    told = ", ".join(f"{a.told} AS {a.name}" for a in dimension.attributes)
    seen = f"""SELECT source_system, {dimension.natural_key} AS key, ordered_at AT TIME ZONE 'UTC' AS seen_at,
        sale_id AS rank, {told} FROM sales WHERE {dimension.natural_key} IS NOT NULL"""
    columns = ", ".join(f"{made} AS {column}" for column, made in dimension.columns.items())
    number = hash_number(["source_system", "key", time_text("valid_from")])
    times = ", ".join(f"CAST({c} AS TIMESTAMPTZ) AS {c}" for c in ("valid_from", "valid_to"))
    return f"""SELECT {number} AS {name}_sk, source_system, {columns}, {times},
            valid_to = {OPEN_END} AS is_current, CAST(first_observed_at AS TIMESTAMPTZ) AS first_observed_at
        FROM ({versions(seen, dimension.attributes)})
        UNION ALL BY NAME {_member(name, dimension, -1)} UNION ALL BY NAME {_member(name, dimension, -2)}"""


def versions(seen: str, attributes: Sequence[Attribute]) -> str:
    """SQL: versions of keys from what was seen of them.

    Args:
        seen: SQL of rows with `source_system`, `key`, `seen_at`, `rank` and the attributes; no key is NULL.
        attributes: all of them tracked; nothing ever ends.
    """
    won = ", ".join(f"arg_max{'' if a.null_is_unknown else '_null'}({a.name}, rank) AS {a.name}" for a in attributes)
    known = ", ".join(f"{_known(a)} AS {a.name}" for a in attributes)
    changes = " OR ".join(f"{a.name} IS DISTINCT FROM lag({a.name}) OVER until_now" for a in attributes)
    names = ", ".join(a.name for a in attributes)
    key = "PARTITION BY source_system, key ORDER BY seen_at"
    return f"""WITH won AS (SELECT source_system, key, seen_at, {won} FROM ({seen}) GROUP BY ALL),
        filled AS (SELECT source_system, key, seen_at, {known} FROM won
            WINDOW until_now AS ({key} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
                ever AS ({key} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
        placed AS (SELECT *, row_number() OVER until_now = 1 AS is_first, {changes} AS differs FROM filled
            WINDOW until_now AS ({key}))
        SELECT source_system, key, {names}, seen_at AS first_observed_at,
            CASE WHEN is_first THEN {BEGINNING} ELSE seen_at END AS valid_from,
            coalesce(lead(seen_at) OVER ({key}), {OPEN_END}) AS valid_to
        FROM placed WHERE is_first OR differs"""


def _known(attribute: Attribute) -> str:
    """Where nobody said, what was known last, else what was known first."""
    if not attribute.null_is_unknown:
        return attribute.name
    last = f"last_value({attribute.name} IGNORE NULLS) OVER until_now"
    return f"coalesce({last}, first_value({attribute.name} IGNORE NULLS) OVER ever)"


def _member(name: str, dimension: Dimension, number: int) -> str:
    """SQL: one member; columns that it lacks are NULL."""
    columns, unknown = dimension.members
    named = ", ".join(f"'{unknown if number == -1 else '(not applicable)'}' AS {column}" for column in columns)
    is_merchandise = "true AS is_merchandise, " if "is_merchandise" in dimension.columns else ""
    return f"""SELECT {number} AS {name}_sk, '-' AS source_system, {named}, {is_merchandise}
        CAST({BEGINNING} AS TIMESTAMPTZ) AS valid_from, CAST({OPEN_END} AS TIMESTAMPTZ) AS valid_to,
        true AS is_current"""


def facts() -> str:
    """SQL: each line once, with the versions that cover it."""
    joins = " ".join(
        f"""LEFT JOIN dim_{name} ON dim_{name}.source_system = sales.source_system
            AND dim_{name}.{name}_id = sales.{dimension.natural_key}
            AND sales.ordered_at >= dim_{name}.valid_from AND sales.ordered_at < dim_{name}.valid_to"""
        for name, dimension in DIMENSIONS.items()
    )
    keys = ", ".join(f"coalesce({name}_sk, -1) AS {name}_sk" for name in DIMENSIONS)
    days = ", ".join(f"{_date_sk(name)} AS {name}_sk" for name in ("order_date", "ship_date"))
    return f"""SELECT sales.source_system, sale_id, {days}, {keys}, ordered_at, order_id, ship_mode, order_priority,
        sales.sales, quantity, discount, profit, shipping_cost, unit_price, is_return FROM sales {joins}"""


def _date_sk(day: str) -> str:
    return f"coalesce(CAST(strftime({day}, '%Y%m%d') AS BIGINT), -2)"


CALENDAR = f"""WITH days AS (SELECT CAST(range AS DATE) AS day
        FROM range(DATE '{FIRST_DAY}', DATE '{LAST_DAY}' + 1, INTERVAL 1 DAY))
    SELECT {_date_sk("day")} AS date_sk, day AS calendar_date, strftime(day, '%Y-%m-%d') AS label, year(day) AS year,
        quarter(day) AS quarter, month(day) AS month, monthname(day) AS month_name, day(day) AS day,
        dayofyear(day) AS day_of_year, isoyear(day) AS iso_year, week(day) AS iso_week, isodow(day) AS weekday,
        dayname(day) AS weekday_name, isodow(day) > 5 AS is_weekend, year(day) AS fiscal_year,
        quarter(day) AS fiscal_quarter, month(day) AS fiscal_month FROM days
    UNION ALL BY NAME SELECT -1 AS date_sk, 'unknown' AS label
    UNION ALL BY NAME SELECT -2 AS date_sk, 'not applicable' AS label"""
"""The fiscal year is the calendar's, as in conf/environments/local.yml."""
