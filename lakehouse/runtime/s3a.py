"""How Spark reaches S3: by Hadoop's S3A, told what the settings say.

In: the settings of the storage. Out: options of Hadoop. Guaranteed: credentials are found by the standard chain of the
AWS SDK (environment, profile, role), as botocore and delta-rs do it, and are no option; nothing is said where the
storage is a folder.
"""

import time
from contextlib import suppress
from pathlib import Path

from lakehouse.runtime.storage_settings import StorageSettings, by_path

ALWAYS = {
    "aws.credentials.provider": "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider",
    # Probes that only a file system needs. Never `create`: it makes Delta's commits overwrite each other.
    "performance.flags": "mkdir,delete",
    # The SDK tries again itself: more of it on top makes a wrong endpoint known after minutes.
    "attempts.maximum": "3",
    "retry.limit": "3",
    # A hundred threads, two gigabytes and more are meant for large executors.
    "threads.max": "16",
    "connection.maximum": "64",
    "analytics.accelerator.physicalio.max.memory.limit": str(128 * 1024**2),
    "analytics.accelerator.physicalio.thread.pool.size": "16",
}

ALGORITHMS = {"sse-s3": "AES256", "sse-kms": "SSE-KMS"}
"""What S3A calls the encryptions."""

LONGEST_UPLOAD = 24 * 3600
"""Seconds: by far more than a part of a file is on its way."""


def address_of(endpoint: str | None, region: str) -> str:
    """Where the store is asked; Amazon's own is said, too, so that no variable of the environment leads elsewhere."""
    china = ".cn" if region.startswith("cn-") else ""
    return endpoint or f"https://s3.{region}.amazonaws.com{china}"


def s3a_options(there: StorageSettings, home: Path) -> dict[str, str]:
    """The options by their names in Hadoop; none where the storage is local.

    Args:
        home: what is being uploaded waits below it.
    """
    if there.kind != "s3":
        return {}
    options = {
        **ALWAYS,
        "endpoint.region": there.region or "",
        "path.style.access": str(by_path(there.bucket or "", there.path_style)).lower(),
        "connection.ssl.enabled": str(there.tls).lower(),
        "buffer.dir": str(_waiting(home)),
        "endpoint": address_of(there.endpoint, there.region or ""),
        **({"encryption.algorithm": ALGORITHMS[there.encryption]} if there.encryption in ALGORITHMS else {}),
        **({"encryption.key": there.kms_key} if there.kms_key else {}),
    }
    # Staged rows are worthless where a job fails, so its files may come one by one: half of the copies.
    committer = {"mapreduce.fileoutputcommitter.algorithm.version": "2"}
    return {**{f"fs.s3a.{name}": value for name, value in options.items()}, **committer}


def clear_left_uploads(home: Path) -> None:
    """Remove what JVMs that were killed left of what they were uploading, a day after: by then it belongs to nobody."""
    for file in _waiting(home).glob("s3ablock-*.tmp"):
        with suppress(FileNotFoundError):  # of another one that does the same
            if time.time() - file.stat().st_mtime > LONGEST_UPLOAD:
                file.unlink()


def _waiting(home: Path) -> Path:
    return home / "staging" / "s3a"
