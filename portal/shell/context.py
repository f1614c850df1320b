"""What every page knows: the tenant, who looks at it, where they can go."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.shell.addresses import address_in, turl
from portal.shell.registry import GROUPS, SELLING, Text, navigation_for, top_items

THEMES = ("light", "dark", "auto")
DEFAULT_COLOUR = "#206bc4"
_CURRENT = SafeString(' aria-current="page"')


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the side bar as HTML, and as it is on its own page and those below it."""

    url: str
    html: SafeString
    active_html: SafeString


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links below a heading; `is_open` unless the person folds it: where one is, and what is used all day."""

    label: str
    links: SafeString
    is_open: bool


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
    place = request.tenant.slug, membership.role, get_language() or ""
    links = [link for group in _links(*place).values() for link in group]
    here = [link.url for link in links if request.path.startswith(link.url)]
    # Every page lies below the home page, which is active on its own alone.
    active = max((url for url in here if url != home or request.path == home), key=len, default="")
    return _groups(*place, active)


@lru_cache(maxsize=4096)
def _groups(slug: str, role: str, language: str, active: str) -> list[LinkGroup]:
    return [
        LinkGroup(
            str(label or ""),
            SafeString("".join(link.active_html if link.url == active else link.html for link in links)),
            is_open=label == SELLING or any(link.url == active for link in links),
        )
        for label, links in _links(slug, role, language).items()
        if links
    ]


@lru_cache(maxsize=512)
def _links(slug: str, role: str, language: str) -> dict[Text | None, list[Link]]:
    """The links that a role has, by group, in the language that is active; every page shows them."""
    groups: dict[Text | None, list[Link]] = {group: [] for group in (None, *GROUPS)}
    for item in navigation_for(role):
        url = address_in(slug, item.url_name)
        html, active_html = (
            format_html(
                '<li><a class="sidebar-link" href="{}"{}><i class="ti ti-{}" aria-hidden="true"></i>{}</a></li>',
                url,
                current,
                item.icon,
                item.label,
            )
            for current in ("", _CURRENT)
        )
        groups[item.group].append(Link(url, html, active_html))
    return groups
