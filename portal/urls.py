"""Every address of the portal. What belongs to a tenant stands under `/<tenant>/`."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.shell.health import health, live

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts:choose"), name="front"),
    path("healthz", health, name="health"),
    path("healthz/live", live, name="health-live"),
    path("platform/", admin.site.urls),
    path("assets/", include("portal.shell.brand_urls")),
    path("accounts/", include("portal.people.account_urls")),
    path("accounts/", include("allauth.urls")),
    path("<slug:tenant>/", include("portal.shell.urls")),
    path("<slug:tenant>/jobs/", include("portal.shell.job_urls")),
    path("<slug:tenant>/imports/", include("portal.imports.urls")),
    path("<slug:tenant>/search/", include("portal.search.urls")),
    path("<slug:tenant>/notifications/", include("portal.notifications.urls")),
    path("<slug:tenant>/", include("portal.people.urls")),
    path("<slug:tenant>/views/", include("portal.reports.urls")),
    path("<slug:tenant>/discussion/", include("portal.discussion.urls")),
    path("<slug:tenant>/files/", include("portal.files.urls")),
    path("<slug:tenant>/settings/", include("portal.programme.urls")),
    path("<slug:tenant>/settings/webhooks/", include("portal.webhooks.urls")),
    path("<slug:tenant>/settings/rates/", include("portal.rates.urls")),
    path("<slug:tenant>/deals/", include("partners.deals.urls")),
    path("<slug:tenant>/shared/", include("partners.coselling.urls")),
    path("<slug:tenant>/content/", include("partners.content.urls")),
    path("<slug:tenant>/leads/", include("partners.leads.urls")),
    path("<slug:tenant>/", include("partners.directory.urls")),
    path("<slug:tenant>/", include("partners.matching.urls")),
    path("<slug:tenant>/", include("partners.surveys.urls")),
    path("<slug:tenant>/", include("partners.training.urls")),
    path("<slug:tenant>/", include("partners.onboarding.urls")),
    path("<slug:tenant>/", include("partners.engagement.urls")),
    path("<slug:tenant>/", include("partners.orders.urls")),
    path("<slug:tenant>/", include("partners.marketing.urls")),
    path("<slug:tenant>/scorecards/", include("metrics.urls")),
    path("<slug:tenant>/", include("metrics.benchmarks.urls")),
    path("<slug:tenant>/", include("metrics.costs.urls")),
    path("<slug:tenant>/", include("metrics.portfolio.urls")),
    path("<slug:tenant>/", include("metrics.reviews.urls")),
    path("<slug:tenant>/", include("metrics.readings.urls")),
    path("<slug:tenant>/", include("incentives.urls")),
    path("<slug:tenant>/", include("incentives.statements.urls")),
    path("<slug:tenant>/funds/", include("incentives.funds.urls")),
    path("<slug:tenant>/api/v1/", include("portal.shell.api_urls")),
]

handler400 = "portal.shell.views.unreadable"
handler403 = "portal.shell.views.refused"
handler404 = "portal.shell.views.missing"
handler500 = "portal.shell.views.failed"
