"""Columns of the lists of leads."""

from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.directory.fields import country_name
from partners.leads.enums import LeadStatus
from partners.leads.models import Lead
from partners.leads.qualification import verdict_text
from portal.shell.formats import short_time
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, MoneyColumn, Table, badge_html

S = LeadStatus
STATUS_TONES = {
    S.UNASSIGNED: ("warning", "arrows-split"),
    S.POOL: ("info", "stack-2"),
    S.OFFERED: ("warning", "hourglass"),
    S.OPEN: ("info", "progress"),
    S.CONVERTED: ("success", "trophy"),
    S.DISQUALIFIED: ("neutral", "ban"),
}


class LeadTable(Table):
    """For a partner's people."""

    headline = LinkColumn(
        _("Lead"), accessor="headline", order_by=("company", "person"), to="leads:detail", second="subline"
    )
    number = Column(_("Number"), visible=False)
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    qualified = Column(_("Qualified"))
    origin = Column(_("Origin"), phone=False)
    wanted = Column(_("Interested in"), accessor="wanted", order_by="family__name", phone=False)
    budget = MoneyColumn(_("Budget"))
    country = Column(_("Country"), phone=False)
    received_at = DateColumn(_("Since"), accessor="received_at", orderable=False, phone=False)
    answer_due_at = Column(_("Answer by"))
    email = Column(_("E-mail address"), visible=False)
    phone = Column(_("Telephone"), visible=False)
    industry = Column(_("Industry"), visible=False)
    employees = Column(_("Employees"), visible=False)
    source = Column(_("Source"), visible=False)
    channel = Column(_("Channel"), visible=False)

    class Meta(Table.Meta):
        caption = _("Leads")

    def render_qualified(self, value: Any, record: Lead) -> Any:
        if value:
            return badge_html(_g("Qualified"), "success", "check")
        return badge_html(_g("No"), "neutral", "x")

    def value_qualified(self, value: Any, record: Lead) -> Any:
        return verdict_text(record)

    def render_country(self, value: Any) -> Any:
        return country_name(value)

    def render_answer_due_at(self, value: Any, record: Lead) -> Any:
        if record.status != S.OFFERED:
            return "–"
        if value < timezone.now():
            return badge_html(_g("Too late"), "danger", "alarm")
        return format_html("{}", short_time(value))


class VendorLeadTable(LeadTable):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")
    origin = Column(_("Origin"), visible=False)
    country = Column(_("Country"), visible=False)
    created_at = DateColumn(_("Created"), phone=False)
    received_at = DateColumn(_("Since"), accessor="received_at", orderable=False, visible=False)

    class Meta(LeadTable.Meta):
        sequence = ("headline", "partner", "...")


class ToDistributeTable(Table):
    """The vendor's leads that nobody has been offered."""

    headline = LinkColumn(
        _("Lead"), accessor="headline", order_by=("company", "person"), to="leads:detail", second="subline"
    )
    number = Column(_("Number"), visible=False)
    qualified = Column(_("Qualified"))
    wanted = Column(_("Interested in"), accessor="wanted", order_by="family__name", phone=False)
    budget = MoneyColumn(_("Budget"))
    country = Column(_("Country"))
    region = Column(_("Region"), phone=False)
    offers_made = Column(_("Partners asked"), phone=False)
    created_at = Column(_("Waiting"))

    class Meta(Table.Meta):
        caption = _("Leads to distribute")

    render_qualified = LeadTable.render_qualified
    value_qualified = LeadTable.value_qualified
    render_country = LeadTable.render_country

    def render_created_at(self, value: Any) -> Any:
        return timesince(value, depth=1)
