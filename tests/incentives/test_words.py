"""Gaps and reasons in plain words."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import translation

from incentives.ledger.words import because, rate_text
from incentives.plans.enums import PlanForm, Shown
from incentives.plans.modifiers import Modifiers
from incentives.plans.words import Names, plan_text
from incentives.tiers.enums import Comparison, Join, WindowKind
from incentives.tiers.requirements import SCORE, Condition, Group, evaluate
from incentives.tiers.words import gap, percent_floor
from tests.incentives.builders import BASE, FLAT, SILVER, bands, terms

YEAR = WindowKind.TRAILING_YEAR


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


def asks(measure: str, threshold: object) -> Condition:
    return Condition(measure, YEAR, Comparison.AT_LEAST, Decimal(str(threshold)))


def missing(group: Group, **values: object) -> str:
    readings = {(measure, YEAR): Decimal(str(value)) for measure, value in values.items()}
    return gap(evaluate(group, readings), "EUR")


REVENUE, DEALS, RATE = asks("revenue", 100_000_00), asks("deal_count", 10), asks("win_rate", "0.55")


def test_money_and_counts() -> None:
    text = missing(Group(Join.ANY, (REVENUE, DEALS)), revenue=87_600_00, deal_count=7)
    assert text == "€12,400 more total sales revenue, or 3 more deals won", "the nearer one comes first"


def test_all_names_what_is_missing_and_nothing_else() -> None:
    text = missing(Group(Join.ALL, (REVENUE, DEALS)), revenue=100_000_00, deal_count=7)
    assert "3 more" in text
    assert "revenue" not in text.lower()


def test_a_percentage_just_below_is_never_shown_as_nothing() -> None:
    text = missing(Group(items=(RATE,)), win_rate="0.5499")
    assert text == "win rate higher by 0.1 percentage points"


def test_a_group_within_all_stands_in_brackets() -> None:
    tree = Group(Join.ALL, (REVENUE, Group(Join.ANY, (asks(SCORE, 70), DEALS))))
    text = missing(tree, revenue=0, score=60, deal_count=1)
    assert ", and (10 more points of score, or " in text


def test_at_least_two_of_three() -> None:
    tree = Group(Join.AT_LEAST, (REVENUE, DEALS, asks(SCORE, 70)), 2)
    assert missing(tree, revenue=0, deal_count=0, score=0).startswith("2 of: ")
    assert not missing(tree, revenue=0, deal_count=10, score=0).startswith("2 of: ")


def test_a_figure_that_is_not_there_yet_is_asked_for() -> None:
    assert missing(Group(Join.ALL, (REVENUE, RATE)), revenue=100_000_00) == "a figure for win rate"
    text = missing(Group(Join.ALL, (REVENUE, RATE)), revenue=90_000_00)
    assert text == "€10,000 more total sales revenue, and a figure for win rate"
    left_out = replace(RATE, optional=True)
    assert missing(Group(Join.ALL, (DEALS, left_out)), deal_count=9) == "1 more deals won"


def test_nothing_is_missing_when_met() -> None:
    assert missing(Group(items=(DEALS,)), deal_count=10) == ""


@pytest.mark.parametrize(
    ("rate", "text"), [("0.12", "12%"), ("0.025", "2.5%"), ("0.120000", "12%"), ("0", "0%"), ("1", "100%")]
)
def test_rates(rate: str, text: str) -> None:
    assert rate_text(Decimal(rate)) == text


def test_why_an_entry_is_what_it_is() -> None:
    explanation = {"slices": [{"base": 4_514_00, "rate": "0.120000"}], "tier": "Gold", "day": "2026-03-11"}
    assert because(explanation, "EUR", mine=True) == "12% of €4,514 because you were Gold on 11 Mar 2026"
    explanation["slices"].append({"base": 1_00, "rate": "0.15"})
    assert because(explanation, "EUR", mine=False) == (
        "12% of €4,514 and 15% of €1 because the partner was Gold on 11 Mar 2026"
    )


def test_what_pays_nothing_is_not_said_beside_what_pays() -> None:
    explanation = {"tier": "Gold", "day": "2026-03-11", "slices": [{"base": 1_00, "rate": "0"}]}
    assert because(explanation, "EUR", mine=True) == "0% of €1 because you were Gold on 11 Mar 2026"
    explanation["slices"] += [{"base": 1_00, "rate": "0.01", "why": "registered"}]
    assert because(explanation, "EUR", mine=True) == (
        "1% of €1 for a registered deal because you were Gold on 11 Mar 2026"
    )


def test_progress_is_rounded_down() -> None:
    assert percent_floor(Decimal("0.9999")) == 99


NAMES = Names(tiers={BASE: "Registered", SILVER: "Silver"})


def test_a_plan_that_pays_every_tier_alike_says_so_in_a_sentence() -> None:
    alike = plan_text(terms({BASE: bands(*FLAT), SILVER: bands(*FLAT)}), NAMES)
    assert "In every tier: 5%." in alike
    one = plan_text(terms({BASE: bands(*FLAT)}), NAMES)
    assert "Registered: 5%." in one
    assert not any(sentence[0].isdigit() for sentence in [*alike, *one])


@pytest.mark.parametrize("shown", Shown)
def test_what_a_pool_tells_its_partners_is_said_beforehand(shown: Shown) -> None:
    """A fixed amount is what the plan offers and stands in its text, and so does what follows from knowing it."""
    said = Modifiers(pool_amount=50_000_00, shown=shown)
    fixed = plan_text(terms(form=PlanForm.POOL, said=said), NAMES)
    assert "At the end of each quarter a pool of €50,000 is divided." in fixed
    assert "While fewer than 5 partners share it, each sees its own part alone." in fixed
    assert "As the pool is known, so is what the others get together." in fixed
    share = replace(said, pool_amount=0, pool_rate=Decimal("0.02"))
    assert not any("others get" in text for text in plan_text(terms(form=PlanForm.POOL, said=share), NAMES))
