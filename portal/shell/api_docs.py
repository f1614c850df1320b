"""The API's documentation page, under the portal's own policy: no script or style in the page itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def docs(request: HttpRequest, tenant: str) -> HttpResponse:
    return render(
        request,
        "shell/api_docs.html",
        {
            "title": _("API"),
            "subtitle": _("Deals, partners, customers, scorecards and tiers, for your own systems."),
        },
    )
