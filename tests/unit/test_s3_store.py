"""A store in S3: what is there is told, listed and removed; delta-rs and pyarrow work in it."""

import pickle
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from moto.s3.models import s3_backends

from lakehouse.errors import JobError
from lakehouse.runtime import s3_clients, s3_store
from lakehouse.runtime.parquet import parquet_columns, write_parquet
from lakehouse.runtime.s3_store import S3Store
from lakehouse.runtime.storage import UNFINISHED, Store
from tests.unit.faulty_s3 import faulty_before
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_chains import ACCOUNT
from tests.unit.s3_stores import begin_upload, objects, store_at, uploads, written

ROWS = pa.table({"day": [1, 2, 3]})


@pytest.fixture
def kept(store: Any, prefix: str) -> S3Store:
    return store_at(store, prefix)


def put(store: Any, key: str, body: bytes = b"x") -> None:
    store.put_object(Bucket=BUCKET, Key=key, Body=body)


def test_it_is_a_store_that_can_be_sent_elsewhere(kept: S3Store) -> None:
    as_store: Store = kept
    assert as_store.root == f"s3a://{BUCKET}/{kept.prefix}"
    assert S3Store(bucket="b", region="eu-west-1").root == "s3a://b"
    assert kept.object_size(f"{kept.root}/no") is None
    assert pickle.loads(pickle.dumps(kept)) == kept


def test_a_table_exists_once_its_log_has_a_version(store: Any, prefix: str, kept: S3Store) -> None:
    sales = f"{kept.root}/silver/sales"
    put(store, f"{prefix}silver/sales_old/_delta_log/{0:020}.json")
    put(store, f"{prefix}silver/sales/_delta_log/", b"")
    assert not kept.table_exists(sales)
    put(store, f"{prefix}silver/sales/_delta_log/{3:020}.json")
    assert kept.table_exists(sales)


def test_objects_are_listed_with_what_is_unfinished_and_without_folders(store: Any, prefix: str, kept: S3Store) -> None:
    for key, body in {
        "bronze/a.csv": b"abc",
        "bronze/deep/b#1 ä.csv": b"",
        "bronze/deep/": b"",
        "bronzed": b"x",
    }.items():
        put(store, prefix + key, body)
    upload = begin_upload(store, f"{prefix}bronze/big.csv", b"12345", b"678")
    begin_upload(store, f"{prefix}bronzed.csv", b"12345")
    unfinished = f"big.csv{UNFINISHED}/{upload}"
    below = dict(kept.objects_below(f"{kept.root}/bronze"))
    assert below == {"a.csv": 3, "deep/b#1 ä.csv": 0, unfinished: 8}
    for path in below:
        kept.remove_object(f"{kept.root}/bronze/{path}")
    assert list(kept.objects_below(f"{kept.root}/bronze")) == []
    assert uploads(store, prefix) == ["bronzed.csv"]


def test_an_object_with_the_name_of_something_unfinished_can_be_removed(store: Any, prefix: str, kept: S3Store) -> None:
    put(store, f"{prefix}bronze/a.csv{UNFINISHED}/1")
    kept.remove_object(f"{kept.root}/bronze/a.csv{UNFINISHED}/1")
    assert objects(store, prefix) == {}


def test_a_tree_is_removed_in_batches_and_its_neighbours_stay(store: Any, prefix: str, kept: S3Store) -> None:
    for number in range(1003):
        s3_backends[ACCOUNT]["aws"].put_object(BUCKET, f"{prefix}staging/1/{number}", b"")
    put(store, f"{prefix}staging/10")
    begin_upload(store, f"{prefix}staging/1/big", b"12345")
    assert len(list(kept.objects_below(f"{kept.root}/staging"))) == 1005
    for _ in range(2):
        kept.remove_tree(f"{kept.root}/staging/1")
        assert list(objects(store, prefix)) == ["staging/10"]
        assert uploads(store, prefix) == []


def test_a_store_without_prefix_is_all_of_its_bucket(store: Any, prefix: str) -> None:
    whole = store_at(store, "")
    put(store, f"{prefix}a")
    assert (f"{prefix}a", 1) in list(whole.objects_below(whole.root))
    with whole.lease(f"silver.{prefix.rstrip('/')}", wait=False):
        assert store.list_objects_v2(Bucket=BUCKET, Prefix=f"leases/silver.{prefix}")["KeyCount"] == 1


def test_a_lease_is_held_below_the_prefix(store: Any, prefix: str, kept: S3Store) -> None:
    with kept.lease("silver.sales", wait=False) as held:
        held.check()
        with pytest.raises(JobError, match="is being written by process"), kept.lease("silver.sales", wait=False):
            pass
    assert list(objects(store, f"{prefix}leases/")) == [f"silver.sales/{1:020}.json"]


def test_pyarrow_writes_and_reads_in_it(kept: S3Store) -> None:
    location = f"{kept.root}/staging/days"
    for rows in (ROWS.slice(1), ROWS):
        write_parquet(kept, location, rows.schema, rows.to_batches())
    assert parquet_columns(kept, location, []) == ROWS
    kept.remove_tree(location)
    assert list(kept.objects_below(f"{kept.root}/staging")) == []


