"""Asking brokers: a client of theirs for the length of a `with` block, and sentences for what they do not answer.

In: kafka-python's arguments. Out: its admin client. Guaranteed: who does not answer is given up after some seconds,
with the reason; the library prints nothing, and nothing of a password is said; no thread of it is left behind.
"""

import logging
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lakehouse.errors import JobError, LakehouseError, UsageError

if TYPE_CHECKING:  # it takes half a second to load
    from kafka import KafkaAdminClient

ANSWER_SECONDS = 15.0
PROBE_SECONDS = 2.0
REQUEST_SECONDS = 30.0

NOT_LET_IN = re.compile(r"SaslAuthenticationFailed|UnsupportedSaslMechanism|IllegalSaslState")
NO_TLS = re.compile(r"certificate|ssl|tls", re.IGNORECASE)
CUT_OFF = re.compile("disconnected|reset by peer", re.IGNORECASE)
"""Words of the reasons that the library gives; a broker may cut a connection off before its reason has come through."""


class _Reasons(logging.Handler):
    """Keeps why the library could not connect, the last reason last; it raises only that time is over."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.met: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("Bootstrap connection to %s failed") and isinstance(record.args, tuple):
            self.met.append(_told(record.args[1]))


@contextmanager
def asked(options: Mapping[str, Any], *, seconds: float | None = None) -> "Iterator[KafkaAdminClient]":
    """An admin client that has found its brokers.

    Raises:
        JobError: they do not answer, refuse who asks, or fail at a request.
        UsageError: a certificate or key cannot be used.
    """
    quiet()
    from kafka.errors import KafkaError

    place = ",".join(options["bootstrap_servers"])
    with _reasons() as reasons:
        try:
            client = _client(options, seconds or ANSWER_SECONDS)
        except (KafkaError, OSError) as error:
            raise _unanswered(place, [_told(error), *reasons.met], "sasl_mechanism" in options) from error
    try:
        yield client
    except KafkaError as error:
        raise JobError(f"{place} refuses: {_told(error)}; see what this user may do there, or try again") from error
    finally:
        client.close()


def is_answering(host: str, port: int) -> bool:
    """Whether a broker is there that tells who belongs to its cluster; it listens some time before it does."""
    try:
        socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    try:
        with asked({"bootstrap_servers": [f"{host}:{port}"]}, seconds=PROBE_SECONDS) as client:
            return bool(client.describe_cluster()["brokers"])
    except LakehouseError:
        return False


def quiet() -> None:
    """Keep kafka-python from writing to the terminal; what a user must know is said by our sentences."""
    logger = logging.getLogger("kafka")
    if logger.propagate:
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.WARNING)  # at DEBUG it would write down all options, the password included
        logger.propagate = False


def _client(options: Mapping[str, Any], seconds: float) -> "KafkaAdminClient":
    """The client; where it cannot be made, the thread that was to serve it ends."""
    from kafka import KafkaAdminClient
    from kafka.net.compat import KafkaNetClient

    made: list[KafkaNetClient] = []

    def connecting(**given: Any) -> KafkaNetClient:
        made.append(KafkaNetClient(**given))
        return made[0]

    waiting = {"bootstrap_timeout_ms": int(seconds * 1000), "request_timeout_ms": int(REQUEST_SECONDS * 1000)}
    try:
        return KafkaAdminClient(client_id="lakehouse", kafka_client=connecting, **waiting, **options)
    except BaseException:
        for each in made:
            each.close()
        raise


@contextmanager
def _reasons() -> Iterator[_Reasons]:
    reasons, logger = _Reasons(), logging.getLogger("kafka.net.manager")
    logger.addHandler(reasons)
    try:
        yield reasons
    finally:
        logger.removeHandler(reasons)


def _unanswered(place: str, reasons: Sequence[str], signing_in: bool) -> LakehouseError:
    """The sentence about brokers that could not be spoken with."""
    for form, said in ((NOT_LET_IN, _not_let_in), (NO_TLS, _no_tls), *([(CUT_OFF, _cut_off)] if signing_in else [])):
        if found := [reason for reason in reasons if form.search(reason)]:
            return said(place, found[-1])
    told = ([reason for reason in reasons if reason != "KafkaTimeoutError"] or reasons)[-1]
    return JobError(
        f"{place} does not answer as a broker of Kafka ({told}): see that it runs, and that "
        "LAKEHOUSE_KAFKA__BOOTSTRAP_SERVERS and LAKEHOUSE_KAFKA__SECURITY_PROTOCOL are right"
    )


def _not_let_in(place: str, reason: str) -> JobError:
    return JobError(f"{place} does not let this user in ({reason}): check username, password and mechanism")


def _no_tls(place: str, reason: str) -> UsageError:
    return UsageError(f"{place} cannot be spoken with over TLS ({reason}): check LAKEHOUSE_KAFKA__CA_FILE and the port")


def _cut_off(place: str, reason: str) -> JobError:
    return JobError(
        f"{place} ends the connection while this user signs in ({reason}): check username, password and mechanism, and "
        "LAKEHOUSE_KAFKA__SECURITY_PROTOCOL"
    )


def _told(error: object) -> str:
    """What an error says, in one line, without the request that it was about."""
    said = " ".join(str(error).split()).partition(": Request '")[0]
    return said[:200] or type(error).__name__
