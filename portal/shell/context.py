"""What every page knows: the tenant, who looks at it, where they can go."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from portal.shell.registry import Text, navigation_for, top_items

THEMES = ("light", "dark", "auto")
DEFAULT_COLOUR = "#206bc4"


@dataclass
class Link:
    label: Text
    url: str
    icon: str
    active: bool = False


@dataclass
class LinkGroup:
    label: Text | None
    links: list[Link] = field(default_factory=list)


def shell(request: HttpRequest) -> dict[str, Any]:
    tenant = getattr(request, "tenant", None)
    membership = getattr(request, "membership", None)
    theme = request.COOKIES.get("theme", "auto")
    return {
        "tenant": tenant,
        "membership": membership,
        "nav_groups": SimpleLazyObject(lambda: _navigation(request)),
        "top_items": SimpleLazyObject(lambda: _top_items(request)),
        "brand_colour": (tenant.colour if tenant else DEFAULT_COLOUR).lstrip("#").lower(),
        "theme": theme if theme in THEMES else "auto",
        "demo": settings.DEMO,
    }


def _top_items(request: HttpRequest) -> list[dict[str, Any]]:
    membership = getattr(request, "membership", None)
    if membership is None:
        return []
    return [{"template": item.template, **item.data(membership)} for item in top_items()]


def _navigation(request: HttpRequest) -> list[LinkGroup]:
    """The side bar's groups. The link whose address is the longest start of the page's is the active one."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return []
    home = reverse("shell:home", args=(request.tenant.slug,))
    groups: dict[str, LinkGroup] = {}
    active: Link | None = None
    for item in navigation_for(membership.role):
        link = Link(item.label, reverse(item.url_name, args=(request.tenant.slug,)), item.icon)
        groups.setdefault(str(item.group or ""), LinkGroup(item.group)).links.append(link)
        fits = request.path == link.url if link.url == home else request.path.startswith(link.url)
        if fits and (active is None or len(link.url) > len(active.url)):
            active = link
    if active:
        active.active = True
    return list(groups.values())
