"""Wins, reversals, plan changes, closes and payouts in any order: each deal is paid once, and no cent is lost."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace

import time_machine
from django.db import transaction
from django.db.models import Count, Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.ledger.verify import verify_all
from incentives.plans.models import Plan
from incentives.plans.queries import published_terms
from incentives.plans.terms import Terms
from incentives.statements import actions, queries
from incentives.statements.audit import audit
from incentives.statements.enums import Method, PaymentStatus, StatementStatus
from incentives.statements.models import Payment, PayoutDetails, Statement, StatementLine
from metrics.periods import calendar_of
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.errors import ActionRefused
from portal.money import round_half_up
from portal.tenancy.models import Tenant
from tests.factories import won_deal
from tests.incentives.builders import make_plan
from tests.incentives.statements.test_closing import close

START = dt.datetime(2026, 4, 2, 12, tzinfo=dt.UTC)
VERBS = ["win", "win", "reverse", "again", "change", "plan", "post", "wait", "wait", "pay", "fail"]
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 5), st.integers(1, 900_00)), max_size=14)


def totals(partner: Partner) -> tuple[int, int]:
    """What the ledger holds, and what was paid, withheld or is carried forward of it."""
    held = LedgerEntry.objects.filter(partner=partner).aggregate(total=Sum("amount"))["total"] or 0
    rows = list(Statement.objects.filter(partner=partner).order_by("closing__period_start"))
    for before, row in pairwise(rows):
        assert row.opening == before.carried
    last = rows[-1].carried if rows else 0
    return held, sum(row.payable + row.withheld for row in rows) + last


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_each_deal_is_paid_once_and_no_cent_is_lost(
    scoped: Tenant,
    people: SimpleNamespace,
    payable: Callable[[Partner], PayoutDetails],
    today: time_machine.Traveller,
    steps: list[tuple[str, int, int]],
) -> None:
    now, partners = START, (people.alpha, people.beta)
    deals: list[Deal] = []
    calendar = calendar_of(scoped)

    def wait(days: int) -> None:
        """Time goes by, and what can be closed is."""
        nonlocal now
        now += dt.timedelta(days=days)
        today.move_to(now)
        while (period := queries.next_period(calendar)) is not None:
            close(people, period)

    def pay(*, fails: bool) -> None:
        execution_on = calendar.today() + dt.timedelta(days=3)
        try:
            batch = actions.propose_batch(
                "EUR", by=people.manager, execution_on=execution_on, method=Method.CSV
            )
        except ActionRefused:
            return
        actions.approve_batch(batch, by=people.admin)
        actions.send_batch(batch, by=people.manager)
        failed = {batch.payments.order_by("id").first().pk: "Account closed"} if fails else {}
        actions.settle_batch(batch, by=people.manager, paid_on=calendar.today(), failed=failed)

    with transaction.atomic():
        today.move_to(now)
        for partner in partners:
            payable(partner)
        plan = Plan.objects.get()
        for verb, number, amount in steps:
            rows = Deal.objects.filter(pk=deals[number % len(deals)].pk) if deals else Deal.objects.none()
            if verb == "win":
                day = calendar.today() - dt.timedelta(days=number * 20)
                deals.append(won_deal(partners[number % 2], amount, day))
            elif verb in ("reverse", "again"):
                rows.update(stage=SalesStage.LOST if verb == "reverse" else SalesStage.WON)
            elif verb == "change":
                rows.update(revenue=amount, revenue_base=amount)
            elif verb == "plan":
                rate = str(Decimal(amount % 30 + 1) / 100)
                starts_on = calendar.today() - dt.timedelta(days=number * 30)
                make_plan({people.base: ((0, None, rate),)}, plan=plan, starts_on=starts_on)
            elif verb == "post":
                post_ledger([partner.pk for partner in partners])
            elif verb == "wait":
                wait(20 + number * 15)
            else:
                pay(fails=verb == "fail")
        # In the end all is posted, out of its hold, on a statement, and paid.
        post_ledger([partner.pk for partner in partners])
        for _quarter in range(3):
            wait(92)
            pay(fails=False)
        assert post_ledger([partner.pk for partner in partners]) == []
        assert verify_all(LedgerEntry.objects.select_related("plan_version__plan")) == []
        assert audit([partner.pk for partner in partners]) == []
        # Every entry is on one statement, and what the statements come to is what the ledger holds.
        assert StatementLine.objects.count() == LedgerEntry.objects.count()
        for partner in partners:
            held, told = totals(partner)
            assert held == told
        terms = published_terms(scoped)
        # Every deal stands at what the versions of its day pay for it, whatever came between.
        for deal in Deal.objects.filter(pk__in=[deal.pk for deal in deals]):
            entries = LedgerEntry.objects.filter(deal=deal)
            total = entries.aggregate(total=Sum("amount"))["total"] or 0
            assert total == earned(deal, terms)
        # What was approved was paid once.
        paid = Payment.objects.filter(status=PaymentStatus.PAID)
        assert not paid.values("statement").annotate(n=Count("id")).filter(n__gt=1).exists()
        owed = Statement.objects.filter(payable__gt=0)
        assert set(owed.values_list("status", flat=True)) <= {StatementStatus.PAID}
        assert {row.statement_id: row.amount for row in paid} == {row.pk: row.payable for row in owed}
        transaction.set_rollback(True)


def earned(deal: Deal, terms: Sequence[Terms]) -> int:
    """By hand: at the one rate of the version of its day."""
    rates = [term.bands[next(iter(term.bands))][0].rate for term in terms if term.in_force(deal.closed_on)]
    if deal.stage != SalesStage.WON or not rates:
        return 0
    (rate,) = rates
    return round_half_up(deal.revenue * rate)
