"""List pages: search, filters, sorting, pages and export around a table."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.contrib import messages
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from portal.accounts.access import can, check
from portal.accounts.models import Membership
from portal.shell.addresses import turl
from portal.shell.exports import FORMATS, XLSX_LIMIT, csv_lines, csv_response, xlsx_response
from portal.shell.formats import number, short_date
from portal.shell.tables import Table
from portal.tenancy.scope import current_partner_id, current_tenant_id, tenant_scope

Text = str | Promise

PER_PAGE = 25
# Counting a million rows costs more than showing a page of them: beyond this we say "more than".
COUNT_LIMIT = 1000
EXPORT_BATCH = 1000
OWN_PARAMETERS = frozenset({"q", "sort", "page", "export", "filters", "hide"})
_RANGE_ENDS = ("", "_min", "_max", "_after", "_before")


@dataclass(frozen=True)
class Action:
    """A button in the page's head, offered to whom `permission` allows."""

    label: Text
    url_name: str
    icon: str = ""
    permission: str | None = None
    primary: bool = False


@dataclass(frozen=True)
class Preset:
    """A tab above the list: a label and the filters it sets."""

    label: Text
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the query string without it."""

    label: Text
    value: str
    remove: str


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    number: int
    has_next: bool
    total: int
    is_more: bool

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * PER_PAGE + len(self.rows)

    @property
    def total_text(self) -> str:
        return f"{number(self.total)}+" if self.is_more else number(self.total)


class ListPage(View):
    """A page that lists what `get_queryset` returns.

    Set `title`, `table_class` and, where wanted, `permission` (asked without an object), `filterset_class`,
    `search_fields`, `export_name` (none: no export, and not kept as a view), `actions`, `presets` and the texts of the empty list.
    """

    title: Text = ""
    subtitle: Text = ""
    table_class: type[Table]
    filterset_class: type[django_filters.FilterSet] | None = None
    permission: str | None = None
    search_fields: Sequence[str] = ()
    search_label: Text = gettext_lazy("Search")
    export_name: str = ""
    # Whether the address says of which period the rows are: `period` and `start`.
    has_period: bool = False
    actions: Sequence[Action] = ()
    presets: Sequence[Preset] = ()
    empty_icon: str = "inbox"
    empty_title: Text = gettext_lazy("Nothing here yet")
    empty_text: Text = ""
    empty_action: Action | None = None
    template_name: str = "components/list_page.html"

    def adapt_to(self, member: Membership) -> None:
        """Set what is not the same for everybody: the table, filters, presets. Nothing is read here."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        raise NotImplementedError

    def get_title(self, request: HttpRequest) -> Text:
        return self.title

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        """What a page's own template needs besides the list."""
        return {}

    def search(self, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """Rows in which each word occurs in some field of `search_fields`."""
        for word in text.split()[:8]:
            matches = Q()
            for name in self.search_fields:
                matches |= Q(**{f"{name}__icontains": word})
            queryset = queryset.filter(matches)
        return queryset

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.permission:
            check(request.membership, self.permission)
        self.adapt_to(request.membership)
        queryset, table, filterset = self.narrowed(request)
        if self.export_name and request.GET.get("export") in FORMATS:
            return self._export(request, queryset, request.GET["export"])
        page = self._page(request, queryset)
        if page is None:
            return redirect(f"{request.path}?{self._parameters(request, page='').urlencode()}")
        table = self.table(request, page.rows, sort=table.sort)
        return self._render(request, table, page, self._text(request), filterset)

    def narrowed(
        self, request: HttpRequest
    ) -> tuple[models.QuerySet[Any], Table, django_filters.FilterSet | None]:
        """What the address asks for, filtered, searched and sorted, and the empty table that it is sorted by."""
        queryset = self.get_queryset(request)
        filterset = self._filterset(request, queryset)
        if filterset is not None and filterset.is_bound:
            queryset = filterset.qs
        if text := self._text(request):
            queryset = self.search(queryset, text)
        table = self.table(request, [], sort=request.GET.get("sort", ""))
        return self._prepared(queryset, table), table, filterset

    @staticmethod
    def _text(request: HttpRequest) -> str:
        return request.GET.get("q", "").replace("\x00", "").strip()[:200]

    def table(self, request: HttpRequest, rows: Sequence[Any], *, sort: str = "") -> Table:
        """The table without the columns that the address hides; its first is always there."""
        hidden = set(request.GET.getlist("hide"))
        left_out = [name for name, _label in self.choosable_columns() if name in hidden] if hidden else []
        return self.table_class(rows, request=request, sort=sort, exclude=left_out)

    def choosable_columns(self) -> list[tuple[str, str]]:
        """The columns that may be left out, as (name, label)."""
        columns = [one for one in self.table_class.base_columns.items() if one[1].visible]
        return [(name, str(column.verbose_name or name)) for name, column in columns[1:]]

    def _filterset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> django_filters.FilterSet | None:
        """Bound when a filter is set, unbound when the panel is to be shown; making one costs, so else None."""
        if self.filterset_class is None:
            return None
        if any(value and key not in OWN_PARAMETERS for key, value in request.GET.items()):
            return self.filterset_class(request.GET, queryset=queryset, request=request)
        if "filters" in request.GET:
            return self.filterset_class(None, queryset=queryset, request=request)
        return None

    def _prepared(self, queryset: models.QuerySet[Any], table: Table) -> models.QuerySet[Any]:
        join, prefetch = table.relations(queryset.model)
        if join and queryset.query.select_related is not True and not queryset._fields:
            queryset = queryset.select_related(*join)
        if prefetch:
            queryset = queryset.prefetch_related(*prefetch)
        order = table.ordering(queryset.model)
        if order:
            return queryset.order_by(*order)
        return queryset if queryset.ordered else queryset.order_by("-pk")

    def _page(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Page | None:
        """The page asked for; None when it lies behind the last one."""
        wanted = request.GET.get("page", "1")
        current = max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else 1
        start = (current - 1) * PER_PAGE
        rows = list(queryset[start : start + PER_PAGE + 1])
        if not rows and current > 1:
            return None
        has_next = len(rows) > PER_PAGE
        if not has_next:
            return Page(rows, current, False, start + len(rows), False)
        total = queryset.order_by().values("pk")[: COUNT_LIMIT + 1].count()
        total = max(total, start + len(rows))
        return Page(rows[:PER_PAGE], current, True, min(total, max(COUNT_LIMIT, start)), total > COUNT_LIMIT)

    def _render(
        self,
        request: HttpRequest,
        table: Table,
        page: Page,
        text: str,
        filterset: django_filters.FilterSet | None,
    ) -> HttpResponse:
        presets = self._presets(request)
        # What a tab says needs no chip.
        told = self._preset_keys() if any(preset["active"] for preset in presets) else set()
        chips = self._chips(request, filterset, told)
        show_filters = filterset is not None and ("filters" in request.GET or bool(filterset.form.errors))
        if show_filters:
            style_widgets(filterset.form)
        context = {
            "title": self.get_title(request),
            "subtitle": self.subtitle,
            "table": table,
            "page": page,
            "q": text,
            "sort": table.sort,
            "chips": chips,
            "filterset": filterset if show_filters else None,
            "kept": self._kept(request),
            "has_filters": self.filterset_class is not None,
            "can_search": bool(self.search_fields) or type(self).search is not ListPage.search,
            "search_label": self.search_label,
            "presets": presets,
            "is_narrowed": bool(text or chips),
            "actions": self._actions(request, self.actions),
            "export_name": self.export_name,
            "view_query": self._view_query(request),
            "empty_icon": self.empty_icon,
            "empty_title": self.empty_title,
            "empty_text": self.empty_text,
            "empty_action": next(
                iter(self._actions(request, [self.empty_action] if self.empty_action else [])), None
            ),
            **self.get_context(request),
        }
        is_fragment = request.htmx and not request.htmx.boosted
        return render(request, "components/list_body.html" if is_fragment else self.template_name, context)

    def _actions(self, request: HttpRequest, actions: Sequence[Action]) -> list[dict[str, Any]]:
        return [
            {
                "label": action.label,
                "url": turl(request, action.url_name),
                "icon": action.icon,
                "primary": action.primary,
            }
            for action in actions
            if action.permission is None or can(request.membership, action.permission)
        ]

    def _parameters(self, request: HttpRequest, **changes: str) -> Any:
        parameters = request.GET.copy()
        for key, value in changes.items():
            parameters.pop(key, None)
            if value:
                parameters[key] = value
        return parameters

    def _kept(self, request: HttpRequest) -> list[tuple[str, str]]:
        """The set filters and the sorting, as hidden fields of the search form."""
        return [
            (key, value)
            for key, values in request.GET.lists()
            if key not in {"q", "page", "export", "filters"}
            for value in values
            if value
        ]

    def _view_query(self, request: HttpRequest) -> str:
        """How the page may be kept as a view: its name and parameters; empty where it may not."""
        match = request.resolver_match
        if not self.export_name or request.membership.is_partner or match is None or len(match.kwargs) > 1:
            return ""
        kept = self._parameters(request, page="", export="", filters="")
        return urlencode({"page": match.view_name, "query": kept.urlencode()})

    def _presets(self, request: HttpRequest) -> list[dict[str, Any]]:
        named = self._preset_keys()
        set_now = {key: values for key in named if (values := list(filter(None, request.GET.getlist(key))))}
        presets = []
        for preset in self.presets:
            parameters = request.GET.copy()
            for key in [*named, "page", "filters"]:
                parameters.pop(key, None)
            parameters.update(preset.parameters)
            presets.append(
                {
                    "label": preset.label,
                    "query": f"?{parameters.urlencode()}",
                    "active": set_now == {key: [value] for key, value in preset.parameters.items()},
                }
            )
        return presets

    def _preset_keys(self) -> set[str]:
        return {key for preset in self.presets for key in preset.parameters}

    def _chips(
        self, request: HttpRequest, filterset: django_filters.FilterSet | None, told: Collection[str]
    ) -> list[Chip]:
        """What the list is narrowed by, but for the parameters that are `told` already."""
        if filterset is None or not filterset.is_bound:
            return []
        chips = []
        for name, value in filterset.form.cleaned_data.items() if not filterset.form.errors else ():
            form_field = filterset.form.fields[name]
            if value in (None, "", []) or name in told:
                continue
            if isinstance(value, models.QuerySet) and not value:
                continue
            parameters = request.GET.copy()
            for end in _RANGE_ENDS:
                parameters.pop(f"{name}{end}", None)
            parameters.pop("page", None)
            words = in_words(value, dict(_flat(getattr(form_field, "choices", ()))))
            chips.append(Chip(form_field.label or name, words, f"?{parameters.urlencode()}"))
        return chips

    def _export(
        self, request: HttpRequest, queryset: models.QuerySet[Any], file_format: str
    ) -> HttpResponseBase:
        name = f"{self.export_name}-{timezone.localdate():%Y-%m-%d}"
        table = self.table(request, [])
        if file_format == "csv":
            lines = csv_lines(table.export_header(), self._streamed(queryset, table))
            return csv_response(name, lines)
        if queryset.order_by().values("pk")[: XLSX_LIMIT + 1].count() > XLSX_LIMIT:
            messages.error(
                request,
                _("A spreadsheet holds at most %(limit)s rows here. Set a filter, or take the CSV file.")
                % {"limit": number(XLSX_LIMIT)},
            )
            return redirect(f"{request.path}?{self._parameters(request, export='').urlencode()}")
        return xlsx_response(name, table.export_header(), table.export_rows(batches(queryset)))

    @staticmethod
    def _streamed(queryset: models.QuerySet[Any], table: Table) -> Iterator[list[Any]]:
        """Rows in a scope, language and time zone of their own: the request's end before the first line is sent."""
        tenant_id, partner_id = current_tenant_id(), current_partner_id()
        language, zone = translation.get_language(), timezone.get_current_timezone()

        def rows() -> Iterator[list[Any]]:
            with tenant_scope(tenant_id, partner_id), translation.override(language), timezone.override(zone):
                yield from table.export_rows(batches(queryset))

        return rows()


def batches(queryset: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """The rows in their order, in batches of `EXPORT_BATCH`; only the keys are held at once."""
    keys = list(queryset.values_list("pk", flat=True))
    for start in range(0, len(keys), EXPORT_BATCH):
        wanted = keys[start : start + EXPORT_BATCH]
        found = queryset.order_by().in_bulk(wanted)
        yield [found[key] for key in wanted if key in found]


def in_words(value: Any, choices: Mapping[str, Any]) -> str:
    """A filter's value as a person reads it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, slice):
        start = in_words(value.start, choices) if value.start is not None else "…"
        stop = in_words(value.stop, choices) if value.stop is not None else "…"
        return f"{start} – {stop}"
    if isinstance(value, (list, tuple, models.QuerySet)):
        return ", ".join(in_words(item, choices) for item in value)
    if isinstance(value, date):
        return short_date(value)
    return str(choices.get(str(value), value))


def style_widgets(form: Any) -> None:
    """Give the widgets of a plain form the look of the portal's forms."""
    for form_field in form.fields.values():
        if getattr(form_field, "empty_label", None):
            form_field.empty_label = _("Any")
        for widget in getattr(form_field.widget, "widgets", [form_field.widget]):
            kind = getattr(widget, "input_type", "text")
            css = {"select": "form-select", "checkbox": "form-check-input", "radio": "form-check-input"}.get(
                kind, "form-control"
            )
            widget.attrs["class"] = f"{widget.attrs.get('class', '')} {css}".strip()


def _flat(choices: Any) -> Iterator[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from _flat(label)
        else:
            yield str(value), label
