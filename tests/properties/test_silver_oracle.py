"""The laws of the silver oracle, under Hypothesis: 10,000 random histories.

An oracle that breaks the promises could not judge the product. Histories are drawn from a small pool (three
sale lines, four moments, three contents and a delete), so that ties, repetitions and late statements abound.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, pairwise, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.digest import digest
from tests.oracle.silver import (
    BUSINESS_COLUMNS,
    CLASSES,
    Key,
    State,
    Statement,
    apply_batch,
    canonical,
    hash_fields,
    live,
    rows_in,
    silver_of,
)

START = datetime(2024, 1, 1, tzinfo=UTC)
KEYS = [("superstore", "1"), ("superstore", "2"), ("online_retail", "1")]
MOMENTS = [START + timedelta(days=day) for day in range(4)]
CONTENTS = [{"city": city, "quantity": 1, "sales": Decimal("2.50")} for city in ("Graz", "Linz", None)]

Batch = list[Statement]


def said(key: Key, moment: datetime, content: dict[str, object] | None) -> Statement:
    """A statement of the pool; without content it is a delete."""
    source, sale_id = key
    deleted = content is None
    return Statement(
        source_system=source, sale_id=sale_id, recorded_at=moment, is_deleted=deleted, content=content or {}
    )


POOL = [said(*facts) for facts in product(KEYS, MOMENTS, [*CONTENTS, None])]
batches = st.lists(st.sampled_from(POOL), max_size=8)
histories = st.lists(batches, max_size=4)
law = settings(max_examples=1_250, deadline=None, database=None)


def replayed(history: list[Batch], state: State | None = None) -> tuple[State, Counter[str]]:
    """Silver after all batches of a history, one after the other, and the sum of their accountings."""
    state, total = dict(state or {}), Counter[str]()
    for batch in history:
        state, counts = apply_batch(state, batch)
        total += counts
    return state, total


def flat(history: list[Batch]) -> Batch:
    """All statements of a history."""
    return [statement for batch in history for statement in batch]


@law
@given(batches.flatmap(lambda batch: st.tuples(st.just(batch), st.permutations(batch))))
def test_order_does_not_matter(orders: tuple[Batch, Batch]) -> None:
    one, other = orders
    assert silver_of(one) == silver_of(other)
    assert apply_batch({}, one) == apply_batch({}, other)


@law
@given(histories)
def test_batching_does_not_matter(history: list[Batch]) -> None:
    assert replayed(history)[0] == silver_of(flat(history)) == apply_batch({}, flat(history))[0]


@law
@given(histories, st.randoms(use_true_random=False))
def test_repetition_does_not_matter(history: list[Batch], chance) -> None:
    statements = flat(history)
    again = statements + [chance.choice(statements) for _ in statements]
    chance.shuffle(again)
    assert silver_of(again) == silver_of(statements)


@law
@given(histories, st.integers(min_value=0, max_value=3))
def test_a_replayed_batch_changes_nothing_but_the_accounting(history: list[Batch], which: int) -> None:
    state, _ = replayed(history)
    batch = history[which % len(history)] if history else []
    after, counts = apply_batch(state, batch)
    assert after == state
    assert set(counts) <= {"duplicate", "stale", "conflicts"}


@law
@given(histories, batches)
def test_a_row_only_ever_gives_way_to_a_greater_statement(history: list[Batch], batch: Batch) -> None:
    before, _ = replayed(history)
    after, _ = apply_batch(before, batch)
    assert before.keys() <= after.keys()
    for key, row in before.items():
        assert after[key] is row or after[key].order > row.order
        assert after[key].recorded_at >= row.recorded_at


@law
@given(histories)
def test_every_row_of_every_batch_is_in_exactly_one_class(history: list[Batch]) -> None:
    state: State = {}
    for batch in history:
        state, counts = apply_batch(state, batch)
        assert rows_in(counts) == len(batch)
        assert set(counts) <= {*CLASSES, "conflicts"}
        assert min(counts.values(), default=0) >= 0


@law
@given(histories)
def test_the_accounting_reconciles_with_the_table(history: list[Batch]) -> None:
    state, total = replayed(history)
    assert len(live(state)) == total["inserted"] + total["revived"] - total["deleted"]
    assert len(state) == total["inserted"] + total["tombstoned"]


@law
@given(st.permutations([0, 1, 2]), st.sampled_from(CONTENTS[1:]), st.booleans())
def test_a_no_op_update_advances_recorded_at(order: list[int], other: dict[str, object], at_once: bool) -> None:
    first, between, again = (said(KEYS[0], MOMENTS[day], [CONTENTS[0], other][day % 2]) for day in range(3))
    statements = [[first, between, again][position] for position in order]
    state, _ = replayed([statements] if at_once else [[statement] for statement in statements])
    assert state == {KEYS[0]: again}
    after, counts = apply_batch({KEYS[0]: first}, [again])
    assert counts == {"refreshed": 1}
    assert after[KEYS[0]].recorded_at == MOMENTS[2]
    assert apply_batch(after, [between])[1] == {"stale": 1}


@law
@given(histories, st.integers(min_value=0, max_value=900))
def test_the_digest_sees_content_and_neither_order_nor_recorded_at(history: list[Batch], days: int) -> None:
    state, _ = replayed(history)
    later = [
        said(row.key, row.recorded_at + timedelta(days=days), None if row.is_deleted else dict(row.content))
        for row in reversed(state.values())
    ]
    assert digest(silver_of(later)) == digest(state)
    for key, row in state.items():
        changed = said(key, row.recorded_at, {**CONTENTS[0], "city": "Wels"})
        assert digest({**state, key: changed}) != digest(state)


def test_every_order_and_every_batching_of_five_statements_about_one_line_ends_the_same() -> None:
    statements = [statement for statement in POOL if statement.key == KEYS[0]][2:12:2]
    cuts = [cut for size in range(5) for cut in combinations(range(1, 5), size)]
    for order, cut in product(permutations(statements), cuts):
        bounds = [0, *cut, 5]
        history = [list(order[start:end]) for start, end in pairwise(bounds)]
        assert replayed(history)[0] == {KEYS[0]: max(statements, key=lambda statement: statement.order)}


@pytest.mark.parametrize(
    ("standing", "coming", "expected"),
    [
        (None, (1, 0), "inserted"),
        (None, (1, None), "tombstoned"),
        ((1, 0), (1, 0), "duplicate"),
        ((1, 0), (0, 0), "stale"),
        ((1, 0), (2, 0), "refreshed"),
        ((1, 0), (2, 1), "updated"),
        ((1, 0), (1, None), "deleted"),
        ((1, None), (1, 0), "stale"),
        ((1, None), (2, None), "refreshed"),
        ((1, None), (2, 0), "revived"),
    ],
)
def test_the_class_follows_from_what_stands_and_what_comes(standing, coming, expected) -> None:
    def statement(day: int, content: int | None) -> Statement:
        return said(KEYS[0], MOMENTS[day], None if content is None else CONTENTS[content])

    before = {} if standing is None else {KEYS[0]: statement(*standing)}
    _, counts = apply_batch(before, [statement(*coming)])
    assert counts - Counter(conflicts=1) == {expected: 1}


def test_at_one_moment_a_delete_wins_over_every_content() -> None:
    delete = said(KEYS[0], MOMENTS[0], None)
    for quantity in range(1, 50):
        assert silver_of([delete, said(KEYS[0], MOMENTS[0], {"quantity": quantity})]) == {KEYS[0]: delete}


def test_what_else_a_delete_says_is_ignored() -> None:
    bare = said(KEYS[0], MOMENTS[0], None)
    talkative = replace(bare, content=CONTENTS[0])
    assert bare.content_hash == talkative.content_hash == "v1:" + hash_fields([None] * 27)
    assert digest({KEYS[0]: bare}) == digest({KEYS[0]: talkative})
    assert apply_batch({KEYS[0]: bare}, [talkative])[1] == {"duplicate": 1}


def test_canonical_texts_and_hashes_are_the_agreed_ones() -> None:
    assert canonical("sales", Decimal("-0.0")) == "0.000000"
    assert canonical("profit", Decimal("-288.765")) == "-288.765000"
    assert canonical("quantity", -3) == "-3"
    assert canonical("order_date", date(2012, 7, 31)) == "2012-07-31"
    assert canonical("ordered_at", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)) == "2010-12-01 08:26:00.000000"
    assert canonical("is_return", False) == "false"
    assert len(BUSINESS_COLUMNS) == 27
    # sha256 of 'N;0:;3:é1;', from a shell: printf 'N;0:;3:é1;' | sha256sum
    assert hash_fields([None, "", "é1"]) == "e8d4ad1be89aed376e546b8e7d50824a55bff1819013d7ff786dc00f02145ed6"
