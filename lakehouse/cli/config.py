"""`lakehouse config check`: is everything that commands would read sound, before one of them runs."""

from typing import TYPE_CHECKING

import click

from lakehouse.cli.load import AS_JSON
from lakehouse.cli.show import document, sentence, shown

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.care.config_check import CheckedConfiguration


@click.group()
def config() -> None:
    """The configuration: settings, contracts, sources, the list of jars."""


@config.command()
@click.option("--env", "own", help="The environment, as before the command.")
@AS_JSON
@click.pass_obj
def check(env: str | None, own: str | None, as_json: bool) -> int:
    """Check all of it and tell all that is wrong at once; nothing is run, asked or written."""
    from lakehouse.care.config_check import check_configuration

    checked = check_configuration(own or env)
    ok = not checked.findings
    if as_json:
        document({"ok": ok, "environment": checked.environment, "findings": checked.findings})
        return 0 if ok else 2
    for finding in checked.findings:
        sentence(f"{finding.place}: {finding.told}")
    sentence(_told(checked), good=ok)
    return 0 if ok else 2


def _told(checked: "CheckedConfiguration") -> str:
    """The last line: what was found sound, or how much is to be mended."""
    if checked.findings:
        number = shown(len(checked.findings))
        return f"{number} finding(s) in the configuration of {checked.environment!r}; mend them and check again"
    counted = f"{checked.contracts} contracts, {checked.sources} sources, {checked.jars} jars"
    return f"the configuration of {checked.environment!r} is sound: {counted}, from {checked.folder}"
