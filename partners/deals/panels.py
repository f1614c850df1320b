"""What deals show on the home pages."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet
from django.utils import timezone

from partners.deals import queries
from partners.deals.enums import OPEN_STAGES, RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.deals.selling.attention import asking, hints, quiet_since
from partners.deals.tables import STAGE_TONES, STATUS_TONES
from partners.deals.workdays import today
from partners.directory.models import Customer, Partner
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed

SHOWN = 5
_SHOWN_OF_WAITING = [
    "number",
    "title",
    "partner__name",
    "amount",
    "currency",
    "win_claim",
    "submitted_at",
    "answer_due_at",
]
_SHOWN_OF_ATTENTION = [
    "number",
    "title",
    "partner__name",
    "amount",
    "currency",
    "status",
    "stage",
    "next_step_on",
    "expected_close",
    "updated_at",
    "moved_at",
]
LATEST = 8
ENDS_SOON = timedelta(days=14)


def my_deals(member: Membership) -> dict[str, Any]:
    """What the partner's people can do next, and how much is open. Three queries."""
    now = timezone.now()
    [totals] = queries.totals_of(member)
    return {
        "to_finish": _to_finish(member),
        "ending": [
            {"deal": deal, "days": (deal.protection.upper - now).days}
            for deal in _ending(member, now, now + ENDS_SOON)
        ],
        "totals": totals,
    }


@prepared
def _to_finish(member: Membership) -> QuerySet[Deal]:
    rows = queries.to_finish(member).select_related(None)
    return rows.only("number", "title", "status", "decision_reason")[:SHOWN]


@prepared
def _ending(member: Membership, now: datetime, until: datetime) -> QuerySet[Deal]:
    rows = queries.protection_ending(member, now, until).select_related(None)
    return rows.only("number", "title", "protection")[:SHOWN]


def waiting(member: Membership) -> dict[str, Any]:
    """What waits for the member's decision, with age and deadline, the most overdue first. Two queries."""
    now = timezone.now()
    rows = [
        {
            "deal": deal,
            "due": deal.answer_due_at,
            "late": bool(deal.answer_due_at and deal.answer_due_at < now),
        }
        for deal in _waiting(member)
    ]
    [how_many] = _waiting_count(member)
    return {"rows": rows, **how_many}


@prepared
def _waiting(member: Membership) -> QuerySet[Deal]:
    rows = queries.waiting_for(member).select_related(None).select_related("partner")
    return rows.only(*_SHOWN_OF_WAITING)[:SHOWN]


@prepared
def _waiting_count(member: Membership) -> QuerySet[Deal, dict[str, int]]:
    return summed(queries.waiting_for(member), count=Count("pk"))


def attention(member: Membership) -> dict[str, Any]:
    """Open deals that ask for somebody's attention: a manager's portfolio's, else all one sees. Two queries.

    How many there are in all is not counted: the list says so, up to its limit.
    """
    rules, now, day = queries.policy(), timezone.now(), today(member.tenant)
    first = _asking(member, day, *quiet_since(rules, now))
    return {"rows": [{"deal": deal, "hints": hints(deal, rules, day, now)} for deal in first]}


@prepared
def _asking(member: Membership, day: date, *quiet: datetime) -> QuerySet[Deal]:
    deals = asking(queries.visible_deals(member), day, *quiet)
    if member.is_manager:
        deals = deals.filter(partner__manager_id=member.pk)
    shown = deals.select_related(None).select_related("partner").only(*_SHOWN_OF_ATTENTION)
    # The order of an index of open deals: the first few are found without looking at all.
    return shown.order_by(F("expected_close").asc(nulls_last=True), "pk")[:SHOWN]


def of_customer(member: Membership, customer: Customer) -> dict[str, Any]:
    """What was sold to a customer and what may be: for a partner by itself, for the vendor by all. Two queries."""
    deals = queries.visible_deals(member).filter(customer=customer)
    return _summary(deals, f"customer={customer.pk}") | {"with_partner": member.is_vendor}


def of_partner(member: Membership, partner: Partner) -> dict[str, Any]:
    """What a partner has sold and works on. Two queries."""
    deals = queries.visible_deals(member).filter(partner=partner)
    return _summary(deals, f"partner={partner.pk}") | {"with_customer": True}


def _summary(deals: QuerySet[Deal], narrowed: str) -> dict[str, Any]:
    latest = deals.order_by("-updated_at", "-pk")[:LATEST]
    return {
        "totals": queries.totals(deals),
        "latest": [{"deal": deal, "state": _state(deal)} for deal in latest],
        "narrowed": narrowed,
    }


def _state(deal: Deal) -> tuple[str, str, str]:
    """Label, tone and icon of what matters most: how it ended, else the registration, else the stage."""
    if deal.status and deal.stage in OPEN_STAGES:
        return (deal.get_status_display(), *STATUS_TONES[RegistrationStatus(deal.status)])
    return (deal.get_stage_display(), *STAGE_TONES.get(SalesStage(deal.stage), ("neutral", "")))
