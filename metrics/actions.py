"""What changes scorecards: marking partners dirty, recomputing, publishing templates.

How recomputing stays right while things happen:

- A mark is a row. Recomputing takes marks by deleting them in its own transaction, so a killed worker leaves them,
  and a mark made meanwhile waits for the commit and then stands anew: it is never swallowed.
- One transaction of a tenant recomputes at a time (an advisory lock), so that nobody overwrites newer figures with
  older ones. The incremental run does not wait for the lock but tries again; a chunk of the full run waits.
- The incremental run reads the deals of the dirty partners only. Groups change by the difference between the new and
  the stored facts of those partners; facts are whole numbers, so the sum is exactly the one that a full run finds.
  Where a template ranks partners among their peers, the peers' stored facts are scored again as well.
- A period that has no scorecards yet (the first event of a month) is computed in full at once; where that is more
  than a message may take the time for, by a job.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from metrics.basis import Basis
from metrics.models import (
    DirtyPartner,
    DirtyTenant,
    PeriodLock,
    Scorecard,
    ScorecardTemplate,
    TemplateVersion,
)
from metrics.periods import MONTHS_IN, Calendar, Period, PeriodKind, calendar_of
from metrics.publishing import check_rules, ensure_default_template, publish_version
from metrics.rows import (
    KEYS,
    PROGRAMME,
    SUBJECT,
    group_rows,
    groups_of,
    house_rows,
    moved_groups,
    partner_rows,
    scored_rows,
)
from metrics.sources.reading import active_sources, fact_names
from metrics.sources.shape import OF_PARTNERS, of_companies
from metrics.store import Changed, delete_rows, read_partners_and_groups, read_rows, write_rows
from metrics.wake import wake_on_commit
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.jobs import runner
from portal.jobs.actions import advance, create_job
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.shell.registry import segment_choices
from portal.tenancy.db import lock, plan_for_many, try_lock
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)

JOB_KIND = "metrics.recompute"
BATCH = 200
# Rows that an incremental run computes where a period has none yet; a few seconds' worth.
AT_ONCE = 15_000
ONE_EVENT_EACH = 500
ALWAYS = dt.date.min
_KEY, _PARTNER, _TYPE, _REGION, _SEGMENT = (
    KEYS.index(name) for name in ("key", "partner_id", "partner_type", "region", "segment")
)


@dataclass(slots=True)
class Recomputed:
    """What a run did. `busy`: another run was at work, nothing was done; `more`: marks are left."""

    changed: Changed = field(default_factory=Changed)
    partners: int = 0
    busy: bool = False
    more: bool = False


# --- marking -----------------------------------------------------------------------------------


def mark_dirty(marks: Iterable[tuple[UUID | None, dt.date]]) -> int:
    """Note that these partners' facts may have changed from a day on, and wake a worker; returns how many partners.

    None is what is of the programme and of no partner. The day is the earliest one on which the change shows; `ALWAYS`
    for all of a partner's history.
    """
    earliest = _earliest(marks)
    if not earliest:
        return 0
    # In order, so that two transactions never wait for each other's rows.
    ordered = sorted(earliest, key=str)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {DirtyPartner._meta.db_table} AS old (id, tenant_id, created_at, partner_id, since)
            SELECT new.id, %s, now(), new.partner_id, new.since
            FROM unnest(%s::uuid[], %s::uuid[], %s::date[]) AS new(id, partner_id, since)
            ON CONFLICT (tenant_id, partner_id) DO UPDATE SET since = LEAST(old.since, excluded.since)""",
            [current_tenant_id(), [uuid7() for _id in ordered], ordered, [earliest[key] for key in ordered]],
        )
    wake_on_commit()
    return len(ordered)


def _earliest(marks: Iterable[tuple[UUID | None, dt.date]]) -> dict[UUID | None, dt.date]:
    earliest: dict[UUID | None, dt.date] = {}
    for partner_id, since in marks:
        earliest[partner_id] = min(since, earliest.get(partner_id, dt.date.max))
    return earliest


# --- recomputing -------------------------------------------------------------------------------


