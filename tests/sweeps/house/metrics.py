"""One of everything around scores."""

from datetime import date
from uuid import UUID

from django.utils import timezone

from metrics.benchmarks.models import Benchmark
from metrics.closing import lock_period
from metrics.defining import define_kpi
from metrics.models import OwnKpi, Restatement, ScorecardTemplate
from metrics.periods import PeriodKind, calendar_of
from metrics.readings.models import MetricDefinition
from metrics.reviews.models import Alert, AlertRule, Goal, Review, ReviewAction
from partners.directory.models import Partner
from portal.accounts.models import Membership
from tests.factories import CostFactory, ReadingFactory
from tests.sweeps.house.things import Things


def of_partner(partner: Partner) -> Things:
    """What a partner has of its own before it is scored."""
    goal = Goal.objects.create(
        subject_kind="partner",
        subject_key=str(partner.pk),
        partner=partner,
        kpi="revenue",
        period_kind="quarter",
        period_start=date(2026, 1, 1),
        target=1,
    )
    review = Review.objects.create(
        partner=partner,
        period_start=date(2025, 10, 1),
        planned_on=date(2026, 1, 15),
        prepared_by=Partner.objects.get(pk=partner.pk).manager,
    )
    own = Membership.objects.filter(partner_id=partner.pk).order_by("pk").first()
    action = ReviewAction.objects.create(
        review=review, text="Call", owner=own, partner=partner, due_on=date(2026, 5, 1)
    )
    return {"partner_goal": goal.pk, "own_action": action.pk}


def of_all(ours: Partner, admin: Membership) -> Things:
    """What the vendor has, and no partner of its own."""
    benchmark = Benchmark.objects.create(
        kpi="win_rate", period_kind="quarter", value=0.3, source="A study", valid_from=date(2026, 1, 1)
    )
    return {
        "group": "",
        "template": ScorecardTemplate.objects.first().pk,
        "own_kpi": a_kpi(admin).pk,
        **a_restatement(admin),
        "cost": CostFactory().pk,
        "benchmark": benchmark.pk,
        **reviewed(ours, admin),
        "reading": ReadingFactory().pk,
        "metric": MetricDefinition.objects.first().pk,
    }


def a_kpi(admin: Membership) -> OwnKpi:
    return define_kpi(
        by=admin,
        name="Deal worth",
        formula="revenue_won / deals_won",
        unit="money",
        better="up",
        kind="lag",
        level="PG",
        meaning="What a deal is worth.",
    )


def a_restatement(admin: Membership) -> dict[str, UUID]:
    """A locked period and a restatement of it."""
    period = calendar_of(admin.tenant).current(PeriodKind.QUARTER).previous()
    lock = lock_period(period, by=admin)
    restatement = Restatement.objects.create(
        period_kind=period.kind, period_start=period.start, reason="Late orders", restated_by=admin
    )
    return {"period_lock": lock.pk, "restatement": restatement.pk}


def reviewed(partner: Partner, by: Membership) -> dict[str, UUID]:
    goal = Goal.objects.create(
        subject_kind="programme",
        kpi="revenue",
        period_kind="quarter",
        period_start=date(2026, 1, 1),
        target=1,
    )
    rule = AlertRule.objects.create(name="Low", kpi="revenue", kind="threshold", limit=1)
    alert = Alert.objects.create(
        rule=rule,
        partner=partner,
        period_start=date(2026, 1, 1),
        value=0,
        reference=1,
        opened_at=timezone.now(),
    )
    review = Review.objects.create(
        partner=partner, period_start=date(2026, 1, 1), planned_on=date(2026, 4, 1), prepared_by=by
    )
    action = ReviewAction.objects.create(review=review, text="Call", owner=by, due_on=date(2026, 5, 1))
    return {
        "goal": goal.pk,
        "alert": alert.pk,
        "alert_rule": rule.pk,
        "review": review.pk,
        "review_action": action.pk,
    }
