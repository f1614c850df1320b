"""Reads around decisions: which rule applies, who decides and by when, and what stands in the way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.approvals.models import ApprovalRule, DealDecision, DealRequest, RejectionReason
from partners.deals.approvals.rulebook import Case, first_fitting
from partners.deals.enums import WAITING_STATUSES, Deciders, Decision, RequestState
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal, DealPolicy
from partners.deals.queries import policy
from partners.deals.workdays import add_business_days, local_day
from partners.directory.models import Partner, Product
from partners.directory.queries import families, products_on_sale
from partners.matching.queries import Conflict, conflicts_of, has_conflict
from portal.shell.registry import segment_codes
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope


@dataclass(frozen=True)
class Expected:
    """What a partner may know of how a registration is decided. `deciders` are names, the likeliest first."""

    rule_name: str
    decision: Decision
    deciders: tuple[str, ...]
    due_at: datetime
    conflict: bool
    protection_days: int

    @property
    def is_automatic(self) -> bool:
        return self.decision == Decision.AUTO

    @property
    def who(self) -> str:
        """Who decides, in words."""
        return _in_words(self.decision, self.deciders)


@dataclass(frozen=True)
class Plan:
    """How a registration is to be decided, by the rules as they are now."""

    rule: ApprovalRule | None
    decision: Decision
    deciders: Deciders
    due_at: datetime
    conflict: bool


def standing_against(deal: Deal) -> list[Conflict]:
    """What stands against a registration: others' and the partner's own deals on the same or a like customer and
    the same product family, and direct accounts. For the vendor's eyes only: it names them."""
    return [one for one in conflicts_of(deal) if one.same_family]


def with_conflicts(deals: QuerySet[Deal], now: datetime) -> QuerySet[Deal]:
    """The deals, each with whether one met a conflict when it was submitted, or has one of the same customer now
    (`in_conflict`). For the vendor's eyes only."""
    protected = Q(status=Status.APPROVED, protection__contains=now)
    others = Deal.objects.filter(
        Q(status__in=WAITING_STATUSES) | protected,
        customer_id=OuterRef("customer_id"),
        family_id=OuterRef("family_id"),
    ).exclude(pk=OuterRef("pk"))
    return deals.annotate(in_conflict=Q(Exists(others)) | Q(conflict_seen=True))


def plan_for(deal: Deal, now: datetime, tenant: Tenant, conflict: bool | None = None) -> Plan:
    """How the deal would be decided if it were submitted now. In the vendor's scope; constant queries. Whether there
    is a conflict is looked for where it is not known."""
    rules = policy()
    if conflict is None:
        conflict = has_conflict(deal)
    rule = first_fitting(approval_rules(), _case(deal, conflict, now, tenant))
    decision = Decision(rule.decision) if rule else Decision.ONE
    if decision == Decision.AUTO and conflict:
        # The first complete submission wins unless a person rules otherwise.
        decision = Decision.ONE
    deciders = Deciders(rule.deciders) if rule else Deciders.MANAGER
    return Plan(rule, decision, deciders, deadline(rule, rules, now, tenant), conflict)


def deadline(rule: ApprovalRule | None, rules: DealPolicy, now: datetime, tenant: Tenant) -> datetime:
    own = rule.decision_days if rule else None
    days = rules.decision_days if own is None else own
    return add_business_days(now, days, tenant)


def _case(deal: Deal, conflict: bool, now: datetime, tenant: Tenant) -> Case:
    partner = deal.partner
    day = local_day(now, tenant)
    return Case(
        amount=deal.amount_base if deal.amount_base is not None else (deal.amount or 0),
        partner_type=partner.type,
        region=partner.region,
        segment=segment_codes([(partner.pk, day)]).get((partner.pk, day), ""),
        family_id=deal.family_id,
        product_id=deal.product_id,
        conflict=conflict,
    )


def expected_decision(deal: Deal, now: datetime | None = None, *, conflict: bool | None = None) -> Expected:
    """Which rule a registration meets, who decides, by when, and whether there is a conflict.

    For a draft, and for values not yet saved (`unsaved(...)`). Safe to show to the partner: it says only that
    there is a conflict. `conflict` is given where it is known already.
    """
    now = now or timezone.now()
    with tenant_scope(current_tenant_id()):
        tenant = current_tenant()
        plan = plan_for(deal, now, tenant, conflict)
        return Expected(
            rule_name=plan.rule.name if plan.rule else "",
            decision=plan.decision,
            deciders=decider_names(deal.partner, plan.deciders, tenant),
            due_at=now if plan.decision == Decision.AUTO else plan.due_at,
            conflict=plan.conflict,
            protection_days=policy().protection_days,
        )


def unsaved(
    partner: Partner, *, customer_id: UUID | None, product: Product | None, amount: int | None
) -> Deal:
    """A deal that is only asked about: what `expected_decision` needs of a form not yet saved."""
    return Deal(
        partner=partner,
        customer_id=customer_id,
        product=product,
        family_id=product.family_id if product else None,
        amount=amount,
        amount_base=amount,
    )


def who_decides(deal: Deal, tenant: Tenant) -> str:
    """Who decides on a submitted registration, in words for its partner."""
    return _in_words(deal.decision_asked, decider_names(deal.partner, deal.deciders, tenant))


def _in_words(decision: str, deciders: tuple[str, ...]) -> str:
    if decision == Decision.AUTO:
        return _("The programme’s rules, at once")
    if decision == Decision.TWO:
        return _("%(first)s together with a second person") % {"first": deciders[0]}
    return deciders[0]


def decider_names(partner: Partner, deciders: str, tenant: Tenant) -> tuple[str, ...]:
    """Who decides: the channel manager by name, the administrators as a group."""
    everyone = _("An administrator of %s") % tenant.name
    if deciders == Deciders.ADMIN:
        return (everyone,)
    manager = partner.manager
    if manager is None:
        return (_("The partner team of %s") % tenant.name,)
    return manager.name, everyone


def approval_rules() -> list[ApprovalRule]:
    """All rules, in order."""
    return list(ApprovalRule.objects.order_by("position"))


def rejection_reasons() -> QuerySet[RejectionReason]:
    """Those that can be chosen now."""
    return RejectionReason.objects.filter(is_active=True)


def waiting_request(deal: Deal) -> DealRequest | None:
    return DealRequest.objects.filter(deal=deal, state=RequestState.WAITING).first()


def rule_choices() -> dict[str, list[tuple[str, str]]]:
    """What an approval rule can ask for: regions that partners have, families and products."""
    regions = (
        Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
    )
    return {
        "regions": [(region, region) for region in regions],
        "families": [(str(family.pk), family.name) for family in families()],
        "products": [(str(product.pk), product.name) for product in products_on_sale()],
    }


def decisions_of(deal: Deal) -> QuerySet[DealDecision]:
    """What was decided about a deal and on which grounds, the newest first. For the vendor's eyes only."""
    return DealDecision.objects.filter(deal=deal).select_related("by__user").order_by("-created_at", "-pk")


def requests_of(deal: Deal) -> QuerySet[DealRequest]:
    """What the partner asked about a deal, and the answers, the newest first."""
    return DealRequest.objects.filter(deal=deal).select_related("asked_by__user", "answered_by__user")
