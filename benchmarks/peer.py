"""The peer: Online Retail from CSV to gold with DuckDB and delta-rs, by the same rules.

In: a CSV file, a folder, an as-of. Out: Delta tables `silver/sales`, `ops/quarantine` and those of `gold`, and the
rows of each class. Guaranteed: the same types, normalisation, rules, key and content hash as the product, written
anew in SQL: the two silvers are compared by those hashes. It keeps no bronze, no raw text, no line numbers, no
accounting, takes no lease, and cannot be killed and run again.
"""

from collections.abc import Callable
from pathlib import Path

import duckdb
from deltalake import write_deltalake

from benchmarks import peer_gold
from benchmarks.hashing import hash_fields, time_text

HEADERS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
"""The file's columns; tidied they are `text_…`, as SQL takes `Quantity` and `quantity` for the same."""

REQUIRED = tuple(name for name in HEADERS if name not in ("Description", "CustomerID"))

BLANKS = r"\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"
UNTIDY = rf"^[{BLANKS}]|[{BLANKS}]$|[{BLANKS}]{{2}}|[^\x21-\x7e ]"

TYPED = {
    "Quantity": "CASE WHEN regexp_full_match(text_Quantity, '[+-]?[0-9]{1,19}') "
    "THEN TRY_CAST(text_Quantity AS BIGINT) END",
    "InvoiceDate": "try_strptime(text_InvoiceDate, '%m/%d/%Y %H:%M')",
    "UnitPrice": r"CASE WHEN regexp_full_match(text_UnitPrice, '[+-]?0*[0-9]{1,14}(\.[0-9]{1,6}0*)?') "
    "THEN TRY_CAST(text_UnitPrice AS DECIMAL(20,6)) END",
}

RULES = {
    "quantity_not_zero": "quantity = 0",
    "sales_not_negative": "NOT (sales >= 0 OR is_return)",
    "unit_price_not_negative": "unit_price < 0",
    "order_date_not_in_future": "order_date > CAST(recorded_at AS DATE) + 1",
    "order_date_in_calendar": "year(order_date) NOT BETWEEN 1990 AND 2049",
}
"""A rule's name → where a row breaks it."""

SALES = {
    "row_id": None,
    "order_id": "text_InvoiceNo",
    "order_date": "CAST(ordered_at AS DATE)",
    **dict.fromkeys(("ship_date", "ship_mode")),
    "customer_id": "text_CustomerID",
    **dict.fromkeys(("customer_name", "segment", "city", "state")),
    "country": "text_Country",
    **dict.fromkeys(("postal_code", "market", "region")),
    "product_id": "text_StockCode",
    **dict.fromkeys(("category", "sub_category")),
    "product_name": "text_Description",
    "sales": "TRY_CAST(TRY_CAST(typed_quantity AS DECIMAL(17,0)) * unit_price AS DECIMAL(20,6))",
    "quantity": "typed_quantity",
    **dict.fromkeys(("discount", "profit", "shipping_cost", "order_priority")),
    "ordered_at": "ordered_at",
    "unit_price": "unit_price",
    "is_return": "typed_quantity < 0",
}
"""The business columns of silver in their order: what makes each of them, None where this source has none."""


def load(csv: Path, folder: Path, as_of: str, mark: Callable[[str], None]) -> dict[str, int]:
    """Bring a file into silver, quarantine and gold; `mark` is told each stage that ends."""
    con = duckdb.connect(config={"threads": 2})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(_read(csv))
    mark("peer-read")
    con.execute(_judge(as_of))
    con.execute(_stage())
    mark("peer-staged")
    counts = {str(name): int(rows) for name, rows in con.execute(_TALLY).fetchall()}
    con.execute(f"SELECT {', '.join(f'count(*) FILTER ({name}_changed)' for name in HEADERS)} FROM staged").fetchall()
    mark("peer-tallied")
    con.execute(f"CREATE TEMP VIEW sales AS {_WINNERS}")
    write_deltalake(str(folder / "silver" / "sales"), con.table("sales"))
    mark("peer-merged")
    write_deltalake(str(folder / "ops" / "quarantine"), con.sql(_QUARANTINED))
    mark("peer-quarantined")
    peer_gold.build(con, folder, mark)
    con.close()
    return {"rows_in": sum(counts.values()), **counts}


