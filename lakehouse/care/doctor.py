"""Whether this place is fit to run: each part checked, each finding with its remedy.

In: the machine and the configuration. Out: diagnoses, in the order in which things are needed. Guaranteed:
one finding never hides another; Spark is not started.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.care.broker_check import told_of_broker
from lakehouse.conf import conf_folder
from lakehouse.errors import JobError, LakehouseError, of_files
from lakehouse.publish import emulator
from lakehouse.publish.connection import connected, sentence_of
from lakehouse.runtime import jars
from lakehouse.runtime.explained import explained
from lakehouse.runtime.jar_list import OF_SPARK, listed
from lakehouse.runtime.java import check_java
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.leases import BusyError
from lakehouse.runtime.settings import Settings

LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """One check: whether it is well, and what was found, with the remedy where it is not."""

    check: str
    ok: bool
    told: str


def diagnoses(env: str | None) -> Iterator[Diagnosis]:
    """Every check; those of the storage are left out where the settings cannot be read."""
    yield _tried("python", lambda: f"{sys.version.split()[0]} at {sys.executable}")
    yield _tried("java", lambda: f"17, at {check_java()}")
    yield _tried("configuration", lambda: _configuration(env))
    yield _tried("jars", lambda: _jars())
    try:
        lake = open_lake(env)
    except LakehouseError:
        return
    home = lake.settings.home
    yield _tried("storage", lambda: _storage(home))
    yield _tried("disk", lambda: _disk(home))
    for check, found in lake.store.checks():
        yield _tried(check, found)
    yield _tried("leases", lambda: _leases(lake))
    yield _tried("warehouse", lambda: _warehouse(lake.settings))
    yield _tried("broker", lambda: told_of_broker(lake.settings))


def _tried(check: str, found: Callable[[], str]) -> Diagnosis:
    try:
        return Diagnosis(check=check, ok=True, told=found())
    except LakehouseError as error:
        return Diagnosis(check=check, ok=False, told=str(error))
    except OSError as error:
        return Diagnosis(check=check, ok=False, told=str(of_files(error) or error))
    except Exception as error:  # what nobody foresaw hides no other check either
        return Diagnosis(check=check, ok=False, told=str(explained(error)))


def _configuration(env: str | None) -> str:
    lake = open_lake(env)
    counted = f"{len(lake.catalog.tables)} contracts, {len(lake.catalog.sources)} sources"
    return f"environment {lake.settings.env}, {counted}, from {conf_folder()}"


def _jars() -> str:
    missing = [jar for jar in listed(conf_folder(), OF_SPARK) if not (jars.cache_folder() / jar.file_name).is_file()]
    if missing:
        raise JobError(
            f"{len(missing)} jar(s) are not in {jars.cache_folder()}: run `make setup`, or any lakehouse run"
        )
    return f"{len(listed(conf_folder(), OF_SPARK))} in {jars.cache_folder()}"


def _storage(home: Path) -> str:
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-") as probe:
        probe.write(b"lakehouse")
        probe.flush()
        os.fsync(probe.fileno())
    return f"{home} can be written"


def _disk(home: Path) -> str:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        raise JobError(f"{free / 1024**3:.1f} GiB free at {home}: make room, a run wants 2 GiB or more")
    return f"{free / 1024**3:.0f} GiB free"


def _leases(lake: Lake) -> str:
    with lake.lease("doctor", wait=False):
        try:
            with lake.lease("doctor", wait=False):
                pass
        except BusyError:
            return "one writer at a time"
    raise JobError(f"two writers got the same lease at {lake.root}: nothing there locks; use a local disk, or S3")


def _warehouse(settings: Settings) -> str:
    """Snowflake is asked; its emulator is only looked at, as opening it takes seconds and may be another's turn."""
    place = settings.warehouse.place
    if settings.warehouse.kind == "local":
        server = emulator.running(str(settings.home))
        served = f"served by process {server.pid}" if server else "opened when it is asked"
        return f"{place}, {served}, at {emulator.folder_of(str(settings.home))}"
    role, warehouse, schema = _rights(settings)
    if None in (role, warehouse, schema):
        missing = {"role": role, "warehouse": warehouse, "schema": schema}
        told = ", ".join(name for name, value in missing.items() if value is None)
        raise JobError(f"{place} answers, but this user may not use its {told}: have it granted, or name another")
    return f"{place}, as {role} on {warehouse}"


def _rights(settings: Settings) -> tuple[str | None, ...]:
    """Role, warehouse and schema that the user may use; None for one that it may not."""
    with connected(settings, "lakehouse doctor") as connection:
        from snowflake.connector.errors import Error

        cursor = connection.cursor()
        try:
            cursor.execute("SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_SCHEMA()")
            row = cursor.fetchone()
        except Error as error:
            raise JobError(f"{settings.warehouse.place} answers, but refuses: {sentence_of(error)}") from error
    return row if isinstance(row, tuple) else (None, None, None)
