"""Raising alerts: each rule in use against the partners' newest figures, one open alert for a partner and rule."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from metrics.models import Scorecard
from metrics.own import catalogue_now
from metrics.periods import Period, PeriodKind
from metrics.queries import partner_cards, tenant_calendar
from metrics.reviews.figures import HISTORY, card_values, distance, ranks, values_of
from metrics.reviews.models import Alert, AlertRule, RuleKind
from partners.directory.enums import TRADING_STATUSES, PartnerStatus
from partners.directory.models import Partner
from portal.events.record import EventDraft, record_many
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

Found = dict[UUID, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Window:
    """The figures that the rules of one kind of period are held against."""

    period: Period
    now: dict[UUID, tuple[tuple[str, str], dict[str, float | None]]]
    before: dict[UUID, tuple[tuple[str, str], dict[str, float | None]]]
    history: dict[UUID, dict[str, list[float]]]


@transaction.atomic
def evaluate_alerts(partner_ids: Collection[UUID] | None = None) -> int:
    """Open what has become bad and close what has recovered, for these partners or for all; how many were opened.

    What is still bad says how it is now. A partner without a value is left as it is: no data is neither bad nor good.
    Of partners that have left nothing stays open.
    """
    lock("metrics.alerts", current_tenant_id())
    now = timezone.now()
    of_former = Alert.objects.filter(closed_at=None, partner__status=PartnerStatus.TERMINATED)
    of_former.update(closed_at=now)
    rules = list(AlertRule.objects.filter(is_active=True))
    if not rules:
        return 0
    trading = Partner.objects.filter(status__in=TRADING_STATUSES)
    if partner_ids is not None:
        trading = trading.filter(pk__in=partner_ids)
    asked = set(trading.values_list("pk", flat=True))
    by_kind: dict[PeriodKind, list[AlertRule]] = defaultdict(list)
    for rule in rules:
        by_kind[PeriodKind(rule.period_kind)].append(rule)
    drafts: list[Alert] = []
    refreshed: list[Alert] = []
    running = {(one.rule_id, one.partner_id): one for one in Alert.objects.filter(closed_at=None)}
    rested = _rested()
    for kind, of_kind in by_kind.items():
        window = _window(kind, of_kind, asked)
        for rule in of_kind:
            bad, fine = _judged(rule, window, asked)
            quiet = now - dt.timedelta(days=rule.cooldown_days)
            for partner, (value, reference) in bad.items():
                told = {"period_start": window.period.start, "value": value, "reference": reference}
                alert = running.get((rule.pk, partner))
                latest = rested.get((rule.pk, partner))
                if alert is not None:
                    if _tell(alert, told):
                        refreshed.append(alert)
                elif latest is None or latest < quiet:
                    drafts.append(Alert(rule=rule, partner_id=partner, opened_at=now, **told))
            recovered = [running[rule.pk, key].pk for key in fine if (rule.pk, key) in running]
            Alert.objects.filter(pk__in=recovered, closed_at=None).update(closed_at=now)
    Alert.objects.bulk_update(refreshed, ["period_start", "value", "reference"], batch_size=500)
    opened = Alert.objects.bulk_create(drafts)
    record_many(
        EventDraft(
            "alert.opened",
            alert,
            data={"rule": alert.rule.name, "period": str(alert.period_start)},
        )
        for alert in opened
    )
    return len(opened)


def _tell(alert: Alert, told: Mapping[str, Any]) -> bool:
    """Have an open alert say this of the figures, unsaved; whether it said something else."""
    changes = {name: value for name, value in told.items() if getattr(alert, name) != value}
    for name, value in changes.items():
        setattr(alert, name, value)
    return bool(changes)


def _rested() -> dict[tuple[UUID, UUID], dt.datetime]:
    """When the latest alert of each rule and partner was closed."""
    rows = Alert.objects.exclude(closed_at=None).order_by("closed_at")
    return {
        (rule, partner): at for rule, partner, at in rows.values_list("rule_id", "partner_id", "closed_at")
    }


def _window(kind: PeriodKind, rules: list[AlertRule], asked: set[UUID]) -> _Window:
    """Two periods of everybody, because peers are beyond those asked for; and the history of those asked for."""
    period = tenant_calendar().latest_settled(kind)
    codes = [rule.kpi for rule in rules]
    kinds = {rule.kind for rule in rules}
    before = values_of(period.previous(), codes) if RuleKind.PEERS in kinds else {}
    history = _history(period, codes, asked) if RuleKind.UNUSUAL in kinds else {}
    return _Window(period, values_of(period, codes), before, history)


def _history(period: Period, codes: list[str], asked: set[UUID]) -> dict[UUID, dict[str, list[float]]]:
    starts = []
    older = period
    for _number in range(HISTORY):
        older = older.previous()
        starts.append(older.start)
    cards = partner_cards().filter(partner_id__in=asked, period_kind=period.kind, period_start__in=starts)
    by_start: dict[dt.date, list[Scorecard]] = defaultdict(list)
    for card in cards:
        by_start[card.period_start].append(card)
    found: dict[UUID, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for of_start in by_start.values():
        for card, values in zip(of_start, card_values(of_start, codes), strict=True):
            for code, value in values.items():
                if value is not None and card.partner_id:
                    found[card.partner_id][code].append(value)
    return found


def _judged(rule: AlertRule, window: _Window, asked: set[UUID]) -> tuple[Found, set[UUID]]:
    """Who is bad by the rule, with the value and what it was held against; and who is fine."""
    kpi = catalogue_now().get(rule.kpi)
    if kpi is None:
        return {}, set()
    up = kpi.better == "up"
    sign = 1 if up else -1
    bad: Found = {}
    fine: set[UUID] = set()
    values = {
        key: value
        for key, (_group, found) in window.now.items()
        if key in asked and (value := found.get(rule.kpi)) is not None
    }
    is_peers = rule.kind == RuleKind.PEERS
    now = ranks(window.now, rule.kpi, up=up) if is_peers else {}
    before = ranks(window.before, rule.kpi, up=up) if is_peers else {}
    for partner, value in values.items():
        if rule.kind == RuleKind.THRESHOLD:
            worse, shown, reference = sign * (rule.limit - value) > 0, value, rule.limit
        elif is_peers:
            if partner not in now or partner not in before:
                continue
            shown, reference = now[partner], before[partner]
            worse = reference - shown >= rule.limit
        else:
            history = window.history.get(partner, {}).get(rule.kpi, [])
            far = distance(value, history)
            if far is None:
                continue
            worse, shown, reference = -sign * far >= rule.limit, value, median(history)
        if worse:
            bad[partner] = (shown, reference)
        else:
            fine.add(partner)
    return bad, fine
