"""Methods, tracks and gates, against figures worked out by hand."""

import json
import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.publishing import check_rules
from metrics.scoring import (
    AS_JSON,
    BREAKDOWN,
    PEER,
    STEPS,
    KpiRule,
    TemplateRules,
    chosen_tracks,
    given_frame,
    score_given,
    score_rows,
)
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant

ALL = {"revenue", "deal_count", "pipeline", "win_rate", "sales_cycle", "leads", "client_acquisition"}


def score(rules: TemplateRules, partners: int = 1, **values: float | None) -> dict:
    row = {f"kpi.{code}": [values.get(code)] for code in ALL}
    schema = {**dict.fromkeys(row, pl.Float64), "partners": pl.Int64}
    return score_rows(pl.DataFrame({**row, "partners": [partners]}, schema=schema), rules).row(0, named=True)


def steps(code: str, weight: float, points: float, units: float, **more: object) -> KpiRule:
    return KpiRule(code, weight, method="steps", points=points, units=units, **more)  # type: ignore[arg-type]


ASSOCIATIONS = TemplateRules(
    (
        steps("revenue", 30, 30, 4_000, choice="Association", track="A"),
        steps("pipeline", 30, 30, 1_000, choice="Association", track="B"),
        KpiRule("win_rate", 70, target=1, floor=0),
    )
)


def test_of_two_associations_the_better_one_counts() -> None:
    """2,000 of 4,000 in A is 15 of 30, 1,500 of 1,000 in B is 30: B counts."""
    both = score(ASSOCIATIONS, revenue=2_000, pipeline=1_500, win_rate=0)
    assert both["score"] == 30
    assert (both["revenue.points"], both["pipeline.points"]) == (None, 30)
    # What does not count is shown all the same.
    assert (both["revenue.attainment"], both["revenue.share"]) == (0.5, None)
    alone = score(ASSOCIATIONS, revenue=2_000, win_rate=0)
    assert (alone["score"], alone["revenue.points"], alone["coverage"]) == (15, 15, 1)


def test_tracks_tie_to_the_fuller_and_then_the_first() -> None:
    rules = TemplateRules(
        (
            KpiRule("revenue", 10, target=10, floor=0, choice="Way", track="one"),
            KpiRule("pipeline", 20, target=10, floor=0, choice="Way", track="one"),
            KpiRule("leads", 30, target=10, floor=0, choice="Way", track="two"),
            KpiRule("win_rate", 70, target=1, floor=0),
        )
    )
    # One track has 10 of 10 with data, the other 10 of 30: equal points, more data.
    found = score(rules, revenue=10, leads=10 / 3, win_rate=1)
    assert found["leads.points"] == 10
    assert found["revenue.points"] is None
    same = score(rules, revenue=10, pipeline=10, leads=10, win_rate=1)
    assert (same["revenue.points"], same["pipeline.points"], same["leads.points"]) == (10, 20, None)
    nothing = score(rules, win_rate=0.5)
    assert (nothing["score"], nothing["coverage"]) == (50, 0.7)


def test_seven_of_seven_people_for_15_points_are_15() -> None:
    rules = TemplateRules((steps("leads", 15, 15, 7), KpiRule("win_rate", 85, target=1, floor=0)))
    assert score(rules, leads=7, win_rate=0)["leads.points"] == 15
    assert score(rules, leads=9, win_rate=0)["leads.points"] == 15
    # 3 / 7 x 15 is 6.428571...: rounded where it is kept, not on the way.
    assert score(rules, leads=3, win_rate=0)["leads.points"] == 6.4286
    assert score(rules, leads=0, win_rate=0)["leads.points"] == 0


def test_full_steps_only_and_steps_that_take_points_off() -> None:
    full = TemplateRules((steps("revenue", 100, 10, 1_000, whole=True),))
    assert [score(full, revenue=value)["score"] for value in (999, 1_000, 2_999, 10_000, 99_999)] == [
        0,
        10,
        20,
        100,
        100,
    ]
    tenths = TemplateRules((steps("win_rate", 100, 10, 0.1, whole=True),))
    assert score(tenths, win_rate=0.3)["score"] == 30
    off = TemplateRules((steps("sales_cycle", 100, 20, 10),))
    assert [score(off, sales_cycle=days)["score"] for days in (0, 10, 25, 60)] == [100, 80, 50, 0]


def test_a_group_needs_as_many_units_as_it_has_partners() -> None:
    rules = TemplateRules((steps("leads", 100, 10, 2),))
    assert score(rules, partners=10, leads=20)["score"] == 10


GATED = TemplateRules(
    (
        KpiRule("revenue", 50, target=100, floor=0),
        KpiRule("leads", 25, target=10, floor=0),
        KpiRule("win_rate", 25, target=1, floor=0),
    ),
    min_score=70,
    each=True,
)


