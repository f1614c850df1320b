"""Where training appears: navigation and home pages."""

from django.utils.translation import gettext_lazy as _

from partners.training import panels
from portal.accounts.enums import PARTNER_ROLES
from portal.shell.registry import TOGETHER, home_panel, navigation, nightly

navigation(_("Training"), "training:list", "school", order=45, group=TOGETHER)

for role in PARTNER_ROLES:
    home_panel(
        role,
        "training",
        data=panels.to_learn,
        template="training/panels/learn.html",
        queries=3,
        order=60,
        width="half",
    )
nightly("training.nightly")
