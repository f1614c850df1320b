"""Where a lead goes: which rule it meets, and which partner comes first. Reads only, on the vendor's side."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db.models import Count, Max, Q
from django.utils import timezone

from partners.deals.workdays import add_business_days, local_day
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.leads.enums import (
    LOAD,
    AfterMoves,
    AnswerUnit,
    LeadOrigin,
    OfferMeans,
    RuleOutcome,
    RulePreference,
)
from partners.leads.models import Lead, LeadOffer, LeadPolicy, LeadRule
from partners.leads.priorities import priorities_of
from portal.shell.registry import segment_codes
from portal.tenancy.models import Tenant, current_tenant

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
PREVIEW_DAYS = 90
PREVIEW_LEADS = 2000


class Wanted(Protocol):
    """What the rules look at of a lead."""

    country: str
    region: str
    industry: str
    family_id: UUID | None
    product_id: UUID | None
    budget: int | None


@dataclass(slots=True)
class Candidate:
    """A partner that trades, with what decides when it gets a lead. `open` and `last` change as leads are given out."""

    pk: UUID
    name: str
    type: str
    region: str
    country: str
    manager_id: UUID | None
    segment: str
    priority: int
    open: int
    last: datetime

    def took(self, now: datetime) -> None:
        self.open += 1
        self.last = now


@dataclass(frozen=True)
class Placement:
    """Where a lead is to go, and by which rule."""

    outcome: RuleOutcome
    rule: LeadRule | None
    candidate: Candidate | None = None


class Roster:
    """The partners that may get leads now. Constant queries, whatever their number."""

    def __init__(self, candidates: list[Candidate]):
        self.candidates = candidates
        self.by_id = {candidate.pk: candidate for candidate in candidates}

    @classmethod
    def load(cls, tenant: Tenant, now: datetime) -> "Roster":
        partners = list(Partner.objects.filter(status__in=TRADING_STATUSES).order_by("pk"))
        ids = [partner.pk for partner in partners]
        loads = dict(
            Lead.objects.filter(partner_id__in=ids, status__in=LOAD)
            .order_by()
            .values_list("partner_id")
            .annotate(Count("pk"))
        )
        given = LeadOffer.objects.exclude(means=OfferMeans.PICK).order_by()
        lasts = dict(given.values_list("partner_id").annotate(Max("offered_at")))
        day = local_day(now, tenant)
        segments = segment_codes((pk, day) for pk in ids)
        priorities = priorities_of(ids)
        return cls(
            [
                Candidate(
                    pk=partner.pk,
                    name=partner.name,
                    type=partner.type,
                    region=partner.region,
                    country=partner.country,
                    manager_id=partner.manager_id,
                    segment=segments.get((partner.pk, day), ""),
                    priority=priorities.get(partner.pk, 0),
                    open=loads.get(partner.pk, 0),
                    last=lasts.get(partner.pk) or LONG_AGO,
                )
                for partner in partners
            ]
        )

    def get(self, partner_id: UUID | None) -> Candidate | None:
        return self.by_id.get(partner_id) if partner_id else None

    def choose(self, rule: LeadRule, lead: Wanted, tried: Collection[UUID]) -> Candidate | None:
        """The partner that comes first: by priority and load as the rule says, then whose turn it is longest."""
        fitting = [
            candidate
            for candidate in self.candidates
            if candidate.pk not in tried
            and fits_partner(rule, lead, candidate)
            and (rule.max_open is None or candidate.open < rule.max_open)
        ]
        return min(
            fitting, key=_by_load if rule.preference == RulePreference.LOAD else _by_priority, default=None
        )

    def region_of(self, country: str) -> str:
        """The region of a country, where all partners of that country are in one."""
        regions = {candidate.region for candidate in self.candidates if candidate.country == country}
        return regions.pop() if country and len(regions) == 1 else ""


def _by_priority(candidate: Candidate) -> tuple:
    return -candidate.priority, candidate.open, candidate.last, candidate.pk


def _by_load(candidate: Candidate) -> tuple:
    return candidate.open, -candidate.priority, candidate.last, candidate.pk


def fits_lead(rule: LeadRule, lead: Wanted) -> bool:
    """Whether the rule is about this lead."""
    return (
        (not rule.countries or lead.country in rule.countries)
        and (not rule.regions or lead.region in rule.regions)
        and (not rule.industries or lead.industry.lower() in rule.industries)
        and _is_wanted(rule, lead)
        and (rule.min_budget is None or (lead.budget is not None and lead.budget >= rule.min_budget))
    )


def _is_wanted(rule: LeadRule, lead: Wanted) -> bool:
    """Whether the lead is interested in one of the rule's products, or in one of its families."""
    if not rule.products and not rule.families:
        return True
    return lead.product_id in rule.products or lead.family_id in rule.families


