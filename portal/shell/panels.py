"""The panels that apps put on home pages and on the pages of things, as HTML."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from portal.shell.registry import home_panels_for, subject_panels_for

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RenderedPanel:
    name: str
    width: str
    html: SafeString


def home_panels(request: HttpRequest) -> list[RenderedPanel]:
    """What the apps registered for the member's role."""
    member = request.membership
    rendered = [
        RenderedPanel(panel.name, panel.width, _html(request, panel.name, panel.template, panel.data, member))
        for panel in home_panels_for(member.role)
    ]
    return [panel for panel in rendered if panel.html]


def subject_panels(request: HttpRequest, subject: models.Model) -> list[RenderedPanel]:
    """What the apps have to show the member about a thing."""
    member = request.membership
    found = [
        (panel, _html(request, panel.name, panel.template, panel.data, member, subject))
        for panel in subject_panels_for(subject._meta.label_lower)
    ]
    return [RenderedPanel(panel.name, "full", html) for panel, html in found if html]


def _html(
    request: HttpRequest,
    name: str,
    template: str,
    data: Callable[..., dict[str, Any] | None],
    *arguments: object,
) -> SafeString:
    """A panel's HTML. In production a broken panel is logged and says so; the others still stand."""
    if not settings.PRODUCTION:
        return _rendered(request, template, data(*arguments))
    try:
        with transaction.atomic():
            return _rendered(request, template, data(*arguments))
    except Exception:
        log.exception("panel_failed", panel=name, role=request.membership.role)
        return render_to_string("shell/panel_failed.html", {}, request)


def _rendered(request: HttpRequest, template: str, context: dict[str, Any] | None) -> SafeString:
    return SafeString("") if context is None else render_to_string(template, context, request)