def _read(csv: Path) -> str:
    """Every field as text, and the place of each row in the file."""
    path = str(csv).replace("'", "''")
    return f"""CREATE TEMP TABLE raw AS SELECT row_number() OVER () AS row, {", ".join(HEADERS)}
        FROM read_csv('{path}', header = true, all_varchar = true, quote = '"', escape = '"', delim = ',')"""


def _judge(as_of: str) -> str:
    """Text normalised, types, business columns, and the reasons of each row."""
    faults = {f"{name}_missing": f"text_{name} IS NULL" for name in REQUIRED}
    made = {"Quantity": "typed_quantity", "InvoiceDate": "ordered_at", "UnitPrice": "unit_price"}
    faults |= {f"{name}_unreadable": f"text_{name} IS NOT NULL AND {column} IS NULL" for name, column in made.items()}
    tidy = ", ".join(f"{_tidy(name)} AS text_{name}, coalesce(text_{name} <> raw.{name}, false) AS {name}_changed"
                     for name in HEADERS)  # fmt: skip
    typed = ", ".join(f"{TYPED[name]} AS {column}" for name, column in made.items())
    columns = ", ".join(f"{made_of or 'NULL'} AS {name}" for name, made_of in SALES.items()
                        if name not in ("ordered_at", "unit_price"))  # fmt: skip
    return f"""CREATE TEMP VIEW judged AS
        WITH tidied AS (SELECT row, {tidy} FROM raw),
        typed AS (SELECT *, {typed}, TIMESTAMP '{as_of}' AS recorded_at FROM tidied),
        sold AS (SELECT *, {columns} FROM typed)
        SELECT *, concat_ws(',', {_named(faults)}, {_named(RULES)}) AS reasons FROM sold"""


def _tidy(name: str) -> str:
    blanks = f"regexp_replace(raw.{name}, '[{BLANKS}]+', ' ', 'g')"
    return f"""nullif(CASE WHEN regexp_matches(raw.{name}, '{UNTIDY}')
        THEN nfc_normalize(trim({blanks})) ELSE raw.{name} END, '')"""


def _named(conditions: dict[str, str]) -> str:
    return ", ".join(f"CASE WHEN {condition} THEN '{name}' END" for name, condition in conditions.items())


def _stage() -> str:
    """Both hashes, and the standing of each row: of equal keys the first row wins."""
    typed = [_text(name) for name in ("quantity", "ordered_at", "unit_price")]
    key = hash_fields(
        ["text_InvoiceNo", "text_StockCode", "text_Description", *typed, "text_CustomerID", "text_Country"]
    )
    content = hash_fields([None if made_of is None else _text(name) for name, made_of in SALES.items()])
    return f"""CREATE TEMP TABLE staged AS
        WITH hashed AS (SELECT *, {key} AS sale_id, 'v1:' || {content} AS _content_hash FROM judged)
        SELECT *, CASE WHEN reasons <> '' THEN 'quarantined'
            WHEN row_number() OVER (PARTITION BY CASE WHEN reasons = '' THEN sale_id ELSE row::VARCHAR END
                                    ORDER BY row) = 1 THEN 'inserted' ELSE 'duplicate' END AS standing
        FROM hashed"""


def _text(name: str) -> str:
    """A value as the text it is hashed as."""
    return time_text(name) if name == "ordered_at" else f"CAST({name} AS VARCHAR)"


_TALLY = "SELECT standing, count(*) FROM staged GROUP BY standing"

_TYPES = {"order_date": "DATE", "ship_date": "DATE", "quantity": "BIGINT", "ordered_at": "TIMESTAMPTZ"}
_TYPES |= {"is_return": "BOOLEAN", **dict.fromkeys(("sales", "discount", "profit", "shipping_cost"), "DECIMAL(20,6)")}
_TYPES |= {"unit_price": "DECIMAL(20,6)"}

_WINNERS = f"""SELECT 'online_retail' AS source_system, sale_id,
    {", ".join(f"CAST({name} AS {_TYPES.get(name, 'VARCHAR')}) AS {name}" for name in SALES)},
    false AS is_deleted, CAST(recorded_at AS TIMESTAMPTZ) AS recorded_at, row AS _source_row, _content_hash
    FROM staged WHERE standing = 'inserted'"""

_QUARANTINED = f"""SELECT row, reasons, {", ".join(f"text_{name}" for name in HEADERS)}
    FROM staged WHERE standing = 'quarantined'"""
