"""The API of a tenant: what the apps registered, its schema and its pages for readers."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from portal.shell import api_docs
from portal.shell.api import api_routes

app_name = "api"
urlpatterns = [
    *api_routes.urls,
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs/", api_docs.docs, name="docs"),
]
