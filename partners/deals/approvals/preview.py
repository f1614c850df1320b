"""Which of the last 90 days' registrations each rule would have caught, the changed rule among them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from partners.deals.approvals.models import ApprovalRule
from partners.deals.approvals.queries import approval_rules
from partners.deals.approvals.rulebook import Case, first_fitting
from partners.deals.enums import Decision
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.deals.workdays import local_day
from portal.shell.registry import segment_codes
from portal.tenancy.models import Tenant

DAYS = 90
SHOWN = 10


@dataclass
class Caught:
    """A rule (None: none applied) and how many registrations it would have decided about, now and before."""

    rule: ApprovalRule | None
    count: int
    before: int
    is_changed: bool = False


@dataclass
class Preview:
    """What the rules, with the changed one in its place, would have done."""

    total: int = 0
    at_once: int = 0
    rows: list[Caught] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)

    @property
    def caught(self) -> int:
        return next((row.count for row in self.rows if row.is_changed), 0)


def preview(changed: ApprovalRule | None, now: datetime, tenant: Tenant) -> Preview:
    """Try the rules on what was submitted in the last 90 days. A constant number of queries."""
    before = approval_rules()
    after = _with(before, changed)
    deals = list(_submitted(now))
    days = {deal.pk: local_day(_at(deal), tenant) for deal in deals}
    codes = segment_codes((deal.partner_id, days[deal.pk]) for deal in deals)
    found = Preview(total=len(deals))
    now_counts: Counter[object] = Counter()
    then_counts: Counter[object] = Counter()
    for deal in deals:
        case = _case(deal, codes.get((deal.partner_id, days[deal.pk]), ""))
        then, rule = first_fitting(before, case), first_fitting(after, case)
        then_counts[then and then.pk] += 1
        now_counts[rule and rule.pk] += 1
        found.at_once += bool(rule and rule.decision == Decision.AUTO and not case.conflict)
        if changed and rule and rule.pk == changed.pk and len(found.deals) < SHOWN:
            found.deals.append(deal)
    for each in (*after, None):
        key = each.pk if each else None
        is_changed = bool(changed and each and each.pk == changed.pk)
        found.rows.append(Caught(each, now_counts[key], then_counts[key], is_changed))
    return found


def _with(rules: Iterable[ApprovalRule], changed: ApprovalRule | None) -> list[ApprovalRule]:
    """The rules in order with the changed one in its place, a new one last."""
    if changed is None:
        return list(rules)
    replaced = [changed if rule.pk == changed.pk else rule for rule in rules]
    return replaced if changed in replaced else [*replaced, changed]


def _submitted(now: datetime) -> QuerySet[Deal]:
    """Registrations first submitted in the last 90 days, the newest first, each with whether it met a conflict then."""
    at = OuterRef("first_submitted_at")
    waited = Q(first_submitted_at__lt=at) & (
        Q(decided_at__gt=at) | Q(decided_at=None, status__in=(Status.SUBMITTED, Status.IN_REVIEW))
    )
    others = Deal.objects.filter(
        Q(protection__contains=at) | waited,
        customer_id=OuterRef("customer_id"),
        family_id=OuterRef("family_id"),
    ).exclude(pk=OuterRef("pk"))
    return (
        Deal.objects.filter(first_submitted_at__gt=now - timedelta(days=DAYS))
        .exclude(status__in=("", Status.DRAFT))
        .annotate(met_conflict=Coalesce("conflict_seen", Exists(others)))
        .select_related("partner", "customer")
        .order_by("-first_submitted_at", "-pk")
    )


def _at(deal: Deal) -> datetime:
    assert deal.first_submitted_at is not None
    return deal.first_submitted_at


def _case(deal: Deal, segment: str) -> Case:
    return Case(
        amount=deal.amount_base or 0,
        partner_type=deal.partner.type,
        region=deal.partner.region,
        segment=segment,
        family_id=deal.family_id,
        product_id=deal.product_id,
        conflict=bool(getattr(deal, "met_conflict", False)),
    )
