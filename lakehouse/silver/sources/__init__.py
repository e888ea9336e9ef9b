"""One module a source, named as it: `to_sales(rows)` makes the canonical columns from the source's own.

In: the declaration of a source. Out: where its transform is. Guaranteed: nothing is imported here, so that a
missing module is found before anything lands.
"""

from importlib.util import find_spec

from lakehouse.contract.model import Source
from lakehouse.errors import UsageError


def transform_path(source: Source) -> str:
    """The name of the module that holds the source's `to_sales`.

    Raises:
        UsageError: there is none.
    """
    name = f"lakehouse.silver.sources.{source.name}"
    if find_spec(name) is None:
        raise UsageError(
            f"the source {source.name!r} has no transform: write to_sales(rows) in lakehouse/silver/sources/"
            f"{source.name}.py (see docs/how-to/add-a-source.md)"
        )
    return name