def recompute_dirty(today: dt.date | None = None, limit: int = BATCH) -> Recomputed:
    """Bring the scorecards of at most `limit` dirty partners, and of their groups, up to date."""
    if not _try_to_recompute():
        return Recomputed(busy=True)
    marks = _take_marks(limit)
    result = Recomputed(partners=len(marks))
    if marks:
        basis = _basis()
        calendar = basis.calendar
        today = today or calendar.today()
        since = min(marks.values())
        if since == ALWAYS:
            whole = [partner_id for partner_id, day in marks.items() if day == ALWAYS]
            known = [partner_id for partner_id in whole if partner_id is not None]
            first = first_day(calendar, known if len(known) == len(whole) else None)
            since = min([first, *(day for day in marks.values() if day != ALWAYS)])
        result.changed = _recompute_partners(marks.keys(), basis, min(since, today), today)
        announce(result.changed)
    result.more = _clear_when_clean()
    return result


def recompute_periods(periods: Collection[Period], today: dt.date | None = None) -> Recomputed:
    """Compute those of these periods that are not locked in full: every partner and group of the tenant."""
    wait_to_recompute()
    basis = _basis()
    changed = _recompute_all(basis.templates.open(periods), basis, today or basis.calendar.today())
    announce(changed)
    return Recomputed(changed=changed)


def recompute_everything(today: dt.date | None = None) -> Recomputed:
    """Every period since the first deal, in this transaction; for commands and small tenants."""
    result = Recomputed()
    for chunk in all_chunks(today):
        result.changed.add(recompute_periods([Period.parse(key) for key in chunk], today).changed)
    return result


def _recompute_partners(
    marked: Collection[UUID | None], basis: Basis, since: dt.date, today: dt.date
) -> Changed:
    calendar, templates, sources = basis
    partner_ids = [key for key in marked if key is not None]
    with_house = None in marked
    periods = templates.open(calendar.every(since, today))
    changed = Changed()
    if not periods or not marked:
        return changed
    fresh = partner_rows(periods, calendar, today, sources, partner_ids, segments=templates.by_segment)
    if with_house:
        fresh = pl.concat([fresh, house_rows(periods, calendar, today, sources)])
    stored, groups = read_partners_and_groups(
        periods, partner_ids, groups_of(fresh), fact_names(sources), with_house=with_house
    )
    known = {row[_KEY] for row in groups.values() if row[: len(SUBJECT)] == PROGRAMME}
    # Peers are scored from stored facts, which takes less than reading their deals.
    if templates.among_peers(periods) and len(periods) * Partner.objects.count() > 4 * AT_ONCE:
        _leave_to_a_job(periods)
        return changed
    if unknown := [period for period in periods if period.key not in known]:
        if len(unknown) * Partner.objects.count() > AT_ONCE:
            _leave_to_a_job(unknown)
        else:
            changed.add(_recompute_all(unknown, basis, today))
        periods = [period for period in periods if period.key in known]
        fresh = fresh.filter(pl.col("key").is_in(known))
        stored, groups = (
            {row_id: row for row_id, row in rows.items() if row[_KEY] in known} for rows in (stored, groups)
        )
    if not periods:
        return changed
    rows = fresh.vstack(moved_groups(groups.values(), fresh, stored.values()))
    scored = rows
    if templates.among_peers(periods):
        moved = {
            (row[_TYPE], row[_REGION], row[_SEGMENT])
            for row in [*fresh.rows(), *stored.values()]
            if row[_PARTNER]
        }
        if moved:
            others = ~pl.col("partner_id").is_in([*map(str, partner_ids), *merged_partners()])
            peers = read_rows(periods, fact_names(sources), peers_of=moved).drop("id")
            scored = rows.vstack(peers.filter(others))
    changed.add(write_rows(scored_rows(scored, templates)))
    present = set(_keys(rows))
    gone = {
        row_id: row
        for row_id, row in (stored | groups).items()
        if (*row[: len(SUBJECT)], row[_KEY]) not in present
    }
    if gone:
        # A company may have become part of another since its mark was taken; it stays as it was shown.
        merged = set(merged_partners())
        changed.rows += delete_rows([row_id for row_id, row in gone.items() if row[_PARTNER] not in merged])
    return changed


