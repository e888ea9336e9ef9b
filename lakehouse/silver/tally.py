"""What a staged batch counts, in one pass over it.

In: staged rows. Out: a `Tally`: rows by standing, fields normalised by column, rows by reason and by warning.
Guaranteed: every row is counted under exactly one standing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.quality.checks import Rules
from lakehouse.quality.names import has_name

STANDINGS = ("blank", "quarantined", "regressed", "duplicate", "stale", "winner")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Counts of a staged batch; `hold` says why a gate holds it, where one does."""

    rows: int
    standing: Mapping[str, int]
    conflicts: int
    normalised: Mapping[str, int]
    reasons: Mapping[str, int]
    warnings: Mapping[str, int]
    hold: str | None

    def classes_with(self, winners: Mapping[str, int]) -> dict[str, int]:
        """The classes of all rows: those of the winners, and those of the rows that never met silver."""
        classes = dict(winners)
        for name in ("blank", "quarantined", "regressed", "duplicate", "stale"):
            classes[name] = classes.get(name, 0) + self.standing[name]
        return classes


def tally(staged: DataFrame, rules: Rules) -> Tally:
    """Count a staged batch."""
    named = {
        "_reasons": rules.names("quarantine"),
        "_warnings": rules.names("warn"),
        "_holds": rules.names("abort"),
        "_normalised": tuple(c.name for c in rules.source.columns),
    }
    wanted = {"rows": "count(1)", "conflicts": "count_if(_conflict)"}
    wanted |= {f"standing:{s}": f"count_if(_standing = '{s}')" for s in STANDINGS}
    for column, names in named.items():
        wanted |= {f"{column}:{n}": f"count_if({has_name(column, n)})" for n in names}
    row = staged.selectExpr(*(f"{count} AS `{name}`" for name, count in wanted.items())).first()
    counts: dict[str, int] = row.asDict() if row is not None else {}
    holds = _group(counts, "_holds")
    return Tally(
        rows=counts["rows"],
        standing={s: counts[f"standing:{s}"] for s in STANDINGS},
        conflicts=counts["conflicts"],
        normalised=_group(counts, "_normalised"),
        reasons=_group(counts, "_reasons"),
        warnings=_group(counts, "_warnings"),
        hold=", ".join(f"{name} in {count} row(s)" for name, count in holds.items()) or None,
    )


def class_counts(classified: DataFrame) -> tuple[dict[str, int], int]:
    """Winners by class, and how many of them met an equal moment with other content in silver."""
    rows = classified.groupBy("_class").agg(F.count(F.lit(1)), F.count_if("_conflict")).collect()
    return {name: count for name, count, _ in rows}, sum(conflicts for *_, conflicts in rows)


def _group(counts: Mapping[str, int], column: str) -> dict[str, int]:
    start = f"{column}:"
    return {name.removeprefix(start): n for name, n in counts.items() if name.startswith(start) and n}
