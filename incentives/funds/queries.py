"""Reads about market development funds. A partner sees its own."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, QuerySet, Sum

from incentives.funds.enums import Basis, ClaimStatus, RequestStatus
from incentives.funds.models import Budget, Claim, Fund, FundRequest
from incentives.tiers import queries as tier_queries
from metrics.periods import Calendar, Period, PeriodKind
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.marketing.models import Campaign, DailyFigure
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.money import convert
from portal.rates.queries import rates
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import tenant_scope


@dataclass(frozen=True, slots=True)
class Balance:
    """How a budget stands, in minor units of its fund's currency: `amount` = `settled` + `committed` + `asked` +
    `forfeited` + `left`. `committed` is approved and not claimed yet, `asked` waits for a decision."""

    budget: Budget
    settled: int
    committed: int
    asked: int

    @property
    def left(self) -> int:
        used = self.settled + self.committed + self.asked + self.budget.forfeited
        return max(0, self.budget.amount - used)

    @property
    def free(self) -> int:
        """What could still be approved: requests that wait do not take anything from each other."""
        return self.budget.amount - self.settled - self.committed - self.budget.forfeited

    @property
    def currency(self) -> str:
        return self.budget.fund.currency


def balances(budgets: Iterable[Budget]) -> list[Balance]:
    """How each budget stands. One query, where there are any."""
    rows = list(budgets)
    if not rows:
        return []
    sums: dict[UUID, dict[str, int]] = {}
    requests = FundRequest.objects.filter(budget_id__in=[row.pk for row in rows]).order_by()
    for budget_id, status, approved, settled, amount in requests.values_list("budget_id", "status").annotate(
        Sum("approved"), Sum("settled"), Sum("amount")
    ):
        found = sums.setdefault(budget_id, {"settled": 0, "committed": 0, "asked": 0})
        found["settled"] += settled
        if status == RequestStatus.APPROVED:
            found["committed"] += approved - settled
        if status == RequestStatus.SUBMITTED:
            found["asked"] += amount
    nothing = {"settled": 0, "committed": 0, "asked": 0}
    return [Balance(row, **sums.get(row.pk, nothing)) for row in rows]


def balance(budget: Budget) -> Balance:
    return balances([budget])[0]


def budgets(membership: Membership) -> QuerySet[Budget]:
    rows = Budget.objects.select_related("fund", "partner")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id)
    return rows.order_by("-period_start", "fund__name")


def open_budgets(partner_id: UUID, calendar: Calendar, today: dt.date | None = None) -> list[Budget]:
    """The budgets of which a partner may ask for something: those whose period has not ended."""
    today = today or calendar.today()
    rows = Budget.objects.filter(partner_id=partner_id, closed_on=None, fund__is_active=True)
    return [row for row in rows.select_related("fund") if row.period.end > today]


def requests(membership: Membership) -> QuerySet[FundRequest]:
    rows = FundRequest.objects.select_related("partner", "budget__fund")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id)
    return rows.order_by("-id")


@dataclass(frozen=True, slots=True)
class Return:
    """What came of funds, in minor units of the tenant's currency: `settled` of the funds (None where no rate is known for
    its currency), what the campaigns cost in all and what they brought. Of the same figures as the marketing KPIs."""

    settled: int | None
    spend: int
    revenue: int
    conversions: int
    new_customers: int

    @property
    def on_funds(self) -> Decimal | None:
        """(revenue - settled) / settled; None while nothing was settled."""
        return Decimal(self.revenue - self.settled) / self.settled if self.settled else None

    @property
    def on_spend(self) -> Decimal | None:
        """The KPI "Marketing ROI" of these campaigns: (revenue - spend) / spend."""
        return Decimal(self.revenue - self.spend) / self.spend if self.spend else None


def returns(rows: QuerySet[FundRequest]) -> Return | None:
    """What the requests with a campaign brought together; None where none has one. A campaign counts once, however many
    requests paid for it. Two queries, and one for the rates of foreign currencies."""
    tenant = current_tenant()
    found = rows.filter(campaign__isnull=False).order_by()
    measured = list(found.values_list("campaign_id", "settled", "ends_on", "budget__fund__currency"))
    if not measured:
        return None
    settled: int | None = 0
    known = _rates({(currency, day) for _campaign, _amount, day, currency in measured}, tenant)
    for _campaign, amount, day, currency in measured:
        rate = known.get((currency, day))
        if settled is not None and (amount == 0 or rate is not None):
            settled += convert(amount, rate, currency, tenant.currency) if rate else 0
        else:
            settled = None
    figures = DailyFigure.objects.filter(campaign_id__in={row[0] for row in measured})
    names = ("spend", "revenue", "conversions", "new_customers")
    sums = figures.aggregate(**{name: Sum(name, default=0) for name in names})
    return Return(settled, **sums)


def _rates(asked: Collection[tuple[str, dt.date]], tenant: Tenant) -> dict[tuple[str, dt.date], Decimal]:
    """What a unit of each currency is worth in the tenant's on the day beside it, where somebody has said."""
    foreign = {currency for currency, _day in asked} - {tenant.currency}
    said: dict[str, list[tuple[dt.date, Decimal]]] = {tenant.currency: [(dt.date.min, Decimal(1))]}
    if foreign:
        # The rates are the vendor's; a partner's session cannot read them.
        with tenant_scope(tenant.pk):
            for row in rates().filter(currency__in=foreign):
                said.setdefault(row.currency, []).append((row.starts_on, row.rate))
    found = {}
    for currency, day in asked:
        # The latest comes first.
        rate = next((rate for starts_on, rate in said.get(currency, ()) if starts_on <= day), None)
        if rate is not None:
            found[currency, day] = rate
    return found