def _leave_to_a_job(periods: Collection[Period]) -> None:
    """Periods of more partners than one message may take the time for: never computed, or ranked among peers.

    A run that has all of them still before it will do; whoever calls holds the lock, so none is half computed.
    """
    wanted = {period.key for period in periods}
    for job in Job.objects.filter(kind=JOB_KIND, state__in=[JobState.QUEUED, JobState.RUNNING]):
        ahead = job.payload["chunks"][job.cursor.get("next", 0) :]
        if wanted <= {key for chunk in ahead for key in chunk}:
            return
    start_full_recompute(since=min(period.start for period in periods))


def _recompute_all(periods: list[Period], basis: Basis, today: dt.date) -> Changed:
    if not periods:
        return Changed()
    calendar, templates, sources = basis
    plan_for_many()
    house = house_rows(periods, calendar, today, sources)
    partners = partner_rows(periods, calendar, today, sources, segments=templates.by_segment)
    fresh = pl.concat([partners, house])
    rows = pl.concat([fresh, group_rows(fresh)])
    # What was worked out for a company that has become part of another since stays as it was shown.
    stored = read_rows(periods).filter(~pl.col("subject_key").is_in(merged_partners()))
    changed = write_rows(scored_rows(rows, templates))
    changed.rows += delete_missing(stored, rows)
    return changed


def merged_partners() -> list[str]:
    """The keys of the companies that have become part of another: their figures are the other's from then on."""
    merged = Partner.objects.filter(merged_into__isnull=False).order_by()
    return [str(key) for key in merged.values_list("pk", flat=True)]


def forget_other_calendars(calendar: Calendar) -> int:
    """Remove the scorecards of quarters and years that began in other months; returns how many.

    Without this a history would mix the quarters of two fiscal years. Months are everyone's, and what is locked stays."""
    strange = [
        Q(period_kind=kind) & ~Q(period_start__month__in=_first_months(calendar, kind))
        for kind in (PeriodKind.QUARTER, PeriodKind.YEAR)
    ]
    locked = PeriodLock.objects.filter(
        period_kind=OuterRef("period_kind"), period_start=OuterRef("period_start")
    )
    return Scorecard.objects.filter(strange[0] | strange[1]).exclude(Exists(locked)).delete()[0]


def _first_months(calendar: Calendar, kind: PeriodKind) -> list[int]:
    """The months in which the calendar's periods of a kind begin."""
    return [(calendar.first_month - 1 + offset) % 12 + 1 for offset in range(0, 12, MONTHS_IN[kind])]


def delete_missing(stored: pl.DataFrame, rows: pl.DataFrame) -> int:
    """Remove the stored rows whose subject is not among the rows any more; returns how many."""
    present = set(_keys(rows))
    gone = [
        row_id
        for key, row_id in zip(_keys(stored), stored["id"].to_list(), strict=True)
        if key not in present
    ]
    return delete_rows(gone)


