"""Where applications and onboarding appear: navigation, home pages, the set-up checklist and the nightly round."""

from django.db.models import Exists
from django.utils.translation import gettext_lazy as _

from partners.onboarding import panels
from partners.onboarding.applications.models import ApplicationPolicy
from partners.onboarding.plans.models import Plan
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.shell.registry import TOGETHER, home_panel, navigation, nightly, setup_step, subject_panel

navigation(
    _("Applications"),
    "onboarding:applications",
    "clipboard-list",
    roles=VENDOR_ROLES,
    order=28,
    group=TOGETHER,
)
navigation(
    _("Getting started"), "onboarding:onboardings", "rocket", roles=VENDOR_ROLES, order=29, group=TOGETHER
)
navigation(_("Getting started"), "onboarding:mine", "rocket", roles=PARTNER_ROLES, order=70, group=TOGETHER)
navigation(
    _("Agreements"), "onboarding:agreements", "file-check", roles=PARTNER_ROLES, order=72, group=TOGETHER
)
navigation(
    _("Documents"), "onboarding:documents", "file-certificate", roles=PARTNER_ROLES, order=74, group=TOGETHER
)
navigation(
    _("Refer a company"), "onboarding:referrals", "users-plus", roles=PARTNER_ROLES, order=80, group=TOGETHER
)

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
    home_panel(
        role,
        "onboarding",
        data=panels.running_onboardings,
        template="onboarding/panels/running.html",
        queries=3,
        order=19,
        width="half",
    )
for role in PARTNER_ROLES:
    home_panel(
        role,
        "onboarding",
        data=panels.next_steps,
        template="onboarding/panels/next.html",
        queries=7,
        order=5,
    )
subject_panel(
    "directory.partner",
    "onboarding",
    data=panels.partner_onboarding,
    template="onboarding/panels/partner.html",
    queries=2,
    order=15,
)
setup_step(
    _("Let companies apply"),
    done=lambda: Exists(ApplicationPolicy.objects.all()),
    url_name="onboarding:policy",
    order=60,
    text=_("Write what applicants read and what they are asked, and open the form."),
)
setup_step(
    _("Write a plan for new partners"),
    done=lambda: Exists(Plan.objects.all()),
    url_name="onboarding:plans",
    order=61,
    text=_("What they accept, learn and do in their first weeks."),
)
nightly("onboarding.forget_unconfirmed")
nightly("onboarding.remind")
