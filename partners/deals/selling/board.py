"""Reading the board: open deals in columns by stage."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone

from partners.deals import queries
from partners.deals.enums import LIVE_STATUSES, OPEN_STAGES, ForecastCategory
from partners.deals.models import Deal, DealPolicy
from partners.deals.offers import may_use
from partners.deals.selling.attention import Hint, hints
from partners.deals.workdays import today
from portal.accounts.models import Membership
from portal.money import quick_money
from portal.shell.formats import number

# A column shows so many cards, and so many more each time they are asked for; never more than the most.
CARDS, MOST = 20, 200
MINE, ALL = "mine", "all"


@dataclass(frozen=True)
class Card:
    deal: Deal
    hints: list[Hint]
    movable: bool
    days_left: int | None


@dataclass
class Column:
    stage: str
    label: str
    count: int = 0
    amount: int = 0
    cards: list[Card] = field(default_factory=list)
    more: int = 0

    def head(self, currency: str) -> dict[str, str]:
        return {"count": number(self.count), "sum": quick_money(self.amount, currency)}


def board_deals(member: Membership, scope: str) -> QuerySet[Deal]:
    """The open deals on the member's board: a manager's portfolio unless all are asked for."""
    deals = queries.pipeline(queries.visible_deals(member))
    return deals.filter(partner__manager_id=member.pk) if member.is_manager and scope != ALL else deals


def sums(deals: QuerySet[Deal]) -> tuple[dict[str, Column], dict[str, int]]:
    """Counts and amounts (minor units, tenant's currency) by stage, and amounts by forecast. One query."""
    columns = {stage.value: Column(stage.value, str(stage.label)) for stage in OPEN_STAGES}
    forecasts = dict.fromkeys(ForecastCategory.values, 0)
    rows = (
        deals.order_by().values_list("stage", "forecast").annotate(Count("pk"), Sum("amount_base", default=0))
    )
    for stage, forecast, count, amount in rows:
        columns[stage].count += count
        columns[stage].amount += amount
        forecasts[forecast] += amount
    return columns, forecasts


def cards(deals: QuerySet[Deal], stage: str, limit: int, member: Membership, rules: DealPolicy) -> list[Card]:
    """A column's cards, those that close first on top. One query."""
    now, day = timezone.now(), today(member.tenant)
    rows = deals.filter(stage=stage).select_related("owner__user")
    ordered = rows.order_by(F("expected_close").asc(nulls_last=True), "pk")[:limit]
    return [
        Card(deal, hints(deal, rules, day, now), may_use(member, deal, "update"), _days_left(deal, now))
        for deal in ordered
    ]


def _days_left(deal: Deal, now: datetime) -> int | None:
    """Days of protection, for a registration that has not long to go."""
    if deal.protection is None or deal.status not in LIVE_STATUSES:
        return None
    days = (deal.protection.upper - now).days
    return max(0, days) if days <= 14 else None
