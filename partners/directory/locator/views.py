"""The public partner locator: no sign-in, in the tenant's brand."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.directory.company.views import logo_response
from partners.directory.locator import queries
from portal.accounts.access import public_view
from portal.shell.addresses import turl

KEPT = "public, max-age=300"


@public_view
@require_safe
def search(request: HttpRequest, tenant: str) -> HttpResponse:
    """Partners by place, competence and tier, page by page; 404 while the programme keeps the locator closed."""
    asked = {
        name: request.GET.get(name, "").replace("\x00", "").strip()[: queries.LONGEST]
        for name in ("place", "competence", "tier")
    }
    wanted = request.GET.get("page", "1")
    page = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 1
    results = queries.find(request.tenant, queries.Search(**asked), page)
    if results is None:
        raise Http404
    set_ones = {name: value for name, value in asked.items() if value}
    return render(
        request,
        "directory/locator.html",
        {
            "title": results.heading or _("Find a partner"),
            "results": results,
            "asked": asked,
            "is_narrowed": bool(set_ones),
            "previous": _page_query(set_ones, results.page - 1) if results.page > 1 else "",
            "next": _page_query(set_ones, results.page + 1) if results.page < results.pages else "",
        },
    )


def _page_query(asked: dict[str, str], page: int) -> str:
    return f"?{urlencode({**asked, 'page': page})}"


@public_view
@require_safe
def company(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = queries.one(request.tenant, pk)
    if found is None:
        raise Http404
    context = {
        "title": found.name,
        "found": found,
        "back_url": turl(request, "directory:locator"),
        "back_label": _("All partners"),
    }
    return render(request, "directory/locator_company.html", context)


@public_view
@require_safe
def logo(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    response = logo_response(request, queries.logo_of(request.tenant, pk))
    response.headers["Cache-Control"] = KEPT
    return response
