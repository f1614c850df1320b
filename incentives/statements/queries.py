"""Reads about statements and payments. A partner sees its own, once they are approved."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from incentives.ledger.models import LedgerEntry
from incentives.statements.enums import (
    LIVE_PAYMENTS,
    BatchStatus,
    ClosingStatus,
    PaymentStatus,
    StatementStatus,
)
from incentives.statements.models import (
    Batch,
    Closing,
    PayeeCheck,
    Payment,
    PayoutDetails,
    PayoutTerms,
    Statement,
    StatementLine,
    TaxRule,
)
from metrics.periods import Calendar, Period, PeriodKind
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.tenancy.db import the_one
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope


def terms() -> PayoutTerms:
    """The tenant's terms; unsaved ones with the defaults where nobody has set any."""
    return the_one(PayoutTerms.objects.all()) or PayoutTerms()


def statements(membership: Membership) -> QuerySet[Statement]:
    """The statements that the member may see, newest first."""
    rows = Statement.objects.select_related("closing", "partner")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id).exclude(status=StatementStatus.DRAFT)
    return rows.order_by("-closing__period_start", "-id")


def entries_of(statement: Statement) -> QuerySet[LedgerEntry]:
    """The ledger entries on a statement, in the order of their days."""
    on_it = StatementLine.objects.filter(statement=statement).values("entry_id")
    return LedgerEntry.objects.filter(pk__in=on_it).select_related("deal", "plan").order_by("booked_on", "id")


def payments(membership: Membership) -> QuerySet[Payment]:
    rows = Payment.objects.select_related("statement", "partner", "statement__closing")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id, status=PaymentStatus.PAID)
    return rows


# --- closing -----------------------------------------------------------------------------------


def closings() -> QuerySet[Closing]:
    """Every closing with its number of statements, newest first."""
    return Closing.objects.select_related("proposed_by__user", "decided_by__user").annotate(
        count=Count("statements")
    )


def next_period(calendar: Calendar, today: dt.date | None = None) -> Period | None:
    """The period to close next: the one after the last that was closed, else the first in which an entry became
    payable. None while that period still runs, or where nothing has been earned."""
    today = today or calendar.today()
    kind = PeriodKind(terms().period)
    last = Closing.objects.exclude(status=ClosingStatus.CANCELLED).order_by("-period_start").first()
    if last is not None:
        period = calendar.period(kind, last.period.end)
    else:
        first = LedgerEntry.objects.order_by("payable_on").values_list("payable_on", flat=True).first()
        if first is None:
            return None
        period = calendar.period(kind, first)
    return period if period.end <= today else None


def open_closing() -> Closing | None:
    waiting = [ClosingStatus.COLLECTING, ClosingStatus.PROPOSED]
    return the_one(Closing.objects.filter(status__in=waiting))


@dataclass(frozen=True, slots=True)
class Total:
    """Sums of statements in minor units of one currency."""

    currency: str
    count: int
    earned: int
    opening: int
    withheld: int
    payable: int
    carried: int


def totals(rows: QuerySet[Statement]) -> list[Total]:
    """One row for each currency, the largest payment first. One query."""
    names = ("earned", "opening", "withheld", "payable", "carried")
    sums = (
        rows.order_by()
        .values_list("currency")
        .annotate(count=Count("id"), **{f"all_{name}": Sum(name) for name in names})
        .order_by("-all_payable")
    )
    return [Total(*row) for row in sums]


def carried_balances(partner_ids: Collection[UUID]) -> dict[tuple[UUID, str], int]:
    """What the latest statement of each partner and currency carries forward, where it is not nothing."""
    rows = (
        Statement.objects.filter(partner_id__in=partner_ids)
        .exclude(status=StatementStatus.DRAFT)
        .order_by("partner_id", "currency", "-closing__period_start")
        .distinct("partner_id", "currency")
        .values_list("partner_id", "currency", "carried")
    )
    return {(partner_id, currency): carried for partner_id, currency, carried in rows if carried}


