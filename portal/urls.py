"""Every address of the portal. What belongs to a tenant stands under `/<tenant>/`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("platform/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
