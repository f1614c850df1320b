"""What every page knows: the tenant, who looks at it, where they can go."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.shell.addresses import turl
from portal.shell.registry import GROUPS, SELLING, Text, navigation_for, top_items

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
    """Links below a heading; `is_open` unless the person folds it: where one is, and what is used all day."""

    label: Text | None
    links: list[Link] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.label == SELLING or any(link.active for link in self.links)


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
    home = turl(request, "shell:home")
    groups: dict[Text | None, LinkGroup] = {group: LinkGroup(group) for group in (None, *GROUPS)}
    active: Link | None = None
    for item in navigation_for(membership.role):
        link = Link(item.label, turl(request, item.url_name), item.icon)
        groups[item.group].links.append(link)
        fits = request.path == link.url if link.url == home else request.path.startswith(link.url)
        if fits and (active is None or len(link.url) > len(active.url)):
            active = link
    if active:
        active.active = True
    return [group for group in groups.values() if group.links]
