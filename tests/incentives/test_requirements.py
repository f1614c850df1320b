"""Requirements: all of, any of, at least n of; what has no data is not met, or drops out where it may."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.tiers.enums import Comparison, Join, Outcome, WindowKind
from incentives.tiers.requirements import (
    SCORE,
    Condition,
    Group,
    RequirementError,
    dump,
    dump_result,
    evaluate,
    exact,
    load_result,
    parse,
)

QUARTER = WindowKind.QUARTER
MET, NOT_MET, PENDING, LEFT_OUT = Outcome.MET, Outcome.NOT_MET, Outcome.PENDING, Outcome.LEFT_OUT
VALUES = {MET: Decimal(1), NOT_MET: Decimal(0), PENDING: None, LEFT_OUT: None}
THREE = list(product((MET, NOT_MET, PENDING, LEFT_OUT), repeat=3))


def at_least(measure: str, threshold: str | int, *, optional: bool = False) -> Condition:
    return Condition(measure, QUARTER, Comparison.AT_LEAST, Decimal(threshold), optional)


def read(**values: object) -> dict:
    return {(measure, QUARTER): exact(value) for measure, value in values.items()}


def outcome(join: Join, outcomes: tuple[Outcome, ...], count: int = 1) -> Outcome:
    names = [f"kpi{number}" for number in range(len(outcomes))]
    rows = zip(names, outcomes, strict=True)
    group = Group(join, tuple(at_least(name, 1, optional=wanted == LEFT_OUT) for name, wanted in rows), count)
    values = {(name, QUARTER): VALUES[wanted] for name, wanted in zip(names, outcomes, strict=True)}
    return evaluate(group, values).outcome


@pytest.mark.parametrize("outcomes", THREE)
def test_all_of(outcomes: tuple[Outcome, ...]) -> None:
    left = [item for item in outcomes if item != LEFT_OUT]
    expected = NOT_MET if NOT_MET in left else PENDING if PENDING in left or not left else MET
    assert outcome(Join.ALL, outcomes) == expected


@pytest.mark.parametrize("outcomes", THREE)
def test_any_of(outcomes: tuple[Outcome, ...]) -> None:
    left = [item for item in outcomes if item != LEFT_OUT]
    expected = MET if MET in left else PENDING if PENDING in left or not left else NOT_MET
    assert outcome(Join.ANY, outcomes) == expected


@pytest.mark.parametrize("outcomes", THREE)
def test_at_least_two_of(outcomes: tuple[Outcome, ...]) -> None:
    left = [item for item in outcomes if item != LEFT_OUT]
    needed = min(2, len(left))
    met = bool(left) and left.count(MET) >= needed
    possible = left.count(MET) + left.count(PENDING) >= needed
    assert outcome(Join.AT_LEAST, outcomes, 2) == (MET if met else PENDING if possible else NOT_MET)


@given(st.lists(st.sampled_from([MET, NOT_MET, PENDING, LEFT_OUT]), min_size=1, max_size=6))
def test_at_least_one_is_any_and_at_least_every_is_all(outcomes: list[Outcome]) -> None:
    row = tuple(outcomes)
    assert outcome(Join.AT_LEAST, row, 1) == outcome(Join.ANY, row)
    assert outcome(Join.AT_LEAST, row, len(row)) == outcome(Join.ALL, row)


@pytest.mark.parametrize(("score", "expected"), [(249, 0), (250, 1), (500, 2), (750, 3)])
def test_thresholds_of_three_levels(score: int, expected: int) -> None:
    levels = [Group(Join.ALL, (at_least(SCORE, threshold),)) for threshold in (250, 500, 750)]
    assert sum(evaluate(level, read(score=score)).outcome == MET for level in levels) == expected


GOLD = Group(Join.ALL, (at_least("users", 300), at_least("certificates", 6), at_least("retention", "0.80")))


def test_nearly_eighty_percent_is_not_gold() -> None:
    result = evaluate(GOLD, read(users=320, certificates=6, retention=0.799))
    assert result.outcome == NOT_MET
    assert [item.outcome for item in result.items] == [MET, MET, NOT_MET]
    assert result.progress < 1


@pytest.mark.parametrize("retention", [0.8, Decimal("0.8"), 4 / 5, 7.2 / 9])
def test_exactly_eighty_percent_is_gold(retention: object) -> None:
    assert evaluate(GOLD, read(users=300, certificates=6, retention=retention)).outcome == MET


def test_a_quotient_equal_to_the_threshold_meets_it() -> None:
    """7/10 as a float lies below 0.7 as a decimal unless it is read by its shortest text."""
    assert evaluate(Group(items=(at_least("share", "0.7"),)), read(share=7 / 10)).outcome == MET


def test_what_is_not_applicable_is_left_out_of_the_gate() -> None:
    gate = Group(Join.ALL, (at_least(SCORE, 70), at_least("a", 1), at_least("b", 1, optional=True)))
    assert evaluate(gate, read(score=70, a=3, b=None)).outcome == MET
    assert evaluate(gate, read(score=70, a=0, b=None)).outcome == NOT_MET


def test_what_nobody_has_reported_keeps_a_partner_from_the_tier() -> None:
    result = evaluate(GOLD, read(users=320, certificates=6))
    assert (result.outcome, [item.outcome for item in result.items]) == (PENDING, [MET, MET, PENDING])
    assert round(result.progress, 3) == Decimal("0.667")
    # What is short already is short whatever the missing figure will be.
    assert evaluate(GOLD, read(users=299, certificates=6)).outcome == NOT_MET


def test_a_partner_without_any_data_has_not_met_anything() -> None:
    assert evaluate(GOLD, {}).outcome == PENDING
    assert evaluate(Group(items=(at_least("a", 1, optional=True),)), {}).outcome == PENDING


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), None])
def test_what_is_no_number_is_no_data(value: object) -> None:
    assert evaluate(Group(items=(at_least("share", "0.7"),)), read(share=value)).outcome == PENDING


def test_less_is_better_where_the_comparison_says_so() -> None:
    group = Group(items=(Condition("cycle", QUARTER, Comparison.AT_MOST, Decimal(30)),))
    assert evaluate(group, read(cycle=30)).outcome == MET
    result = evaluate(group, read(cycle=60))
    assert (result.outcome, result.progress) == (NOT_MET, Decimal("0.5"))


def test_nested_groups() -> None:
    tree = Group(Join.ALL, (at_least("a", 1), Group(Join.ANY, (at_least("b", 1), at_least("c", 1)))))
    assert evaluate(tree, read(a=1, b=0, c=1)).outcome == MET
    assert evaluate(tree, read(a=1, b=0, c=0)).outcome == NOT_MET
    assert evaluate(tree, read(a=1)).outcome == PENDING
    assert evaluate(tree, read(a=1, b=0)).outcome == PENDING
    assert evaluate(tree, read(a=0)).outcome == NOT_MET


conditions = st.builds(
    Condition,
    st.sampled_from(["score", "revenue", "win_rate", "deal_count"]),
    st.sampled_from(WindowKind),
    st.sampled_from(Comparison),
    st.decimals(min_value=-(10**6), max_value=10**9, places=3),
    st.booleans(),
)
groups = st.recursive(
    st.builds(Group, st.sampled_from([Join.ALL, Join.ANY]), st.lists(conditions, max_size=3).map(tuple)),
    lambda inner: st.builds(
        Group, st.sampled_from([Join.ALL, Join.ANY]), st.lists(conditions | inner, max_size=3).map(tuple)
    ),
    max_leaves=3,
)
values = st.dictionaries(
    st.tuples(st.sampled_from(["score", "revenue", "win_rate", "deal_count"]), st.sampled_from(WindowKind)),
    st.none() | st.decimals(min_value=-(10**6), max_value=10**9, places=3),
)


@given(groups, values)
def test_progress_is_one_exactly_when_met(group: Group, readings: dict) -> None:
    result = evaluate(group, readings)
    assert 0 <= result.progress <= 1
    assert (result.progress == 1) == (result.outcome == MET)


@given(groups, values)
def test_what_was_written_is_read_back(group: Group, readings: dict) -> None:
    result = evaluate(group, readings)
    assert parse(dump(group)) == group
    assert dump_result(load_result(dump_result(result))) == dump_result(result)


@pytest.mark.parametrize(
    "data",
    [
        {"join": "none", "items": []},
        {"join": "all"},
        {"join": "all", "items": [{"measure": "score"}]},
        {"join": "all", "items": [dump(at_least("unheard_of", 1))]},
        {"join": "all", "items": [dump(at_least("score", 1)) | {"threshold": "much"}]},
        {"join": "all", "items": [dump(at_least("score", 1)) | {"threshold": "NaN"}]},
        {"join": "at_least", "count": 2, "items": [dump(at_least("score", 1))]},
        {"join": "all", "items": ["score"]},
    ],
)
def test_what_cannot_be_read_is_refused(data: dict) -> None:
    with pytest.raises(RequirementError):
        parse(data, known=lambda measure: measure != "unheard_of")
