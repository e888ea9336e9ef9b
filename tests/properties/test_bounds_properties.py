"""Whatever the keys of a batch are, its ranges hold each of them, are few, and do not overlap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.silver.bounds import ranges_of

keys = st.lists(st.integers()) | st.lists(st.text()) | st.lists(st.datetimes())


@given(keys, st.integers(min_value=1, max_value=40))
def test_every_key_is_in_a_range(values: list[object], most: int) -> None:
    spans = ranges_of(values, most)
    assert len(spans) <= most
    assert all(any(low <= value <= high for low, high in spans) for value in values)
    assert all(low in values and high in values for low, high in spans)
    assert all(high < low for (_, high), (low, _) in pairwise(spans))
