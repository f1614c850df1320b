"""Tables: declared with django-tables2, rendered by a short path of their own.

tables2 resolves, inspects and wraps each cell anew, which costs five times what the rows of a plain template
cost. Here each column is turned into one function from record to HTML before the first row is rendered.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from html import unescape
from types import MethodType
from typing import Any, Self
from uuid import UUID

import django_tables2 as tables2
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django_tables2.columns import BoundColumn

from portal.money import quick_money, to_decimal
from portal.shell.formats import DASH, number, percent, short_date, short_time
from portal.shell.registry import partner_names

Text = str | Promise
Cell = Callable[[Any], str]
EMPTY = format_html('<span class="text-secondary">{}</span>', DASH)
TONES = frozenset({"success", "warning", "danger", "info", "neutral", "accent"})
_SAMPLE = UUID(int=0)


def badge_html(label: object, tone: str = "neutral", icon: str = "") -> SafeString:
    """The badge component. Its icon or its text carries the meaning, its colour only repeats it."""
    if tone not in TONES:
        raise ValueError(f"A badge has no tone {tone!r}.")
    mark = format_html('<i class="ti ti-{}" aria-hidden="true"></i>', icon) if icon else ""
    return format_html('<span class="status status-{}">{}{}</span>', tone, mark, label)


class Column(tables2.Column):
    """A column of text.

    `phone=False` leaves it out of the cards that rows become on a phone. `needs` names relations that rendering
    reads beyond the accessor, so that they are fetched with the page.
    """

    css = ""

    def __init__(
        self,
        verbose_name: Text | None = None,
        *args: Any,
        phone: bool = True,
        needs: Sequence[str] = (),
        **kwargs: Any,
    ):
        kwargs.setdefault("default", EMPTY)
        super().__init__(verbose_name, *args, **kwargs)
        self.phone = phone
        self.needs = tuple(needs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A table's own column. What it learns of the table is set on it, and nothing that it has is changed."""
        return copy(self)

    def prepare(self, values: Sequence[Any]) -> None:
        """Called with the column's values of all rows at hand before the first is rendered or exported."""

    def cell(self, value: Any, record: Any, table: "Table") -> str:
        """HTML of a value that is not empty."""
        return conditional_escape(value)

    def export_labels(self, label: str) -> list[str]:
        return [label]

    def export_values(self, value: Any, record: Any, table: "Table") -> list[Any]:
        """What a spreadsheet gets: numbers as numbers, dates as dates. As many as `export_labels`."""
        if isinstance(value, datetime):
            return [timezone.localtime(value).replace(tzinfo=None, microsecond=0)]
        if value is None or isinstance(value, (int, float, Decimal, date)):
            return [value]
        return [str(value)]


class NumberColumn(Column):
    """A plain number, aligned right. `places` fixes the decimals."""

    css = "num"

    def __init__(
        self, verbose_name: Text | None = None, *args: Any, places: int | None = None, **kwargs: Any
    ):
        super().__init__(verbose_name, *args, **kwargs)
        self.places = places

    def cell(self, value: Any, record: Any, table: "Table") -> str:
        return number(value, self.places)


class MoneyColumn(Column):
    """Minor units as money. `currency` is an attribute of the record; None means the tenant's currency.

    As soon as one amount of the column has cents, all show them, so that the digits stand below each other.
    """

    css = "num"
    whole = True

    def __init__(
        self, verbose_name: Text | None = None, *args: Any, currency: str | None = "currency", **kwargs: Any
    ):
        super().__init__(verbose_name, *args, **kwargs)
        self.currency = currency.split("__") if currency else None

    def currency_of(self, record: Any, table: "Table") -> str:
        return get_value(record, self.currency) if self.currency else table.request.tenant.currency

    def prepare(self, values: Sequence[Any]) -> None:
        self.whole = not any(value % 100 for value in values if value)

    def cell(self, value: int, record: Any, table: "Table") -> str:
        return quick_money(value, self.currency_of(record, table), whole=self.whole)

    def export_labels(self, label: str) -> list[str]:
        return [label, f"{label} (currency)"]

    def export_values(self, value: int | None, record: Any, table: "Table") -> list[Any]:
        currency = self.currency_of(record, table)
        return [None if value is None else to_decimal(value, currency), currency]


