"""What happened to the records that figures come from makes scorecards dirty.

Most sources say themselves which events change them (`metrics.sources`); these here take more than that.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection

from metrics.actions import ALWAYS, forget_other_calendars, mark_dirty, start_full_recompute
from metrics.periods import Calendar, calendar_of
from metrics.sources import SOURCES
from metrics.sources.shape import Source
from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id

# What people type freely, and plans for the future, are no days on which anything happened.
_NO_DAYS = frozenset(
    {
        "title",
        "notes",
        "reason",
        "decision_reason",
        "loss_reason",
        "competitor",
        "expected_close",
        "next_step",
        "next_step_on",
        "excerpt",
        "note",
    }
)
# A version of a deal that no longer exists may have shown on an earlier day: its dates are in the event's data.
_FIRST_DAY = """LEAST(d.engaged_on, d.closed_on, (d.first_submitted_at AT TIME ZONE %(zone)s)::date,
    (d.decided_at AT TIME ZONE %(zone)s)::date,
    CASE WHEN d.engaged_on IS NULL THEN (d.created_at AT TIME ZONE %(zone)s)::date END)"""
# The partner that holds a deal, and those that sell, or have sold, a part of it.
_DAYS = f"""SELECT d.id, d.partner_id, {_FIRST_DAY}
    FROM deals_deal d WHERE d.tenant_id = %(tenant)s AND d.id = ANY(%(ids)s)
    UNION ALL SELECT d.id, q.partner_id, {_FIRST_DAY}
    FROM coselling_seat q JOIN deals_deal d ON d.tenant_id = q.tenant_id AND d.id = q.deal_id
    WHERE q.tenant_id = %(tenant)s AND q.deal_id = ANY(%(ids)s)"""
_SERVED = """SELECT partner_id FROM directory_customerpartner WHERE tenant_id = %(tenant)s AND customer_id = ANY(%(ids)s)
    UNION SELECT partner_id FROM deals_deal WHERE tenant_id = %(tenant)s AND customer_id = ANY(%(ids)s)"""


def deals_changed(events: list[Event]) -> None:
    """Marks each deal's partner from the earliest day that the deal has, or had, to do with."""
    calendar = calendar_of(Tenant.objects.get(pk=current_tenant_id()))
    marks = []
    mentioned: dict[UUID, dt.date] = {}
    for event in events:
        first = min([*_days_in(event.data, calendar), calendar.day_of(event.occurred_at)])
        mentioned[event.subject_id] = min(first, mentioned.get(event.subject_id, first))
        if event.partner_id:
            marks.append((event.partner_id, first))
        marks += [(partner_id, first) for partner_id in _partners_in(event.data)]
    for deal_id, partner_id, day in _fetch(_DAYS, calendar, [event.subject_id for event in events]):
        marks.append((partner_id, min(day, mentioned[deal_id]) if day else mentioned[deal_id]))
    mark_dirty(marks)


def records_changed(source: Source, events: list[Event]) -> None:
    """Marks whom the events name from the earliest day that they tell of, and whom else the source says."""
    calendar = calendar_of(Tenant.objects.get(pk=current_tenant_id()))
    marks: list[tuple[UUID | None, dt.date]] = []
    for event in events:
        first = min([*_days_in(event.data, calendar), calendar.day_of(event.occurred_at)])
        named: set[UUID | None] = {event.partner_id} if event.partner_id else set()
        if source.of_no_partner:
            named |= _named_in(event.data)
        marks += [(partner_id, first) for partner_id in named]
    if source.touched:
        marks += _fetch(source.touched, calendar, [event.subject_id for event in events])
    mark_dirty(marks)


def customers_changed(events: list[Event]) -> None:
    """A customer's start and end are facts of every partner that serves it, at any time."""
    ids = [event.subject_id for event in events]
    for event in events:
        ids += [UUID(str(key)) for key in event.data.get("customers", [])]
    calendar = calendar_of(Tenant.objects.get(pk=current_tenant_id()))
    mark_dirty((partner_id, ALWAYS) for (partner_id,) in _fetch(_SERVED, calendar, ids))


def partners_changed(events: list[Event]) -> None:
    """Status, type, region and manager decide in which rows and groups a partner's figures stand.

    After a merge everything is worked out anew: the groups held the figures of both companies.
    """
    if any(event.type == "partner.merged" for event in events):
        start_full_recompute()
    mark_dirty((event.partner_id, ALWAYS) for event in events if event.partner_id)


def settings_changed(events: list[Event]) -> None:
    """A new time zone or fiscal year moves every period's bounds."""
    changed = {name for event in events for name in event.data}
    if "fiscal_year_start" in changed:
        forget_other_calendars(calendar_of(Tenant.objects.get(pk=current_tenant_id())))
    if changed & {"time_zone", "fiscal_year_start"}:
        start_full_recompute()


def _fetch(sql: str, calendar: Calendar, ids: list[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"zone": calendar.zone.key, "tenant": current_tenant_id(), "ids": ids})
        return cursor.fetchall()


def _days_in(data: Any, calendar: Calendar) -> Iterator[dt.date]:
    """Every date and moment that stands anywhere in an event's data and that facts are counted by."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name not in _NO_DAYS:
                yield from _days_in(value, calendar)
    elif isinstance(data, list):
        for value in data:
            yield from _days_in(value, calendar)
    elif isinstance(data, str) and len(data) >= 10 and data[4:5] == data[7:8] == "-":
        try:
            moment = dt.datetime.fromisoformat(data)
        except ValueError:
            return
        yield calendar.day_of(moment) if moment.tzinfo else moment.date()


def _partners_in(data: dict[str, Any]) -> Iterator[UUID]:
    """The partner that a deal was taken from, if it was."""
    for side in ("old", "new"):
        values = data.get(side)
        if isinstance(values, dict) and values.get("partner_id"):
            yield UUID(str(values["partner_id"]))


def _named_in(data: dict[str, Any]) -> set[UUID | None]:
    """Whom a record was and is of: a partner, or with an empty key no partner."""
    sides = [data[side] for side in ("old", "new") if isinstance(data.get(side), dict)]
    return {
        UUID(values["partner_id"]) if values["partner_id"] else None
        for values in sides
        if "partner_id" in values
    }


def register() -> None:
    subscribe("deal.*", "deals.imported", name="metrics.deals", consumer=deals_changed)
    for source in SOURCES.values():
        if source.events:
            subscribe(
                *source.events, name=f"metrics.{source.name}", consumer=partial(records_changed, source)
            )
    subscribe("customer.*", "customers.imported", name="metrics.customers", consumer=customers_changed)
    subscribe("partner.*", "partners.imported", name="metrics.partners", consumer=partners_changed)
    subscribe("programme.settings_changed", name="metrics.settings", consumer=settings_changed)