def campaigns_of(request: FundRequest) -> list[Campaign]:
    """The partner's campaigns in which the activity can be measured, the latest first."""
    return list(Campaign.objects.filter(partner_id=request.partner_id).order_by("-starts_on")[:100])


def claims(membership: Membership) -> QuerySet[Claim]:
    rows = Claim.objects.select_related("partner", "request__budget__fund")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id)
    return rows.order_by("-id")


def funds() -> QuerySet[Fund]:
    return Fund.objects.order_by("-is_active", "name")


def budgets_to_give(
    fund: Fund, period: Period, partner_ids: Collection[UUID] | None = None
) -> dict[UUID, int]:
    """What each trading partner gets of a fund in a period, by its tier on the first day or by its revenue of the
    period before, in the fund's minor units. Nothing is given of revenue in a currency that there is no rate to. Four
    queries at most."""
    partners = Partner.objects.filter(status__in=TRADING_STATUSES)
    if partner_ids is not None:
        partners = partners.filter(pk__in=partner_ids)
    ids = list(partners.order_by("id").values_list("id", flat=True))
    if fund.basis == Basis.TIER:
        codes = tier_queries.tier_codes((pk, period.start) for pk in ids)
        amounts = {pk: int(fund.amounts.get(codes.get((pk, period.start), ""), 0)) for pk in ids}
    else:
        before, rate = period.previous(), rate_to_base(fund, period.start)
        if rate is None:
            return {}
        own = current_tenant().currency
        won = Deal.objects.filter(
            partner_id__in=ids,
            stage=SalesStage.WON,
            closed_on__gte=before.start,
            closed_on__lt=before.end,
        )
        sums = dict(won.order_by().values_list("partner_id").annotate(Sum("revenue_base")))
        share = fund.share / rate
        amounts = {pk: convert(sums.get(pk) or 0, share, own, fund.currency) for pk in ids}
    return {pk: amount for pk, amount in amounts.items() if amount > 0}


def rate_to_base(fund: Fund, day: dt.date) -> Decimal | None:
    """What a unit of the fund's currency is worth in the tenant's on a day; None where nobody has said."""
    return _rates([(fund.currency, day)], current_tenant()).get((fund.currency, day))


def current_period(fund: Fund, calendar: Calendar, today: dt.date) -> Period:
    return calendar.period(PeriodKind(fund.period), today)


@dataclass(frozen=True, slots=True)
class Waiting:
    requests: int
    claims: int


def waiting(membership: Membership) -> Waiting:
    """What waits for the vendor's people. Two queries."""
    asked, claimed = requests(membership), claims(membership)
    return Waiting(
        asked.filter(status=RequestStatus.SUBMITTED).count(),
        claimed.filter(status=ClaimStatus.SUBMITTED).count(),
    )


def partner_panel(membership: Membership) -> dict[str, object]:
    """What a partner may still spend. Two queries."""
    return {"balances": balances(_open_budgets(membership))}


@prepared
def _open_budgets(membership: Membership) -> QuerySet[Budget]:
    return budgets(membership).filter(closed_on=None).select_related(None).select_related("fund")[:4]


def has_fund() -> Exists:
    return Exists(Fund.objects.all())
