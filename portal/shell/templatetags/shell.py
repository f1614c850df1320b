"""Tags of the shell: `{% load shell %}`."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from portal.events.describe import describe
from portal.events.models import Event
from portal.shell import formats
from portal.shell.addresses import turl as tenant_url
from portal.shell.tables import badge_html

register = template.Library()


@register.simple_tag(takes_context=True)
def turl(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """`{% turl "deals:detail" deal.pk %}`: an address in the tenant of the page."""
    return tenant_url(context["request"], name, *args, **kwargs)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """`{% query page=2 %}`: the page's query string with some parameters set, or removed when empty."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        parameters.pop(key, None)
        if value not in (None, ""):
            parameters[key] = value
    return f"?{parameters.urlencode()}"


@register.simple_tag
def badge(label: object, tone: str = "neutral", icon: str = "") -> SafeString:
    """`{% badge deal.get_status_display "success" "check" %}`; the same as the badge component."""
    return badge_html(label, tone, icon)


@register.filter
def short_date(value: date | datetime | None) -> str:
    return formats.short_date(value)


@register.filter
def short_time(value: datetime | None) -> str:
    return formats.short_time(value)


@register.filter
def percent(value: Decimal | float | None, places: int = 1) -> str:
    """A fraction as a percentage: `{{ card.win_rate|percent }}`."""
    return formats.percent(value, places)


@register.filter
def number(value: Decimal | float | int | None, places: int | None = None) -> str:
    return formats.number(value, places)


@register.filter
def figure_rows(rows: Iterable[Sequence[Any]]) -> SafeString:
    """The rows of a chart's table, each headed by its first cell: written here, for there may be hundreds."""
    written = []
    for first, *rest in rows:
        cells = "".join([f'<td class="num">{_figure(cell)}</td>' for cell in rest])
        written.append(f'<tr><th scope="row">{_figure(first)}</th>{cells}</tr>')
    return mark_safe("".join(written))  # noqa: S308 - each cell is escaped


def _figure(cell: Any) -> str:
    return conditional_escape(formats.number(cell) if isinstance(cell, int | float | Decimal) else cell)


@register.filter
def sentence(event: Event) -> str:
    """An event in words."""
    return describe(event)


@register.filter
def lookup(mapping: dict, key: Any) -> Any:
    return mapping.get(key)


@register.filter
def as_query(mapping: dict) -> str:
    return urlencode(mapping)
