"""Whether events could be read: does the broker answer, is the topic there, may it be read.

In: settings. Out: one sentence. Guaranteed: a lakehouse without a broker is well, as long as none is named.
"""

from lakehouse.errors import JobError
from lakehouse.runtime.settings import Settings
from lakehouse.streams import broker
from lakehouse.streams.topics import described

NEEDED = "READ"


def told_of_broker(settings: Settings) -> str:
    """What there is to say where all is well.

    Raises:
        JobError: the brokers do not answer, or the topic is not there or may not be read.
        UsageError: what the settings name is not as it must be.
    """
    kafka, here = settings.kafka, broker.running(str(settings.home))
    if kafka.is_local and here is None:
        return "none runs here, and none is named: started by `lakehouse kafka start`"
    place = f"{here.address}, process {here.pid}" if kafka.is_local and here else f"{kafka.bootstrap_servers}"
    topic = described(settings, kafka.topic)
    if topic is None:
        told = f"there is no topic {kafka.topic}: `lakehouse kafka topic` makes it"
        if kafka.is_local:
            return f"{place}; {told}"
        raise JobError(f"{place} answers, but {told}, or set LAKEHOUSE_KAFKA__TOPIC to another")
    if topic.allowed is not None and NEEDED not in topic.allowed:
        raise JobError(f"{place} answers, but this user may not read topic {topic.name}: have READ granted on it")
    return f"{place}, {kafka.protocol}, topic {topic.name} of {topic.partitions} partition(s)"
