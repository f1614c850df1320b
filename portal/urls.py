"""Every address of the portal. What belongs to a tenant stands under `/<tenant>/`."""

from django.contrib import admin
from django.urls import include, path

from portal.shell.health import health, live

urlpatterns = [
    path("healthz", health, name="health"),
    path("healthz/live", live, name="health-live"),
    path("platform/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
