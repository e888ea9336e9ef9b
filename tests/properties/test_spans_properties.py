"""A file that holds a message of the spans is never left out, whatever else is in it."""

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ops.spans import Spans

numbers, offsets = st.integers(0, 4), st.integers(0, 40)
files = st.lists(st.tuples(numbers, offsets), min_size=1, max_size=6)
ranges = st.dictionaries(numbers, st.tuples(offsets, offsets).map(lambda two: (min(two), max(two))), min_size=1)


def statistics(messages: list[tuple[int, int]]) -> dict[str, int | None]:
    partitions, places = zip(*messages, strict=True)
    bounds = {"partition": partitions, "offset": places}
    return {f"{end.__name__}.{name}": end(values) for name, values in bounds.items() for end in (min, max)}


@given(files, ranges)
def test_a_file_with_a_message_of_the_spans_may_hold_it(
    messages: list[tuple[int, int]], wanted: dict[int, tuple[int, int]]
) -> None:
    spans = Spans(topic="t", ranges=wanted)
    holds = any(n in wanted and wanted[n][0] <= at <= wanted[n][1] for n, at in messages)
    told = statistics(messages)
    assert spans.may_be_in(told) >= holds
    for name in told:
        assert spans.may_be_in(told | {name: None}), "what is not known leaves out nothing"


def test_files_of_other_partitions_and_offsets_are_left_out() -> None:
    spans = Spans(topic="t", ranges={1: (10, 20)})
    assert spans.may_be_in(statistics([(0, 5), (1, 12)]))
    assert not spans.may_be_in(statistics([(1, 0), (1, 9)]))
    assert not spans.may_be_in(statistics([(1, 21), (1, 30)]))
    assert not spans.may_be_in(statistics([(0, 12), (0, 14)]))
