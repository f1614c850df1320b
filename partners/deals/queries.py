"""Reads of deals, scoped to what the member may see."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import Aggregate, Count, F, Q, QuerySet, Sum

from partners.deals.enums import (
    LIVE_STATUSES,
    OPEN_STAGES,
    OUTSIDE_PIPELINE,
    WAITING_STATUSES,
    Deciders,
    RequestKind,
    SalesStage,
)
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal, DealPolicy
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed
from portal.tenancy.scope import current_tenant_id, tenant_scope

# As the index `deals_deal_waiting` is defined.
IS_WAITING = Q(status__in=WAITING_STATUSES) | Q(win_claim__isnull=False) | Q(request__in=RequestKind.values)


def visible_deals(member: Membership) -> QuerySet[Deal]:
    """Deals that the member may see: a partner's own, the vendor's people all."""
    deals = Deal.objects.select_related("partner", "customer", "product")
    if member.is_partner:
        return deals.filter(partner_id=member.partner_id)
    return deals


def decidable_deals(member: Membership) -> QuerySet[Deal]:
    """Deals that the member decides: an admin all, a manager those of the portfolio and of partners without one."""
    deals = visible_deals(member)
    if member.is_admin:
        return deals
    if member.is_manager:
        return deals.filter(Q(partner__manager_id=member.pk) | Q(partner__manager_id=None))
    return deals.none()


def waiting_for(member: Membership) -> QuerySet[Deal]:
    """What waits for the member's decision: registrations, reported wins, appeals and requests for more time.

    The most overdue first. Appeals, and registrations that a rule keeps for administrators, are theirs alone; what
    the member has approved waits for a second person.
    """
    undecided = Q(status__in=WAITING_STATUSES)
    deals = decidable_deals(member).filter(IS_WAITING).exclude(undecided & Q(first_approver_id=member.pk))
    if not member.is_admin:
        deals = deals.exclude(undecided & Q(deciders=Deciders.ADMIN)).exclude(request=RequestKind.APPEAL)
    return deals.order_by(F("answer_due_at").asc(nulls_last=True), "submitted_at", "pk")


def pipeline(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """Those that can still be won: open in stage, and approved or without a registration."""
    return deals.filter(stage__in=OPEN_STAGES, status__in=LIVE_STATUSES)


def in_pipeline(deals: QuerySet[Deal], day: date) -> QuerySet[Deal]:
    """Those that the pipeline counts at the end of a day: entered by then and not left yet, those that wait for an
    answer among them. As the facts of `metrics.sources.deals` say it, which count their stages of today.
    """
    entered = (
        Q(engaged_on__lte=day)
        | Q(engaged_on=None, first_submitted_at__date__lte=day)
        | Q(engaged_on=None, first_submitted_at=None, created_at__date__lte=day)
    )
    unclosed = (
        ~Q(status__in=(Status.EXPIRED, Status.CANCELLED))
        | Q(status=Status.EXPIRED, protection__endswith__date__gt=day)
        | Q(status=Status.CANCELLED, closed_on__gt=day)
        | Q(status=Status.CANCELLED, closed_on=None, updated_at__date__gt=day)
    )
    still = Q(stage__in=OPEN_STAGES) & unclosed | ~Q(stage__in=OPEN_STAGES) & Q(closed_on__gt=day)
    return deals.filter(entered & still).exclude(status__in=OUTSIDE_PIPELINE)


def protection_ending(member: Membership, now: datetime, until: datetime) -> QuerySet[Deal]:
    """Approved registrations whose protection ends by `until`, the first to end first."""
    return (
        visible_deals(member)
        .filter(
            status=Status.APPROVED,
            protection__endswith__gt=now,
            protection__endswith__lte=until,
        )
        .order_by("protection__endswith")
    )


def to_finish(member: Membership) -> QuerySet[Deal]:
    """A partner's drafts and what the vendor returned, the returned first."""
    return (
        visible_deals(member)
        .filter(status__in=(Status.RETURNED, Status.DRAFT))
        .order_by(F("status").desc(), "-updated_at")
    )


def totals(deals: QuerySet[Deal]) -> dict[str, int]:
    """Counts and sums (minor units, tenant currency) for the head of a list or a panel, in one query."""
    return deals.order_by().aggregate(**_totals())


@prepared
def totals_of(member: Membership) -> QuerySet[Deal, dict[str, int]]:
    """The totals of all that the member may see, as the only row."""
    return summed(visible_deals(member), **_totals())


def _totals() -> dict[str, Aggregate]:
    won = Q(stage=SalesStage.WON)
    is_open = Q(stage__in=OPEN_STAGES, status__in=LIVE_STATUSES)
    return {
        "all": Count("pk"),
        "waiting": Count("pk", filter=Q(status__in=WAITING_STATUSES)),
        "open": Count("pk", filter=is_open),
        "open_amount": Sum("amount_base", filter=is_open, default=0),
        "won": Count("pk", filter=won),
        "won_amount": Sum("revenue_base", filter=won, default=0),
    }


def policy() -> DealPolicy:
    """The tenant's rules for registrations; the defaults where none have been set."""
    return next(iter(_policies()), None) or DealPolicy()


@prepared
def _policies() -> QuerySet[DealPolicy]:
    return DealPolicy.objects.order_by("pk")[:1]


def holder_of(
    customer_id: UUID | None, family_id: UUID | None, now: datetime, *, but: Deal | None = None
) -> Deal | None:
    """Who holds protection for this customer and product family. Vendor's side only: it names the partner."""
    return (
        Deal.objects.select_related("partner")
        .filter(
            customer_id=customer_id,
            family_id=family_id,
            status=Status.APPROVED,
            protection__contains=now,
        )
        .exclude(pk=but.pk if but else None)
        .first()
    )


def is_held_by_another(deal: Deal, now: datetime) -> bool:
    """Whether another registration protects the deal's customer; says only that, so a partner may be told."""
    with tenant_scope(current_tenant_id()):
        return holder_of(deal.customer_id, deal.family_id, now, but=deal) is not None
