"""Writes of goals, alert rules, alerts and reviews."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from metrics.kpis.shape import Kpi
from metrics.models import SubjectKind
from metrics.own import choosable
from metrics.periods import Period, PeriodKind
from metrics.queries import tenant_calendar
from metrics.reviews.agenda import prepared
from metrics.reviews.goals import close_if_reached, current_values, reached_event
from metrics.reviews.models import Alert, AlertRule, Goal, GoalStatus, Review, ReviewAction
from metrics.reviews.queries import may_promise
from metrics.units import Unit
from partners.directory.models import Partner
from partners.directory.queries import managers
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record, record_many
from portal.money import divide
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id, tenant_scope

SNOOZE_LONGEST = 366
_MEASURED_BY = ("kpi", "kind", "period_kind")
# In how many parts a share is weighed.
_FINE = 10**12


# --- goals -------------------------------------------------------------------------------------


@transaction.atomic
def set_goal(
    *,
    by: Membership,
    level: SubjectKind,
    kpi: str,
    period: Period,
    target: float,
    partner: Partner | None = None,
    manager: Membership | None = None,
) -> Goal:
    """Set a goal for the programme, a manager's portfolio or a partner. The baseline is the period before."""
    check(by, "metrics_reviews.set_goal")
    return _create_goal(by, _subject(level, partner, manager), partner, kpi, period, target)


def _subject(
    level: SubjectKind, partner: Partner | None, manager: Membership | None
) -> tuple[SubjectKind, str]:
    if level == SubjectKind.PARTNER:
        if partner is None:
            raise ActionRefused(_("Say for which partner."), field="partner")
        return level, str(partner.pk)
    if level == SubjectKind.PORTFOLIO:
        if manager is None:
            raise ActionRefused(_("Say for whose portfolio."), field="manager")
        return level, str(manager.pk)
    return SubjectKind.PROGRAMME, ""


def _create_goal(
    by: Membership,
    subject: tuple[SubjectKind, str],
    partner: Partner | None,
    kpi: str,
    period: Period,
    target: float,
    parent: Goal | None = None,
    share: Decimal | None = None,
) -> Goal:
    lock("metrics.goals", current_tenant_id())
    measure = choosable().get(kpi)
    if measure is None or measure.ranks:
        raise ActionRefused(_("This KPI cannot be a goal."), field="kpi")
    if period.end <= tenant_calendar().today():
        raise ActionRefused(_("This period is over."), field="period")
    kind, key = subject
    same = Goal.objects.filter(
        subject_kind=kind, subject_key=key, kpi=kpi, period_kind=period.kind, period_start=period.start
    )
    if same.exclude(status=GoalStatus.DROPPED).exists():
        raise ActionRefused(_("There is a goal for this KPI and period already."), field="kpi")
    goal = Goal(
        subject_kind=kind,
        subject_key=key,
        partner=partner,
        parent=parent,
        share=share,
        kpi=kpi,
        period_kind=period.kind,
        period_start=period.start,
        target=target,
        set_by=by,
    )
    before = Goal(
        subject_kind=kind,
        subject_key=key,
        kpi=kpi,
        period_kind=period.kind,
        period_start=period.previous().start,
    )
    values = current_values([before, goal])
    goal.baseline, goal.value = values[before.pk], values[goal.pk]
    is_reached = close_if_reached(goal, measure)
    goal.save()
    record(
        "goal.set",
        subject=goal,
        by=by,
        partner_id=goal.partner_id,
        data={"kpi": str(measure.name), "target": target, "period": period.key},
    )
    if is_reached:
        record_many([reached_event(goal, measure)])
    return goal


@transaction.atomic
def hand_down(goal: Goal, *, by: Membership) -> list[Goal]:
    """Share a goal among the next level, by what each brought in the period before; evenly where nobody brought
    anything. The programme's goes to the managers' portfolios, a portfolio's to its partners. Only sums can be shared;
    money and numbers in whole units that add up to the goal. For who has set it, the portfolio's manager, and admins.

    Who has a goal for this KPI and period already keeps it, and the rest is shared as if it had not.
    """
    goal = _open_goal(goal, by, "metrics_reviews.share_goal")
    measure = choosable().get(goal.kpi)
    if measure is None or not measure.additive:
        raise ActionRefused(_("Only sums, such as revenue or numbers of deals, can be shared out."))
    partners = _next_level(goal)
    if not partners:
        raise ActionRefused(_("There is nobody below to share it with."))
    level = SubjectKind.PARTNER if goal.subject_kind == SubjectKind.PORTFOLIO else SubjectKind.PORTFOLIO
    before = [
        Goal(
            subject_kind=level,
            subject_key=str(key),
            kpi=goal.kpi,
            period_kind=goal.period_kind,
            period_start=goal.period.previous().start,
        )
        for key in partners
    ]
    values = current_values(before)
    brought = {key: max(0.0, values[one.pk] or 0.0) for key, one in zip(partners, before, strict=True)}
    total = sum(brought.values())
    shares = {key: value / total if total else 1 / len(before) for key, value in brought.items()}
    targets = _parts(goal.target, shares, measure)
    lock("metrics.goals", current_tenant_id())
    alike = {"kpi": goal.kpi, "period_kind": goal.period_kind, "period_start": goal.period_start}
    kept = Goal.objects.filter(subject_kind=level, **alike).exclude(status=GoalStatus.DROPPED)
    held = set(kept.values_list("subject_key", flat=True))
    created = []
    for key, partner in partners.items():
        if targets[key] and str(key) not in held:
            share = Decimal(str(round(100 * shares[key], 4)))
            created.append(
                _create_goal(by, (level, str(key)), partner, goal.kpi, goal.period, targets[key], goal, share)
            )
    if not created:
        raise ActionRefused(_("It has been shared out already."))
    return created


