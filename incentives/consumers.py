"""What tiers and ledger do when something happens. Each may see the same events again."""

import datetime as dt
from collections.abc import Collection, Iterable
from functools import partial
from uuid import UUID

from incentives.ledger.models import LedgerEntry
from incentives.refresh import post_earnings_of, refresh_all
from incentives.sources import SOURCE
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.queries import tenant_in_scope
from metrics.actions import ALWAYS, mark_dirty
from metrics.consumers import records_changed
from metrics.models import ScorecardTemplate
from metrics.periods import calendar_of
from partners.coselling.models import Seat
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.engagement.models import Gathering
from partners.marketing.models import Campaign
from partners.orders.models import Order
from partners.training.models import Completion
from portal.events.consumers import subscribe
from portal.events.models import Event

DEAL_EVENTS = ("deal.won", "deal.lost", "deal.reversed", "deal.cancelled", "deal.updated")
SHARE_EVENTS = ("deal.share_joined", "deal.share_ended")
# Of these the subject is a record with a day and a partner of its own.
ACTIVITY_EVENTS = (
    "course.completed",
    "course.completion_revoked",
    "gathering.attended",
    "campaign.figures_reported",
    "campaign.changed",
    "order.delivered",
    "order.returned",
)
DEALS_IMPORTED = "deals.imported"
TIER_ASSIGNED = "tier.assigned"
# More partners than this in one batch of events are evaluated by a job.
AT_ONCE = 1000


def post_earnings(events: list[Event]) -> None:
    """Post the ledger of the partners whose deals or tier changed, from the earliest day that is touched."""
    partner_ids = {event.partner_id for event in events if event.partner_id}
    days = [day for event in events for day in _days(event)]
    deal_ids = {event.subject_id for event in events if event.type in (*DEAL_EVENTS, *SHARE_EVENTS)}
    if deal_ids:
        won = Deal.objects.filter(pk__in=deal_ids, stage=SalesStage.WON).order_by()
        held = LedgerEntry.objects.filter(deal_id__in=deal_ids).order_by()
        # A deal that went to another partner is taken back from the one before.
        for partner_id, day in [
            *won.values_list("partner_id", "closed_on"),
            *held.values_list("partner_id", "occurred_on"),
        ]:
            partner_ids.add(partner_id)
            if day is not None:
                days.append(day)
        partner_ids |= set(Seat.objects.filter(deal_id__in=deal_ids).values_list("partner_id", flat=True))
    activity_ids = {event.subject_id for event in events if event.type in ACTIVITY_EVENTS}
    if activity_ids:
        days += _days_of_items(activity_ids)
    if partner_ids and days:
        post_earnings_of(partner_ids, since=min(days))


def _days_of_items(ids: Collection[UUID]) -> list[dt.date]:
    """The days on which these completions, events, campaigns and orders count, or did when they were posted."""
    done = Completion.objects.filter(pk__in=ids).order_by().values_list("completed_on", flat=True)
    ended = Campaign.objects.filter(pk__in=ids).order_by().values_list("ends_on", flat=True)
    held = LedgerEntry.objects.filter(item__in=ids).order_by().values_list("occurred_on", flat=True)
    moments = [
        *Gathering.objects.filter(pk__in=ids).order_by().values_list("starts_at", flat=True),
        *Order.objects.filter(pk__in=ids).order_by().values_list("fulfilled_at", flat=True),
    ]
    calendar = calendar_of(tenant_in_scope())
    days = [*done, *ended, *held, *(calendar.day_of(moment) for moment in moments if moment)]
    return [day for day in days if day is not None]


def _days(event: Event) -> Iterable[dt.date]:
    if event.type == DEALS_IMPORTED:
        return [dt.date.fromisoformat(day) for day in event.data.get("days", ())]
    if event.type == TIER_ASSIGNED:
        return [dt.date.fromisoformat(event.data["on"])]
    return []


def evaluate(events: list[Event]) -> None:
    """Evaluate the tiers of partners whose scorecards, status or company changed."""
    partner_ids: set[UUID] = {event.partner_id for event in events if event.partner_id}
    # A run over the whole programme says it in one event for many partners.
    partner_ids |= {UUID(key) for event in events for key in event.data.get("partners", ())}
    if len(partner_ids) > AT_ONCE:
        # A run over the whole programme: too much for the dispatcher's one transaction.
        refresh_all(tiers=True)
    elif partner_ids:
        evaluate_tiers(partner_ids)


def follow_programme(events: list[Event]) -> None:
    """A plan was published, or tiers or their policy were changed: everyone is concerned."""
    published = [event for event in events if event.type == "plan.published"]
    ladder = [event for event in events if event.type != "plan.published"]
    since = min((dt.date.fromisoformat(event.data["from"]) for event in published), default=None)
    refresh_all(tiers=bool(ladder), ledger=bool(published or ladder), since=since if not ladder else None)


def follow_tiers(events: list[Event]) -> None:
    """Scorecard templates may be for a tier: whoever is in another one now is measured by other rules."""
    if ScorecardTemplate.objects.exclude(segment="").exists():
        mark_dirty((event.partner_id, ALWAYS) for event in events if event.partner_id)


def register() -> None:
    subscribe(TIER_ASSIGNED, name="incentives.scorecards", consumer=follow_tiers)
    subscribe(
        *DEAL_EVENTS,
        *SHARE_EVENTS,
        *ACTIVITY_EVENTS,
        DEALS_IMPORTED,
        TIER_ASSIGNED,
        name="incentives.ledger",
        consumer=post_earnings,
    )
    subscribe(
        "scorecards.updated",
        "partner.created",
        "partner.imported",
        "partner.status_changed",
        name="incentives.tiers",
        consumer=evaluate,
    )
    subscribe("ledger.posted", name="metrics.incentives", consumer=partial(records_changed, SOURCE))
    subscribe(
        "plan.published",
        "tier.saved",
        "tier.policy_saved",
        name="incentives.programme",
        consumer=follow_programme,
    )
