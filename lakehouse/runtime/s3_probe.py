"""Whether a store in S3 is fit to keep a lakehouse: what `lakehouse doctor` tries there.

In: an `S3Store`. Out: for each check a few words on what was found. Guaranteed: a check that fails is one sentence with
its remedy; what was put for it is removed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import uuid4

from botocore.exceptions import ClientError

from lakehouse.errors import JobError
from lakehouse.runtime.s3_clients import ALGORITHMS, S3Object
from lakehouse.runtime.s3_errors import told
from lakehouse.runtime.s3_lease_chain import NOT_IMPLEMENTED, REFUSED, honours_conditions, status_of
from lakehouse.runtime.s3_store import S3Store
from lakehouse.runtime.s3_unfinished import abort

FOLDER = ".doctor"
BODY = b"lakehouse"
TOLD_SECONDS, REFUSED_SECONDS = 30.0, 300.0
"""Clocks that differ by more are told, and refused: S3 takes no request from one that is a quarter of an hour off."""


def probe(store: S3Store) -> Iterator[tuple[str, Callable[[], str]]]:
    """The checks by their names, in the order in which things are needed; each tells, or raises a `JobError`."""
    yield "bucket", lambda: can_be_written(store)
    yield "clock", lambda: has_our_time(store)
    yield "conditional puts", lambda: refuses_what_is_there(store)
    yield "uploads in parts", lambda: refuses_parts_of_what_is_there(store)
    yield "encryption", lambda: encrypts(store)
    yield "tables", lambda: keeps_tables(store)


def can_be_written(store: S3Store) -> str:
    """Put an object, list it, read it, and remove it."""
    with _object(store) as place:
        with store.open_object(place.location) as stream:
            read = stream.read()
        listed = list(store.objects_below(place.location.rpartition("/")[0]))
    if read != BODY or not listed:
        raise JobError(f"the store of {store.root} does not give back what was put: use another one")
    return f"{store.root} can be written"


def refuses_what_is_there(store: S3Store) -> str:
    """Two puts of one object: leases and landings rely on it that the second is refused."""
    with told(store.root):
        honours_conditions(store.reach.client(for_leases=True), store.bucket, store.below)
    return "If-None-Match is honoured"


def refuses_parts_of_what_is_there(store: S3Store) -> str:
    """The same where a large file is put in parts: completing it is what must be refused."""
    with _object(store) as place, told(place.location):
        upload = place.client.create_multipart_upload(**place.named)["UploadId"]
        try:
            refused = _is_refused(place, upload)
        finally:
            abort(place.client, place.bucket, place.key, upload)
    if not refused:
        raise JobError(
            f"the store of {store.root} does not honour If-None-Match when an upload in parts is completed, so two "
            "landings of one file could both write it: use Amazon S3, or a newer version of this store"
        )
    return "If-None-Match is honoured where they are completed"


def encrypts(store: S3Store) -> str:
    """What the store says of an object that was just put, against what the settings ask."""
    with _object(store) as place, told(place.location):
        head = place.client.head_object(**place.named)
    found, key = head.get("ServerSideEncryption"), head.get("SSEKMSKeyId", "")
    wanted = ALGORITHMS.get(store.encryption)
    if wanted not in (None, found):
        raise JobError(
            f"the store of {store.root} encrypts by {found or 'nothing'}, not by {wanted}: set "
            "LAKEHOUSE_STORAGE__ENCRYPTION to what it can do, or use another store"
        )
    asked = store.kms_key or ""
    if "alias/" not in asked and not key.endswith(asked):  # the store names the key itself, whatever its alias
        raise JobError(
            f"the store of {store.root} encrypts by the key {key or '?'}, not by {asked}: see to "
            "LAKEHOUSE_STORAGE__KMS_KEY and the bucket's own key"
        )
    return f"{found or 'none that it tells'}{f' by {key}' if key else ''}"


def keeps_tables(store: S3Store) -> str:
    """A table written and read by delta-rs, and rows read by pyarrow: each of them has connections of its own."""
    location = f"{store.root}/{FOLDER}/{uuid4().hex}"
    try:
        works = _is_kept(store, location)
    except Exception:  # each has errors of its own, and what they say may have a token in it
        works = False
    finally:
        store.remove_tree(location)
    if not works:
        raise JobError(
            f"boto3 can use the store of {store.root}, but delta-rs or pyarrow cannot: see to the certificates in "
            "LAKEHOUSE_STORAGE__CA_FILE (of the authority, not the server's own), and to the environment's proxies"
        )
    return "can be kept there"


def _is_kept(store: S3Store, location: str) -> bool:
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake

    from lakehouse.runtime.parquet import parquet_columns, write_parquet

    options, rows = dict(store.delta_options), pa.table({"number": [1]})
    write_deltalake(location, rows, storage_options=options)
    write_parquet(store, f"{location}/staged", rows.schema, rows.to_batches())
    staged = parquet_columns(store, f"{location}/staged", ["number"])
    return DeltaTable(location, storage_options=options).count() == 1 and staged.num_rows == 1


def has_our_time(store: S3Store) -> str:
    """How far the clock of this machine is from the store's."""
    with told(store.root):
        answer = store.reach.client().list_objects_v2(Bucket=store.bucket, Prefix=store.prefix, MaxKeys=1)
    theirs = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    off = (datetime.now(UTC) - theirs).total_seconds()
    which = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} that of the store"
    if abs(off) > REFUSED_SECONDS:
        raise JobError(f"the clock of this machine is {which} of {store.root}: set it, best by NTP")
    return f"{which}: set it, best by NTP" if abs(off) > TOLD_SECONDS else "agrees with the store's"


@contextmanager
def _object(store: S3Store) -> Iterator[S3Object]:
    """A small object of this process's own, for the length of a block."""
    name = f"{FOLDER}/{uuid4().hex}/probe"
    location = f"{store.root}/{name}"
    with told(location):
        place = S3Object(client=store.reach.client(), bucket=store.bucket, key=f"{store.below}{name}")
        place.client.put_object(**place.named, Body=BODY)
    try:
        yield place
    finally:
        store.remove_object(location)


def _is_refused(place: S3Object, upload: str) -> bool:
    """Whether the store refuses to complete an upload whose object is there; one without conditions may not know how.

    Raises:
        ClientError: it refuses for another reason.
    """
    part = place.client.upload_part(**place.named, UploadId=upload, PartNumber=1, Body=BODY)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    try:
        place.client.complete_multipart_upload(**place.named, UploadId=upload, MultipartUpload=parts, IfNoneMatch="*")
    except ClientError as error:
        if status_of(error) in REFUSED:
            return True
        if status_of(error) != NOT_IMPLEMENTED:
            raise
    return False
