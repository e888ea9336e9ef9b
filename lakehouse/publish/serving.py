"""The emulator of Snowflake: fakesnow's server on this machine alone, its data in a folder.

In: a folder, a database and a schema. Out: a port that speaks Snowflake's protocol. Guaranteed: data are on disk and
outlive the process; a failure is an error of its statement; sessions that were forgotten are ended. What fakesnow says
differently from Snowflake is mended in `as_snowflake`. Importing this module costs a second: do so when a server is to
run.
"""

import gzip
import logging
import shutil
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import fakesnow.server as fake
import uvicorn
from fakesnow import info_schema, macros
from fakesnow.instance import FakeSnow
from fakesnow.transforms import stage
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lakehouse.errors import JobError
from lakehouse.ops.sql import quoted
from lakehouse.publish.as_snowflake import mend, sentence
from lakehouse.publish.emulator import HOST, PUBLISHER

MEMORY = "1GB"
"""Beyond it DuckDB goes to disk."""
RESULTS_KEPT = 4
SHUTDOWN_SECONDS = 10


@contextmanager
def serving(folder: Path, database: str, schema: str) -> Iterator[int]:
    """Serve a folder for the length of a `with` block, in a thread of this process; the port.

    Whoever calls holds the lease of the folder: no other process has it open.

    Raises:
        JobError: the folder's file cannot be opened, as when another program has it open.
    """
    _quiet()
    mend()
    snow = _opened(folder, database.upper(), schema.upper())
    fake.shared_fs = snow
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else answers wait 40 ms
    listening.bind((HOST, 0))
    config = uvicorn.Config(
        _app(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=SHUTDOWN_SECONDS
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="warehouse", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(SHUTDOWN_SECONDS)
        listening.close()
        _close(snow)


def _opened(folder: Path, database: str, schema: str) -> FakeSnow:
    """The emulator with its one database attached: not left to fakesnow, which stumbles over a quote in the path."""
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        Path(stage.LOCAL_BUCKET_PATH).rmdir()  # made at import, in the temporary folder, and never removed
    stage.LOCAL_BUCKET_PATH = str(folder / "stages")
    shutil.rmtree(stage.LOCAL_BUCKET_PATH, ignore_errors=True)
    snow = FakeSnow(db_path=str(folder))
    snow.results_cache = _Few()
    duck = snow.duck_conn
    duck.execute(f"SET memory_limit = '{MEMORY}'")
    duck.execute(f"SET temp_directory = {quoted(str(folder / 'spill'))}")
    try:
        duck.execute(f"ATTACH DATABASE {quoted(str(folder / f'{database}.db'))} AS {database}")
    except duckdb.Error as error:
        duck.close()
        raise JobError(f"the warehouse at {folder} cannot be opened: {sentence(error)}") from error
    duck.execute(info_schema.per_db_creation_sql(database))
    duck.execute(macros.creation_sql(database))
    duck.execute(f"CREATE SCHEMA IF NOT EXISTS {database}.{schema}")
    return snow


class _Few(dict[str, Any]):
    """The last few results: fakesnow keeps every one it ever gave."""

    def __setitem__(self, key: str, value: Any) -> None:
        while len(self) >= RESULTS_KEPT:
            del self[next(iter(self))]
        super().__setitem__(key, value)


def _close(snow: FakeSnow) -> None:
    for connection in fake.sessions.values():
        _end(connection)
    fake.sessions.clear()
    snow.results_cache.clear()
    snow.duck_conn.close()


def _end(connection: Any) -> None:
    """End a session with whatever it was doing; what it had not committed is undone."""
    with suppress(duckdb.Error):
        connection._duck_conn.interrupt()
        connection._duck_conn.rollback()
    with suppress(duckdb.Error):
        connection._duck_conn.close()


def _app() -> Starlette:
    own = [
        Route("/session/v1/login-request", _login, methods=["POST"]),
        Route("/queries/v1/query-request", _query, methods=["POST"]),
    ]
    paths = {route.path for route in own}
    return Starlette(routes=[*own, *(route for route in fake.routes if route.path not in paths)])


async def _query(request: Request) -> Response:
    """A failure of the emulator is told as an error of the statement: a status of 500 is taken for an outage."""
    try:
        response: Response = await fake.query_request(request)
    except Exception as error:
        logging.getLogger(__name__).warning("the emulator failed", exc_info=error)
        return _refused(f"the emulator cannot do this: {type(error).__name__}: {sentence(error)}")
    if response.status_code == 500:
        return _refused("the emulator cannot do this")
    return response


def _refused(told: str) -> Response:
    data = {"errorCode": "000904", "sqlState": "42000"}
    return JSONResponse({"data": data, "code": "000904", "message": told, "success": False})


async def _login(request: Request) -> Response:
    """A publisher that signs in ends the sessions of publishers before it.

    A killed one would leave its transaction open for ever: nobody could then delete the rows that it had deleted.
    There is one publisher at a time, so that no living one is meant.
    """
    before = set(fake.sessions)
    response: Response = await fake.login_request(request)
    if PUBLISHER.encode() in await _body(request):
        for token in _PUBLISHERS & before:
            _end(fake.sessions.pop(token))
        _PUBLISHERS.clear()
        _PUBLISHERS.update(set(fake.sessions) - before)
    return response


_PUBLISHERS: set[str] = set()


async def _body(request: Request) -> bytes:
    body = await request.body()
    return gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body


def _quiet() -> None:
    """No lines of the libraries among those of the command line."""
    for name in ("sqlglot", "fakesnow", "fakesnow.server", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
