"""Columns of tiers."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from incentives.tiers.enums import Direction, OverrideStatus, ProposalStatus
from incentives.tiers.words import percent_floor
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, Table

DIRECTION_TONES = {
    Direction.PROMOTION: ("success", "arrow-up"),
    Direction.DEMOTION: ("warning", "arrow-down"),
}
PROPOSAL_TONES = {
    ProposalStatus.WAITING: ("info", "hourglass"),
    ProposalStatus.CONFIRMED: ("success", "check"),
    ProposalStatus.DECLINED: ("danger", "x"),
    ProposalStatus.WITHDRAWN: ("neutral", "ban"),
}

OVERRIDE_TONES = {
    OverrideStatus.WAITING: ("info", "hourglass"),
    OverrideStatus.APPROVED: ("success", "check"),
    OverrideStatus.DECLINED: ("danger", "x"),
    OverrideStatus.WITHDRAWN: ("neutral", "ban"),
    OverrideStatus.ENDED: ("neutral", "clock"),
}


class StandingTable(Table):
    partner = LinkColumn(
        _("Partner"),
        to="incentives:standing",
        pk="partner_id",
        second="partner__number",
        order_by="partner__name",
    )
    tier = Column(_("Tier"), order_by="tier__rank")
    held_since = DateColumn(_("Since"), phone=False)
    reached_tier = Column(_("Figures reach"), order_by="reached_tier__rank")
    next_tier = Column(_("Next tier"), order_by="next_tier__rank", phone=False)
    progress = Column(_("Progress"))

    class Meta(Table.Meta):
        caption = _("Partners and their tiers")

    def render_progress(self, value: Any, record: Any) -> str:
        return f"{percent_floor(value)}%" if record.next_tier_id else "–"

    def value_progress(self, value: Any, record: Any) -> int:
        return percent_floor(value)


class ProposalTable(Table):
    partner = LinkColumn(_("Partner"), to="incentives:proposal", order_by="partner__name")
    direction = BadgeColumn(_("Move"), tones=DIRECTION_TONES)
    from_tier = Column(_("From"), order_by="from_tier__rank")
    to_tier = Column(_("To"), order_by="to_tier__rank")
    effective_on = DateColumn(_("Takes effect"))
    status = BadgeColumn(_("Status"), tones=PROPOSAL_TONES)
    decided_at = DateColumn(_("Decided"), phone=False)
    reason = Column(_("Reason"), orderable=False, phone=False)

    class Meta(Table.Meta):
        caption = _("Proposed moves between tiers")


class OverrideTable(Table):
    partner = LinkColumn(_("Partner"), to="incentives:override", order_by="partner__name")
    tier = Column(_("Tier"), order_by="tier__rank")
    starts_on = DateColumn(_("From"), phone=False)
    ends_on = DateColumn(_("Ends on"))
    status = BadgeColumn(_("Status"), tones=OVERRIDE_TONES)
    proposed_by = Column(_("Proposed by"), accessor="proposed_by__name", orderable=False, phone=False)
    decided_by = Column(_("Decided by"), accessor="decided_by__name", orderable=False, phone=False)
    reason = Column(_("Reason"), orderable=False, phone=False)

    class Meta(Table.Meta):
        caption = _("Tiers by hand")
