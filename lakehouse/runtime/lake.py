"""A lakehouse that commands work on: its settings, its contracts, and where it is.

In: settings and the configuration folder. Out: a frozen `Lake`, passed to every stage. Guaranteed: all of
it was validated, and nothing on disk was touched.
"""

from dataclasses import dataclass
from pathlib import Path

from lakehouse.conf import conf_folder
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Catalog, Source, Table
from lakehouse.errors import UsageError, did_you_mean
from lakehouse.runtime.settings import Settings, load_settings
from lakehouse.runtime.storage import object_location, staging_location, table_location


@dataclass(frozen=True, kw_only=True, slots=True)
class Lake:
    """Settings, contracts and the root location of one lakehouse."""

    settings: Settings
    catalog: Catalog
    root: str

    def table(self, name: str) -> Table:
        """The contract of a table."""
        return self.catalog.tables[name]

    def source(self, name: str) -> Source:
        """The declaration of a feed.

        Raises:
            UsageError: there is no such feed; the known ones are named.
        """
        if name not in self.catalog.sources:
            known = sorted(self.catalog.sources)
            near = did_you_mean(name, known)
            raise UsageError(
                f"there is no source {name!r}{near}: known are {', '.join(known)}; add one in conf/sources"
            )
        return self.catalog.sources[name]

    def location(self, table: str) -> str:
        """Where a table is."""
        return table_location(self.root, table)

    def object(self, path: str) -> str:
        """Where an object of bronze is, by its path in the ledger."""
        return object_location(self.root, path)

    def staging(self, batch_id: str) -> str:
        """Where a batch keeps its intermediate results."""
        return staging_location(self.root, batch_id)


def open_lake(env: str | None = None, conf: Path | None = None) -> Lake:
    """The lakehouse of an environment; see `load_settings` and `load_catalog` for what may be wrong."""
    folder = conf or conf_folder()
    settings = load_settings(env, folder)
    return Lake(settings=settings, catalog=load_catalog(folder), root=str(settings.home))