@pytest.mark.parametrize(
    ("values", "passed"),
    [
        # 70 and everything above nothing; the one that does not apply is left out.
        ({"revenue": 100, "leads": 10, "win_rate": 0.01}, True),
        ({"revenue": 100, "leads": 10, "win_rate": 0}, False),
        ({"revenue": 100, "leads": 5}, True),
        ({"revenue": 100, "leads": 0}, False),
        ({"revenue": 69, "leads": 7, "win_rate": 0.7}, False),
        ({"leads": 10}, None),
    ],
)
def test_70_points_and_every_metric_that_applies_above_nothing(values: dict, passed: bool | None) -> None:
    assert score(GATED, **values)["passed"] is passed


def test_without_a_gate_nothing_is_passed_or_failed() -> None:
    assert score(TemplateRules((KpiRule("revenue", 100, target=1, floor=0),)), revenue=1)["passed"] is None


def test_a_track_that_does_not_count_does_not_stand_in_the_way() -> None:
    rules = TemplateRules(ASSOCIATIONS.kpis, each=True)
    assert score(rules, revenue=0, pipeline=500, win_rate=1)["passed"] is True
    assert score(rules, revenue=0, pipeline=0, win_rate=1)["passed"] is False


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9), st.integers(0, 10**12)), min_size=3, max_size=3),
    st.integers(1, 50),
)
def test_points_add_up_to_the_score_and_never_leave_their_weight(values: list, partners: int) -> None:
    names = dict(zip(("revenue", "pipeline", "win_rate"), values, strict=True))
    row = score(ASSOCIATIONS, partners, **names)
    parts = [row[f"{code}.points"] for code in names if row[f"{code}.points"] is not None]
    assert all(0 <= points <= 100 for points in parts)
    if row["score"] is not None:
        assert 0 <= row["score"] <= 100
        assert sum(parts) == pytest.approx(row["score"], abs=0.0005)
    working = {code: {"share": row[f"{code}.share"]} for code in names}
    chosen = chosen_tracks(ASSOCIATIONS.kpis, working)
    assert len(chosen) == (names["revenue"] is not None or names["pipeline"] is not None)


def line(code: str, weight: float, **more: object) -> dict:
    return {"code": code, "weight": weight, "method": "target", "target": 1, "floor": 0, **more}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "at least one KPI"),
        ([line("revenue", 50), line("revenue", 50)], "only once"),
        ([line("revenue", 60), line("leads", 50)], "add up to 110"),
        ([line("revenue", 100), line("nonsense", 10)], "no KPI “nonsense”"),
        ([line("revenue", 50), line("leads", 50, choice="Way", track="one")], "one track only"),
        (
            [line("revenue", 40, choice="Way", track="one"), line("leads", 50, choice="Way", track="two")],
            "one 40, two 50",
        ),
        ([line("revenue", 10, method="steps", points=11, units=1), line("leads", 90)], "more points than"),
    ],
)
def test_rules_that_do_not_hold_are_refused_in_words(scoped: Tenant, lines: list, words: str) -> None:
    with pytest.raises(ActionRefused, match=words):
        check_rules(lines, Decimal("0.5"))


def test_tracks_of_one_weight_are_accepted(scoped: Tenant) -> None:
    lines = [
        line("revenue", 40, choice="Way", track="one"),
        line("pipeline", 10, choice="Way", track="two"),
        line("leads", 30, choice="Way", track="two"),
        line("win_rate", 60),
    ]
    assert check_rules(lines, Decimal("0.5")).total == 100


EDGES = st.one_of(
    st.none(),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e308, -1e308]),
    st.floats(-1e6, 1e6),
)


@given(
    rows=st.lists(st.tuples(EDGES, EDGES, EDGES, EDGES, st.integers(0, 2)), min_size=1, max_size=6),
    each=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_whatever_the_values_are_a_score_is_a_number_from_0_to_100_or_none(rows: list, each: bool) -> None:
    """Neither what is no number nor what is beyond all of them reaches a score, nor do groups of no partners."""
    rules = TemplateRules(
        (
            KpiRule("average_deal_size", 25, target=0.001, floor=0),
            KpiRule("revenue", 25, target=100, floor=50),
            KpiRule("win_rate", 25, method=PEER),
            KpiRule("deal_count", 25, method=STEPS, units=3, points=2),
        ),
        min_coverage=0,
        each=each,
    )
    codes = [rule.code for rule in rules.kpis]
    frame = pl.DataFrame(
        [(*values, "a") for values in rows],
        schema={
            **dict.fromkeys([f"kpi.{code}" for code in codes], pl.Float64),
            "partners": pl.Int64,
            "peers": pl.String,
        },
        orient="row",
    )
    scored = score_rows(frame, rules)
    for score in scored["score"]:
        assert score is None or 0 <= score <= 100
    given = given_frame([rules])
    stored = score_given(frame.join(given, how="cross", maintain_order="left"), rules.shape(), parts=AS_JSON)
    assert stored["score"].to_list() == scored["score"].to_list()
    for row, text in zip(scored.iter_rows(named=True), stored["breakdown"], strict=True):
        working = json.loads(text, parse_constant=pytest.fail)
        assert working == {code: {part: row[f"{code}.{part}"] for part in BREAKDOWN} for code in codes}
        assert set(working) == set(codes)