def _parts(target: float, shares: Mapping[UUID, float], measure: Kpi) -> dict[UUID, float]:
    if measure.unit not in (Unit.MONEY, Unit.COUNT):
        return {key: target * share for key, share in shares.items()}
    weights = {key: round(share * _FINE) for key, share in shares.items()}
    return {key: float(part) for key, part in divide(round(target), weights).items()}


def _next_level(goal: Goal) -> dict[UUID, Partner | None]:
    if goal.subject_kind == SubjectKind.PROGRAMME:
        return dict.fromkeys(
            managers()
            .filter(pk__in=Partner.objects.exclude(manager=None).values("manager_id"))
            .values_list("pk", flat=True)
        )
    if goal.subject_kind == SubjectKind.PORTFOLIO:
        partners = Partner.objects.filter(manager_id=goal.subject_key, status="active").order_by("pk")
        return {partner.pk: partner for partner in partners}
    return {}


@transaction.atomic
def drop_goal(goal: Goal, *, by: Membership) -> Goal:
    """Give a goal up; it stays on record. For who has set it, the manager of its partner, and admins."""
    goal = _open_goal(goal, by, "metrics_reviews.drop_goal")
    goal.status = GoalStatus.DROPPED
    goal.save(update_fields=["status"])
    record("goal.dropped", subject=goal, by=by, partner_id=goal.partner_id, data={"kpi": goal.kpi})
    return goal


def _open_goal(goal: Goal, by: Membership, permission: str) -> Goal:
    locked = Goal.objects.select_for_update(of=("self",)).select_related("partner").get(pk=goal.pk)
    check(by, permission, locked)
    if locked.status != GoalStatus.OPEN:
        raise ActionRefused(_("This goal is no longer open."))
    return locked


# --- alerts ------------------------------------------------------------------------------------


@transaction.atomic
def save_rule(*, by: Membership, rule: AlertRule | None = None, **fields: Any) -> AlertRule:
    """Make or change a rule. What it has raised stays until the next evaluation.

    What a rule measures is part of what its alerts say: once there are any, only a rule of its own measures another thing.
    """
    check(by, "metrics_reviews.change_rule")
    kept = ""
    if rule is not None:
        # An evaluation raises alerts by the rules that it has read.
        lock("metrics.alerts", current_tenant_id())
        rule = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        _refuse_another_measure(rule, fields)
        # One of a KPI that is out of use is changed and switched off, and not switched on.
        kept = rule.kpi if rule.is_active or not fields.get("is_active", rule.is_active) else ""
    measure = choosable(keeping=kept).get(fields["kpi"])
    if measure is None or measure.ranks:
        raise ActionRefused(_("This KPI cannot raise alerts."), field="kpi")
    rule = rule or AlertRule()
    for name, value in fields.items():
        setattr(rule, name, value)
    rule.save()
    if not rule.is_active:
        Alert.objects.filter(rule=rule, closed_at=None).update(closed_at=timezone.now(), closed_by=by)
    record("alert.rule_saved", subject=rule, by=by, data={"name": rule.name})
    return rule


def _refuse_another_measure(rule: AlertRule, fields: Mapping[str, Any]) -> None:
    changed = [name for name in _MEASURED_BY if fields.get(name, getattr(rule, name)) != getattr(rule, name)]
    if changed and rule.alerts.exists():
        raise ActionRefused(
            _(
                "This rule has raised alerts, so that its KPI, kind and period stay. Switch it off and make another one."
            ),
            field=changed[0],
        )


