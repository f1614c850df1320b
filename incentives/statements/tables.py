"""Columns of statements, closings, batches and payees."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from incentives.statements.enums import BatchStatus, ClosingStatus, StatementStatus
from incentives.statements.queries import Payee, payees
from metrics.periods import Period
from partners.directory.tables import CountryColumn
from portal.shell.tables import (
    BadgeColumn,
    Column,
    DateColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    Table,
    badge_html,
)

STATEMENT_TONES = {
    StatementStatus.DRAFT: ("neutral", "pencil"),
    StatementStatus.APPROVED: ("info", "check"),
    StatementStatus.CARRIED: ("neutral", "arrow-forward-up"),
    StatementStatus.PAID: ("success", "cash"),
}
CLOSING_TONES = {
    ClosingStatus.COLLECTING: ("neutral", "loader"),
    ClosingStatus.PROPOSED: ("info", "hourglass"),
    ClosingStatus.APPROVED: ("success", "check"),
    ClosingStatus.CANCELLED: ("neutral", "ban"),
}
BATCH_TONES = {
    BatchStatus.DRAFT: ("info", "hourglass"),
    BatchStatus.APPROVED: ("success", "check"),
    BatchStatus.SENT: ("info", "send"),
    BatchStatus.SETTLED: ("success", "cash"),
    BatchStatus.CANCELLED: ("neutral", "ban"),
}


class PeriodColumn(Column):
    """A period by its name, in one line; by its key in exports."""

    css = "date"

    def cell(self, value: Period, record: Any, table: Table) -> str:
        return value.label()

    def export_values(self, value: Period, record: Any, table: Table) -> list[Any]:
        return [value.key]


class StatementTable(Table):
    """For a partner's people."""

    number = LinkColumn(_("Statement"), accessor="name", to="statements:detail", order_by="number")
    period = PeriodColumn(_("Period"), accessor="closing__period", order_by="closing__period_start")
    earned = MoneyColumn(_("Earned"))
    opening = MoneyColumn(_("Brought forward"), phone=False)
    withheld = MoneyColumn(_("Withheld"), phone=False)
    payable = MoneyColumn(_("To be paid"))
    carried = MoneyColumn(_("Carried forward"), phone=False)
    status = BadgeColumn(_("Status"), tones=STATEMENT_TONES)
    paid_on = DateColumn(_("Paid on"), phone=False)

    class Meta(Table.Meta):
        caption = _("Statements")


class VendorStatementTable(StatementTable):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")
    # On the statement and in exports; the list has no room for it beside the partner.
    opening = MoneyColumn(_("Brought forward"), visible=False)

    class Meta(StatementTable.Meta):
        sequence = ("number", "partner", "...")


class ClosingTable(Table):
    period = LinkColumn(
        _("Period"), accessor="period__label", to="statements:closing", order_by="period_start"
    )
    status = BadgeColumn(_("Status"), tones=CLOSING_TONES)
    count = NumberColumn(_("Statements"), orderable=False)
    proposed_by = Column(_("Proposed by"), accessor="proposed_by__name", orderable=False, phone=False)
    decided_by = Column(_("Decided by"), accessor="decided_by__name", orderable=False, phone=False)
    decided_at = DateColumn(_("Decided"), phone=False)

    class Meta(Table.Meta):
        caption = _("Closed periods")


class BatchTable(Table):
    number = LinkColumn(_("Batch"), to="statements:batch")
    execution_on = DateColumn(_("To be paid on"))
    count = NumberColumn(_("Payments"))
    total = MoneyColumn(_("Total"))
    method = Column(_("File"), phone=False)
    status = BadgeColumn(_("Status"), tones=BATCH_TONES)
    proposed_by = Column(_("Proposed by"), accessor="proposed_by__name", orderable=False, phone=False)
    approved_by = Column(_("Approved by"), accessor="approved_by__name", orderable=False, phone=False)

    class Meta(Table.Meta):
        caption = _("Payment batches")


OBSTACLES = {
    "held": _("Payments are held"),
    "no_details": _("Has not said where to pay"),
    "not_verified": _("Details are not verified"),
}
OBSTACLE_TONES = {
    "held": ("danger", "hand-stop"),
    "no_details": ("neutral", "circle-dashed"),
    "not_verified": ("warning", "eye-check"),
}


class PayeeColumn(Column):
    """Whether a partner, of which this is the key, can be paid; and if not, why."""

    payees: Mapping[UUID, Payee] = {}

    def prepare(self, values: Sequence[Any]) -> None:
        self.payees = payees(values)

    def cell(self, value: Any, record: Any, table: Table) -> str:
        obstacle = self.payees[value].obstacle
        if obstacle:
            return badge_html(OBSTACLES[obstacle], *OBSTACLE_TONES[obstacle])
        return badge_html(_("Verified"), "success", "check")

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        obstacle = self.payees[value].obstacle
        return [str(OBSTACLES[obstacle] if obstacle else _("Verified"))]


class PayeeTable(Table):
    name = LinkColumn(_("Partner"), to="statements:payee", second="number")
    country = CountryColumn(_("Country"), phone=False)
    state = PayeeColumn(_("Can be paid"), accessor="pk", orderable=False)

    class Meta(Table.Meta):
        caption = _("Partners and where they are paid")
