"""What plans pay for: won deals, shares of others' won deals, completed activities and delivered orders, as plain data."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from incentives.ledger.calculation import WonDeal
from incentives.plans import activities
from incentives.plans.enums import PlanBase, Source
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import calendar_of
from partners.coselling.enums import ShareStatus
from partners.coselling.models import Seat
from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.orders.enums import OrderStatus
from partners.orders.models import Order
from portal.tenancy.scope import current_tenant_id, tenant_scope

_DEAL = (
    "closed_on",
    "revenue_base",
    "rate",
    "cost_base",
    "status",
    "family_id",
    "product_id",
)


def won_items(
    partner_ids: Collection[UUID], since: dt.date | None = None, terms: Sequence[Terms] = ()
) -> dict[UUID, list[WonDeal]]:
    """The partners' won deals, those closed from `since` on, and what else these plans pay for.

    One query; one more each where a plan shares deals, counts units or delivered orders, and one for each kind of
    activity where a plan pays for them.
    """
    deals = Deal.objects.filter(partner_id__in=partner_ids, stage=SalesStage.WON, closed_on__isnull=False)
    if since:
        deals = deals.filter(closed_on__gte=since)
    rows = list(deals.order_by().values_list("partner_id", "id", *_DEAL))
    given = _shares(partner_ids, since) if any(term.said.shared for term in terms) else []
    units = (
        activities.units_of([row[1] for row in rows]) if any(t.base == PlanBase.UNITS for t in terms) else {}
    )
    away: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for share in given:
        away[share["deal_id"]].append((share["slice"].lower, share["slice"].upper))
    found: dict[UUID, list[WonDeal]] = defaultdict(list)
    for partner_id, pk, *rest in rows:
        own = _rest(away[pk]) if pk in away else ((0, 100),)
        found[partner_id].append(_deal(pk, rest, units=units.get(pk, 1), own=own))
    for share in given:
        if share["seat_partner"] in partner_ids:
            found[share["seat_partner"]].append(
                _deal(
                    share["deal_id"],
                    [share[name] for name in _DEAL],
                    own=((share["slice"].lower, share["slice"].upper),),
                    guest=True,
                    label=share["title"] or share["number"],
                )
            )
    sources = {term.source for term in terms}
    if Source.ACTIVITY in sources:
        for done in activities.completed(partner_ids, since):
            found[done.partner_id].append(
                WonDeal(
                    done.id,
                    done.day,
                    None,
                    activity=done.code,
                    label=done.label,
                    source=Source.ACTIVITY,
                )
            )
    if Source.ORDER in sources:
        for partner_id, item in _delivered(partner_ids, since):
            found[partner_id].append(item)
    return found


def _delivered(partner_ids: Collection[UUID], since: dt.date | None) -> Iterator[tuple[UUID, WonDeal]]:
    """Delivered orders count on the day of their delivery, less what came back, whenever it did."""
    calendar = calendar_of(tenant_in_scope())
    rows = Order.objects.filter(
        partner_id__in=partner_ids, status=OrderStatus.DELIVERED, fulfilled_at__isnull=False
    )
    if since:
        rows = rows.filter(fulfilled_at__gte=calendar.moment(since))
    rows = rows.order_by().annotate(back=Coalesce(Sum("returns__quantity"), 0))
    for partner_id, pk, number, moment, units, back in rows.values_list(
        "partner_id", "id", "number", "fulfilled_at", "units", "back"
    ):
        if moment is not None:
            day = calendar.day_of(moment)
            yield partner_id, WonDeal(pk, day, None, units=units - back, label=number, source=Source.ORDER)


def _deal(pk: UUID, values: Sequence[Any], **fields: Any) -> WonDeal:
    day, revenue, rate, cost, status, family, product = values
    registered = status == RegistrationStatus.WON
    return WonDeal(
        pk, day, revenue, rate, cost, registered=registered, family=family, product=product, **fields
    )


def _rest(taken: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The hundredths that the holder keeps."""
    parts, at = [], 0
    for start, end in sorted(taken):
        if start > at:
            parts.append((at, start))
        at = max(at, end)
    return (*parts, (at, 100)) if at < 100 else tuple(parts)


def _shares(partner_ids: Collection[UUID], since: dt.date | None) -> list[dict[str, Any]]:
    """Every share with another partner in won deals that these partners hold or have joined.

    Read as the vendor: of another's deal a partner gets what its own part is worth, and of its own what the others'
    parts are.
    """
    with tenant_scope(current_tenant_id()):
        rows = Seat.objects.filter(
            Q(partner_id__in=partner_ids) | Q(deal__partner_id__in=partner_ids),
            share__status=ShareStatus.JOINED,
            deal__stage=SalesStage.WON,
            deal__closed_on__isnull=False,
        )
        if since:
            rows = rows.filter(deal__closed_on__gte=since)
        found: list[Any] = list(
            rows.order_by("deal_id", "share_id").values(
                "deal_id",
                seat_partner=F("partner_id"),
                slice=F("share__slice"),
                title=F("deal__title"),
                number=F("deal__number"),
                **{name: F(f"deal__{name}") for name in _DEAL},
            )
        )
        return found
