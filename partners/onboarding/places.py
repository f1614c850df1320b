"""Where applications and onboarding appear: navigation, home pages, the set-up checklist and the nightly round."""

from django.utils.translation import gettext_lazy as _

from partners.onboarding import panels
from partners.onboarding.applications.models import ApplicationPolicy
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.shell.registry import home_panel, navigation, nightly, setup_step

navigation(_("Applications"), "onboarding:applications", "clipboard-list", roles=VENDOR_ROLES, order=28)
navigation(_("Refer a company"), "onboarding:referrals", "users-plus", roles=PARTNER_ROLES, order=80)

for role in VENDOR_ROLES:
    home_panel(
        role,
        "applications",
        data=panels.applications,
        template="onboarding/panels/applications.html",
        queries=2,
        order=18,
        width="half",
    )
setup_step(
    _("Let companies apply"),
    done=ApplicationPolicy.objects.exists,
    url_name="onboarding:policy",
    order=60,
    text=_("Write what applicants read and what they are asked, and open the form."),
)
nightly("onboarding.forget_unconfirmed")
