"""The `lakehouse` command: from arguments to a command's function, and from errors to sentences and exit codes.

In: a command line. Out: exit code 0 done, 1 a job, gate or promise failed, 2 wrong usage or configuration.
Guaranteed: a command's module is loaded only when it is called or listed, and none of them loads Spark, so
that `lakehouse --help` answers at once; no traceback without --debug.
"""

import os
import re
import sys
from importlib import import_module

import click

from lakehouse.cli.show import printable
from lakehouse.errors import did_you_mean, is_interruption
from lakehouse.runtime.explained import explained

COMMANDS = {
    "demo": "lakehouse.cli.demo",
    "land": "lakehouse.cli.load",
    "run": "lakehouse.cli.load",
    "publish": "lakehouse.cli.warehouse",
    "query": "lakehouse.cli.warehouse",
    "accept": "lakehouse.cli.load",
    "withdraw": "lakehouse.cli.withdraw",
    "status": "lakehouse.cli.look",
    "quarantine": "lakehouse.cli.look",
    "releases": "lakehouse.cli.gold",
    "history": "lakehouse.cli.gold",
    "digest": "lakehouse.cli.prove",
    "verify": "lakehouse.cli.prove",
    "audit": "lakehouse.cli.audit",
    "warehouse": "lakehouse.cli.warehouse",
    "kafka": "lakehouse.cli.kafka",
    "stream": "lakehouse.cli.stream",
    "expire": "lakehouse.cli.expire",
    "config": "lakehouse.cli.config",
    "doctor": "lakehouse.cli.care",
    "reset": "lakehouse.cli.care",
    "sample": "lakehouse.cli.care",
    "produce": "lakehouse.cli.produce",
    "replay": "lakehouse.cli.replay",
}
"""Where each command is; the function has the command's name."""


WHOLE = 1_000
"""More characters than a command's first sentence has."""

INTERRUPTED = "interrupted: nothing is lost, run the command again"
CLOSE_NAMES = re.compile(r"\.? \(?Did you mean (one of: )?(?P<names>.*)\?\)?$")


class LazyGroup(click.Group):
    """A group that loads a command's module when it is needed, and lists commands in the order above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but with the first sentence of each command whole, over as many lines as it takes."""
        listed = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(WHOLE)) for name, command in listed if command])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; of an unknown command the close ones are named, as click knows only those that are loaded."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}{did_you_mean(args[0], COMMANDS, most=3, shown=repr)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--env", help="The environment: a file of conf/environments.  [default: LAKEHOUSE_ENV, or local]")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="lakehouse")
@click.pass_context
def cli(ctx: click.Context, env: str | None, debug: bool) -> None:
    """A retail lakehouse that can prove its numbers: CSV files through bronze, silver and gold to a warehouse."""
    ctx.obj = env


def main(arguments: list[str] | None = None, command: click.Command = cli, name: str = "lakehouse") -> None:
    """Run a command, the whole command line or a job, and end the process with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    try:
        code = command.main(arguments, prog_name=name, standalone_mode=False)
    except click.exceptions.Abort:
        _end(INTERRUPTED, 130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _end(f"error: {_of_call(error, name)}", error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        if is_interruption(error):
            _end(INTERRUPTED, 130)
        told = explained(error)
        _end(f"error: {told}", told.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _of_call(error: click.ClickException, name: str) -> str:
    """What click says of a call that is none, as one sentence like ours."""
    said = " ".join(error.format_message().partition(" Choose from:")[0].split())
    said = said.replace("valid integer range", "whole number")
    said = CLOSE_NAMES.sub(lambda found: f" (did you mean {found['names'].replace(', ', ' or ')}?)", said).rstrip(".")
    asked = getattr(error, "ctx", None)
    return f"{said[0].lower()}{said[1:]}: {asked.command_path if asked else name} --help tells what there is"


def _end(sentence: str, code: int) -> None:
    """Say it and end; names in it may hold what would move a cursor, but findings stand on lines of their own."""
    click.echo("\n  ".join(map(printable, sentence.split("\n  "))), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
