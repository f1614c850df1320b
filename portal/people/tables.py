from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, PartnerColumn, Table

ROLE_TONES = {Role.ADMIN: "accent", Role.CHANNEL_MANAGER: "info"}


class MemberTable(Table):
    name = LinkColumn(
        _("Name"), to="people:member", second="user__email", order_by="user__name", needs=["user"]
    )
    role = BadgeColumn(_("Role"), tones=ROLE_TONES)
    partner_id = PartnerColumn(_("Company"), orderable=False)
    job_title = Column(_("Job title"), phone=False)
    created_at = DateColumn(_("Member since"), phone=False)

    class Meta(Table.Meta):
        caption = _("People with access")


class AdminMemberTable(MemberTable):
    """A partner's session may not read when people sign in."""

    last_login = DateColumn(
        _("Last signed in"), accessor="user__last_login", order_by="user__last_login", needs=["user"]
    )

    class Meta(MemberTable.Meta):
        pass
