"""Where the analysis appears in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import VENDOR_ROLES
from portal.shell import registry

registry.navigation(
    _("Portfolio analysis"),
    "metrics_portfolio:analysis",
    "chart-dots",
    roles=VENDOR_ROLES,
    order=37,
    group=getattr(registry, "MEASURING", registry.PROGRAMME),
)
