"""Where surveys appear: navigation, home pages, the pages of customers, the nightly round."""

from django.utils.translation import gettext_lazy as _

from partners.surveys import panels
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.shell.registry import TOGETHER, home_panel, navigation, nightly, subject_panel

navigation(_("Surveys"), "surveys:list", "message-question", order=47, group=TOGETHER)

for role in PARTNER_ROLES:
    home_panel(
        role,
        "surveys",
        data=panels.to_answer,
        template="surveys/panels/waiting.html",
        queries=6,
        order=62,
        width="half",
    )
for role in VENDOR_ROLES:
    home_panel(
        role,
        "follow-ups",
        data=panels.to_do,
        template="surveys/panels/todo.html",
        queries=2,
        order=45,
        width="half",
    )
subject_panel(
    "directory.customer",
    "contacts",
    data=panels.contacts,
    template="surveys/panels/contacts.html",
    queries=1,
    order=60,
)
nightly("surveys.send")
