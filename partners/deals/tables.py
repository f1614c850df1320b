"""Columns of the lists of deals."""

from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import RegistrationStatus, RequestKind, SalesStage
from partners.deals.models import Deal
from portal.shell.formats import short_date
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, MoneyColumn, Table, badge_html

S = RegistrationStatus
STATUS_TONES = {
    S.DRAFT: ("neutral", "pencil"),
    S.SUBMITTED: ("info", "send"),
    S.IN_REVIEW: ("info", "eye"),
    S.RETURNED: ("warning", "arrow-back-up"),
    S.APPROVED: ("success", "shield-check"),
    S.REJECTED: ("danger", "x"),
    S.WITHDRAWN: ("neutral", "ban"),
    S.WON: ("success", "trophy"),
    S.LOST: ("neutral", "mood-sad"),
    S.EXPIRED: ("neutral", "clock-off"),
    S.CANCELLED: ("neutral", "ban"),
}
STAGE_TONES = {
    SalesStage.WON: ("success", "trophy"),
    SalesStage.LOST: ("neutral", "mood-sad"),
}


WAITS = {
    "win": (_("Win to confirm"), "accent", "trophy"),
    RequestKind.APPEAL: (_("Appeal"), "warning", "scale"),
    RequestKind.EXTENSION: (_("More time"), "accent", "clock-plus"),
}


class DealTable(Table):
    """For a partner's people."""

    title = LinkColumn(_("Deal"), accessor="headline", order_by="title", to="deals:detail", second="subline")
    number = Column(_("Number"), visible=False)
    customer = Column(_("Customer"), order_by="customer__name")
    status = BadgeColumn(_("Registration"), tones=STATUS_TONES)
    stage = BadgeColumn(_("Stage"), tones=STAGE_TONES)
    product = Column(_("Product"), order_by="product__name", phone=False)
    amount = MoneyColumn(_("Expected"), order_by="amount_base")
    revenue = MoneyColumn(_("Won"), order_by="revenue_base", phone=False)
    expected_close = DateColumn(_("Expected close"), phone=False)
    closed_on = DateColumn(_("Closed"), phone=False)

    class Meta(Table.Meta):
        caption = _("Deals")


class VendorDealTable(DealTable):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")

    class Meta(DealTable.Meta):
        sequence = ("title", "partner", "...")


class InboxTable(Table):
    """Registrations and reported wins that wait for a decision."""

    title = LinkColumn(_("Deal"), accessor="headline", order_by="title", to="deals:detail", second="subline")
    number = Column(_("Number"), visible=False)
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")
    customer = Column(_("Customer"), order_by="customer__name")
    product = Column(_("Product"), order_by="product__name", phone=False)
    amount = MoneyColumn(_("Expected"), order_by="amount_base")
    status = BadgeColumn(_("Registration"), tones=STATUS_TONES)
    waiting_since = Column(_("Waiting"))
    answer_due_at = Column(_("Answer by"))

    class Meta(Table.Meta):
        caption = _("Waiting for a decision")

    def render_status(self, value: Any, record: Deal) -> Any:
        return badge_html(*WAITS.get(record.awaits, (value, *STATUS_TONES[S(record.status)])))

    def render_waiting_since(self, value: Any) -> Any:
        return timesince(value, depth=1)

    def render_answer_due_at(self, value: Any, record: Deal) -> Any:
        if value < timezone.now():
            return badge_html(_g("Late since %s") % short_date(value), "danger", "alarm")
        return short_date(value)