def _keys(rows: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    return zip(*(rows[name].to_list() for name in [*SUBJECT, "key"]), strict=True)


def _take_marks(limit: int) -> dict[UUID | None, dt.date]:
    """Claim dirty partners by deleting their marks; a rollback brings them back.

    Companies that have become part of another stay as they were shown: their marks are the other's.

    The array makes the inner query run once: as IN (...) it may run again for each row, and take more each time.
    """
    table = DirtyPartner._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""DELETE FROM {table} WHERE tenant_id = %s AND id = ANY(ARRAY(
                SELECT id FROM {table} WHERE tenant_id = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))
            RETURNING COALESCE((SELECT p.merged_into_id FROM {Partner._meta.db_table} p
                WHERE p.tenant_id = {table}.tenant_id AND p.id = partner_id), partner_id), since""",
            [current_tenant_id(), current_tenant_id(), limit],
        )
        return _earliest(cursor.fetchall())


def _clear_when_clean() -> bool:
    """Whether there are marks left; without any the sweep need not visit the tenant.

    One statement, and so one snapshot: a mark and its note to the sweep are committed together.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH marks AS (SELECT 1 FROM {DirtyPartner._meta.db_table} WHERE tenant_id = %s LIMIT 1),
            cleared AS (DELETE FROM {DirtyTenant._meta.db_table} WHERE tenant_id = %s AND NOT EXISTS (SELECT FROM marks))
            SELECT EXISTS (SELECT FROM marks)""",
            [current_tenant_id(), current_tenant_id()],
        )
        (more,) = cursor.fetchone()
    return more


def announce(changed: Changed) -> None:
    """Tell whose scorecards changed. One event a partner; of a run that changes hundreds of them, one for each batch of partners."""
    if len(changed.periods) <= ONE_EVENT_EACH:
        record_many(
            EventDraft(
                "scorecards.updated",
                Partner(pk=partner_id),
                partner_id=partner_id,
                data={"periods": sorted(keys)},
            )
            for partner_id, keys in changed.periods.items()
        )
        return
    tenant = Tenant(pk=current_tenant_id())
    everyone = sorted(changed.periods)
    for start in range(0, len(everyone), ONE_EVENT_EACH):
        batch = everyone[start : start + ONE_EVENT_EACH]
        periods = sorted({key for partner_id in batch for key in changed.periods[partner_id]})
        data = {"periods": periods, "partners": [str(partner_id) for partner_id in batch]}
        record("scorecards.updated", subject=tenant, data=data)


def _try_to_recompute() -> bool:
    return try_lock("metrics.recompute", current_tenant_id(), plan_once=True)


def wait_to_recompute() -> None:
    """Be the one transaction of the tenant that computes scorecards, once the others have ended."""
    lock("metrics.recompute", current_tenant_id())


def _basis() -> Basis:
    basis = Basis.read()
    if basis.templates.versions:
        return basis
    ensure_default_template(current_tenant())
    return Basis.read()


_PARTNERS_FIRST = """SELECT min(LEAST(joined_on, (created_at AT TIME ZONE %(zone)s)::date))
    FROM directory_partner d WHERE d.tenant_id = %(tenant)s{these}"""
_CARDS_FIRST = """SELECT min(period_start) FROM metrics_scorecard d WHERE d.tenant_id = %(tenant)s{these}"""


def first_day(calendar: Calendar, partner_ids: Collection[UUID] | None = None) -> dt.date:
    """The first day of which there may be figures of these partners (None: of any); today when there is nothing."""
    these = "" if partner_ids is None else OF_PARTNERS
    asked = [sql.format(these=of_companies(these)) for source in active_sources() for sql in source.first_day]
    asked.append(_PARTNERS_FIRST.format(these=these.replace("partner_id", "id")))
    asked.append(_CARDS_FIRST.format(these=these))
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "zone": calendar.zone.key,
        "partners": None if partner_ids is None else list(partner_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT LEAST({', '.join(f'({sql})' for sql in asked)})", values)
        (day,) = cursor.fetchone()
    return day or calendar.today()


# --- the full run as a job ---------------------------------------------------------------------


def all_chunks(today: dt.date | None = None, since: dt.date | None = None) -> list[list[str]]:
    """The keys of every period since the first deal (or `since`), cut into chunks: the current ones first, then
    going back, a quarter with its months at a time."""
    calendar = calendar_of(current_tenant())
    today = today or calendar.today()
    first = min(max(first_day(calendar), since or ALWAYS), today)
    current = [calendar.current(kind, today) for kind in PeriodKind]
    chunks = [[period.key for period in current]]
    quarters = calendar.span(PeriodKind.QUARTER, first, today)
    for quarter in reversed(quarters):
        inside = calendar.span(PeriodKind.MONTH, quarter.start, quarter.end - dt.timedelta(days=1))
        year = calendar.period(PeriodKind.YEAR, quarter.start)
        # A year comes with its first quarter, and the first year with the first there is.
        closes = quarter.start in (year.start, quarters[0].start)
        periods = [*inside, quarter, *([year] if closes else [])]
        if keys := [period.key for period in periods if period not in current and period.start <= today]:
            chunks.append(keys)
    return chunks


@transaction.atomic
def start_full_recompute(
    *, by: Membership | None = None, since: dt.date | None = None, send: bool = True
) -> Job:
    """A job that recomputes every period since the first deal, or those that end after `since`.

    The same job where one has not begun yet, however many ask at once; a person also gets one that is under way. With
    `send` off it waits for `runner.run_inline`.
    """
    if by is not None:
        check(by, "metrics.recompute_scorecards")
    chunks = all_chunks(since=since)
    lock(JOB_KIND, current_tenant_id())
    # What is under way may have done some periods before the change that a system's call is about.
    states = [JobState.QUEUED, JobState.RUNNING] if by is not None else [JobState.QUEUED]
    if same := Job.objects.filter(kind=JOB_KIND, state__in=states, payload__chunks=chunks).first():
        return same
    job = create_job(
        JOB_KIND,
        title=_("Recompute scorecards"),
        by=by,
        total=len(chunks),
        payload={"chunks": chunks, "changed": 0},
    )
    if send:
        runner.start(job)
    return job


@runner.job_handler(JOB_KIND)
def recompute_chunk(job: Job) -> bool:
    """One chunk of a full run: some periods, all partners. Whether there is more."""
    at = job.cursor.get("next", 0)
    chunks = job.payload["chunks"]
    if at >= len(chunks):
        return False
    periods = [Period.parse(key) for key in chunks[at]]
    result = recompute_periods(periods)
    changed = job.cursor.get("changed", 0) + result.changed.rows
    job.result = {"changed": changed}
    job.save(update_fields=["result"])
    advance(job, done=at + 1, cursor={"next": at + 1, "changed": changed}, message=periods[-1].label())
    return at + 1 < len(chunks)


# --- templates ---------------------------------------------------------------------------------


def create_template(
    *,
    by: Membership,
    name: str,
    period_kind: PeriodKind,
    partner_type: str = "",
    region: str = "",
    segment: str = "",
) -> ScorecardTemplate:
    """A template for some of the partners; it counts once a version of it is published."""
    check(by, "metrics.change_template")
    audience = {"partner_type": partner_type, "region": region, "segment": segment}
    lock("metrics.templates", current_tenant_id())
    # What partners are measured by until it begins.
    ensure_default_template(current_tenant())
    if ScorecardTemplate.objects.filter(period_kind=period_kind, **audience).exists():
        raise ActionRefused(_("There is a template for these partners and this period already."))
    if segment and segment not in dict(segment_choices()):
        raise ActionRefused(_("This tier is gone; choose another."), field="segment")
    template = ScorecardTemplate.objects.create(name=name, period_kind=period_kind, **audience)
    record("template.created", subject=template, by=by, data={"new": {"name": name, "period": period_kind}})
    return template


def publish_template(
    template: ScorecardTemplate,
    *,
    by: Membership,
    kpis: list[dict[str, Any]],
    min_coverage: Decimal,
    name: str | None = None,
    seen_number: int | None = None,
    gate_score: Decimal | None = None,
    gate_each: bool = False,
    begins: Period | None = None,
) -> tuple[TemplateVersion, Job | None]:
    """Make these rules the template's, from its current period or the one that `begins` them, and recompute from there.

    `kpis` as in `TemplateVersion`. `seen_number` is the version that the person was changing: ActionRefused when there
    is a newer one, when the weights do not add up to 100, or when a line makes no sense. Without a job where nothing
    is to be recomputed yet.
    """
    check(by, "metrics.change_template")
    template = ScorecardTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    newest = template.versions.order_by("-number").first()
    if seen_number is not None and seen_number != (newest.number if newest else 0):
        raise ActionRefused(
            _("Someone has published another version meanwhile. Look at it before you change it.")
        )
    calendar = calendar_of(current_tenant())
    current = calendar.current(PeriodKind(template.period_kind))
    if begins is not None and (begins.start < current.start or not calendar.owns(begins)):
        raise ActionRefused(_("Rules begin with the current period or a coming one."), field="begins")
    # The first version as well: whom it is for had other rules before, and what was shown by those stays.
    since = (begins or current).start
    check_rules(kpis, min_coverage, valid_from=since, gate_score=gate_score, gate_each=gate_each)
    if name and name != template.name:
        template.name = name
        template.save(update_fields=["name"])
    version = publish_version(
        template, kpis, min_coverage, since, by, gate_score=gate_score, gate_each=gate_each
    )
    record(
        "template.published",
        subject=template,
        by=by,
        data={
            "old": {"kpis": newest.kpis if newest else []},
            "new": {
                "kpis": kpis,
                "number": version.number,
                "gate_score": None if gate_score is None else str(gate_score),
                "gate_each": gate_each,
                "valid_from": str(since),
            },
        },
    )
    job = None if since > current.start else start_full_recompute(since=since)
    return version, job
