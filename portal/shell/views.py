"""The home page, the pulse of live pages, and what makes a page the tenant's."""

from pathlib import Path
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.defaults import bad_request, page_not_found, server_error

from portal.accounts.prepared import prepared
from portal.accounts.standing import ReadingOnly
from portal.errors import asks_api, problem
from portal.shell import queries
from portal.shell.colours import stylesheet
from portal.shell.panels import home_panels
from portal.shell.registry import SetupStep, partner_names, setup_steps
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id

YEAR = 365 * 24 * 3600
LOGO_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


def home(request: HttpRequest, tenant: str) -> HttpResponse:
    """The member's home: what the apps registered for the role, and the set-up checklist while it is not done."""
    return render(
        request,
        "shell/home.html",
        {
            "title": _("Home"),
            "subtitle": _whose(request),
            "panels": home_panels(request),
            "setup": checklist() if request.membership.is_admin else None,
        },
    )


def _whose(request: HttpRequest) -> str:
    """The programme's name, and for a partner's people the company they see here. One query for those."""
    member = request.membership
    if not member.is_partner:
        return request.tenant.name
    return _("%(company)s in the partner programme of %(vendor)s") % {
        "company": partner_names([member.partner_id])[member.partner_id],
        "vendor": request.tenant.name,
    }


def checklist() -> dict[str, Any] | None:
    """The set-up steps with what is done; None when all are. One query."""
    every = tuple(setup_steps())
    [answers] = _answers(every) if every else [()]
    steps = [{"step": step, "done": is_done} for step, is_done in zip(every, answers, strict=True)]
    done = sum(answers)
    if done == len(steps):
        return None
    return {"steps": steps, "done": done, "total": len(steps), "percent": 100 * done // len(steps)}


@prepared
def _answers(steps: tuple[SetupStep, ...]) -> QuerySet[Tenant, tuple[bool, ...]]:
    tenant = Tenant.objects.filter(pk=current_tenant_id()).order_by()
    return tenant.values_list(*(ExpressionWrapper(step.done(), BooleanField()) for step in steps))


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the reason where there is one that the person can do something about."""
    why = str(exception) if isinstance(exception, ReadingOnly) else ""
    if asks_api(request):
        return problem(403, "permission_denied", _("You may not do this"), why)
    return HttpResponse(render_to_string("403.html", {"why": why}, request), status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, also of an address that there is not."""
    if asks_api(request):
        return problem(404, "not_found", _("Not found"))
    return page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """500. It may need nothing that may have failed."""
    if asks_api(request):
        return problem(500, "error", _("Something went wrong on our side"))
    return server_error(request)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what came is no request that a view could look at."""
    if asks_api(request):
        return problem(400, "invalid", _("The request could not be understood"))
    return bad_request(request, exception)


def pulse(request: HttpRequest, tenant: str) -> JsonResponse:
    return JsonResponse(queries.pulse(request.membership))


def brand_css(request: HttpRequest, colour: str) -> HttpResponse:
    """The accent as a style sheet. Its address holds all there is to know, so it can be kept for ever."""
    try:
        css = stylesheet(colour)
    except ValueError as error:
        raise Http404 from error
    return HttpResponse(
        css, content_type="text/css", headers={"Cache-Control": f"public, max-age={YEAR}, immutable"}
    )


def brand_logo(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A tenant's logo, shown before anyone has signed in. Only types that hold no script are ever stored."""
    owner = get_object_or_404(Tenant, slug=slug)
    name = owner.logo.name or ""
    content_type = LOGO_TYPES.get(Path(name).suffix)
    if content_type is None or not owner.logo.storage.exists(name):
        raise Http404
    headers = {"Cache-Control": f"public, max-age={YEAR}", "X-Content-Type-Options": "nosniff"}
    return FileResponse(owner.logo.open(), content_type=content_type, headers=headers)
