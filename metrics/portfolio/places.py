"""Where the analysis appears in the navigation, and what of it can be kept and sent."""

from django.utils.translation import gettext_lazy as _

from metrics.portfolio.funnel_pages import CHANNELS, FUNNEL, channels_report, funnel_report
from metrics.portfolio.views import ANALYSIS, analysis_report
from portal.accounts.enums import VENDOR_ROLES
from portal.shell import registry
from portal.shell.reporting import ReportPage, reports

registry.navigation(
    _("Portfolio analysis"),
    "metrics_portfolio:analysis",
    "chart-dots",
    roles=VENDOR_ROLES,
    order=37,
    group=registry.MEASURING,
)

for name, label, report in (
    (ANALYSIS, _("Portfolio analysis"), analysis_report),
    (FUNNEL, _("Funnel"), funnel_report),
    (CHANNELS, _("Channels and sources"), channels_report),
):
    reports(ReportPage(name, label, "metrics.view_scorecards", report, has_period=True))
