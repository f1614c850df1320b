"""The page of what was found, and its part that the dialog shows while one types."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from portal.search.finding import cleaned, find_all
from portal.shell.addresses import turl
from portal.shell.search import SHORTEST


@vary_on_headers("HX-Request")
def search(request: HttpRequest, tenant: str) -> HttpResponse:
    text = cleaned(request.GET.get("q", ""))
    groups = [
        {
            "key": group.source.key,
            "label": group.source.label,
            "icon": group.source.icon,
            "hits": [{"hit": hit, "url": turl(request, hit.url_name, *hit.url_args)} for hit in group.hits],
        }
        for group in find_all(request.membership, text)
    ]
    context: dict[str, Any] = {"text": text, "groups": groups, "is_short": len(text) < SHORTEST}
    if request.htmx:
        return render(request, "search/options.html", context)
    return render(request, "search/page.html", {**context, "title": _("Search")})
