"""Where leads appear: navigation, home pages and the nightly round."""

from django.utils.translation import gettext_lazy as _

from partners.leads import panels
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.shell.registry import PROGRAMME, SELLING, home_panel, navigation, nightly

navigation(_("Leads"), "leads:list", "user-search", order=12, group=SELLING)
navigation(
    _("Leads to distribute"),
    "leads:to_distribute",
    "arrows-split",
    roles=VENDOR_ROLES,
    order=22,
    group=SELLING,
)
navigation(_("Lead distribution"), "leads:rules", "route", roles=(Role.ADMIN,), order=61, group=PROGRAMME)
navigation(
    _("Qualified leads"), "leads:criteria", "filter-check", roles=(Role.ADMIN,), order=62, group=PROGRAMME
)

for role in PARTNER_ROLES:
    home_panel(
        role,
        "leads",
        data=panels.my_leads,
        template="leads/panels/mine.html",
        queries=2,
        order=25,
        width="half",
    )
for role in VENDOR_ROLES:
    home_panel(
        role,
        "leads",
        data=panels.to_distribute,
        template="leads/panels/to_distribute.html",
        queries=2,
        order=15,
        width="half",
    )
nightly("leads.move_on")
