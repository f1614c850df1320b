"""The facts of a scorecard's subject in any days, live from the records."""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

import polars as pl
from django.db.models import QuerySet

from metrics.models import Scorecard, SubjectKind
from metrics.periods import Calendar, Window
from metrics.rows import IN_PROGRAMME, PARTNERS
from metrics.sources.reading import active_sources, read_facts, read_house_facts
from partners.directory.models import Partner
from portal.tenancy.scope import current_tenant_id, tenant_scope

_FIELDS = {SubjectKind.PORTFOLIO: "manager_id", SubjectKind.REGION: "region", SubjectKind.TYPE: "type"}


def facts_between(
    card: Scorecard, windows: Collection[Window], calendar: Calendar, today: dt.date
) -> list[dict[str, int]]:
    """The facts of the card's partner, or of its group's partners of today added up, in each window."""
    # A deal that another partner shares counts here as well, though this partner's session cannot read it.
    with tenant_scope(current_tenant_id()):
        members = _members(card, calendar)
        whole = card.subject_kind == SubjectKind.PROGRAMME
        sources = active_sources()
        frame = read_facts(windows, calendar, today, None if whole else list(members), sources)
        if whole:
            frame = frame.filter(pl.col("partner_id").is_in([str(key) for key in members]))
            frame = pl.concat([frame, read_house_facts(windows, calendar, today, sources)], how="diagonal")
    names = [name for name in frame.columns if name not in ("key", "partner_id")]
    sums = {
        row["key"]: {name: row[name] or 0 for name in names}
        for row in frame.group_by("key").agg(pl.col(names).sum()).iter_rows(named=True)
    }
    return [
        {**sums.get(window.key, {}), PARTNERS: sum(_was_there(days, window) for days in members.values())}
        for window in windows
    ]


def _members(card: Scorecard, calendar: Calendar) -> dict[UUID, tuple[dt.date, dt.date | None]]:
    """The subject's partners, each with the day on which it joined and the one on which it left."""
    partners: QuerySet[Partner] = Partner.objects.filter(status__in=IN_PROGRAMME, merged_into=None)
    if card.partner_id:
        partners = Partner.objects.filter(pk=card.partner_id)
    elif field := _FIELDS.get(SubjectKind(card.subject_kind)):
        partners = partners.filter(**{field: card.subject_key or ("" if field != "manager_id" else None)})
    return {
        pk: (joined or calendar.day_of(created), left)
        for pk, joined, created, left in partners.values_list("pk", "joined_on", "created_at", "left_on")
    }


def _was_there(days: tuple[dt.date, dt.date | None], window: Window) -> bool:
    joined, left = days
    return joined < window.end and (left is None or left > window.start)
