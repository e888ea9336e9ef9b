"""Which errors of py4j say that the JVM is gone: then its lease is kept for who waits for it, and the user is told."""

import pytest
from py4j.protocol import Py4JError, Py4JNetworkError

from lakehouse.errors import is_broken_connection
from lakehouse.runtime.explained import explained
from lakehouse.runtime.leases import may_go_on

GONE = [
    Py4JError("An error occurred while calling o123.save"),  # py4j's words for an answer that never came
    Py4JError("lakehouse does not exist in the JVM"),
    Py4JNetworkError("Answer from Java side is empty"),
    ConnectionRefusedError(),
]


@pytest.mark.parametrize("error", GONE, ids=str)
def test_a_jvm_that_is_gone_is_told_as_such(error: Exception) -> None:
    assert is_broken_connection(error)
    assert may_go_on(error)
    assert str(explained(error)).startswith("Spark's JVM has ended, perhaps for want of memory")


def test_an_error_that_the_jvm_answered_with_is_none_of_these() -> None:
    answered = Py4JError("An error occurred while calling o123.save. Trace:\npy4j.Py4JException: no such method\n")
    assert not is_broken_connection(answered)
    assert not may_go_on(answered)


def test_an_answer_that_the_store_broke_off_is_told_as_such() -> None:
    answered = RuntimeError(
        "An error occurred while calling o45.parquet.\n: org.apache.spark.SparkException: Job aborted.\n"
        "Caused by: org.apache.http.ConnectionClosedException: Premature end of Content-Length delimited message body\n"
    )
    told = explained(answered)
    assert str(told).startswith("the store broke an answer to Spark off, or gave none (")
    assert str(told).endswith("run the command again; nothing is lost (`lakehouse doctor` asks the store)")
    assert (told.exit_code, "\n" in str(told)) == (1, False)
