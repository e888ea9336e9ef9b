"""Begin anew: remove what a lakehouse has written, and nothing else.

In: a lakehouse. Out: its places without data. Guaranteed: refused while anyone writes; only folders that the
product itself makes are removed.
"""

from contextlib import ExitStack

from lakehouse.care.alone import alone
from lakehouse.runtime.lake import Lake, in_folder
from lakehouse.runtime.storage import Store
from lakehouse.streams import broker

OF_THIS_MACHINE = ("warehouse.files", broker.STARTING)
"""Those of whoever has the local warehouse open, or starts the broker."""


def parts(lake: Lake) -> list[str]:
    """The folders that have something in them."""
    return [part for part, store in _places(lake).items() if any(store.objects_below(f"{store.root}/{part}"))]


def remove(lake: Lake) -> None:
    """Remove all folders that a lakehouse makes.

    Raises:
        JobError: another process is writing to this lakehouse.
    """
    with ExitStack() as held:
        held.enter_context(alone(lake))
        for name in OF_THIS_MACHINE:
            held.enter_context(in_folder(lake, lake.home).store.lease(name, wait=False))
        for part, store in _places(lake).items():
            store.remove_tree(f"{store.root}/{part}")


def _places(lake: Lake) -> dict[str, Store]:
    """What is where; leases go last."""
    here = in_folder(lake, lake.home).store
    of_store = dict.fromkeys(("bronze", "silver", "gold", "ops"), lake.store)
    of_scratch = dict.fromkeys(("staging", "streams"), lake.scratch)
    return {**of_store, **of_scratch, "warehouse": here, "kafka": here, "logs": here, "leases": lake.store}
