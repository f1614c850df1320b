"""Tags of the pages of figures: `{% load metrics %}`."""

from collections.abc import Iterable, Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def heat_cells(cells: Iterable[Mapping[str, object]]) -> SafeString:
    """The cells of a row of the heat map: written here, for there are hundreds."""
    return mark_safe("".join(map(_heat_cell, cells)))  # noqa: S308 - each cell is escaped


def _heat_cell(cell: Mapping[str, object]) -> SafeString:
    shade = f" heat-{cell['shade']}" if cell["shade"] else ""
    value = cell["value"]
    shown = format_html('<a href="{}">{}</a>', cell["address"], value) if cell["address"] else value
    notes = [
        format_html("<br><small>{}</small>", note) for note in (cell["attainment"], cell["against"]) if note
    ]
    return format_html('<td class="num{}">{}{}</td>', shade, shown, mark_safe("".join(notes)))  # noqa: S308
