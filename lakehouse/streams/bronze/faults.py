"""Why a streaming query ended: whether it may go on by itself, else a sentence.

In: what Spark raised. Out: an error of ours, or the one that came. Guaranteed: only what brokers caused is tried again;
whether events are lost is told by who asks the brokers, not by the words of an exception.
"""

import re

from lakehouse.errors import JobError, LakehouseError, is_broken_connection

OF_BROKERS = re.compile(
    r"org\.apache\.kafka|KafkaException|failOnDataLoss|KAFKA_DATA_LOSS|startingOffsets|TopicPartition|"
    r"Cannot fetch record|UNABLE_TO_FETCH_OFFSETS|KafkaIllegalState"
)
REFUSED = re.compile(r"\w*(?:AuthorizationException|AuthenticationException)[^\n]*")
OF_CLIENT = re.compile(r"org\.apache\.kafka[\w.$]*(?:Exception|Error): ([^\n]+)")
NO_SPACE = "No space left on device"


class AwayError(JobError):
    """The brokers failed the query: worth another attempt."""


def told(error: BaseException, topic: str) -> BaseException:
    """What to raise for it."""
    text = str(error)
    if NO_SPACE in text or isinstance(error, LakehouseError) or is_broken_connection(error):
        return error
    if refused := REFUSED.search(text):
        return JobError(
            f"the brokers do not let this user read topic {topic} ({refused[0][:200]}): have READ granted on it, and "
            "on groups that begin with lakehouse-bronze"
        )
    if OF_BROKERS.search(text):
        return AwayError(
            f"the brokers of topic {topic} failed ({_reason(text)}): see that they run, and run the command again; "
            "what has landed is kept, and it goes on from there"
        )
    return error


def _reason(text: str) -> str:
    """What Kafka's client says last, without the names of Spark and Java around it."""
    found = OF_CLIENT.findall(text)
    return (found[-1] if found else text.strip().partition("\n")[0])[:200]
