"""Where benchmarks appear in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import VENDOR_ROLES
from portal.shell import registry

registry.navigation(
    _("Benchmarks"),
    "metrics_benchmarks:list",
    "ruler-measure",
    roles=VENDOR_ROLES,
    order=38,
    group=registry.MEASURING,
)
