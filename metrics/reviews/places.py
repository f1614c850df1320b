"""Where goals, alerts and reviews appear: in the navigation and on the managers' home page."""

from django.utils.translation import gettext_lazy as _

from metrics.reviews import panels
from portal.accounts.enums import VENDOR_ROLES, Role
from portal.shell import registry

GROUP = getattr(registry, "MEASURING", registry.PROGRAMME)

registry.navigation(_("Goals"), "metrics_reviews:goals", "target", order=39, group=GROUP)
registry.navigation(
    _("Alerts"), "metrics_reviews:alerts", "alert-triangle", roles=VENDOR_ROLES, order=40, group=GROUP
)
registry.navigation(
    _("Reviews"), "metrics_reviews:reviews", "messages", roles=VENDOR_ROLES, order=41, group=GROUP
)
registry.home_panel(
    Role.CHANNEL_MANAGER,
    "alerts",
    data=panels.open_alerts,
    template="reviews/panels/alerts.html",
    queries=2,
    order=21,
    width="half",
)
registry.home_panel(
    Role.CHANNEL_MANAGER,
    "reviews_due",
    data=panels.reviews_due,
    template="reviews/panels/due.html",
    queries=2,
    order=45,
    width="half",
)
