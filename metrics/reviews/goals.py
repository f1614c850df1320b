"""Following goals: their values from scorecards, and the moment at which they are reached."""

import math
from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.own import catalogue_now
from metrics.reviews.figures import card_values, is_reached, progress
from metrics.reviews.models import Goal, GoalStatus
from portal.events.record import EventDraft, record_many
from portal.shell.formats import DASH, percent


@transaction.atomic
def follow_goals(partner_ids: Collection[UUID] | None = None) -> int:
    """Bring open goals up to date from the scorecards: those of these partners and of groups, or all. How many were
    reached. Who has reached a goal keeps it, whatever comes after."""
    goals = Goal.objects.filter(status=GoalStatus.OPEN).select_for_update(of=("self",)).order_by("pk")
    if partner_ids is not None:
        goals = goals.filter(Q(partner_id__in=partner_ids) | Q(partner=None))
    found = list(goals)
    values = current_values(found)
    catalogue = catalogue_now()
    changed, reached = [], []
    for goal in found:
        value = values.get(goal.pk)
        kpi = catalogue.get(goal.kpi)
        if kpi is None or value is None:
            continue
        before, goal.value = goal.value, value
        if close_if_reached(goal, kpi):
            reached.append(goal)
        if value != before or goal.status == GoalStatus.REACHED:
            changed.append(goal)
    Goal.objects.bulk_update(changed, ["value", "status", "reached_at"])
    record_many(reached_event(goal, catalogue[goal.kpi]) for goal in reached)
    return len(reached)


def close_if_reached(goal: Goal, kpi: Kpi) -> bool:
    """Whether the goal's value has come to its target; the goal then says so, unsaved."""
    if not is_reached(goal.target, goal.value, up=kpi.better == "up"):
        return False
    goal.status, goal.reached_at = GoalStatus.REACHED, timezone.now()
    return True


def progress_of(goal: Goal, kpi: Kpi | None) -> float | None:
    """How far a goal is, 0 to 1: of what adds up, how much of the target is there; of the rest, how far it has come
    from the baseline."""
    baseline = None if kpi is not None and kpi.accrues else goal.baseline
    return progress(baseline, goal.target, goal.value)


def progress_text(goal: Goal, kpi: Kpi | None) -> str:
    """The same in words, rounded down: 100% is for what has been reached."""
    share = progress_of(goal, kpi)
    return DASH if share is None else percent(math.floor(100 * share + 1e-9) / 100, 0)


def reached_event(goal: Goal, kpi: Kpi) -> EventDraft:
    data = {"kpi": str(kpi.name), "period": goal.period.key}
    return EventDraft("goal.reached", goal, partner_id=goal.partner_id, data=data)


def current_values(goals: Collection[Goal]) -> dict[UUID, float | None]:
    """Each goal's KPI on the scorecard of its subject and period. One query."""
    by_period: dict[tuple[str, Any], list[Goal]] = defaultdict(list)
    wanted = Q(pk__in=[])
    for goal in goals:
        by_period[goal.period_kind, goal.period_start].append(goal)
    for (kind, start), of_period in by_period.items():
        keys = {goal.subject_key for goal in of_period}
        wanted |= Q(period_kind=kind, period_start=start, subject_key__in=keys)
    cards: dict[tuple[str, Any], list[Scorecard]] = defaultdict(list)
    for card in Scorecard.objects.filter(wanted):
        cards[card.period_kind, card.period_start].append(card)
    result: dict[UUID, float | None] = {}
    for key, of_period in by_period.items():
        codes = [goal.kpi for goal in of_period]
        values = {
            (card.subject_kind, card.subject_key): found
            for card, found in zip(cards[key], card_values(cards[key], codes), strict=True)
        }
        for goal in of_period:
            result[goal.pk] = values.get((goal.subject_kind, goal.subject_key), {}).get(goal.kpi)
    return result