class PercentColumn(Column):
    """A fraction (0.5) as a percentage (50.0%)."""

    css = "num"

    def __init__(self, verbose_name: Text | None = None, *args: Any, places: int = 1, **kwargs: Any):
        super().__init__(verbose_name, *args, **kwargs)
        self.places = places

    def cell(self, value: Any, record: Any, table: "Table") -> str:
        return percent(value, self.places)

    def export_labels(self, label: str) -> list[str]:
        return [f"{label} (%)"]

    def export_values(self, value: Any, record: Any, table: "Table") -> list[Any]:
        return [None if value is None else round(Decimal(value) * 100, self.places + 2)]


class DateColumn(Column):
    """A date, or the day of a moment; `time=True` shows the time as well. Time zone and language of the page."""

    css = "date"

    def __init__(self, verbose_name: Text | None = None, *args: Any, time: bool = False, **kwargs: Any):
        super().__init__(verbose_name, *args, **kwargs)
        self.time = time

    def cell(self, value: date | datetime, record: Any, table: "Table") -> str:
        return short_time(value) if self.time and isinstance(value, datetime) else short_date(value)

    def export_values(self, value: date | datetime | None, record: Any, table: "Table") -> list[Any]:
        if isinstance(value, datetime):
            local = timezone.localtime(value).replace(tzinfo=None, microsecond=0)
            return [local if self.time else local.date()]
        return [value]


class BadgeColumn(Column):
    """A choice as a badge. `tones` maps its values to a tone or to (tone, icon); others are neutral."""

    def __init__(
        self,
        verbose_name: Text | None = None,
        *args: Any,
        tones: Mapping[Any, str | tuple[str, str]] | None = None,
        **kwargs: Any,
    ):
        super().__init__(verbose_name, *args, **kwargs)
        self.tones = {
            key: (tone, "") if isinstance(tone, str) else tone for key, tone in (tones or {}).items()
        }

    def cell(self, value: Any, record: Any, table: "Table") -> str:
        raw = value.raw if isinstance(value, Choice) else value
        html = table.badges.get((id(self), raw))
        if html is None:
            html = table.badges[id(self), raw] = badge_html(value, *self.tones.get(raw, ("neutral", "")))
        return html


class PartnerColumn(Column):
    """The partner company behind a `partner_id`, by the name that the floor above gives it."""

    names: Mapping[UUID, str] = {}

    def __init__(self, verbose_name: Text | None = None, *args: Any, **kwargs: Any):
        kwargs.setdefault("orderable", False)
        super().__init__(verbose_name, *args, **kwargs)

    def prepare(self, values: Sequence[Any]) -> None:
        self.names = partner_names(value for value in values if value)

    def cell(self, value: Any, record: Any, table: "Table") -> str:
        return conditional_escape(self.names.get(value, EMPTY))

    def export_values(self, value: Any, record: Any, table: "Table") -> list[Any]:
        return [self.names.get(value)]


