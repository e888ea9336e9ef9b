"""The versions of a key as a person reads them.

In: versions as `lakehouse.gold.history` tells them. Out: columns and rows of a table. Guaranteed: no more is left out
than what no version has, and what `valid_from` says already.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from lakehouse.cli.show import shown

BEGINNING, OPEN_END = datetime(1900, 1, 1), datetime(9999, 12, 31)  # noqa: DTZ001 - of UTC, as history tells them
MOMENTS = {"valid_from": {BEGINNING: "beginning"}, "valid_to": {OPEN_END: "open"}, "first_observed_at": {}}


def readable(versions: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[object]]]:
    """The columns that say something, and their values: keys without thousands, days without midnight.

    The natural key stands in the title, and the source where there is one alone.
    """
    columns = [name for name in versions[0] if any(version[name] is not None for version in versions)]
    columns.remove(columns[0].replace("_sk", "_id"))
    if _source(versions):
        columns.remove("source_system")
    if all(version["first_observed_at"] == version["valid_from"] for version in versions):
        columns.remove("first_observed_at")
    titles = ["current" if name == "is_current" else name for name in columns]
    return titles, [[_value(name, version[name]) for name in columns] for version in versions]


def title(entity: str, key: str, versions: Sequence[Mapping[str, Any]]) -> str:
    """Whose versions they are: `customer 17850 of online_retail`."""
    source = _source(versions)
    return f"{entity} {key} of {source}" if source else f"{entity} {key}"


def _source(versions: Sequence[Mapping[str, Any]]) -> str | None:
    """The source of the versions, where it is the same for all."""
    sources = {version["source_system"] for version in versions}
    return sources.pop() if len(sources) == 1 else None


def _value(name: str, value: object) -> object:
    if name == "is_current":
        return "current" if value else ""
    if isinstance(value, datetime):
        day = f"{value:%Y-%m-%d}" if value.time() == time() else shown(value)
        return MOMENTS.get(name, {}).get(value, day)
    return str(value) if name.endswith("_sk") else value
