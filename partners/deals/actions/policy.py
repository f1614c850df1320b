"""The programme's rules for registrations, and the lists that decide by them."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from partners.deals.approvals.models import ApprovalRule, Holiday, RejectionReason
from partners.deals.models import DealPolicy
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

RULE_FIELDS = (
    "name",
    "is_active",
    "min_amount",
    "max_amount",
    "segments",
    "partner_types",
    "regions",
    "families",
    "products",
    "conflict",
    "decision",
    "deciders",
    "decision_days",
)


def change_policy(*, by: Membership, **fields: Any) -> DealPolicy:
    """Set the programme's rules for registrations."""
    check(by, "deals.change_policy")
    DealPolicy.objects.get_or_create()
    rules = DealPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(rules, name) for name in fields}
    for name, value in fields.items():
        setattr(rules, name, value)
    rules.save(update_fields=list(fields))
    record("deals.policy_changed", subject=rules, by=by, data={"old": old, "new": fields})
    return rules


def save_rule(rule: ApprovalRule, *, by: Membership) -> ApprovalRule:
    """Write a new or changed approval rule; a new one comes last. Deals that wait keep the rule they were given."""
    check(by, "deals.change_policy")
    list(ApprovalRule.objects.select_for_update(of=("self",)).order_by("pk"))
    old: dict[str, Any] = {}
    if rule._state.adding:
        rule.position = (ApprovalRule.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    else:
        old = _rule_values(ApprovalRule.objects.get(pk=rule.pk))
    if ApprovalRule.objects.filter(name=rule.name).exclude(pk=rule.pk).exists():
        raise ActionRefused(_("Another rule has this name."), field="name")
    if rule.min_amount is not None and rule.max_amount is not None and rule.min_amount >= rule.max_amount:
        raise ActionRefused(_("This must be more than the amount it begins at."), field="max_amount")
    rule.save()
    record("deals.rule_saved", subject=rule, by=by, data={"old": old, "new": _rule_values(rule)})
    return rule


def move_rule(rule: ApprovalRule, *, up: bool, by: Membership) -> ApprovalRule:
    """Change places with the rule before or after; at the end of the list nothing happens."""
    check(by, "deals.change_policy")
    rules = list(ApprovalRule.objects.select_for_update(of=("self",)).order_by("position"))
    place = next((i for i, other in enumerate(rules) if other.pk == rule.pk), None)
    if place is None:
        raise ActionRefused(_("This rule has been removed."))
    other_place = place - 1 if up else place + 1
    if not 0 <= other_place < len(rules):
        return rules[place]
    moved, other = rules[place], rules[other_place]
    moved.position, other.position = other.position, moved.position
    moved.save(update_fields=["position"])
    other.save(update_fields=["position"])
    data = {"name": moved.name, "old": {"position": other.position}, "new": {"position": moved.position}}
    record("deals.rule_moved", subject=moved, by=by, data=data)
    return moved


def remove_rule(rule: ApprovalRule, *, by: Membership) -> None:
    """Take a rule out of the list. Deals keep its name where it was applied."""
    check(by, "deals.change_policy")
    found = ApprovalRule.objects.select_for_update(of=("self",)).filter(pk=rule.pk).first()
    if found is None:
        return
    record("deals.rule_removed", subject=found, by=by, data={"old": _rule_values(found)})
    found.delete()


def save_reason(reason: RejectionReason, *, by: Membership) -> RejectionReason:
    """Add a reason for rejecting, or change one."""
    check(by, "deals.change_policy")
    try:
        with transaction.atomic():
            reason.save()
    except IntegrityError as error:
        raise ActionRefused(_("This reason is in the list already."), field="name") from error
    data = {"new": {"name": reason.name, "is_active": reason.is_active}}
    record("deals.reason_saved", subject=reason, by=by, data=data)
    return reason


def add_holiday(day: date, name: str, *, by: Membership) -> Holiday:
    """Say that nobody decides on this day. Deadlines that were given before stay."""
    check(by, "deals.change_policy")
    try:
        with transaction.atomic():
            holiday = Holiday.objects.create(day=day, name=name)
    except IntegrityError as error:
        raise ActionRefused(_("This day is in the list already."), field="day") from error
    record("deals.holiday_added", subject=holiday, by=by, data={"day": day.isoformat(), "name": name})
    return holiday


def remove_holiday(holiday: Holiday, *, by: Membership) -> None:
    """Count the day as a working day again."""
    check(by, "deals.change_policy")
    data = {"day": holiday.day.isoformat(), "name": holiday.name}
    record("deals.holiday_removed", subject=holiday, by=by, data=data)
    Holiday.objects.filter(pk=holiday.pk).delete()


def _rule_values(rule: ApprovalRule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in RULE_FIELDS}
    return values | {name: [str(key) for key in values[name]] for name in ("families", "products")}
