"""Where landing begins: what the table has, held against what the topic holds; nothing here asks anybody."""

from datetime import date

import pytest

from lakehouse.streams.bronze.positions import Positions
from lakehouse.streams.bronze.start import BehindError, Gap, LostError, start_at
from lakehouse.streams.topic_offsets import Span, TopicOffsets


def topic(*spans: tuple[int, int], topic_id: str = "a") -> TopicOffsets:
    held = {number: Span(first=first, end=end) for number, (first, end) in enumerate(spans)}
    return TopicOffsets(topic="sales", topic_id=topic_id, spans=held)


def landed(*offsets: int, topic_id: str = "a") -> Positions:
    return Positions(next_offsets=dict(enumerate(offsets)), topic_id=topic_id, since=date(2024, 6, 1))


NOTHING = Positions(next_offsets={}, topic_id=None, since=None)


def test_a_topic_of_which_nothing_is_known_is_begun_at_what_it_holds() -> None:
    start = start_at(topic((7, 9), (0, 0)), NOTHING, skip_lost=False)
    assert (start.offsets, start.gaps) == ({0: 7, 1: 0}, ())


def test_it_goes_on_behind_what_has_landed() -> None:
    assert start_at(topic((0, 9), (3, 8)), landed(5, 8), skip_lost=False).offsets == {0: 5, 1: 8}


def test_a_partition_that_came_later_is_landed_from_its_first_offset() -> None:
    assert start_at(topic((0, 9), (0, 4)), landed(9), skip_lost=False).offsets == {0: 9, 1: 0}


@pytest.mark.parametrize("spans, gap", [(((6, 9),), Gap(partition=0, first=5, end=6)),
                                        (((0, 9), (2, 4)), Gap(partition=1, first=0, end=2))])  # fmt: skip
def test_what_was_deleted_before_it_was_landed_is_told_or_left_out(
    spans: tuple[tuple[int, int], ...], gap: Gap
) -> None:
    told = f"offsets {gap.first} to {gap.end - 1} of partition {gap.partition} of topic sales were deleted"
    with pytest.raises(LostError, match=told):
        start_at(topic(*spans), landed(5), skip_lost=False)
    start = start_at(topic(*spans), landed(5), skip_lost=True)
    assert start.gaps == (gap,)
    assert start.offsets[gap.partition] == gap.end


def test_of_many_gaps_three_are_named() -> None:
    with pytest.raises(LostError, match=r"of partition 2 and of 2 more of topic sales"):
        start_at(topic(*[(5, 9)] * 5), landed(1, 1, 1, 1, 1), skip_lost=False)


@pytest.mark.parametrize("there", [topic((0, 9), topic_id="b"), topic((0, 3), topic_id="b"), topic()])
@pytest.mark.parametrize("skip_lost", [False, True])
def test_another_topic_of_the_same_name_is_refused(there: TopicOffsets, skip_lost: bool) -> None:
    with pytest.raises(LostError, match="was deleted and made anew since its events were landed"):
        start_at(there, landed(5), skip_lost=skip_lost)


def test_a_topic_that_ends_before_what_has_landed_is_told() -> None:
    with pytest.raises(BehindError, match="ends at offset 3, but events up to 5 have landed"):
        start_at(topic((0, 3)), landed(5), skip_lost=True)
