from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.reports.models import SavedView
from portal.shell.reporting import report_page
from portal.shell.tables import Column, DateColumn, LinkColumn, Table, badge_html


class ViewTable(Table):
    name = LinkColumn(_("View"), to="reports:open")
    page = Column(_("Page"))
    owner = Column(_("Kept by"), accessor="owner__name", needs=("owner__user",), orderable=False)
    shared = Column(_("Colleagues"))
    next_at = DateColumn(_("Next e-mail"), time=True)
    settings = Column(_("Settings"), accessor="pk", orderable=False)

    class Meta:
        caption = _("Views")

    def render_page(self, value: str) -> str:
        found = report_page(value, self.request.tenant, self.request.membership)
        return str(found.label) if found else value

    def render_shared(self, value: bool) -> str:
        return badge_html(_("may open it"), "info") if value else badge_html(_("not shared"))

    def render_settings(self, record: SavedView) -> str:
        if record.owner_id != self.request.membership.pk:
            return ""
        address = reverse("reports:detail", args=(self.request.tenant.slug, record.pk))
        return format_html('<a href="{}">{}</a>', address, _("Change or send"))
