"""The demo's history, first as it is thought up and then as it is carried out, on a small one."""

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incentives.demo.cast import HERO, MANAGERS, PARTNERS, buyers
from incentives.demo.history import think_up
from incentives.demo.seed import SLUG, DemoRefused, seed
from incentives.funds.models import Claim
from incentives.ledger.models import LedgerEntry
from metrics.benchmarks.models import Benchmark
from metrics.catalogue import CATALOGUE
from metrics.models import Scorecard, SubjectKind
from metrics.periods import Calendar, PeriodKind
from metrics.reviews.figures import card_values
from metrics.reviews.models import Goal, Review, ReviewAction
from partners.deals.models import Deal
from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Partner
from portal.accounts.models import User
from portal.events.models import Event
from portal.reports.models import Schedule
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

UNTIL = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)


def test_the_same_seed_and_moment_give_the_same_history() -> None:
    assert think_up(7, UNTIL) == think_up(7, UNTIL)
    assert think_up(7, UNTIL) != think_up(8, UNTIL)


def test_the_history_has_deals_in_every_state() -> None:
    history = think_up(2024, UNTIL)
    verbs = Counter(step.verb for step, _number in history.timeline())
    assert len(history.stories) + len(history.sales) > 2_500
    assert set(verbs) == {
        "draft", "register", "submit", "review", "approve", "return", "reject", "withdraw", "stage", "win",
        "lose", "cancel", "share",
    }  # fmt: skip
    assert all(step.at <= UNTIL for step, _number in history.timeline())


def test_the_cast_has_all_types_and_some_forty_partners() -> None:
    assert {company.type for company in PARTNERS} == set(PartnerType)
    assert 38 <= len(PARTNERS) <= 48
    assert len({company.name for company in PARTNERS}) == len(PARTNERS)
    assert len(MANAGERS) == 3
    assert len(buyers()) == len({buyer.name for buyer in buyers()}) > 110


@pytest.mark.django_db
@pytest.mark.slow
def test_the_demo_is_made_once_and_every_event_is_taken_in(settings: Any) -> None:
    settings.DEMO, settings.PRODUCTION = True, False
    tenant = seed(until=UNTIL, say=lambda text: None, months=4, scale=0.2)
    assert tenant is not None
    with tenant_scope(tenant.pk):
        assert Partner.objects.count() == len(PARTNERS) + 1  # an applicant who was approved
        assert Partner.objects.filter(status=PartnerStatus.SUSPENDED).count() == 1
        assert Scorecard.objects.filter(partner__name=HERO).exists()
        assert Schedule.objects.filter(next_at__gt=UNTIL).count() == 2
        assert Benchmark.objects.exists()
        assert ReviewAction.objects.filter(done_at__lt=UNTIL, kpi="win_rate").exists()
        assert ReviewAction.objects.filter(partner__name=HERO, done_at=None).exists()
        assert LedgerEntry.objects.exists()
        assert Claim.objects.filter(entry__isnull=False).exists()
        assert Goal.objects.filter(parent__isnull=False).exists()
        assert Review.objects.exclude(held_on=None).exists()
        assert not Event.objects.filter(dispatched_at=None).exists()
        hero = str(Partner.objects.get(name=HERO).pk)
        assert (_without_value(SubjectKind.PARTNER, hero), _without_value(SubjectKind.PROGRAMME, "")) == (
            [],
            [],
        )
        deals = Deal.objects.count()
    assert seed(until=UNTIL, say=lambda text: None) is None
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == deals


def _without_value(kind: SubjectKind, key: str) -> list[str]:
    """The catalogue's KPIs of a level that are on no card of the current or the previous quarter."""
    quarter = Calendar(ZoneInfo("Europe/Amsterdam")).period(PeriodKind.QUARTER, UNTIL.date())
    starts = [quarter.start, quarter.previous().start]
    cards = Scorecard.objects.filter(
        subject_kind=kind, subject_key=key, period_kind=PeriodKind.QUARTER, period_start__in=starts
    )
    level = "P" if kind == SubjectKind.PARTNER else "G"
    codes = [code for code, kpi in CATALOGUE.items() if level in kpi.level and not kpi.ranks]
    found = [values for card in cards for values in card_values([card], codes)]
    return [code for code in codes if all(values.get(code) is None for values in found)]


@pytest.mark.django_db
@pytest.mark.parametrize(("demo", "production"), [(False, False), (True, True)])
def test_nothing_is_made_without_demo_mode(settings: Any, demo: bool, production: bool) -> None:
    settings.DEMO, settings.PRODUCTION = demo, production
    with pytest.raises(DemoRefused):
        seed(until=UNTIL, say=lambda text: None)
    assert not Tenant.objects.filter(slug=SLUG).exists()
    assert not User.objects.exists()
