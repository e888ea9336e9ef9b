"""What the job asks the brokers while it lands: whether the topic is still the one, and where nothing is left to land.

In: a topic, its id, up to where it has landed. Out: an error, or offsets. Guaranteed: a partition is at rest only
where a reader of committed events has read it to its end and met none; who cannot be asked leaves that open.
"""

from collections.abc import Mapping

from lakehouse.errors import LakehouseError
from lakehouse.runtime.settings import Settings
from lakehouse.streams.bronze.faults import AwayError
from lakehouse.streams.lag import rests_of
from lakehouse.streams.topic_offsets import offsets_of
from lakehouse.streams.topics import described


def check_topic(settings: Settings, topic: str, topic_id: str) -> None:
    """Make sure, before a batch is landed, that the topic was not made anew since the query began.

    Raises:
        AwayError: it was, or is gone, or the brokers do not answer; whoever begins anew finds out which.
    """
    try:
        there = described(settings, topic)
    except LakehouseError as error:
        raise AwayError(str(error)) from error
    if there is None or there.topic_id != topic_id:
        raise AwayError(f"topic {topic} was deleted while it was landed: run the command again")


def rests(settings: Settings, topic: str, topic_id: str, landed: Mapping[int, int]) -> dict[int, int]:
    """The end of each partition in which something follows what has landed, but no event.

    Retention may delete such a rest without a loss: who knows of it does not take it for one.
    """
    try:
        there = offsets_of(settings, topic)
        return rests_of(settings, there, landed) if there.topic_id == topic_id else {}
    except LakehouseError:
        return {}