@transaction.atomic
def snooze_alert(alert: Alert, *, by: Membership, until: dt.date) -> Alert:
    """Keep an alert quiet until a day."""
    check(by, "metrics_reviews.handle_alert")
    alert = _open_alert(alert)
    today = tenant_calendar().today()
    if not today < until <= today + dt.timedelta(days=SNOOZE_LONGEST):
        raise ActionRefused(_("Choose a day after today and within a year."), field="until")
    alert.snoozed_until = until
    alert.save(update_fields=["snoozed_until"])
    record("alert.snoozed", subject=alert, by=by, data={"until": str(until)})
    return alert


@transaction.atomic
def close_alert(alert: Alert, *, by: Membership, note: str = "") -> Alert:
    """Close an alert, with what was done about it. The rule is quiet for this partner for its days of rest."""
    check(by, "metrics_reviews.handle_alert")
    alert = _open_alert(alert)
    alert.closed_at, alert.closed_by, alert.note = timezone.now(), by, note.strip()
    alert.save(update_fields=["closed_at", "closed_by", "note"])
    record("alert.closed", subject=alert, by=by, data={"note": alert.note})
    return alert


def _open_alert(alert: Alert) -> Alert:
    locked = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if locked.closed_at is not None:
        raise ActionRefused(_("This alert is closed already."))
    return locked


# --- reviews -----------------------------------------------------------------------------------


@transaction.atomic
def prepare_review(*, by: Membership, partner: Partner, period: Period, planned_on: dt.date) -> Review:
    """Plan a partner's review of a quarter; its agenda is written from the figures as they are now."""
    check(by, "metrics_reviews.hold_review", partner)
    lock("metrics.reviews", current_tenant_id())
    if period.kind != PeriodKind.QUARTER:
        raise ActionRefused(_("Reviews are of quarters."), field="period")
    if Review.objects.filter(partner=partner, period_start=period.start).exists():
        raise ActionRefused(_("There is a review of this quarter already."), field="partner")
    review = Review.objects.create(
        partner=partner,
        period_start=period.start,
        planned_on=planned_on,
        agenda=prepared(partner, period),
        prepared_by=by,
    )
    record("review.prepared", subject=review, by=by, data={"period": period.key})
    return review


@transaction.atomic
def hold_review(review: Review, *, by: Membership, held_on: dt.date, minutes: str, seen: str) -> Review:
    """Write down what was said. `seen` are the minutes that the writer began with: nobody's are overwritten."""
    review = Review.objects.select_for_update(of=("self",)).select_related("partner").get(pk=review.pk)
    check(by, "metrics_reviews.hold_review", review.partner)
    if _plain(review.minutes) != _plain(seen):
        raise ActionRefused(
            _("Somebody has written minutes meanwhile. Open the page again and add yours."), field="minutes"
        )
    if held_on > tenant_calendar().today():
        raise ActionRefused(_("This day has not come yet."), field="held_on")
    review.held_on, review.minutes = held_on, minutes.strip()
    review.save(update_fields=["held_on", "minutes"])
    record("review.held", subject=review, by=by, data={"on": str(held_on)})
    return review


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


@transaction.atomic
def add_action(
    review: Review, *, by: Membership, text: str, owner: Membership, due_on: dt.date, kpi: str = ""
) -> ReviewAction:
    """Note what somebody of the vendor's or of the partner's will do, until a day, and which KPI it should change."""
    check(by, "metrics_reviews.hold_review", review.partner)
    if kpi and ((measure := choosable().get(kpi)) is None or measure.ranks):
        raise ActionRefused(_("This KPI cannot be measured before and after."), field="kpi")
    if not may_promise(review.partner).filter(pk=owner.pk).exists():
        raise ActionRefused(_("Choose one of your own people or of the partner’s."), field="owner")
    action = ReviewAction.objects.create(
        review=review,
        text=text.strip(),
        owner=owner,
        partner_id=owner.partner_id,
        due_on=due_on,
        kpi=kpi,
    )
    data = {"text": action.text, "owner": str(owner.pk), "review": str(review.pk), "due_on": str(due_on)}
    record("review.action_added", subject=action, by=by, partner_id=action.partner_id, data=data)
    return action


@transaction.atomic
def finish_action(action: ReviewAction, *, by: Membership) -> ReviewAction:
    """Tick an action off, by whose it is or who holds the review. Doing it twice changes nothing."""
    # The review is the vendor's, and a partner's person may have something to do from it.
    with tenant_scope(current_tenant_id()):
        rows = ReviewAction.objects.select_for_update(of=("self",)).select_related("review__partner")
        action = rows.get(pk=action.pk)
        check(by, "metrics_reviews.finish_action", action)
        if action.done_at is None:
            action.done_at = timezone.now()
            action.save(update_fields=["done_at"])
            data = {"text": action.text, "review": str(action.review_id), "owner": str(action.owner_id)}
            record("review.action_done", subject=action, by=by, partner_id=action.partner_id, data=data)
        return action
