"""Columns of earnings."""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from incentives.ledger.enums import AdjustmentStatus, DisputeStatus, EntryKind
from incentives.ledger.words import entry_text
from portal.shell.tables import (
    BadgeColumn,
    Column,
    DateColumn,
    LinkColumn,
    MoneyColumn,
    PercentColumn,
    Table,
    badge_html,
)

KIND_TONES = {
    EntryKind.ADJUSTMENT: ("info", "adjustments"),
    EntryKind.REVERSAL: ("warning", "arrow-back-up"),
    EntryKind.CLAWBACK: ("danger", "arrow-back-up"),
    EntryKind.MANUAL: ("info", "pencil"),
}


class EntryTable(Table):
    """For a partner's people."""

    deal = LinkColumn(
        _("For"),
        accessor="headline",
        to="incentives:entry",
        second="subline",
        order_by="deal__title",
        needs=("deal",),
        empty_values=(),
    )
    booked_on = DateColumn(_("Earned on"))
    why = Column(_("Why"), accessor="explanation", orderable=False, needs=("deal",))
    # The reason says these; a spreadsheet wants them in columns of their own.
    kind = Column(_("Kind"), accessor="kind_label", order_by="kind", visible=False)
    base = MoneyColumn(_("Revenue"), visible=False)
    rate = PercentColumn(_("Rate"), visible=False)
    plan = Column(_("Plan"), accessor="plan__name", visible=False)
    amount = MoneyColumn(_("Amount"))
    payable_on = DateColumn(_("Payable from"))

    class Meta(Table.Meta):
        caption = _("Ledger entries")

    def render_why(self, value: Any, record: Any) -> str:
        """The reason, and before it what kind of entry it is where it is no ordinary one."""
        text = entry_text(record, mine=self.request.membership.is_partner)
        if record.kind == EntryKind.EARNING:
            return text
        badge = badge_html(record.kind_label, *KIND_TONES[record.kind])
        return format_html("<span>{} {}</span>", badge, text)

    def value_why(self, value: Any, record: Any) -> str:
        return entry_text(record, mine=self.request.membership.is_partner)

    def value_deal(self, value: Any, record: Any) -> str:
        return f"{record.subline} {record.headline}".strip()


class VendorEntryTable(EntryTable):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")

    class Meta(EntryTable.Meta):
        sequence = ("deal", "partner", "...")


ADJUSTMENT_TONES = {
    AdjustmentStatus.WAITING: ("info", "hourglass"),
    AdjustmentStatus.APPROVED: ("success", "check"),
    AdjustmentStatus.DECLINED: ("danger", "x"),
    AdjustmentStatus.WITHDRAWN: ("neutral", "ban"),
}
DISPUTE_TONES = {
    DisputeStatus.OPEN: ("info", "hourglass"),
    DisputeStatus.ACCEPTED: ("success", "check"),
    DisputeStatus.REJECTED: ("danger", "x"),
    DisputeStatus.WITHDRAWN: ("neutral", "ban"),
}


class AdjustmentTable(Table):
    reason = LinkColumn(_("Reason"), to="incentives:adjustment")
    partner = Column(_("Partner"), order_by="partner__name")
    amount = MoneyColumn(_("Amount"))
    status = BadgeColumn(_("Status"), tones=ADJUSTMENT_TONES)
    proposed_by = Column(_("Proposed by"), accessor="proposed_by__name", orderable=False, phone=False)
    created_at = DateColumn(_("Proposed"))

    class Meta(Table.Meta):
        caption = _("Adjustments")


class DisputeTable(Table):
    entry = LinkColumn(
        _("About"),
        accessor="entry__headline",
        to="incentives:dispute",
        needs=("entry__deal",),
        orderable=False,
    )
    partner = Column(_("Partner"), order_by="partner__name")
    text = Column(_("What is wrong"), orderable=False, phone=False)
    status = BadgeColumn(_("Status"), tones=DISPUTE_TONES)
    created_at = DateColumn(_("Raised"))

    class Meta(Table.Meta):
        caption = _("Disputes")
