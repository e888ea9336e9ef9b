"""kafka-python's network client for a transactional producer that outlives its broker.

In: what kafka-python gives a client. Out: the same client. Guaranteed: of a node that is not there it says so, as its
caller expects, and does not raise: the sender of kafka-python 3.0 forgets the request it was about to send where that
raises, and then a transaction neither goes on nor ends (tests/kafka/test_lost_broker.py).
"""

import time
from typing import Any

from kafka.errors import RetriableError, UnknownBrokerIdError
from kafka.net.compat import KafkaNetClient

PAUSE_SECONDS = 0.1
"""Before the next look at a node that is not there: the sender does not wait by itself."""


class PatientClient(KafkaNetClient):  # type: ignore[misc]  # it comes without types
    """A client that says no instead of raising."""

    def await_ready(self, node_id: Any, timeout_ms: float = 30_000) -> bool:
        """Whether the node can be sent to, now or in time."""
        try:
            return bool(super().await_ready(node_id, timeout_ms))
        except (RetriableError, UnknownBrokerIdError):  # one that does not let us in is another matter
            time.sleep(PAUSE_SECONDS)
            return False
