"""`lakehouse kafka`: a broker of Kafka on this machine, begun, looked at and stopped; and topics, here or elsewhere."""

from typing import TYPE_CHECKING

import click

from lakehouse.cli.load import AS_JSON
from lakehouse.cli.show import document, sentence, working

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.runtime.settings import Settings
    from lakehouse.streams.broker import Broker


@click.group()
def kafka() -> None:
    """A Kafka broker of this machine, for lakehouses without one elsewhere; and the topics that events come from."""


@kafka.command()
@click.option("--port", type=click.IntRange(1024, 65_535), help="Listen on this port.  [default: a free one]")
@click.pass_obj
def start(env: str | None, port: int | None) -> int:
    """Start the broker where none runs, and wait until it answers."""
    from lakehouse.streams import broker

    there = _local(env)
    with working() as say:
        say("starting the broker")
        found, new = broker.start(str(there.home), port or there.kafka.port)
    sentence(_told(found) if new else f"{_told(found)}, as before", good=True)
    return 0


@kafka.command()
@AS_JSON
@click.pass_obj
def status(env: str | None, as_json: bool) -> int:
    """Whether the broker runs, and where."""
    from lakehouse.streams import broker
    from lakehouse.streams.asking import is_answering
    from lakehouse.streams.broker_files import HOST, folder_of

    root = str(_local(env).home)
    found = broker.running(root)
    answers = found is not None and is_answering(HOST, found.port)
    if as_json:
        told = {"running": found is not None, "answers": answers, "broker": found}
        document({**told, "bootstrap_servers": found and found.address, "folder": str(folder_of(root))})
    elif found is None:
        sentence("no broker runs here: lakehouse kafka start")
    else:
        sentence(
            _told(found) if answers else f"{_told(found)}, but it does not answer: lakehouse kafka stop, then start"
        )
    return 0


@kafka.command()
@click.pass_obj
def stop(env: str | None) -> int:
    """Stop the broker; topics and events stay on disk."""
    from lakehouse.streams import broker

    with working() as say:
        say("stopping the broker")
        ended = broker.stop(str(_local(env).home))
    sentence("the broker is stopped" if ended else "no broker runs here")
    return 0


@kafka.command()
@click.argument("name", required=False)
@click.option("--partitions", type=click.IntRange(1, 10_000), help="At least so many.  [default: 4 of a new topic]")
@AS_JSON
@click.pass_obj
def topic(env: str | None, name: str | None, partitions: int | None, as_json: bool) -> int:
    """Make a topic where there is none, or give it more partitions; without a name, that of the settings."""
    from lakehouse.runtime.settings import load_settings
    from lakehouse.streams.topics import ensured

    settings = load_settings(env)
    with working() as say:
        say("asking the broker")
        found = ensured(settings, name or settings.kafka.topic, partitions)
    if as_json:
        document({"ok": True, "topic": found.topic.name, "partitions": found.topic.partitions, "done": found.done})
    else:
        sentence(f"topic {found.topic.name}: {found.topic.partitions} partition(s), {found.done}", good=True)
    return 0


def _told(broker: "Broker") -> str:
    return f"the broker is process {broker.pid}, at {broker.address}, since {broker.since}"


def _local(env: str | None) -> "Settings":
    """The settings, where the broker is one to be run here."""
    from lakehouse.errors import UsageError
    from lakehouse.runtime.settings import load_settings

    settings = load_settings(env)
    if not settings.kafka.is_local:
        raise UsageError(f"the settings name brokers ({settings.kafka.bootstrap_servers}): none is needed here")
    return settings
