"""Columns of the lists of deals."""

from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.deals.queries import policy
from partners.deals.workdays import add_business_days
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
    submitted_at = Column(_("Waiting"))
    due = Column(_("Answer by"), accessor="submitted_at", order_by="submitted_at")

    class Meta(Table.Meta):
        caption = _("Waiting for a decision")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.decision_days = policy().decision_days

    def render_status(self, value: Any, record: Deal) -> Any:
        if record.win_claim:
            return badge_html(_("Win to confirm"), "accent", "trophy")
        return badge_html(value, *STATUS_TONES[S(record.status)])

    def render_submitted_at(self, value: Any) -> Any:
        return timesince(value, depth=1)

    def render_due(self, value: Any, record: Deal) -> Any:
        if record.win_claim:
            return "–"
        due = add_business_days(value, self.decision_days, self.request.tenant)
        if due < timezone.now():
            return badge_html(_g("Late since %s") % short_date(due), "danger", "alarm")
        return format_html("{}", short_date(due))

    def value_due(self, value: Any, record: Deal) -> Any:
        return value and add_business_days(value, self.decision_days, self.request.tenant).date()
