"""Delta tables, opened without Spark.

In: a table of the catalogue, and a version. Out: the table as delta-rs has it. Guaranteed: while a lease is held, a
table that is known is asked for news alone; a table that is made is made by its contract, under the leases.
"""

from threading import get_ident

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.contract.derive.delta_table import DELTA_PROPERTIES
from lakehouse.runtime.held import check_held, remembered
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.refused import in_our_words

COMMITS_A_CHECKPOINT = 5
"""So many commits at most are read to open a table, one by one; delta-rs would have it a hundred."""


def opened(lake: Lake, table: str, version: int | None = None) -> DeltaTable:
    """A table as of a version, the newest where none is given.

    While this process holds a lease, each of its threads opens a table once, and from then on only asks what came
    since: in a bucket that is two requests in place of some twenty. So what is returned, whatever its version, is to be
    used before the table is opened, or written to, again.

    Raises:
        TableNotFoundError: there is no such table.
        JobError: the store does not answer, or refuses.
    """
    location, newest = lake.location(table), remembered()
    place = (get_ident(), lake.store, location)
    known: DeltaTable | None = newest.get(place)
    with in_our_words(lake.store, lake.location(table)):
        if known is None or version not in (None, known.version()):
            there = DeltaTable(location, version=version, storage_options=dict(lake.store.delta_options))
            return there if version is not None else newest.setdefault(place, there)
        if version is None:
            known.update_incremental()
        return known


def opened_or_created(lake: Lake, table: str) -> DeltaTable:
    """The table, created from its contract where it is not there yet."""
    try:
        return opened(lake, table)
    except TableNotFoundError:
        contract = lake.table(table)
        created = DeltaTable.create(
            lake.location(table),
            arrow_schema(contract),
            mode="ignore",
            description=contract.description,
            configuration={
                **DELTA_PROPERTIES,
                "delta.checkpointInterval": str(COMMITS_A_CHECKPOINT),
                **contract.properties,
            },
            storage_options=dict(lake.store.delta_options),
        )
        check_held()  # before the commit that this one is for
        return created
