"""Where engagement appears: navigation, home pages, a partner's page and the nightly round."""

from django.utils.translation import gettext_lazy as _

from partners.engagement import panels
from portal.accounts.enums import PARTNER_ROLES
from portal.shell.registry import ALL_ROLES, TOGETHER, home_panel, navigation, nightly, subject_panel

navigation(_("Interactions"), "engagement:interactions", "messages", order=46, group=TOGETHER)
navigation(_("Events"), "engagement:gatherings", "calendar-event", order=47, group=TOGETHER)

for role in ALL_ROLES:
    home_panel(
        role,
        "follow_ups",
        data=panels.follow_ups,
        template="engagement/panels/follow_ups.html",
        queries=1,
        order=62,
        width="half",
    )
for role in PARTNER_ROLES:
    home_panel(
        role,
        "events",
        data=panels.invitations,
        template="engagement/panels/invitations.html",
        queries=1,
        order=63,
        width="half",
    )
subject_panel(
    "directory.partner",
    "interactions",
    data=panels.partner_timeline,
    template="engagement/panels/timeline.html",
    queries=1,
    order=40,
)
nightly("engagement.nightly")
