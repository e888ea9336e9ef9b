"""`lakehouse doctor`, `reset` and `sample`: is the place sound, begin anew, something to try with."""

from pathlib import Path

import click

from lakehouse.cli.asking import agreed, attended
from lakehouse.cli.show import document, say, sentence, table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def doctor(env: str | None, as_json: bool) -> int:
    """Java, jars, configuration, disk, leases, the warehouse and the broker: what is wrong and what to do about it."""
    from lakehouse.care.doctor import diagnoses

    found = list(diagnoses(env))
    ok = all(one.ok for one in found)
    if as_json:
        document({"ok": ok, "checks": found})
    else:
        table("Doctor", ["check", "ok", "finding"], ((one.check, one.ok, one.told) for one in found))
        sentence("all is well" if ok else "something is wrong; see above", good=ok)
    return 0 if ok else 2


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(env: str | None, yes: bool) -> int:
    """Remove all data of this lakehouse: bronze, silver, gold, ops, everything."""
    from lakehouse.care.reset import parts, remove
    from lakehouse.publish.emulator import stop
    from lakehouse.runtime.lake import open_lake
    from lakehouse.streams import broker

    lake = open_lake(env)
    found = parts(lake)
    if not found:
        sentence(f"there is nothing at {lake.root}")
        return 0
    if not yes:
        attended("remove all of it")
        agreed(f"Remove {', '.join(found)} at {lake.root} for good?")
    stop(lake.home)  # the warehouse's server, which holds its files
    broker.stop(lake.home)
    remove(lake)
    sentence(f"removed {', '.join(found)} at {lake.root}")
    return 0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--rows", default=10_000, show_default=True, type=click.IntRange(min=200), help="Lines of the history.")
@click.option("--days", default=3, show_default=True, type=click.IntRange(1, 365), help="Files to write.")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same bytes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sample(folder: Path, rows: int, days: int, seed: int, as_json: bool) -> int:
    """Write made-up sales in the shape of Superstore, with corrections and bad rows, to try things with."""
    from lakehouse.sample import write_sample

    say(f"writing {days} file(s) to {folder}")
    files = write_sample(folder, rows=rows, days=days, seed=seed)
    if as_json:
        document({"files": files})
        return 0
    columns = ["file", "records", "new", "corrections", "redelivered", "duplicates", "stale", "bad", "blank"]
    counted = (
        (
            f.path.name,
            f.records,
            f.new,
            f.corrections,
            f.redelivered,
            f.duplicates,
            f.stale,
            sum(f.bad.values()),
            f.blank,
        )
        for f in files
    )
    table("Sample", columns, counted)
    sentence(f"now: lakehouse run --source superstore {folder}")
    return 0
