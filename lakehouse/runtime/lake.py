"""A lakehouse that commands work on: its settings, its contracts, and where it is.

In: settings and the configuration folder. Out: a frozen `Lake`, passed to every stage. Guaranteed: all of
it was validated, and nothing was touched.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lakehouse.conf import conf_folder
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Catalog, Source, Table
from lakehouse.errors import UsageError, did_you_mean
from lakehouse.runtime.authorities import authorities
from lakehouse.runtime.held import holding
from lakehouse.runtime.local_store import LocalStore
from lakehouse.runtime.settings import Settings, load_settings
from lakehouse.runtime.storage import Lease, Say, Store, object_location, staging_location, table_location
from lakehouse.runtime.storage_settings import StorageSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Lake:
    """Settings, contracts, and where one lakehouse keeps what.

    `store` has files, tables and leases; `scratch` what is staged while a job runs; `home`, a folder of this machine,
    the emulated warehouse and logs.
    """

    settings: Settings
    catalog: Catalog
    store: Store
    scratch: Store
    home: str

    @property
    def root(self) -> str:
        """The location that all others of the store begin with."""
        return self.store.root

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

    def has_table(self, table: str) -> bool:
        """Whether a table has been created."""
        return self.store.table_exists(self.location(table))

    def object(self, path: str) -> str:
        """Where an object of bronze is, by its path in the ledger."""
        return object_location(self.root, path)

    @contextmanager
    def lease(self, table: str, *, wait: bool = True, say: Say = lambda _: None) -> Iterator[Lease]:
        """Hold the lease of a table, see `Store.lease`; `check_held` knows of it."""
        with self.store.lease(table, wait=wait, say=say) as taken, holding(taken):
            yield taken

    def staging(self, name: str) -> str:
        """Where a table, or a release, keeps its intermediate results."""
        return staging_location(self.scratch.root, name)

    def clear_staging(self, name: str) -> None:
        """Remove them."""
        self.scratch.remove_tree(self.staging(name))


def in_folder(lake: Lake, folder: str) -> Lake:
    """A lakehouse of the same settings and contracts, all of it in a folder of this machine."""
    here = LocalStore(root=folder)
    return replace(lake, store=here, scratch=here, home=folder)


def open_lake(env: str | None = None, conf: Path | None = None) -> Lake:
    """The lakehouse of an environment; see `load_settings` and `load_catalog` for what may be wrong."""
    folder = conf or conf_folder()
    settings = load_settings(env, folder)
    here = LocalStore(root=str(settings.home))
    store = here if settings.storage.kind == "local" else _bucket(settings.storage)
    scratch = store if settings.storage.staging == "bucket" else here
    return Lake(settings=settings, catalog=load_catalog(folder), store=store, scratch=scratch, home=here.root)


def _bucket(there: StorageSettings) -> Store:
    from lakehouse.runtime.s3_store import S3Store  # takes half a second, which a lakehouse in a folder can do without

    # Else delta-rs, where it looks for credentials, asks the machine's metadata for a region, and warns without one.
    os.environ.setdefault("AWS_REGION", there.region or "")
    if there.ca_file is not None:
        authorities(there.ca_file)
        os.environ["SSL_CERT_FILE"] = str(there.ca_file.expanduser())  # delta-rs has no other way to be told
    return S3Store(
        bucket=there.bucket or "",
        prefix=there.prefix,
        region=there.region or "",
        endpoint=there.endpoint,
        path_style=there.path_style,
        ca_file=None if there.ca_file is None else str(there.ca_file.expanduser()),
        encryption=there.encryption,
        kms_key=there.kms_key,
        lease_seconds=there.lease_seconds,
    )
