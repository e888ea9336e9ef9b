"""`lakehouse demo`: three days of made-up sales on the whole road, told step by step.

In: nothing but the sample, made from its seed. Out: what the commands print that the demo names, and runs, one after
the other in one process. Guaranteed: it happens in a lakehouse of its own, `demo` below LAKEHOUSE_HOME, made anew each
time; a command that fails ends it.
"""

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import click

from lakehouse.cli.scenes import Scene, near, play
from lakehouse.cli.show import heading, sentence

if TYPE_CHECKING:
    from lakehouse.runtime.storage_settings import StorageSettings
    from lakehouse.sample import SampleFile

FOLDER = "demo"

BY_REGION = """
SELECT region, {years}
FROM fact_sales JOIN dim_store USING (store_sk) JOIN dim_date ON date_sk = order_date_sk
GROUP BY region ORDER BY region"""
BY_CATEGORY = """
SELECT category, round(sum(sales)) AS sales
FROM fact_sales JOIN dim_product USING (product_sk)
GROUP BY category ORDER BY sales DESC"""


@click.command()
@click.option("--seed", default=7, show_default=True, help="The same seed tells the same story.")
@click.pass_obj
def demo(env: str | None, seed: int) -> int:
    """Show the whole road on three days of made-up sales, in a lakehouse of its own; some minutes."""
    from lakehouse.runtime.settings import load_settings

    begun = time.monotonic()
    settings = load_settings(env)
    home = settings.home / FOLDER
    files = _prepared(env, home, seed, settings.storage)
    play(env, list(_scenes(files)))
    still = "As long as its bucket is there" if settings.storage.bucket else "All of it is still there, and"
    heading("That was the demo", f"It took {time.monotonic() - begun:.0f} s. {still} it can be asked:")
    for name, value in _variables(home, settings.storage).items():
        sentence(f"    export {name}={shlex.quote(value)}")
    sentence("    lakehouse status")
    sentence('    lakehouse query "SELECT * FROM dim_customer WHERE NOT is_current LIMIT 10"')
    sentence("Your own sales come next: docs/tutorial/first-batch.md.")
    return 0


def _prepared(env: str | None, home: Path, seed: int, storage: "StorageSettings") -> "list[SampleFile]":
    """An empty lakehouse at `home`, for the commands of this process, and the sample's three days.

    In a bucket it is below a prefix of its own. Its warehouse is the one below `home`, whatever the environment says:
    nothing made up goes to Snowflake.
    """
    from lakehouse.care.reset import remove
    from lakehouse.runtime.lake import open_lake
    from lakehouse.sample import write_sample

    os.environ |= {**_variables(home, storage), "LAKEHOUSE_HOME": str(home), "LAKEHOUSE_WAREHOUSE__KIND": "local"}
    remove(open_lake(env))
    rmtree(home / "files", ignore_errors=True)
    return write_sample(home / "files", seed=seed)


def _variables(home: Path, storage: "StorageSettings") -> dict[str, str]:
    """What leads to the demo's lakehouse; the warehouse and a prefix only where the environment has a bucket."""
    of_bucket = {
        "LAKEHOUSE_WAREHOUSE__KIND": "local",
        "LAKEHOUSE_STORAGE__PREFIX": f"{storage.prefix}/{FOLDER}".strip("/"),
    }
    return {"LAKEHOUSE_HOME": near(home), **(of_bucket if storage.bucket else {})}


def _scenes(files: "list[SampleFile]") -> Iterator[Scene]:
    """The story, in the order in which it happens."""
    first, second, late = files
    yield Scene(
        title="Day 1: three years of sales",
        words=f"A file of {first.records:,} sale lines arrives. Its bytes are kept in bronze; its rows are judged, and "
        "go into silver.sales; the star schema with its history follows in gold, and goes to the warehouse. The "
        "accounting says what became of every row that came in.",
        commands=(_of_run(first),),
    )
    yield Scene(
        title="Day 2: a month in which everything goes wrong",
        words=f"We put in {second.new} new lines, {second.corrections} corrections, {second.redelivered} lines "
        f"delivered again, {second.duplicates} copies, {sum(second.bad.values())} bad rows and {second.blank} blank "
        f"lines, {second.records} in all; among them customers who change their segment and products with new names. "
        "The accounting must give exactly these numbers back.",
        commands=(_of_run(second),),
    )
    yield Scene(
        title="What was kept out, and why",
        words="No row is repaired, and none is lost: a bad one waits in quarantine with every rule it broke.",
        commands=(("quarantine", "--limit", "8"),),
    )
    yield Scene(
        title="Day 3: a file that comes late",
        words=f"It was extracted on {late.as_of:%d %B}, before day 2's, and arrives after it. {late.new} of its lines "
        f"nobody knew; {late.stale} tell of a line what day 2 knows better: they are stale, and change nothing.",
        commands=(_of_run(late),),
    )
    yield _history(files)
    yield Scene(
        title="Sales by region and year, from the warehouse",
        words="Each sale counts for the region its store was in on that day, not for today's.",
        commands=(("query", _by_region()), ("query", "--format", "bars", _one_line(BY_CATEGORY))),
    )
    yield Scene(
        title="Prove it",
        words="Every promise is checked on what is there; silver is built anew from bronze and gold from silver, and "
        "compared by digest.",
        commands=(("verify", "--rebuild"),),
    )


def _history(files: "list[SampleFile]") -> Scene:
    """The customer whose interval a late line splits, and a product that got another name."""
    customer = next(story for story in files[2].stories if story.dimension == "customer")
    product = next(story for story in files[1].stories if "Product Name" in story.becomes)
    return Scene(
        title="History: who they were when the sale was made",
        words=f"A late line says that customer {customer.key[0]} was {customer.becomes['Segment']} on {customer.at}: "
        f"the version that stood is split, and the facts point anew. Product {product.key[0]} has another name "
        f"since {product.at:%B}; what was sold before keeps the old one.",
        commands=(("history", "customer", customer.key[0]), ("history", "product", product.key[0])),
    )


def _of_run(file: "SampleFile") -> tuple[str, ...]:
    return ("run", "--source", "superstore", near(file.path))


def _by_region() -> str:
    years = ", ".join(f'round(sum(CASE WHEN year = {year} THEN sales END)) AS "{year}"' for year in range(2021, 2025))
    return _one_line(BY_REGION.format(years=years))


def _one_line(sql: str) -> str:
    return " ".join(sql.split())
