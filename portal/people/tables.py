from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.shell.registry import partner_names
from portal.shell.tables import EMPTY, BadgeColumn, Column, DateColumn, LinkColumn, Table

ROLE_TONES = {Role.ADMIN: "accent", Role.CHANNEL_MANAGER: "info"}


class MemberTable(Table):
    name = LinkColumn(
        _("Name"), to="people:member", second="user__email", order_by="user__name", needs=["user"]
    )
    role = BadgeColumn(_("Role"), tones=ROLE_TONES)
    partner_id = Column(_("Company"), orderable=False)
    job_title = Column(_("Job title"), phone=False)
    created_at = DateColumn(_("Member since"))

    class Meta(Table.Meta):
        caption = _("People with access")

    def render_partner_id(self, value: Any) -> Any:
        return self.partners.get(value, EMPTY)

    def value_partner_id(self, value: Any, record: Membership) -> str:
        return self.partners.get(value, "")

    @property
    def partners(self) -> dict:
        """The companies' names, read once for the rows shown."""
        if not hasattr(self, "_partners"):
            self._partners = partner_names(row.partner_id for row in self.data if row.partner_id)
        return self._partners
