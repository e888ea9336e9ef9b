"""What a broker that did not come up is quoted with: the line that says why, out of all that it prints."""

from pathlib import Path

import pytest

from lakehouse.streams.last_words import last_words, lines_of

FATAL = """\
2026-01-01 00:00:00.000 INFO KafkaRaftServer: [KafkaRaftServer nodeId=1] starting
2026-01-01 00:00:00.001 ERROR Kafka$: Exiting Kafka due to fatal exception during startup.
java.lang.RuntimeException: Unable to start acceptor
\tat kafka.network.Acceptor.start(SocketServer.scala:1)
Caused by: org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:1: Permission denied.
\tat kafka.network.Acceptor.open(SocketServer.scala:1)
"""
TAKEN = f"""{FATAL.replace("Permission denied", "Address already in use")}\
java.lang.RuntimeException: Received a fatal error while waiting for all of the SocketServer Acceptors to be started
Caused by: java.lang.RuntimeException: Unable to start acceptor for CLIENTS
"""
COMPLAINT = "2026-01-01 00:00:00.001 ERROR MetaPropertiesEnsemble: No readable meta.properties files found.\n"
NO_JVM = "Error occurred during initialization of VM\nToo small maximum heap\n"
NO_CLASS = (
    """Exception in thread "main" java.lang.NoClassDefFoundError: scala/App\n\tat kafka.Kafka.main(Kafka.scala)\n"""
)


@pytest.mark.parametrize(
    "said, why",
    [
        (FATAL, "Socket server failed to bind to 127.0.0.1:1: Permission denied."),
        (TAKEN, "Socket server failed to bind to 127.0.0.1:1: Address already in use."),
        (COMPLAINT, "No readable meta.properties files found."),
        (NO_JVM, "Too small maximum heap"),
        (NO_CLASS, "scala/App"),
        ("2026-01-01 00:00:00.000 INFO all: is well\n", ""),
        ("", ""),
        (f"java.lang.Exception: {400 * 'x'}", 300 * "x"),
    ],
)
def test_the_innermost_cause_is_quoted(said: str, why: str) -> None:
    assert last_words(said.splitlines()) == why


def test_only_what_was_said_since_then_counts(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert lines_of(file) == []
    file.write_bytes(b"before\nsince\xff\n")
    assert lines_of(file, 7) == ["since\ufffd"]
    assert lines_of(file, 100) == ["before", "since\ufffd"], "the log began anew"