class LinkColumn(Column):
    """A link into the tenant: `LinkColumn(_("Deal"), to="deals:detail")`.

    `pk` is the attribute that follows the tenant in the address (`pk="partner_id"`); without a value the text
    stands without a link. `second` is an attribute shown in small type on a second line.
    """

    def __init__(
        self,
        verbose_name: Text | None = None,
        *args: Any,
        to: str,
        pk: str = "pk",
        second: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(verbose_name, *args, **kwargs)
        self.to = to
        self.pk = pk.split("__")
        self.second = second.split("__") if second else None

    def cell(self, value: Any, record: Any, table: "Table") -> str:
        second = get_value(record, self.second) if self.second else None
        if value in (None, ""):  # a link needs words
            value, second = second, None
        text: str = conditional_escape(value)
        pk = get_value(record, self.pk)
        if pk is not None:
            address = row_address(self.to, table.request.tenant.slug, pk)
            text = f'<a href="{address}">{text}</a>'
        if second not in (None, ""):
            text = f'{text}<small class="second">{conditional_escape(second)}</small>'
        return text


def row_address(name: str, slug: str, pk: object) -> str:
    """The address of a page about one row, without resolving it anew for each."""
    return address_pattern(name, slug).replace(str(_SAMPLE), str(pk))


@lru_cache(maxsize=1024)
def address_pattern(name: str, slug: str) -> str:
    return reverse(name, args=(slug, _SAMPLE))


class Choice(str):
    """A choice's label that still knows its value."""

    raw: Any

    def __new__(cls, label: object, raw: Any) -> "Choice":
        choice = super().__new__(cls, str(label))
        choice.raw = raw
        return choice


def _as_text(html: str) -> str:
    """A cell without its tags; what stands on a second line follows after a space."""
    return " ".join(unescape(strip_tags(html.replace("<", " <"))).split())


def get_value(record: Any, path: Sequence[str]) -> Any:
    """Follow attributes (or keys of a dict), calling methods; None when something on the way is None."""
    for name in path:
        if record is None:
            return None
        record = record[name] if type(record) is dict else getattr(record, name)
        if isinstance(record, MethodType):
            record = record()
    return record


def _choice_labels(owner: type, name: str) -> dict[Any, Choice]:
    """The labels of a model field with choices, by what is stored."""
    if not issubclass(owner, models.Model):
        return {}
    try:
        field = owner._meta.get_field(name)
    except FieldDoesNotExist:
        return {}
    return {
        raw: Choice(label, raw) for raw, label in getattr(field, "flatchoices", ()) if raw not in (None, "")
    }


@dataclass(frozen=True)
class Heading:
    """`sort` is the value of the sort parameter that a click asks for, "" where the column does not sort."""

    label: str
    css: str
    sort: str
    direction: str


class Table(tables2.Table):
    """Base of all tables. Takes `request`, because links and currencies are the tenant's.

    A subclass may define `render_<column>(self, value, record)` as with tables2, and `value_<column>` for what an
    export gets. Meta: `caption` for people who hear the table, `sortable = False` for short lists.
    """

    class Meta:
        template_name = "components/table.html"

    def __init__(self, data: Any, *, request: HttpRequest, sort: str = "", **kwargs: Any):
        super().__init__(data, **kwargs)
        self.request = request
        self.sort = sort
        self.badges: dict[tuple[int, Any], SafeString] = {}

    @property
    def caption(self) -> Text:
        return getattr(type(self).Meta, "caption", "")

    def visible_columns(self) -> list[BoundColumn]:
        return [bound for bound in self.columns.iterall() if bound.visible]

    def headings(self) -> list[Heading]:
        name, descending = self.sort.lstrip("-"), self.sort.startswith("-")
        headings = []
        for bound in self.visible_columns():
            direction = ("descending" if descending else "ascending") if bound.name == name else ""
            sort = ""
            if self.is_sortable(bound):
                sort = f"-{bound.name}" if bound.name == name and not descending else bound.name
            headings.append(Heading(str(bound.header), _css(bound.column), sort, direction))
        return headings

    def is_sortable(self, bound: BoundColumn) -> bool:
        return bound.orderable and getattr(type(self).Meta, "sortable", True)

    def body(self) -> SafeString:
        """The rows' HTML."""
        columns = []
        records = list(self.data)
        for bound in self.visible_columns():
            self._prepare(bound, records)
            css = _css(bound.column)
            classes = f' class="{css}"' if css else ""
            columns.append(
                (f'<td{classes} data-label="{conditional_escape(bound.header)}">', self._cell(bound))
            )
        rows = []
        for record in records:
            cells = "".join([f"{opening}{cell(record)}</td>" for opening, cell in columns])
            rows.append(f"<tr{self.row_attributes(record)}>{cells}</tr>")
        return mark_safe("".join(rows))  # noqa: S308 - each cell is escaped by its column

    def text_rows(self) -> list[list[str]]:
        """The rows as plain texts, as a letter shows them."""
        records = list(self.data)
        cells = []
        for bound in self.visible_columns():
            self._prepare(bound, records)
            cells.append(self._cell(bound))
        return [[_as_text(cell(record)) for cell in cells] for record in records]

    def row_attributes(self, record: Any) -> str:
        """Attributes of a row, with a leading space."""
        return ""

    def _value(self, bound: BoundColumn) -> Callable[[Any], Any]:
        """From record to the column's value; a choice's label in place of what is stored."""
        *parents, last = bound.accessor.bits
        tail = [last]
        labels: dict[Any, Choice] = {}
        seen: list[type] = []

        def value(record: Any) -> Any:
            owner = get_value(record, parents) if parents else record
            if owner is None:
                return None
            if not seen:
                seen.append(type(owner))
                labels.update(_choice_labels(type(owner), last))
            raw = get_value(owner, tail)
            return labels.get(raw, raw) if labels else raw

        return value

    def _cell(self, bound: BoundColumn) -> Cell:
        column, get = bound.column, self._value(bound)
        own = getattr(self, f"render_{bound.name}", None)
        if own is None and isinstance(column, Column):

            def render(value: Any, record: Any) -> str:
                return column.cell(value, record, self)
        else:
            function = own or column.render
            wanted = set(inspect.signature(function).parameters)
            fixed = {"column": column, "bound_column": bound, "bound_row": None, "table": self}
            fixed = {key: value for key, value in fixed.items() if key in wanted}

            def render(value: Any, record: Any) -> str:
                arguments = dict(fixed)
                if "value" in wanted:
                    arguments["value"] = value
                if "record" in wanted:
                    arguments["record"] = record
                return conditional_escape(function(**arguments))

        empty = column.empty_values

        def cell(record: Any) -> str:
            value = get(record)
            if value in empty:
                return conditional_escape(column.default() if callable(column.default) else column.default)
            return render(value, record)

        return cell

    def ordering(self, model: type[models.Model]) -> list[Any]:
        """What the queryset is ordered by for `sort`; nothing when the column is unknown or does not sort.

        Empty values come last either way, and the key makes the order total, so that no row is on two pages.
        """
        name, descending = self.sort.lstrip("-"), self.sort.startswith("-")
        if name not in self.columns.names() or not self.is_sortable(self.columns[name]):
            return []
        order: list[Any] = []
        for item in self.columns[name].order_by:
            reverse_item = item.startswith("-") != descending
            path = item.lstrip("-").replace(".", "__")
            if reverse_item and _is_nullable(model, path):
                order.append(F(path).desc(nulls_last=True))
            else:
                order.append(f"-{path}" if reverse_item else path)
        return [*order, "-pk" if descending else "pk"]

    def relations(self, model: type[models.Model]) -> tuple[list[str], list[str]]:
        """What the visible columns read through relations: (to join, to prefetch)."""
        join, prefetch = set(), set()
        for bound in self.visible_columns():
            column = bound.column
            paths = ["__".join(bound.accessor.bits), *getattr(column, "needs", ())]
            for attribute in ("second", "pk"):
                extra = getattr(column, attribute, None)
                if extra:
                    paths.append("__".join(extra))
            for path in paths:
                found, many = _relation(model, path)
                if found:
                    (prefetch if many else join).add(found)
        return sorted(join), sorted(prefetch)

    def export_header(self) -> list[str]:
        header: list[str] = []
        for bound in self._exported():
            column = bound.column
            label = str(bound.header)
            header += column.export_labels(label) if isinstance(column, Column) else [label]
        return header

    def export_rows(self, batches: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """Plain values of batches of records, row by row, not yet escaped for a spreadsheet."""
        columns = [
            (bound, bound.column, self._value(bound), getattr(self, f"value_{bound.name}", None))
            for bound in self._exported()
        ]
        for records in batches:
            for bound, *_rest in columns:
                self._prepare(bound, records)
            for record in records:
                row: list[Any] = []
                for _bound, column, get, own in columns:
                    value = get(record)
                    if own:
                        row.append(own(value=value, record=record))
                    elif isinstance(column, Column):
                        row += column.export_values(value, record, self)
                    else:
                        row.append(None if value is None else str(value))
                yield row

    def _prepare(self, bound: BoundColumn, records: Sequence[Any]) -> None:
        column = bound.column
        if isinstance(column, Column) and type(column).prepare is not Column.prepare:
            get = self._value(bound)
            column.prepare([get(record) for record in records])

    def _exported(self) -> list[BoundColumn]:
        return [bound for bound in self.columns.iterall() if not bound.column.exclude_from_export]


def _css(column: tables2.Column) -> str:
    classes = [getattr(column, "css", ""), column.attrs.get("td", {}).get("class", "")]
    if not getattr(column, "phone", True):
        classes.append("not-on-phone")
    return " ".join(filter(None, classes))


def _is_nullable(model: type[models.Model], path: str) -> bool:
    """Whether sorting by the path can meet NULL; a computed value can."""
    nullable = False
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        nullable = nullable or getattr(field, "null", True)
        if field.is_relation and field.related_model:
            model = field.related_model
    return nullable


def _relation(model: type[models.Model], path: str) -> tuple[str, bool]:
    """The part of a path that leads through relations, and whether it passes one with many ends."""
    found: list[str] = []
    many = False
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            break
        # `partner_id` finds the field `partner`, but reads no relation.
        if not field.is_relation or field.related_model is None or name != field.name:
            break
        found.append(name)
        many = many or bool(field.one_to_many or field.many_to_many)
        model = field.related_model
    return "__".join(found), many
