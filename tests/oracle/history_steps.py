"""History in steps, in plain Python: which keys a batch disturbs, and the dimension after it.

In flow the dimension before a batch and the facts before and after it; out flow the keys to rebuild, with
reasons, and the dimension after. Guaranteed, and tried by tests/properties: it equals `rebuild` of the facts
after.

Why the versions of undisturbed keys are carried over UNCHANGED, `valid_to`, `first_observed_at`, untracked
attributes and `uneven` included. An undisturbed change is of two kinds; V is the version covering it, s its
time, and "compared" attributes are the tracked ones and those with `null_is: unknown`.

(1) A withdrawal of O from an even V, O not at V's first_observed_at. In an even V every observation has V's
compared values, and so all of them know an attribute with `null_is: unknown`, or none of the key does.
Whoever took a value from O (inside V, after V, or before it as "first known") takes the same from V's first
observation, which is earlier and stays. No boundary moves: O began no version, and no end hides behind it (V
would be uneven).

(2) An arrival of O, equal to V in the compared attributes, after V's first_observed_at (or at it, where
there are no untracked attributes). Where an attribute is constant over V, its value at s was V's: O says
what was held to be true at s already, so nobody's last known or first known value changes, and no boundary
appears. A tracked attribute is constant over V by definition. An untracked one with `null_is: unknown` is
constant over V where V is even; an uneven V therefore disturbs, see LATE_HINT. An untracked one with
`null_is: value` is read at first_observed_at only, where nothing came or went. No effective end stands at s:
V covers s.

In both, no observation that differs enters V and no end is lost in it that was not before: an even V stays
even. An uneven V stays uneven, as nothing is withdrawn from it. So the dimension is the same after each
single undisturbed change, the next one of the batch meets what the first one met, and by induction the batch
leaves the key as it was.

LATE_HINT. DESIGN's other conditions miss one case, only where an untracked attribute has `null_is: unknown`.
Tracked t, untracked u; day 1 (t=a, u=x), day 3 (t=a, u=y), day 5 (t=b, u=NULL) give [1900, 5) a x, uneven,
and [5, open) b y, as y is the last known. Now (t=a, u=x) arrives on day 4: it equals its version, yet the
second version's u becomes x.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.oracle.history import Attribute, End, Fact, Observation, Version, covering, differs, rebuild, split

UNCOVERED = "an arriving observation is covered by no version"
DIFFERS = "an arriving observation differs from the version covering it"
EARLIER = "an arriving observation lies before its version's first_observed_at"
AT_FIRST = "an arriving observation stands at its version's first_observed_at, and there are untracked attributes"
LATE_HINT = "an arriving observation lies in an uneven version, and an untracked attribute has null_is unknown"
FIRST_WENT = "a withdrawn observation stood at its version's first_observed_at"
UNEVEN_WENT = "a withdrawn observation stood in an uneven version"
END_CHANGED = "an end came or went"


def reasons_of_disturbance(
    before: list[Version],
    arriving: Iterable[Observation],
    withdrawn: Iterable[Observation],
    ends_changed: Iterable[End],
    attributes: list[Attribute],
) -> dict[Any, set[str]]:
    """Each disturbed key with its reasons; each change is judged alone, against the dimension before the
    batch.
    """
    reasons: dict[Any, set[str]] = defaultdict(set)
    for observation in arriving:
        reasons[observation.key] |= reasons_of_arrival(observation, covering(observation, before), attributes)
    for observation in withdrawn:
        version = covering(observation, before)
        if version is None:
            raise LookupError(f"withdrawn, but in no version before: {observation}")
        if observation.at == version.first_observed_at:
            reasons[observation.key].add(FIRST_WENT)
        if version.uneven:
            reasons[observation.key].add(UNEVEN_WENT)
    for end in ends_changed:
        reasons[end.key].add(END_CHANGED)
    return {key: found for key, found in reasons.items() if found}


def reasons_of_arrival(observation: Observation, version: Version | None, attributes: list[Attribute]) -> set[str]:
    if version is None:
        return {UNCOVERED}
    untracked = [attribute for attribute in attributes if not attribute.tracked]
    found = {
        DIFFERS: differs(observation, version.attributes, attributes),
        EARLIER: observation.at < version.first_observed_at,
        AT_FIRST: observation.at == version.first_observed_at and bool(untracked),
        LATE_HINT: version.uneven and any(a.null_is == "unknown" for a in untracked),
    }
    return {reason for reason, holds in found.items() if holds}


def disturbed(
    before: list[Version],
    arriving: Iterable[Observation],
    withdrawn: Iterable[Observation],
    ends_changed: Iterable[End],
    attributes: list[Attribute],
) -> set[Any]:
    return set(reasons_of_disturbance(before, arriving, withdrawn, ends_changed, attributes))


def step(
    before: list[Version],
    old: set[Fact],
    new: set[Fact],
    attributes: list[Attribute],
    blind_to: frozenset[str] = frozenset(),
) -> tuple[list[Version], set[Any]]:
    """The dimension after a batch that turned the facts `old` into `new`, and the keys that were rebuilt.

    A correction leaves `old` (a withdrawal) and comes in `new` (an arrival). What did not change is in
    both, and dropped. `blind_to` leaves conditions out, to show by test that each is needed.
    """
    came, went = new - old, old - new
    (arriving, ends_came), (withdrawn, ends_went) = split(came), split(went)
    reasons = reasons_of_disturbance(before, arriving, withdrawn, ends_came + ends_went, attributes)
    keys = {key for key, found in reasons.items() if found - blind_to}
    carried = [version for version in before if version.key not in keys]
    rebuilt = rebuild([fact for fact in new if fact.key in keys], attributes)
    return sorted(carried + rebuilt, key=lambda version: (version.key, version.valid_from)), keys
