"""Facts: additive whole numbers for one partner and one window of days, each from one source.

Days are the tenant's (its time zone), money is in minor units of its currency at the rate stored with each record.
One statement per source answers for any number of partners and windows; a source without any row is not asked.

To add a source write one module here with a `SOURCE` and name it in `_MODULES` below:

1. `facts`: name, meaning, unit. A fact is additive over partners, so that a group's is the sum of its partners'. What is
   distinct or as of a day (people, new countries) is counted per partner and window and then added up over partners;
   it is read for each window anew and never added up over time. An average is two facts, a sum and a count.
2. `sql(these, per)`: `WITH {WINDOWS} SELECT w.n, d.{per}, <bigint per fact, in order> ... GROUP BY w.n, d.{per}`. `these`
   stands in the WHERE of each table `d` that has a `partner_id`; `per` is `partner_id`, or the column of a record's id for
   what each contributes. Windows are `[w.start_on, w.end_on)` in days and `[w.start_at, w.end_at)` in moments; `w.as_of`
   is the first day not looked at (tomorrow while the window runs), `w.previous_on` opens the window before, and the day
   that it is asked on is `%(today)s`.
   Constants go into `values` (named apart from those of other sources) and are written `%(name)s`.
   Records that stay in the name of a company when it becomes part of another (`partners.directory.merging`) count for the
   other: `{HOLDER} AS partner_id` with `{OWN_COMPANY}`, and `{of_companies(these)}` in place of `{these}`.
3. `tables`: while the tenant has no row in any of them the source costs a look at an index and nothing else.
4. `of_no_partner`: the same columns but `per`, for records that are no partner's (costs of the whole programme).
   They stand in a row of their own (`SubjectKind.HOUSE`) and count in the programme's figures and no other group's.
5. `first_day`: statements for the earliest day with figures (`{these}` in the WHERE); `events` and `touched`: which events
   change it, and a SELECT of (partner_id or NULL, day) for the subjects `%(ids)s`: from that day on, or the earliest
   in the event's data, the partner (NULL: the programme's own row) is computed anew. Events carry old and new days.
6. `records`: what a figure opens down to, with the page of each record.
7. KPIs over the facts go into `metrics/kpis/<area>.py`. Tests: tests/metrics/test_sources.py holds for every source that
   records add up to facts, one partner's to all partners', and an incremental run to a full one; add hand-worked ones.
A source whose facts a tenant defines has `of_tenant`, which gives it with them (`metrics/sources/readings.py`).
A source that an upper floor has to fill (money earned) is declared here without `sql`; `fill()` it in AppConfig.ready().
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django_scopes import get_scope

from metrics.sources import (
    activity,
    content,
    costs,
    customers,
    deals,
    events,
    funds,
    incentives,
    interactions,
    leads,
    marketing,
    orders,
    partnership,
    programme,
    readings,
    surveys,
    training,
)
from metrics.sources.shape import Fact, Source

_MODULES = (
    programme,
    deals,
    customers,
    leads,
    surveys,
    training,
    activity,
    interactions,
    events,
    orders,
    marketing,
    costs,
    readings,
    content,
    incentives,
    funds,
    partnership,
)

SOURCES: dict[str, Source] = {module.SOURCE.name: module.SOURCE for module in _MODULES}


class Facts(Mapping[str, Fact]):
    """Facts by name. To go through them gives the portal's own; looking one up also finds what the tenant in scope has
    defined (`metrics.readings`)."""

    def __init__(self, known: Mapping[str, Fact]):
        self._known = dict(known)

    def __getitem__(self, name: str) -> Fact:
        found = self._known.get(name) or self._own().get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @staticmethod
    def _own() -> Mapping[str, Fact]:
        return readings.own_facts() if get_scope().get("tenant") is not None else {}


FACTS = Facts(
    {fact.name: replace(fact, source=source.name) for source in SOURCES.values() for fact in source.facts}
)


def source_here(name: str) -> Source:
    """A source with what the tenant in scope has defined for it."""
    source = SOURCES[name]
    return source.of_tenant() if source.of_tenant else source


def fill(source: Source) -> None:
    """Give a source that is declared here the statement that only an upper floor knows."""
    declared = SOURCES[source.name]
    if declared.sql is not None or declared.names != source.names:
        raise ValueError(f"{source.name} is no source to be filled, or has other facts.")
    SOURCES[source.name] = source
