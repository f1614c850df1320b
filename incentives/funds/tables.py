"""Columns of requests and budgets."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from incentives.funds.enums import ClaimStatus, RequestStatus
from incentives.funds.models import Budget
from incentives.funds.queries import Balance, balances
from portal.money import quick_money
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, MoneyColumn, Table

REQUEST_TONES = {
    RequestStatus.DRAFT: ("neutral", "pencil"),
    RequestStatus.SUBMITTED: ("info", "hourglass"),
    RequestStatus.RETURNED: ("warning", "arrow-back-up"),
    RequestStatus.APPROVED: ("success", "check"),
    RequestStatus.REJECTED: ("danger", "x"),
    RequestStatus.WITHDRAWN: ("neutral", "ban"),
    RequestStatus.SETTLED: ("success", "cash"),
    RequestStatus.FORFEITED: ("warning", "clock-x"),
}
CLAIM_TONES = {
    ClaimStatus.SUBMITTED: ("info", "hourglass"),
    ClaimStatus.RETURNED: ("warning", "arrow-back-up"),
    ClaimStatus.PAID: ("success", "cash"),
    ClaimStatus.REJECTED: ("danger", "x"),
}


class RequestTable(Table):
    """For a partner's people."""

    title = LinkColumn(_("Activity"), to="funds:request", second="number")
    starts_on = DateColumn(_("From"))
    cost = MoneyColumn(_("Planned cost"), currency="budget__fund__currency", phone=False)
    amount = MoneyColumn(_("Asked for"), currency="budget__fund__currency")
    approved = MoneyColumn(_("Approved"), currency="budget__fund__currency")
    settled = MoneyColumn(_("Settled"), currency="budget__fund__currency", phone=False)
    status = BadgeColumn(_("Status"), tones=REQUEST_TONES)

    class Meta(Table.Meta):
        caption = _("Requests for funds")


class VendorRequestTable(RequestTable):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")

    class Meta(RequestTable.Meta):
        sequence = ("title", "partner", "...")


class BalanceColumn(Column):
    """One of a budget's sums, read for all rows at once."""

    css = "num"
    found: Mapping[UUID, Balance] = {}

    def __init__(self, *args: Any, part: str, **kwargs: Any):
        super().__init__(*args, accessor="pk", orderable=False, **kwargs)
        self.part = part

    def prepare(self, values: Sequence[Any]) -> None:
        rows = Budget.objects.filter(pk__in=values).select_related("fund")
        self.found = {balance.budget.pk: balance for balance in balances(rows)}

    def cell(self, value: Any, record: Any, table: Table) -> str:
        balance = self.found[value]
        return quick_money(getattr(balance, self.part), balance.currency)


class BudgetTable(Table):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")
    fund = Column(_("Fund"), order_by="fund__name")
    period = Column(_("Period"), order_by="period_start", accessor="period")
    amount = MoneyColumn(_("Budget"), currency="fund__currency")
    committed = BalanceColumn(_("Approved"), part="committed", phone=False)
    settled = BalanceColumn(_("Settled"), part="settled", phone=False)
    asked = BalanceColumn(_("Asked for"), part="asked", phone=False)
    left = BalanceColumn(_("Left"), part="left")
    forfeited = MoneyColumn(_("Forfeited"), currency="fund__currency", phone=False)

    class Meta(Table.Meta):
        caption = _("Budgets")

    def render_period(self, value: Any, record: Any) -> str:
        return value.label()

    def value_period(self, value: Any, record: Any) -> str:
        return value.key
