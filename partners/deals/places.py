"""Where deals appear: navigation, home pages and the nightly round; and that they are amounts."""

from django.utils.translation import gettext_lazy as _

from partners.deals import panels
from partners.deals.models import Deal
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.shell.registry import (
    PROGRAMME,
    SELLING,
    holds_money,
    home_panel,
    navigation,
    nightly,
    subject_panel,
)

navigation(_("Deals"), "deals:list", "briefcase", order=10, group=SELLING)
navigation(_("Pipeline"), "deals:board", "layout-kanban", order=15, group=SELLING)
navigation(_("Waiting for you"), "deals:inbox", "inbox", roles=VENDOR_ROLES, order=20)
navigation(
    _("Registration rules"), "deals:policy", "shield-check", roles=(Role.ADMIN,), order=60, group=PROGRAMME
)
navigation(_("Selling"), "deals:selling", "target-arrow", roles=(Role.ADMIN,), order=62, group=PROGRAMME)

for role in PARTNER_ROLES:
    home_panel(
        role,
        "deals",
        data=panels.my_deals,
        template="deals/panels/mine.html",
        queries=3,
        order=18,
        width="half",
    )
for role in VENDOR_ROLES:
    home_panel(
        role,
        "waiting",
        data=panels.waiting,
        template="deals/panels/waiting.html",
        queries=2,
        order=10,
        width="full",
    )
for role in (*PARTNER_ROLES, *VENDOR_ROLES):
    home_panel(
        role,
        "attention",
        data=panels.attention,
        template="deals/panels/attention.html",
        queries=2,
        order=28,
        width="half",
    )
subject_panel(
    "directory.customer", "deals", data=panels.of_customer, template="deals/panels/summary.html", queries=2
)
subject_panel(
    "directory.partner",
    "deals",
    data=panels.of_partner,
    template="deals/panels/summary.html",
    queries=2,
    order=50,
)
nightly("deals.expire")

holds_money(Deal.objects.exists)
