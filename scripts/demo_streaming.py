"""`make demo-streaming`: events of Kafka on top of a CSV history, to the warehouse, and the proof; without Docker.

In: nothing but the sample, made from its seed. Out: what the commands print, scene by scene. Guaranteed: it happens in
a lakehouse of its own, `demo-streaming` below LAKEHOUSE_HOME, made anew each time; the broker is stopped at the end,
whatever the end is.
"""

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import click

from lakehouse.cli.scenes import Scene, near, play, run_command
from lakehouse.cli.show import heading, say, sentence, table
from scripts.demo_oracle import Expected, expected_of

FOLDER, EVENTS, SCENES = "demo-streaming", 5_000, 8


@click.command()
@click.option("--seed", default=7, show_default=True, help="The same seed tells the same story.")
def main(seed: int) -> int:
    """Serve a broker, play the scenes, stop the broker; the exit code."""
    begun = time.monotonic()
    home = _prepared()
    oracle = home / "oracle.jsonl"
    try:
        history = _history_file(home, seed)
        play(None, list(_before(near(history), oracle, seed)), of=SCENES)
        play(None, [_of_customer(), _proof()], first=6, of=SCENES)
        words = "A plain Python script reads the CSV and the producer's own record, and comes to its own numbers."
        heading(f"{SCENES}/{SCENES}  The oracle", words)
        holds = _compare(expected_of(history, oracle))
    finally:
        run_command(None, ("kafka", "stop"))
    heading("That was the stream", f"It took {time.monotonic() - begun:.0f} s. All of it is still there to be asked:")
    sentence(f"    export LAKEHOUSE_HOME={shlex.quote(near(home))}")
    sentence("    lakehouse kafka start, lakehouse produce, and lakehouse stream run go on with it")
    return 0 if holds else 1


def _prepared() -> Path:
    """An empty lakehouse for the commands of this process; its warehouse and its broker are this machine's own."""
    from lakehouse.care.reset import remove
    from lakehouse.runtime.lake import open_lake
    from lakehouse.runtime.settings import load_settings

    home = load_settings("local").home / FOLDER
    own = {name: value for name, value in os.environ.items() if not name.startswith("LAKEHOUSE_KAFKA")}
    os.environ.clear()
    os.environ |= {**own, "LAKEHOUSE_ENV": "local", "LAKEHOUSE_HOME": str(home), "LAKEHOUSE_WAREHOUSE__KIND": "local"}
    run_command(None, ("kafka", "stop"))  # one that a killed demo left
    remove(open_lake())
    rmtree(home, ignore_errors=True)
    return home


def _history_file(home: Path, seed: int) -> Path:
    from lakehouse.sample import write_sample

    first, *_ = write_sample(home / "files", seed=seed)
    return first.path


def _before(history: str, oracle: Path, seed: int) -> Iterator[Scene]:
    """From an empty folder to the warehouse."""
    yield Scene(
        title="A broker, and a topic of three partitions",
        words="A real Apache Kafka, of this machine and for this demo alone.",
        commands=(("kafka", "start"), ("kafka", "topic", "sales-events", "--partitions", "3")),
    )
    yield Scene(
        title="A history: three years of sales from a CSV file",
        words="It lands in bronze and goes into silver, as any batch does.",
        commands=(("run", "--source", "superstore", "--to", "silver", history),),
    )
    sent = ("produce", "--events", str(EVENTS), "--seed", str(seed), "--transaction-size", "500", "--interval", "0")
    yield Scene(
        title=f"{EVENTS:,} events, and all that goes wrong with them",
        words="New lines, corrections and deletes of lines that the file brought; events that are days late, events "
        "sent twice, and garbage. They are sent in transactions; a tenth of these is aborted.",
        commands=((*sent, "--abort", "0.1", "--oracle", near(oracle)),),
    )
    yield Scene(
        title="From Kafka to the warehouse",
        words="Each committed event lands once, at its topic, partition and offset. It is judged by the rules of the "
        "file, and the newest statement about a line wins, whether a file or an event made it.",
        commands=(("stream", "run", "--once"), ("stream", "status")),
    )
    yield Scene(
        title="What was kept out, and why",
        words="Garbage never stops the stream; it waits in quarantine with its bytes, its offset and every reason.",
        commands=(("quarantine", "--limit", "8"),),
    )


def _of_customer() -> Scene:
    """The customer of most sales among those with several versions."""
    from lakehouse.publish.question import asked
    from lakehouse.runtime.settings import load_settings

    sql = (
        "SELECT customer_id FROM dim_customer JOIN fact_sales USING (customer_sk) WHERE customer_sk > 0 "
        "GROUP BY customer_id ORDER BY count(DISTINCT customer_sk) DESC, count(*) DESC, customer_id LIMIT 1"
    )
    with asked(load_settings(), sql, say=say) as answer:
        ((key,),) = [row for batch in answer.batches for row in batch]
    return Scene(
        title="One customer, across file and events",
        words="Versions come from what files and events observed, in the order of the sales.",
        commands=(("history", "customer", key),),
    )


def _proof() -> Scene:
    return Scene(
        title="Prove it",
        words="Every promise is checked on what is there; silver is built anew from files and events, and gold from "
        "silver, and compared by digest.",
        commands=(("verify", "--rebuild"),),
    )


def _compare(expected: Expected) -> bool:
    """The oracle's numbers beside those of the warehouse and of the books."""
    from lakehouse.care.stream_status import stream_status_of
    from lakehouse.publish.question import asked
    from lakehouse.runtime.lake import open_lake

    lake = open_lake()
    silver = stream_status_of(lake, lake.settings.kafka.topic)["silver"]
    with asked(lake.settings, "SELECT count(*), sum(sales), sum(quantity) FROM fact_sales", say=say) as answer:
        ((lines, sales, quantity),) = [row for batch in answer.batches for row in batch]
    pairs = [
        ("committed events, in the books", expected.events, silver["processed"]),
        ("garbage, in quarantine", expected.garbage, silver["quarantined"]),
        ("live sale lines, as facts", expected.lines, lines),
        ("their sales", expected.sales, sales),
        ("their units", expected.quantity, quantity),
    ]
    table("The oracle and the lakehouse", ["what", "the oracle", "the lakehouse", "equal"],
          [(what, one, other, one == other) for what, one, other in pairs])  # fmt: skip
    holds = all(one == other for _, one, other in pairs)
    sentence(
        "both come to the same numbers" if holds else "they differ: this is a defect, please report it", good=holds
    )
    return holds


if __name__ == "__main__":
    raise SystemExit(main(standalone_mode=False))
