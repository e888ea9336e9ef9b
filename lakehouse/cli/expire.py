"""`lakehouse expire`: raw files past their retention, listed or deleted."""

import re
from datetime import UTC, datetime, timedelta

import click

from lakehouse.cli.load import AS_JSON, NO_WAIT
from lakehouse.cli.show import document, sentence, shown, table, working


def _age(_: click.Context, __: click.Parameter, given: str) -> timedelta:
    """An age such as 90d."""
    if not re.fullmatch(r"\d{1,5}d", given):
        raise click.BadParameter(f"{given!r} is no age in days such as 90d")
    return timedelta(days=int(given[:-1]))


OLDER_THAN = click.option(
    "--older-than", required=True, callback=_age, metavar="DAYS", help="Landed so long ago or longer: 90d."
)


@click.command()
@OLDER_THAN
@click.option("--source", help="Only files of this feed.")
@click.option("--delete", is_flag=True, help="Delete them; else they are only listed.")
@NO_WAIT
@AS_JSON
@click.pass_obj
def expire(
    env: str | None, older_than: timedelta, source: str | None, delete: bool, no_wait: bool, as_json: bool
) -> int:
    """List raw files past their retention; with --delete, delete them for good and say so in the ledger.

    Only files whose rows are all in silver: none that is pending, held, rejected or taken back. Afterwards `verify
    --rebuild` takes their rows as silver has them, and older files cannot be taken back any more.
    """
    from lakehouse.care.expire import expirable, expire
    from lakehouse.runtime.lake import open_lake

    lake, before = open_lake(env), datetime.now(UTC) - older_than
    if delete:
        with working() as say:
            found = expire(lake, before, source, wait=not no_wait, say=say)
    else:
        found = expirable(lake, before, source)
    size = sum({one.path: one.size for one in found}.values())
    if as_json:
        document({"ok": True, "deleted": delete, "bytes": size, "files": found})
        return 0
    if found:
        rows = [(one.source, one.file_name, one.as_of, one.landed_at, one.size) for one in found]
        table("Expired" if delete else "Would expire", ["source", "file", "as of", "landed", "bytes"], rows)
    told = f"{len(found)} landing(s), {shown(size)} byte(s)"
    sentence(
        f"deleted {told}" if delete else f"{told} may go; nothing was changed: --delete deletes", good=delete or None
    )
    return 0
