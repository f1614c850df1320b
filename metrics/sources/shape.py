"""What a source of facts is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.functional import Promise

from metrics.units import Unit

# The windows of days that a statement answers for, as rows `w` numbered `n` from 1.
WINDOWS = """w AS (SELECT * FROM unnest(%(start_on)s::date[], %(end_on)s::date[], %(previous_on)s::date[],
    %(as_of)s::date[], %(start_at)s::timestamptz[], %(end_at)s::timestamptz[])
    WITH ORDINALITY AS w(start_on, end_on, previous_on, as_of, start_at, end_at, n))"""
OF_PARTNERS = " AND d.partner_id = ANY(%(partners)s)"
# The same with the companies that have become part of these.
OF_COMPANIES = """ AND d.partner_id = ANY(ARRAY(
    SELECT unnest(%(partners)s::uuid[]) UNION ALL
    SELECT m.id FROM directory_partner m WHERE m.tenant_id = %(tenant)s AND m.merged_into_id = ANY(%(partners)s)))"""
# Where records stay in the name of a company that has become part of another: whom `d` counts for, and how it is found.
HOLDER = "COALESCE(own.merged_into_id, d.partner_id)"
OWN_COMPANY = "LEFT JOIN directory_partner own ON own.tenant_id = d.tenant_id AND own.id = d.partner_id"


@dataclass(frozen=True, slots=True)
class Fact:
    """An additive number. It is kept whole; formulas see it divided by `divisor` (hours are kept as seconds).

    A `standing` fact is there without anything having happened (how many members a partner has): it alone gives no
    partner a scorecard in a period in which it was not in the programme. A `stock` is what there is at one moment of the
    period, and does not add up over time; what is standing is one as well. An `internal` one is the vendor's own affair and
    shown to no partner. `source` is filled in by the registry.
    """

    name: str
    meaning: str | Promise
    unit: Unit = Unit.COUNT
    divisor: int = 1
    standing: bool = False
    stock: bool = False
    internal: bool = False
    source: str = ""


def of_companies(these: str) -> str:
    """`these`, with the companies that have become part of them."""
    return OF_COMPANIES if these else ""


def _nothing(_record: Any) -> str:
    return ""


class Page(NamedTuple):
    """A page by its name and the id that it is given; without a name there is none."""

    url_name: str
    pk: UUID


@dataclass(frozen=True, slots=True)
class Records:
    """The records that a source's facts come from: what a figure opens down to.

    `column` is the column of the statement that holds their ids, `model` the label of their model. `title` and
    `second` say what a record is called and what else is told of it; `url_name` is its page, given its id, and
    `vendor_url_name` one that only the vendor's people open. A record that stands on another thing's page says by
    `page` on whose. `also` are records of other models that the column names as well.
    """

    column: str
    model: str
    related: tuple[str, ...] = ()
    title: Callable[[Any], str] = str
    second: Callable[[Any], str] = _nothing
    url_name: str = ""
    vendor_url_name: str = ""
    page: Callable[[Any], Page] | None = None
    also: tuple["Records", ...] = ()

    def page_of(self, record: Any, *, for_vendor: bool = False) -> Page:
        """Where the record is to be seen."""
        if self.page is not None:
            return self.page(record)
        return Page(self.url_name or (self.vendor_url_name if for_vendor else ""), record.pk)


@dataclass(frozen=True, slots=True)
class Source:
    """One source of facts. See the package's docstring for each part."""

    name: str
    label: str | Promise
    facts: tuple[Fact, ...]
    tables: tuple[str, ...] = ()
    sql: Callable[[str, str], str] | None = None
    wide: Callable[[int], str] | None = None
    of_no_partner: str = ""
    of_tenant: "Callable[[], Source] | None" = None
    values: Mapping[str, object] = field(default_factory=dict)
    first_day: tuple[str, ...] = ()
    records: Records | None = None
    events: tuple[str, ...] = ()
    touched: str = ""

    @property
    def names(self) -> list[str]:
        return [fact.name for fact in self.facts]
