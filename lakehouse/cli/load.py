"""`lakehouse land`, `run` and `accept`: files in, accounting out."""

from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.show import document, sentence, shown, table, working

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.gold.release import Release
    from lakehouse.publish.job import Published
    from lakehouse.road import Stage, Travelled

SOURCE = click.option("--source", required=True, help="The feed the files are of: a file of conf/sources.")
AS_OF = click.option("--as-of", help="When the files were extracted, ISO 8601, UTC.  [default: file name, else mtime]")
NO_WAIT = click.option("--no-wait", is_flag=True, help="Fail instead of waiting for another writer.")
FULL = click.option("--full", is_flag=True, help="Move every row, also where the release is there already.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

TO = click.option(
    "--to",
    type=click.Choice(["silver", "gold", "warehouse"]),
    default="warehouse",
    show_default=True,
    help="How far to go.",
)


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (AS_JSON, NO_WAIT, AS_OF, SOURCE):
        command = option(command)
    return command


@click.command()
@_options
@click.argument("paths", nargs=-1, required=True)
@click.pass_obj
def land(env: str | None, source: str, as_of: str | None, no_wait: bool, as_json: bool, paths: tuple[str, ...]) -> int:
    """Keep files (CSV, folder, glob; also .csv.gz) in bronze, bytes unchanged, and record them in the ledger."""
    from lakehouse import road

    with working() as say:
        result = road.travel(env, source, paths, as_of=as_of, to="bronze", wait=not no_wait, say=say)
    return told(result, as_json)


@click.command()
@_options
@TO
@click.argument("paths", nargs=-1)
@click.pass_obj
def run(
    env: str | None, source: str, as_of: str | None, no_wait: bool, as_json: bool, to: "Stage", paths: tuple[str, ...]
) -> int:
    """Land files and bring all that has landed of the source, accounted for to the row, as far as the warehouse.

    Without a path it goes on with what has landed before. A new release of the star schema is made where silver has
    changed, and published to the warehouse.
    """
    from lakehouse import road

    with working() as say:
        result = road.travel(env, source, paths, as_of=as_of, to=to, wait=not no_wait, say=say)
    return told(result, as_json)


@click.command()
@NO_WAIT
@AS_JSON
@TO
@click.argument("batch")
@click.pass_obj
def accept(env: str | None, no_wait: bool, as_json: bool, to: "Stage", batch: str) -> int:
    """Let a batch pass that a gate holds (`status` names it), and go on with what is pending of its source."""
    from lakehouse import road

    with working() as say:
        result = road.resume(env, batch, to=to, wait=not no_wait, say=say)
    return told(result, as_json)


def told(result: "Travelled", as_json: bool) -> int:
    """Print what became of files and rows; the exit code."""
    files, batches = _files(result), _batches(result)
    if as_json:
        went = {"ok": result.ok, "files": files, "batches": batches}
        document({**went, "release": result.release, "new_release": result.new_release, "published": result.published})
        return 0 if result.ok else 1
    notable = [file for file in files if file["what"] != "landed" or file["note"]]
    if notable:
        columns = ["file", "what", "note"]
        table("Files", columns, ([file[c] for c in columns] for file in notable))
    if batches:
        _accounting(batches)
    if result.release is not None:
        sentence(release_told(result.release, result.new_release))
    if result.published is not None:
        sentence(published_told(result.published))
    landed = sum(file["what"] == "landed" for file in files)
    closed = sum(batch["status"] == "done" for batch in batches)
    sentence(f"{landed} file(s) landed, {closed} batch(es) into silver, {_trouble(result)}", good=result.ok)
    return 0 if result.ok else 1


def _files(result: "Travelled") -> list[dict[str, Any]]:
    """One dictionary a file."""
    of_landing = ("landing_id", "as_of", "as_of_from", "encoding", "delimiter", "records", "path")
    return [
        {"file": one.landing.file_name, "what": one.what, "note": one.note}
        | {name: getattr(one.landing, name) for name in of_landing}
        for one in result.outcomes
    ]


def _batches(result: "Travelled") -> list[dict[str, Any]]:
    """One dictionary a batch."""
    return [{"file": result.names.get(one.about, one.about), **one.row()} for one in result.closed]


def _trouble(result: "Travelled") -> str:
    """What did not go well, in words."""
    held = f", {result.held()} batch(es) held by a gate" if result.held() else ""
    return f"{result.rejected()} file(s) rejected{held}"


def release_told(release: "Release", new: bool) -> str:
    """The newest release in a sentence; where nothing was made it is `as before`."""
    told = f"gold: release {release.number}, {shown(release.row_counts['gold.fact_sales'])} fact(s)"
    return told if new else f"{told}, as before"


def published_told(done: "Published") -> str:
    """A publication in a sentence; where nothing moved it is `as before`."""
    told = f"warehouse: release {done.number} in {done.place}"
    return f"{told}, {shown(sum(done.moved.values()))} row(s) moved" if done.new else f"{told}, as before"


def _accounting(batches: list[dict[str, object]]) -> None:
    """The accounting, one line a batch; classes without a row in any batch are left out."""
    from lakehouse.ops.accounting import CLASSES

    classes = [name for name in CLASSES if any(batch[name] for batch in batches)]
    columns = ["file", "rows_in", *classes]
    rows = [[batch[name] for name in columns] for batch in batches]
    if len(batches) > 1:
        rows.append(["all", *(sum(int(str(batch[name])) for batch in batches) for name in columns[1:])])
    table("Accounting (rows in = the sum of the classes)", columns, rows)
    _by_rule("Quarantined, by rule", batches, "reasons")
    if _by_rule("Warnings, by rule", batches, "warnings"):
        sentence("rows with warnings are in silver all the same: docs/how-to/load-your-csv.md tells how to find them")
    for batch in batches:
        if batch["status"] == "done" and batch["quarantined"] and _rows_but_blank(batch) == batch["quarantined"]:
            sentence(f"every row of {batch['file']} was quarantined: lakehouse quarantine shows why", good=False)
    for batch in batches:
        if batch["conflicts"]:
            sentence(
                f"{batch['conflicts']} row(s) of {batch['file']} say something else about a line than another one of "
                "the same as-of: which of them holds is fixed but arbitrary; docs/how-to/load-your-csv.md tells how "
                "to find them, give the right one a later --as-of",
                good=False,
            )


def _by_rule(title: str, batches: list[dict[str, object]], column: str) -> bool:
    """How often each rule was broken, where any was; whether one was."""
    counted: dict[str, int] = {}
    for batch in batches:
        for rule, count in dict(batch[column] or {}).items():  # type: ignore[call-overload]
            counted[rule] = counted.get(rule, 0) + count
    if counted:
        table(title, ["rule", "rows"], sorted(counted.items()))
    return bool(counted)


def _rows_but_blank(batch: dict[str, object]) -> int:
    return int(str(batch["rows_in"])) - int(str(batch["blank"]))
