"""`lakehouse audit bronze`: the landed files, one by one, against the ledger that tells of them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.asking import agreed_to_remove
from lakehouse.cli.audit_tables import tables
from lakehouse.cli.load import AS_JSON
from lakehouse.cli.show import document, sentence, shown, working
from lakehouse.errors import UsageError

if TYPE_CHECKING:  # loaded when the command runs
    from lakehouse.bronze.ledger import Landing
    from lakehouse.care.audit import Audit, Difference, Unknown

OF_LANDING = ("source", "file_name", "as_of", "landing_id", "path", "size", "sha256")
"""What JSON tells of a landing."""


@click.group()
def audit() -> None:
    """What is there against what is on record of it."""


audit.add_command(tables)


@audit.command()
@click.option("--clean", is_flag=True, help="Remove the objects that no row of the ledger names.")
@click.option("--yes", is_flag=True, help="Do not ask before --clean removes.")
@AS_JSON
@click.pass_obj
def bronze(env: str | None, clean: bool, yes: bool, as_json: bool) -> int:
    """Landed files against the ledger, and what is there besides.

    Reads each file again. Exit code 1 where one is missing or changed, or rows of the ledger are gone, not for what is
    there besides. Writes and locks nothing without --clean, so that a landing under way may show as interrupted, and
    its .part file as unknown. With --clean it waits for who is landing.
    """
    from lakehouse.care import audit as care
    from lakehouse.runtime.lake import open_lake

    if yes and not clean:
        raise UsageError("--yes goes with --clean: without it nothing is asked")
    lake = open_lake(env)
    removed: Sequence[Unknown] = ()
    with working() as say:
        found = care.audit(lake, say=say)
        if clean and found.unknown:
            if not yes:
                agreed_to_remove(found.unknown, "no row of the ledger names")
            removed = care.clean(lake, found.unknown, say=say)
    if as_json:
        document(_document(found, removed))
    else:
        _tell(found, removed)
    return 0 if found.ok else 1


def _document(found: "Audit", removed: "Sequence[Unknown]") -> dict[str, Any]:
    """All that was found as JSON has it; `unknown` as it was before anything was removed."""
    counted = {"ok": found.ok, "files": found.files, "bytes": found.read}
    differing = {"missing": _differing(found.missing), "changed": _differing(found.changed)}
    interrupted = [_of_landing(one) for one in found.interrupted]
    rest = {"unknown": found.unknown, "interrupted": interrupted, "ledger_lost": found.ledger_lost}
    return {**counted, **differing, **rest, "removed": removed}


def _differing(those: "Sequence[Difference]") -> list[dict[str, Any]]:
    return [
        _of_landing(one.landing) | {"what": one.what, "expected": one.expected, "found": one.found} for one in those
    ]


def _of_landing(one: "Landing") -> dict[str, Any]:
    return {name: getattr(one, name) for name in OF_LANDING}


def _tell(found: "Audit", removed: "Sequence[Unknown]") -> None:
    """A line a finding, the worst first, each path whole so that it can be copied; then all of it in a sentence."""
    from lakehouse.care.audit import LOST

    for one in found.missing:
        sentence(f"missing: {_landed(one.landing)}", good=False)
    for one in found.changed:
        sentence(f"changed: {_landed(one.landing)}; found: {one.what} {shown(one.found)}", good=False)
    for stray in found.unknown:
        sentence(f"unknown: {stray.path}: {shown(stray.size)} byte(s)")
    for landing in found.interrupted:
        sentence(f"interrupted: {landing.path}: land {landing.file_name} of {landing.source} again")
    sentence(
        f"{found.files} file(s) checked, {shown(found.read)} byte(s) read: {len(found.missing)} missing, "
        f"{len(found.changed)} changed, {len(found.unknown)} unknown, {len(found.interrupted)} interrupted",
        good=found.ok,
    )
    if found.ledger_lost:
        sentence(LOST, good=False)
    for remedy in _remedies(found, removed):
        sentence(remedy)


def _landed(one: "Landing") -> str:
    """What a person needs to find the bytes again."""
    return f"{one.path}: landed {shown(one.size)} byte(s), sha256 {one.sha256}"


def _remedies(found: "Audit", removed: "Sequence[Unknown]") -> Iterator[str]:
    if found.missing or found.changed:
        yield (
            "put the bytes that landed back to their paths below the root of the lakehouse: "
            "docs/how-to/recover-from-a-failed-run.md tells how"
        )
    if removed:
        yield f"removed {len(removed)} object(s), {shown(sum(one.size for one in removed))} byte(s)"
    elif found.unknown and not found.ledger_lost:
        yield "no row of the ledger names the unknown object(s): lakehouse audit bronze --clean removes them"