def fits_partner(rule: LeadRule, lead: Wanted, candidate: Candidate) -> bool:
    """Whether the rule lets this partner have the lead, its load aside."""
    return (
        (not rule.partner_types or candidate.type in rule.partner_types)
        and (not rule.partner_regions or candidate.region in rule.partner_regions)
        and (not rule.segments or candidate.segment in rule.segments)
        and (not rule.same_country or (lead.country != "" and candidate.country == lead.country))
        and (not rule.same_region or (lead.region != "" and candidate.region == lead.region))
    )


def first_fitting(rules: Iterable[LeadRule], lead: Wanted) -> LeadRule | None:
    return next((rule for rule in rules if rule.is_active and fits_lead(rule, lead)), None)


def place(
    lead: Wanted, rules: Iterable[LeadRule], roster: Roster, policy: LeadPolicy, tried: Collection[UUID] = ()
) -> Placement:
    """Where a lead goes next, when the partners in `tried` have had it."""
    rule = first_fitting(rules, lead)
    if rule is None:
        return Placement(RuleOutcome.HOLD, None)
    if rule.outcome != RuleOutcome.OFFER:
        return Placement(RuleOutcome(rule.outcome), rule)
    candidate = roster.choose(rule, lead, tried) if len(tried) < policy.max_offers else None
    if candidate is not None:
        return Placement(RuleOutcome.OFFER, rule, candidate)
    left_over = RuleOutcome.POOL if policy.after_offers == AfterMoves.POOL else RuleOutcome.HOLD
    return Placement(left_over, rule)


def answer_due(policy: LeadPolicy, now: datetime, tenant: Tenant) -> datetime:
    if policy.answer_unit == AnswerUnit.HOURS:
        return now + timedelta(hours=policy.answer_within)
    return add_business_days(now, policy.answer_within, tenant)


def may_pick(lead: Lead, rule: LeadRule | None, candidate: Candidate) -> bool:
    """Whether a lead in the pool is for this partner: by the rule that put it there, else in its own region."""
    if rule is not None:
        return fits_partner(rule, lead, candidate)
    return not lead.region or lead.region == candidate.region


# --- what rules would have done -----------------------------------------------------------------


@dataclass
class Preview:
    """Where the leads of the last days would have gone: how many by each rule, and to each partner."""

    total: int = 0
    pooled: int = 0
    held: int = 0
    by_rule: list[tuple[str, int]] = field(default_factory=list)
    by_partner: list[tuple[str, int]] = field(default_factory=list)


def preview(rules: list[LeadRule], policy: LeadPolicy) -> Preview:
    """Give the vendor's leads of the last 90 days out again by these rules, as if every partner had none and answered."""
    tenant, now = current_tenant(), timezone.now()
    roster = Roster.load(tenant, now)
    for candidate in roster.candidates:
        candidate.open, candidate.last = 0, LONG_AGO
    leads = Lead.objects.filter(
        Q(origin=LeadOrigin.VENDOR), created_at__gte=now - timedelta(days=PREVIEW_DAYS)
    ).only("country", "region", "industry", "family_id", "product_id", "budget", "created_at")
    result, caught, given = Preview(), Counter[str](), Counter[str]()
    for lead in leads.order_by("-created_at")[:PREVIEW_LEADS][::-1]:
        placement = place(lead, rules, roster, policy)
        result.total += 1
        if placement.rule:
            caught[placement.rule.name] += 1
        if placement.candidate:
            placement.candidate.took(lead.created_at)
            given[placement.candidate.name] += 1
        elif placement.outcome == RuleOutcome.POOL:
            result.pooled += 1
        else:
            result.held += 1
    result.by_rule = [(rule.name, caught[rule.name]) for rule in rules if rule.is_active]
    result.by_partner = sorted(given.items(), key=lambda pair: (-pair[1], pair[0]))
    return result
