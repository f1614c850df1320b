"""The home page, the pulse of live pages, and what makes a page the tenant's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.accounts.models import Membership
from portal.shell import queries
from portal.shell.colours import stylesheet
from portal.shell.registry import HomePanel, home_panels_for, setup_steps
from portal.tenancy.models import Tenant

log = structlog.get_logger(__name__)

YEAR = 365 * 24 * 3600
LOGO_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True)
class RenderedPanel:
    name: str
    width: str
    html: SafeString


def home(request: HttpRequest, tenant: str) -> HttpResponse:
    """The member's home: what the apps registered for the role, and the set-up checklist while it is not done."""
    membership = request.membership
    return render(
        request,
        "shell/home.html",
        {
            "title": _("Home"),
            "panels": [_rendered(request, membership, panel) for panel in home_panels_for(membership.role)],
            "setup": checklist() if membership.is_admin else None,
        },
    )


def checklist() -> dict[str, Any] | None:
    """The set-up steps with what is done; None when all are. One query a step."""
    steps = [{"step": step, "done": step.done()} for step in setup_steps()]
    done = sum(step["done"] for step in steps)
    if done == len(steps):
        return None
    return {"steps": steps, "done": done, "total": len(steps), "percent": 100 * done // len(steps)}


def _rendered(request: HttpRequest, membership: Membership, panel: HomePanel) -> RenderedPanel:
    """A panel's HTML. In production a broken panel is logged and says so; the others still stand."""
    if not settings.PRODUCTION:
        html = render_to_string(panel.template, panel.data(membership), request)
        return RenderedPanel(panel.name, panel.width, html)
    try:
        with transaction.atomic():
            html = render_to_string(panel.template, panel.data(membership), request)
    except Exception:
        log.exception("home_panel_failed", panel=panel.name, role=panel.role)
        html = render_to_string("shell/panel_failed.html", {}, request)
    return RenderedPanel(panel.name, panel.width, html)


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
