"""Reads of leads, scoped to what the member may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.leads.distribution import Roster, may_pick
from partners.leads.enums import LeadStatus
from partners.leads.models import Lead, LeadCriteria, LeadOffer, LeadPolicy, LeadRule
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

POOL_SHOWN = 200


def visible_leads(member: Membership) -> QuerySet[Lead]:
    """Leads that the member may see: a partner's own and those it has been offered, the vendor's people all."""
    leads = Lead.objects.select_related("partner", "product", "family")
    return leads.filter(partner_id=member.partner_id) if member.is_partner else leads


def to_distribute(member: Membership) -> QuerySet[Lead]:
    """The vendor's leads that nobody has been offered, the oldest first."""
    leads = visible_leads(member).filter(status=LeadStatus.UNASSIGNED)
    return leads.order_by("created_at", "pk") if member.is_vendor else leads.none()


def waiting_for_answer(member: Membership) -> QuerySet[Lead]:
    """Leads that were offered and wait for an answer, the first to lapse first."""
    return visible_leads(member).filter(status=LeadStatus.OFFERED).order_by("answer_due_at", "pk")


def assignable_partners(member: Membership) -> QuerySet[Partner]:
    """Partners that the member may give leads to: an admin all, a manager the own portfolio and those without one."""
    partners = Partner.objects.filter(status__in=TRADING_STATUSES).order_by("name")
    if member.is_manager:
        return partners.filter(Q(manager_id=member.pk) | Q(manager_id=None))
    return partners if member.is_admin else partners.none()


@prepared
def totals_of(member: Membership) -> QuerySet[Lead, dict[str, int]]:
    """How many leads of those that the member may see are offered, open and converted, as the only row."""
    return summed(
        visible_leads(member),
        waiting=Count("pk", filter=Q(status=LeadStatus.OFFERED)),
        open=Count("pk", filter=Q(status=LeadStatus.OPEN)),
        converted=Count("pk", filter=Q(status=LeadStatus.CONVERTED)),
    )


def offers_of(lead: Lead) -> QuerySet[LeadOffer]:
    """Who has had the lead, for the vendor's eyes."""
    return (
        LeadOffer.objects.filter(lead=lead)
        .select_related("partner", "answered_by__user")
        .order_by("offered_at")
    )


def policy() -> LeadPolicy:
    """The tenant's rules for offers; the defaults where none have been set."""
    return LeadPolicy.objects.first() or LeadPolicy()


def criteria() -> list[LeadCriteria]:
    return list(LeadCriteria.objects.order_by("kind"))


def rules() -> list[LeadRule]:
    return list(LeadRule.objects.order_by("position"))


# --- the pool -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Teaser:
    """What a partner may know of a lead in the pool: what it is about, not who it is."""

    pk: UUID
    industry: str
    country: str
    region: str
    employees: int | None
    budget: int | None
    currency: str
    wanted: str
    pooled_at: datetime


def in_pool() -> QuerySet[Lead]:
    """The vendor's view of the pool, the newest first."""
    return Lead.objects.filter(status=LeadStatus.POOL).order_by("-pooled_at", "pk")


def pickable(member: Membership) -> list[Teaser]:
    """What the member's partner may pick: the pool's leads that are for it and that it has not had before.

    Asked on the vendor's side, because a lead in the pool belongs to nobody; only the teasers come back.
    """
    with tenant_scope(current_tenant_id()):
        leads = list(
            in_pool()
            .exclude(offers__partner_id=member.partner_id)
            .select_related("product", "family", "rule")[:POOL_SHOWN]
        )
        if not leads:
            return []
        candidate = Roster.load(current_tenant(), timezone.now()).get(member.partner_id)
        if candidate is None:
            return []
        return [_teaser(lead) for lead in leads if may_pick(lead, lead.rule, candidate)]


def _teaser(lead: Lead) -> Teaser:
    assert lead.pooled_at is not None  # it is in the pool
    return Teaser(
        pk=lead.pk,
        industry=lead.industry,
        country=lead.country,
        region=lead.region,
        employees=lead.employees,
        budget=lead.budget,
        currency=lead.currency,
        wanted=lead.wanted,
        pooled_at=lead.pooled_at,
    )
