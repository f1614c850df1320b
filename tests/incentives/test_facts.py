"""What partners earned as a fact: in the tenant's currency, whatever currency it was posted in."""

import datetime as dt
from decimal import Decimal

import pytest

from incentives.corrections.actions import approve_adjustment, propose_adjustment
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.plans.models import Plan
from metrics.actions import JOB_KIND, ensure_default_template, recompute_dirty
from metrics.models import Scorecard
from metrics.periods import PeriodKind, calendar_of
from metrics.sources.reading import contributions, read_facts
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.jobs.models import Job, JobState
from portal.jobs.runner import run_inline
from portal.rates.actions import add_rate, remove_rate
from portal.rates.models import ExchangeRate
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory, make_member, won_deal
from tests.incentives.builders import FLAT, make_plan, make_tiers

pytestmark = pytest.mark.django_db


def paid(tenant: Tenant, partner: Partner) -> int:
    """What the partner earned this year, which its entries add up to."""
    calendar = calendar_of(tenant)
    today = calendar.today()
    window = calendar.current(PeriodKind.YEAR, today).window()
    facts = read_facts([window], calendar, today, [partner.pk])["incentives_paid"].sum()
    records = contributions("incentives", window, calendar, today, partner.pk)
    assert records["incentives_paid"].sum() == facts
    return facts


@pytest.mark.parametrize(
    ("currency", "rate", "posted"),
    [("EUR", "1", 100_00), ("USD", "1.25", 125_00), ("JPY", "160", 16_000), ("KWD", "0.33", 33_000)],
)
def test_a_plan_in_another_currency_is_counted_over_its_rate(
    scoped: Tenant, admin: Membership, currency: str, rate: str, posted: int
) -> None:
    (base,) = make_tiers()
    plan = Plan(name="Abroad", currency=currency)
    make_plan({base: FLAT}, plan=plan, exchange_rate=Decimal(rate))
    deal = won_deal(PartnerFactory(), 2_000_00, calendar_of(scoped).today())
    (entry,) = post_ledger([deal.partner_id])
    assert (entry.amount, entry.currency) == (posted, currency)
    assert paid(scoped, deal.partner) == 100_00
    # What takes it back by hand takes it back whole, though the programme knows no rate of the currency, or another.
    adjust(deal.partner, -posted, currency, admin, entry)
    assert paid(scoped, deal.partner) == 0


@pytest.mark.parametrize(
    ("currency", "rate", "amount", "counted"),
    [
        ("EUR", None, 5_00, 5_00),
        ("USD", "0.9", 5_00, 4_50),
        ("JPY", "0.00625", 800, 5_00),
        ("KWD", "3", 5_000, 15_00),
        ("CHF", None, 5_00, 0),
    ],
)
def test_an_adjustment_in_another_currency_is_counted_at_the_rate_of_its_day(
    scoped: Tenant, admin: Membership, currency: str, rate: str | None, amount: int, counted: int
) -> None:
    if rate is not None:
        ExchangeRate.objects.create(currency=currency, starts_on=dt.date(2026, 1, 1), rate=Decimal(rate))
    partner = PartnerFactory()
    adjust(partner, amount, currency, admin)
    assert paid(scoped, partner) == counted


def test_a_rate_that_comes_late_or_goes_has_the_figures_worked_out_anew(
    scoped: Tenant, admin: Membership
) -> None:
    partner, today = PartnerFactory(), calendar_of(scoped).today()
    ensure_default_template(scoped)
    adjust(partner, 5_00, "CHF", admin)

    def shown() -> int:
        dispatch_pending(scoped.pk)
        for job in Job.objects.filter(kind=JOB_KIND, state=JobState.QUEUED):
            run_inline(job)
        recompute_dirty()
        card = Scorecard.objects.get(partner=partner, period_kind="year", period_start__year=today.year)
        return card.facts.get("incentives_paid", 0)

    assert shown() == 0
    add_rate(by=admin, currency="USD", rate=Decimal("0.9"), starts_on=today)
    dispatch_pending(scoped.pk)
    # Nothing is booked in it.
    assert not Job.objects.filter(kind=JOB_KIND, state=JobState.QUEUED).exists()
    rate = add_rate(by=admin, currency="CHF", rate=Decimal("1.1"), starts_on=today)
    assert shown() == 5_50
    remove_rate(rate, by=admin)
    assert shown() == 0


def adjust(
    partner: Partner, amount: int, currency: str, by: Membership, entry: LedgerEntry | None = None
) -> None:
    proposal = propose_adjustment(
        partner, amount=amount, currency=currency, reason="Agreed", entry=entry, by=by
    )
    approve_adjustment(proposal, by=make_member(Role.ADMIN))