def test_of_two_writers_of_one_version_by_delta_rs_one_is_refused(store: Any, prefix: str) -> None:
    with faulty_before(store.meta.endpoint_url) as faulty:
        kept = store_at(store, prefix, endpoint=faulty.url)
        location, options = f"{kept.root}/silver/days", dict(kept.delta_options)
        write_deltalake(location, ROWS, storage_options=options)
        both = threading.Barrier(2)

        def append(table: DeltaTable) -> None:
            both.wait()
            for _ in range(3):
                write_deltalake(table, ROWS, mode="append")

        writers = [
            threading.Thread(target=append, args=[DeltaTable(location, storage_options=options)]) for _ in range(2)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        table = DeltaTable(location, storage_options=options)
        assert (table.version(), table.to_pyarrow_table().num_rows) == (6, 21)
        commits = [headers for how, path, headers in faulty.asked if how == "PUT" and path.endswith(".json")]
        conditions = {{k.lower(): v for k, v in headers.items()}.get("if-none-match") for headers in commits}
        assert conditions == {"*"}


def test_every_put_is_encrypted_as_asked(store: Any, prefix: str, tmp_path: Path) -> None:
    kept = store_at(store, prefix, encryption="sse-kms", kms_key="the-key")
    file, sha256 = written(tmp_path, b"a,b\n")
    kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    with kept.lease("silver.sales"):
        pass
    write_deltalake(f"{kept.root}/silver/days", ROWS, storage_options=dict(kept.delta_options))
    write_parquet(kept, f"{kept.root}/staging/days", ROWS.schema, ROWS.to_batches())
    assert len(objects(store, prefix)) == 5
    for key in objects(store, prefix):
        head = store.head_object(Bucket=BUCKET, Key=prefix + key)
        assert (key, head["ServerSideEncryption"], head["SSEKMSKeyId"]) == (key, "aws:kms", "the-key")


def test_amazon_is_asked_in_its_own_words_whatever_endpoint_the_environment_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    ours = S3Store(bucket="lake", region="eu-west-1", encryption="sse-s3")
    assert ours.delta_options == {
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "https://lake.s3.eu-west-1.amazonaws.com",
        "AWS_ENDPOINT_URL_S3": "https://lake.s3.eu-west-1.amazonaws.com",
        "AWS_S3_EXPRESS": "false",
        "AWS_SKIP_SIGNATURE": "false",
        "AWS_ALLOW_INVALID_CERTIFICATES": "false",
        "AWS_ALLOW_HTTP": "false",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "AWS_CONDITIONAL_PUT": "etag",
        "AWS_FORCE_CREDENTIAL_LOAD": "true",
        "AWS_SERVER_SIDE_ENCRYPTION": "AES256",
    }
    assert ours.reach.client().meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"


NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "name, value",
    [
        *((name, NOWHERE) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT")),
        *((name, "another") for name in ("AWS_BUCKET", "AWS_BUCKET_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")),
        *((name, "true") for name in ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "AWS_S3_EXPRESS", "AWS_SKIP_SIGNATURE")),
        ("AWS_CONDITIONAL_PUT", "disabled"),
        ("AWS_ALLOW_HTTP", "false"),
    ],
)
def test_no_variable_leads_any_client_to_another_store(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    s3_clients._made.cache_clear()
    s3_store._filesystem.cache_clear()
    kept = store_at(store, prefix)
    write_deltalake(f"{kept.root}/days", ROWS, storage_options=dict(kept.delta_options))
    write_parquet(kept, f"{kept.root}/staging", ROWS.schema, ROWS.to_batches())
    with kept.lease("silver.sales"):
        pass
    assert {key.partition("/")[0] for key in objects(store, prefix)} == {"days", "staging", "leases"}
    for made in (s3_clients._made, s3_store._filesystem):
        made.cache_clear()


def asked_by(kept: S3Store) -> str:
    signed = kept.reach.client().generate_presigned_url("get_object", Params={"Bucket": kept.bucket, "Key": "a"})
    return str(signed.partition("?")[0])


@pytest.mark.parametrize(
    "bucket, by_path, host, asked",
    [
        ("lake", False, "https://lake.s3.test:9000", "https://lake.s3.test:9000/a"),
        ("lake", True, "https://s3.test:9000", "https://s3.test:9000/lake/a"),
        ("lake.test", False, "https://s3.test:9000", "https://s3.test:9000/lake.test/a"),
    ],
)
def test_a_bucket_is_named_by_the_host_or_by_the_path(bucket: str, by_path: bool, host: str, asked: str) -> None:
    kept = S3Store(bucket=bucket, region="us-east-1", endpoint="https://s3.test:9000", path_style=by_path)
    assert kept.delta_options["AWS_ENDPOINT_URL"] == host
    assert kept.delta_options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] == str(host.startswith("https://lake")).lower()
    assert asked_by(kept) == asked
