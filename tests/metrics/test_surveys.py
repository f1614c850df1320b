"""What surveys add to scorecards, against figures worked out by hand."""

import datetime as dt
from collections.abc import Callable, Iterable
from uuid import UUID

import pytest
import time_machine
from django.test import Client

from metrics import actions as metrics_actions
from metrics.catalogue import CATALOGUE
from metrics.evaluation import evaluate_facts
from metrics.models import Scorecard
from metrics.periods import Window, calendar_of
from metrics.queries import fact_values, kpi_values
from metrics.records import records_behind
from metrics.rows import PROGRAMME
from partners.directory.models import Partner
from partners.surveys.models import Survey
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, make_member
from tests.partners.surveys.builders import a_survey, answered, for_customers

SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 2, 20)
QUARTER = Window.of(dt.date(2026, 1, 1), dt.date(2026, 4, 1))
CODES = ["nps", "csat", "partner_satisfaction", "strategic_alignment"]


def give(survey: Survey, partner: Partner, scores: Iterable[int], key: str = "q1") -> None:
    for score in scores:
        texts = {"q2": "x", "q3": "x"}
        answered(survey, {key: score, **texts}, partner=partner, customer=None)


@pytest.fixture
def figures(scoped: Tenant, admin: Membership) -> dict[str, Partner]:
    """Alpha and Beta of one manager, Gamma of nobody; all answers in the first quarter of 2026."""
    manager = make_member(Role.CHANNEL_MANAGER)
    partners = {
        "Alpha": PartnerFactory(name="Alpha", manager=manager),
        "Beta": PartnerFactory(name="Beta", manager=manager),
        "Gamma": PartnerFactory(name="Gamma"),
    }
    with time_machine.travel("2026-02-03 12:00:00+00:00"):
        nps, csat = a_survey(admin, **for_customers()), a_survey(admin, "csat", **for_customers())
        give(nps, partners["Alpha"], [10] * 6 + [8] * 2 + [3] * 2)
        give(nps, partners["Beta"], [9, 0, 0, 7])
        give(nps, partners["Gamma"], [0])
        give(csat, partners["Alpha"], [5, 4, 4, 2, 1])
        give(csat, partners["Beta"], [3, 5, 5])
        partner, alignment = a_survey(admin, "partner"), a_survey(admin, "alignment")
        answered(
            partner, {"q1": {"response": 5, "support": 4, "communication": 1}}, partner=partners["Alpha"]
        )
        answered(partner, {"q1": {"response": 2, "support": 4, "communication": 4}}, partner=partners["Beta"])
        answered(
            alignment,
            {"q1": {"innovation": 5, "projects": 3, "initiatives": 1, "brand": 4}},
            partner=partners["Alpha"],
        )
        answered(
            alignment,
            {"q1": {"innovation": 5, "projects": 5, "initiatives": 5, "brand": 5}},
            partner=partners["Gamma"],
        )
    return partners


def kpis_of(partner: Partner) -> dict[str, float | None]:
    values = kpi_values([QUARTER], [partner.pk], today=TODAY)[partner.pk, QUARTER.key]
    return {code: values[code] for code in CODES}


def test_a_partners_figures(figures: dict[str, Partner]) -> None:
    # Alpha: (6 - 2) of 10; 3 of 5; 2 of 3; 4 + 2 + 0 + 3 of 16.
    assert kpis_of(figures["Alpha"]) == {
        "nps": 40.0,
        "csat": 0.6,
        "partner_satisfaction": pytest.approx(2 / 3),
        "strategic_alignment": 56.25,
    }
    # Gamma: one detractor, and nothing to divide by elsewhere is no data.
    assert kpis_of(figures["Gamma"]) == {
        "nps": -100.0,
        "csat": None,
        "partner_satisfaction": None,
        "strategic_alignment": 100.0,
    }


def test_satisfaction_by_question_adds_up_to_the_whole(figures: dict[str, Partner]) -> None:
    facts = fact_values([QUARTER], [figures["Beta"].pk], TODAY)[figures["Beta"].pk, QUARTER.key]
    topics = ("response", "support", "communication")
    assert [facts[f"partner_sat_{topic}_satisfied"] for topic in topics] == [0, 1, 1]
    for what in ("responses", "satisfied"):
        assert sum(facts[f"partner_sat_{topic}_{what}"] for topic in topics) == facts[f"partner_sat_{what}"]


def test_a_portfolio_and_the_programme_are_the_same_facts_summed(figures: dict[str, Partner]) -> None:
    with time_machine.travel("2026-02-20 12:00:00+00:00"):
        metrics_actions.recompute_everything()
    cards = {
        (card.subject_kind, card.subject_key): evaluate_facts(card.facts)
        for card in Scorecard.objects.filter(period_kind="quarter", period_start=QUARTER.start)
    }
    manager = str(figures["Alpha"].manager_id)
    # Alpha and Beta: 7 promoters, 4 detractors, 14 answers; 5 of 8; 4 of 6; 9 of 16.
    portfolio = cards["portfolio", manager]
    assert portfolio["nps"] == pytest.approx(100 * 3 / 14)
    assert portfolio["csat"] == pytest.approx(5 / 8)
    assert portfolio["partner_satisfaction"] == pytest.approx(4 / 6)
    assert portfolio["strategic_alignment"] == 56.25
    # With Gamma: 7 - 5 of 15; alignment 9 + 16 of 32.
    programme = cards[PROGRAMME]
    assert programme["nps"] == pytest.approx(100 * 2 / 15)
    assert programme["csat"] == pytest.approx(5 / 8)
    assert programme["strategic_alignment"] == pytest.approx(100 * 25 / 32)


