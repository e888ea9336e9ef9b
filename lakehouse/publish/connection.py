"""A connection to the warehouse: snowflake-connector-python, to Snowflake or to its emulator.

In: settings. Out: an open connection, parameters written `?`. Guaranteed: the same calls work on both; no secret is
printed; the connector is loaded here first, without pandas, which nobody here needs and which costs half a second.
"""

import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lakehouse.errors import JobError, UsageError
from lakehouse.publish.emulator import HOST, port_of
from lakehouse.runtime.setting_groups import WarehouseSettings
from lakehouse.runtime.settings import Settings
from lakehouse.runtime.storage import Say

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


LOGIN_SECONDS = 60
CODES = re.compile(r"^\d{6} \([0-9A-Z]{5}\): (SQL compilation error:\s*)?")
PLACE = re.compile(r"error line \d+ at position \d+")


@contextmanager
def connected(
    settings: Settings, tag: str, *, wait: bool = True, say: Say = lambda _: None
) -> "Iterator[SnowflakeConnection]":
    """A connection for the length of a `with` block.

    Args:
        tag: names the session in Snowflake's query history, and a publisher to the emulator.
        wait: wait where another process has the local warehouse open; else fail.

    Raises:
        UsageError: the key file is not there, or the names are refused.
        JobError: the warehouse does not answer.
    """
    there = settings.warehouse
    if there.kind == "snowflake":
        with _opened(_snowflake(there), there, tag) as connection:
            yield connection
        return
    _connector(("pandas", "boto3"))  # S3 is where Snowflake's stages may be, not the emulator's
    root = str(settings.home)
    served = port_of(root, there.database, there.schema_name, wait=wait, say=say)
    with served as port, _directly(), _opened(_emulator(port), there, tag) as connection:
        yield connection


@contextmanager
def _directly() -> Iterator[None]:
    """No proxy between this process and its own machine, where the environment names one for all."""
    before = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    os.environ["no_proxy"] = ",".join([*(value for value in before.values() if value), HOST])
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _opened(told: dict[str, Any], there: WarehouseSettings, tag: str) -> "Iterator[SnowflakeConnection]":
    connector = _connector()
    session = {"QUERY_TAG": tag, "TIMEZONE": "UTC", "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False}
    names = {"database": there.database, "schema": there.schema_name}
    try:
        connection = connector.connect(
            **told, **names, paramstyle="qmark", login_timeout=LOGIN_SECONDS, session_parameters=session
        )
    except connector.errors.Error as error:
        raise JobError(f"the warehouse {there.place} cannot be opened: {sentence_of(error)}") from error
    except (TypeError, ValueError) as error:  # of a key that is encrypted, or is none
        file = there.private_key_file
        raise UsageError(f"the key in {file} cannot be used ({error}): name a PEM file without a passphrase") from error
    try:
        yield connection
    finally:
        connection.close()


def _emulator(port: int) -> dict[str, Any]:
    """How to reach the emulator; it takes any user."""
    return {
        "account": "local",
        "user": "lakehouse",
        "password": "none",  # it asks for some text and reads it not
        "protocol": "http",
        "host": HOST,
        "port": port,
        "platform_detection_timeout_seconds": 0,
        "network_timeout": 1,  # on one machine nothing is gained by trying again
    }


def _snowflake(there: WarehouseSettings) -> dict[str, Any]:
    """How to reach Snowflake: a key file, read by the connector."""
    file = there.private_key_file.expanduser() if there.private_key_file else None
    if file is None or not file.is_file():
        raise UsageError(f"there is no key file {file}: name one with LAKEHOUSE_WAREHOUSE__PRIVATE_KEY_FILE")
    return {
        "account": there.account,
        "user": there.user,
        "authenticator": "SNOWFLAKE_JWT",
        "private_key_file": str(file),
        "role": there.role,
        "warehouse": there.warehouse,
    }


def _connector(without: Sequence[str] = ("pandas",)) -> Any:
    """snowflake.connector; optional packages that are not loaded yet stay so: it would load whatever it finds."""
    if "snowflake.connector" not in sys.modules:
        logging.getLogger("snowflake").setLevel(logging.CRITICAL)  # it tells each error twice
        hidden: dict[str, Any] = {name: None for name in without if name not in sys.modules}
        sys.modules.update(hidden)
        try:
            import snowflake.connector
        finally:
            for name in hidden:
                del sys.modules[name]
    import snowflake.connector

    return snowflake.connector


def sentence_of(error: Exception) -> str:
    """The first line of what the warehouse said, without its code numbers; a place that it names stands behind."""
    told = CODES.sub("", str(getattr(error, "raw_msg", None) or getattr(error, "msg", None) or error).strip())
    first, *more = [line for line in told.splitlines() if line.strip()] or [type(error).__name__]
    if more and PLACE.fullmatch(first):
        return f"{more[0]} ({first})"
    return f"{first} {more[0]}" if more and first.endswith(":") else first
