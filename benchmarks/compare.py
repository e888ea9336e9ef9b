"""Whether both sides of the road's bench made the same tables.

In: folders with the tables of each side. Out: nothing, or an error that names what differs. Guaranteed: silver is
compared by key and content hash, gold by the digest of docs/reference/hashes.md over every column of its contract
that does not begin with `_`, surrogate keys included; the digest is computed here, not taken from what a side says.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from benchmarks.hashing import hash_number, time_text
from lakehouse.conf import conf_folder
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Column, Table
from lakehouse.errors import JobError


def gold_tables() -> dict[str, Table]:
    """The contracts of gold, by name."""
    tables = load_catalog(conf_folder()).tables
    return {name: table for name, table in tables.items() if name.startswith("gold.")}


def refuse_differences(what: str, found: Mapping[str, Any]) -> None:
    """Pass where everyone has the same.

    Args:
        what: is compared.
        found: of each run.

    Raises:
        JobError: two runs differ; the sentence has what each of them has.
    """
    if len({repr(value) for value in found.values()}) > 1:
        raise JobError(f"the sides of the bench differ in {what}: {dict(found)}")


def fingerprint(table: Path) -> tuple[Any, ...]:
    """Rows of a silver table, and a hash over keys and content hashes that knows no order."""
    rows = duckdb.read_parquet(_files(table)).aggregate(
        "count(*), bit_xor(hash(sale_id, _content_hash)), count(distinct sale_id)"
    )
    return rows.fetchall()[0]


def digest_of(folder: Path, table: Table) -> str:
    """The digest of a table of gold below a lakehouse's folder, as `ops.releases` writes it."""
    named = dict.fromkeys([*table.keys, *(c.name for c in table.business_columns)])
    texts = [_text(table.column(name)) for name in named]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        files = con.read_parquet(_files(folder / Path(*table.name.split("."))))
        rows, total = files.aggregate(f"count(*), coalesce(sum({hash_number(texts)}), 0)").fetchall()[0]
    return f"{rows}-{int(total):x}"


def _files(table: Path) -> list[str]:
    """The files of the newest version, which has no deletion vectors: it was written in one go."""
    return DeltaTable(str(table)).file_uris()


def _text(column: Column) -> str:
    """A value as the text it is hashed as."""
    if column.type == "timestamp":
        return time_text(f"CAST({column.name} AS TIMESTAMP)")
    return f"CAST({column.name} AS VARCHAR)"
