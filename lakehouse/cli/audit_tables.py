"""`lakehouse audit tables`: the files of the Delta tables against the logs that name them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from lakehouse.cli.asking import agreed_to_remove
from lakehouse.cli.load import AS_JSON
from lakehouse.cli.show import document, sentence, shown, working
from lakehouse.errors import UsageError

if TYPE_CHECKING:  # loaded when the command runs
    from lakehouse.care.audit import Unknown
    from lakehouse.care.audit_tables import TablesAudit


@click.command()
@click.option("--clean", is_flag=True, help="Remove the files that no version of a table names.")
@click.option("--yes", is_flag=True, help="Do not ask before --clean removes.")
@AS_JSON
@click.pass_obj
def tables(env: str | None, clean: bool, yes: bool, as_json: bool) -> int:
    """Files of the Delta tables against their logs, and what is there besides.

    Lists files and reads logs, no rows. Exit code 1 where a file or a log is gone, or a file has another size, not for
    what is there besides. Writes and locks nothing without --clean, so that what a job has under way may show as
    unknown. With --clean it fails where anyone writes.
    """
    from lakehouse.care import audit_tables as care
    from lakehouse.runtime.lake import open_lake

    if yes and not clean:
        raise UsageError("--yes goes with --clean: without it nothing is asked")
    lake = open_lake(env)
    removed: Sequence[Unknown] = ()
    with working() as say:
        found = care.audit(lake, say=say)
        if clean and found.unknown:
            if not yes:
                agreed_to_remove(found.unknown, "no version of a table names")
            removed = care.clean(lake, found.unknown)
    if as_json:
        document({"ok": found.ok, "tables": found.tables, "removed": removed})
    else:
        _tell(found, removed)
    return 0 if found.ok else 1


def _tell(found: "TablesAudit", removed: "Sequence[Unknown]") -> None:
    """A line a finding, the worst first, each path whole so that it can be copied; then all of it in a sentence."""
    lost = [one.lost for one in found.tables if one.lost is not None]
    for told in lost:
        sentence(f"lost: {told}", good=False)
    for misfit in found.misfits:
        what = "missing" if misfit.found is None else f"changed to {shown(misfit.found)} byte(s)"
        sentence(f"{what}: {misfit.path}: {shown(misfit.expected)} byte(s) by the log", good=False)
    for stray in found.unknown:
        sentence(f"unknown: {stray.path}: {shown(stray.size)} byte(s)")
    files, size = sum(one.files for one in found.tables), sum(one.bytes for one in found.tables)
    sentence(
        f"{len(found.tables)} table(s) of {files} file(s), {shown(size)} byte(s): {len(found.misfits)} missing or "
        f"changed, {len(found.unknown)} unknown, {len(lost)} log(s) lost",
        good=found.ok,
    )
    for remedy in _remedies(found, removed):
        sentence(remedy)


def _remedies(found: "TablesAudit", removed: "Sequence[Unknown]") -> Iterator[str]:
    if not found.ok:
        yield "what is gone does not come back by another run: docs/how-to/recover-from-a-failed-run.md tells what does"
    if removed:
        yield f"removed {len(removed)} file(s), {shown(sum(one.size for one in removed))} byte(s)"
    elif found.unknown:
        yield "no version of a table names the unknown file(s): lakehouse audit tables --clean removes them"
