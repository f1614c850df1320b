"""What was earned, what of it has been paid and what is still to come."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Min, Q, QuerySet, Sum, When

from incentives.ledger.models import LedgerEntry
from incentives.ledger.queries import entries
from incentives.statements.enums import StatementStatus
from incentives.statements.models import Statement
from incentives.statements.queries import statements
from metrics.periods import PeriodKind, calendar_of
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.tenancy.models import Tenant, current_tenant


@dataclass(frozen=True, slots=True)
class Earnings:
    """Sums of ledger entries in minor units of one currency.

    `period` is what counts in the current quarter, `year` in the programme year. `total` is all that was ever earned: `on_hold`
    is not payable yet, `paid` was paid, with the tax that was withheld, and `payable` is what is still to be paid, below
    zero where more was paid than has come out of its hold.
    """

    currency: str
    period: int
    year: int
    on_hold: int
    payable: int
    paid: int
    total: int
    next_payable_on: dt.date | None
    period_label: str


def earnings_of(membership: Membership) -> list[Earnings]:
    """The sums of all entries that the member may see, one for each currency, the largest first. Two queries."""
    tenant = membership.tenant
    today = calendar_of(tenant).today()
    sums = _summed_of(membership, today, *_bounds(tenant, today))
    return _earnings(sums, _paid_to(membership), tenant, today)


def earnings(
    rows: QuerySet[LedgerEntry], issued: QuerySet[Statement], today: dt.date | None = None
) -> list[Earnings]:
    """The sums of some entries and of what these statements paid. Two queries."""
    tenant = current_tenant()
    today = today or calendar_of(tenant).today()
    return _earnings(_summed(rows, today, *_bounds(tenant, today)), _paid(issued), tenant, today)


def earnings_of_partner(membership: Membership, partner_id: UUID) -> list[Earnings]:
    """The sums of one partner's entries that the member may see. Two queries."""
    return earnings(
        entries(membership).filter(partner_id=partner_id),
        statements(membership).filter(partner_id=partner_id),
    )


def _bounds(tenant: Tenant, today: dt.date) -> tuple[dt.date, dt.date, dt.date, dt.date]:
    """Start and end of the quarter and of the programme year."""
    calendar = calendar_of(tenant)
    quarter, year = calendar.period(PeriodKind.QUARTER, today), calendar.period(PeriodKind.YEAR, today)
    return quarter.start, quarter.end, year.start, year.end


@prepared
def _summed_of(
    membership: Membership,
    today: dt.date,
    start: dt.date,
    end: dt.date,
    year_start: dt.date,
    year_end: dt.date,
) -> QuerySet[LedgerEntry, Any]:
    return _summed(entries(membership), today, start, end, year_start, year_end)


@prepared
def _paid_to(membership: Membership) -> QuerySet[Statement, Any]:
    return _paid(statements(membership))


def _paid(rows: QuerySet[Statement]) -> QuerySet[Statement, Any]:
    paid = rows.filter(status=StatementStatus.PAID).select_related(None).order_by()
    return paid.values_list("currency").annotate(sum=Sum(F("payable") + F("withheld")))


def _summed(
    rows: QuerySet[LedgerEntry],
    today: dt.date,
    start: dt.date,
    end: dt.date,
    year_start: dt.date,
    year_end: dt.date,
) -> QuerySet[LedgerEntry, Any]:
    def amount(**when: object) -> Sum:
        return Sum(Case(When(**when, then=F("amount")), default=0))

    return (
        rows.order_by()
        .values("currency")
        .annotate(
            period=amount(booked_on__gte=start, booked_on__lt=end),
            year=amount(booked_on__gte=year_start, booked_on__lt=year_end),
            on_hold=amount(payable_on__gt=today),
            payable=amount(payable_on__lte=today),
            total=Sum("amount"),
            next_payable_on=Min("payable_on", filter=Q(payable_on__gt=today)),
        )
        .order_by("-total")
    )


def _earnings(
    sums: Iterable[dict[str, Any]], paid: Iterable[tuple[str, int]], tenant: Tenant, today: dt.date
) -> list[Earnings]:
    label = calendar_of(tenant).period(PeriodKind.QUARTER, today).label()
    by_currency = dict(paid)
    found = []
    for row in sums:
        done = by_currency.get(row["currency"], 0)
        found.append(Earnings(**row | {"payable": row["payable"] - done}, paid=done, period_label=label))
    return found or [Earnings(tenant.currency, 0, 0, 0, 0, 0, 0, None, label)]