def test_the_pages_show_them_at_every_level_with_formula_records_and_trend(
    figures: dict[str, Partner], admin: Membership, tenant: Tenant, client_as: SignIn
) -> None:
    """By quarters: the one before has two answers of 10 and 0 for Alpha, one of 0 and one of 5 of its customers."""
    with time_machine.travel("2025-11-03 12:00:00+00:00"):
        give(a_survey(admin, **for_customers()), figures["Alpha"], [10, 0])
        give(a_survey(admin, "csat", **for_customers()), figures["Alpha"], [1, 5])
    manager = str(figures["Alpha"].manager_id)
    expected = {
        ("partner", str(figures["Alpha"].pk)): {"nps": ("40", "0"), "csat": ("60.0%", "50.0%")},
        ("portfolio", manager): {"nps": ("21.4", "0"), "csat": ("62.5%", "50.0%")},
        PROGRAMME: {"nps": ("13.3", "0"), "csat": ("62.5%", "50.0%")},
    }
    with time_machine.travel("2026-02-20 12:00:00+00:00"):
        metrics_actions.recompute_everything()
        cards = {
            (card.subject_kind, card.subject_key): card.pk
            for card in Scorecard.objects.filter(period_kind="quarter", period_start=QUARTER.start)
        }
        client = client_as(admin)
        for subject, values in expected.items():
            for code, (now, before) in values.items():
                page = client.get(f"/acme/scorecards/cards/{cards[subject]}/{code}/")
                assert page.context["line"].value_text == now, (subject, code)
                assert [row[1] for row in page.context["trend"]["rows"]][-2:] == [before, now]
                assert page.context["formula"]
                assert all(fact.value_text != "0" for fact in page.context["facts"])
        page = client.get(f"/acme/scorecards/cards/{cards['portfolio', manager]}/nps/")
        members = page.context["members"]
        assert {line.name: line.value_text for line in members.lines} == {"Alpha": "40", "Beta": "−25"}
        assert [amount for _name, amount in members.sums] == ["7", "4", "14"]
        # Beside the portfolio of nobody, where Gamma is.
        assert [(each["value"], each["is_own"]) for each in page.context["beside"]] == [
            ("21.4", True),
            ("−100", False),
        ]
        # From a partner's figure on to the survey's answers, for the vendor's people.
        alpha = client.get(f"/acme/scorecards/cards/{cards['partner', str(figures['Alpha'].pk)]}/nps/")
        (table,) = alpha.context["records"]
        (line,) = table.lines
        assert line.page.url_name == "surveys:results"
        assert client.get(f"/acme/surveys/{line.pk}/results/").status_code == 200


@pytest.mark.parametrize(
    ("facts", "code", "expected"),
    [
        ({"nps_responses": 100, "nps_promoters": 60, "nps_detractors": 20}, "nps", 40),
        ({"csat_responses": 200, "csat_satisfied": 160}, "csat", 0.8),
        ({"csat_responses": 0, "csat_satisfied": 0}, "csat", None),
    ],
)
def test_the_worked_examples(facts: dict[str, int], code: str, expected: float | None) -> None:
    assert evaluate_facts(facts)[code] == expected


def test_an_anonymous_answer_is_in_nobodys_figures(scoped: Tenant, admin: Membership) -> None:
    """Else the figures of two days, or of a portfolio and its partners, would differ by one person's answer."""
    partner = PartnerFactory()
    with time_machine.travel("2026-02-03 12:00:00+00:00"):
        survey = a_survey(admin, "partner", is_anonymous=True, segment="type")
        for score in (1, 5, 5, 5, 5, 5):
            lines = {"response": score, "support": score, "communication": score}
            answered(survey, {"q1": lines}, partner=partner)
    facts = fact_values([QUARTER], [partner.pk], TODAY).get((partner.pk, QUARTER.key), {})
    assert facts.get("partner_sat_responses", 0) == 0


def test_an_answer_makes_its_partner_and_its_day_dirty_and_counts_within_the_next_run(
    tenant: Tenant, admin: Membership
) -> None:
    with time_machine.travel("2026-02-20 12:00:00+00:00"):
        with tenant_scope(tenant.pk):
            partner = PartnerFactory()
            survey = a_survey(admin, **for_customers())
            metrics_actions.recompute_everything()
            answered(survey, {"q1": 10}, partner=partner, customer=CustomerFactory(served_by=partner))
        dispatch_pending(tenant.pk)
        with tenant_scope(tenant.pk):
            metrics_actions.recompute_dirty()
            card = Scorecard.objects.get(
                partner_id=partner.pk, period_kind="quarter", period_start=QUARTER.start
            )
            assert evaluate_facts(card.facts)["nps"] == 100.0
            assert card_records(card, partner.pk, tenant) == [["1", "1", "0"]]


def card_records(card: Scorecard, partner_id: UUID, tenant: Tenant) -> list[list[str]]:
    """What the partner itself opens its score to: numbers by survey, and nobody's answer."""
    with tenant_scope(tenant.pk, partner_id):
        (table,) = records_behind(card, [CATALOGUE["nps"]], calendar_of(tenant), TODAY, "EUR")["nps"]
    assert [line.title for line in table.lines] == ["What do you think?"]
    return [sorted(line.amounts, reverse=True) for line in table.lines]