def tax_rules(day: dt.date) -> dict[str, TaxRule]:
    """The rule of each country that is in force on a day."""
    found: dict[str, TaxRule] = {}
    for rule in TaxRule.objects.filter(starts_on__lte=day).order_by("country", "starts_on"):
        found[rule.country] = rule
    return found


def tax_countries(partner_ids: Collection[UUID]) -> dict[UUID, str]:
    """Where each partner pays its taxes, as the payout details that were verified last said; without those that nobody has
    verified yet.

    Or a partner would name another country just before a period is closed, and its own again before it is paid.
    """
    verified = PayeeCheck.objects.filter(partner_id__in=partner_ids).exclude(country="").order_by()
    return dict(verified.values_list("partner_id", "country"))


def waits_for_country(statement: Statement) -> bool:
    """Whether it carries forward what is enough to be paid, because nobody had verified where the partner is taxed."""
    with tenant_scope(current_tenant_id()):
        least = terms().minimum if statement.currency == current_tenant().currency else 0
    return statement.carried > 0 and statement.carried >= least


# --- paying ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payee:
    """Whether and where a partner can be paid; `obstacle` is empty where it can."""

    partner_id: UUID
    details: PayoutDetails | None
    check: PayeeCheck | None

    @property
    def is_verified(self) -> bool:
        return bool(self.details and self.check and self.check.fingerprint == self.details.fingerprint)

    @property
    def is_held(self) -> bool:
        return bool(self.check and self.check.is_held)

    @property
    def has_iban(self) -> bool:
        return bool(self.details and self.details.has_iban)

    @property
    def obstacle(self) -> str:
        if self.is_held:
            return "held"
        if self.details is None:
            return "no_details"
        return "" if self.is_verified else "not_verified"


def payees(partner_ids: Collection[UUID]) -> dict[UUID, Payee]:
    """How each of the partners is paid. Two queries."""
    details = {row.partner_id: row for row in PayoutDetails.objects.filter(partner_id__in=partner_ids)}
    checks = {row.partner_id: row for row in PayeeCheck.objects.filter(partner_id__in=partner_ids)}
    return {key: Payee(key, details.get(key), checks.get(key)) for key in partner_ids}


def payee(partner_id: UUID) -> Payee:
    return payees([partner_id])[partner_id]


def unpaid(currency: str | None = None) -> QuerySet[Statement]:
    """Approved statements for which no payment is under way."""
    live = Payment.objects.filter(statement_id=OuterRef("pk"), status__in=LIVE_PAYMENTS)
    rows = Statement.objects.filter(status=StatementStatus.APPROVED).filter(~Exists(live))
    if currency:
        rows = rows.filter(currency=currency)
    return rows.select_related("partner", "closing").order_by("partner__name", "id")


def batches() -> QuerySet[Batch]:
    return Batch.objects.select_related("proposed_by__user", "approved_by__user").defer("file")


def partner_rows() -> QuerySet[Partner]:
    """Partners with what they are owed, as the list of payees wants them."""
    details = PayoutDetails.objects.filter(partner_id=OuterRef("pk"))
    return Partner.objects.annotate(has_details=Exists(details)).order_by("name")


def waiting_panel(membership: Membership) -> dict[str, object]:
    """What waits for an admin: closings and batches that someone proposed. Two queries."""
    return {"closing": next(iter(_proposed_closing()), None), "batches": _draft_batches()}


@prepared
def _proposed_closing() -> QuerySet[Closing]:
    rows = closings().filter(status=ClosingStatus.PROPOSED).select_related(None)
    return rows.only("period_kind", "period_start").order_by()[:1]


@prepared
def _draft_batches() -> QuerySet[Batch]:
    rows = batches().filter(status=BatchStatus.DRAFT).select_related(None)
    return rows.only("number", "currency", "total").order_by("-id")[:3]


def rate_of(rule: TaxRule | None) -> Decimal:
    return rule.rate if rule else Decimal(0)
