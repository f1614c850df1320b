"""Locking periods, and restating what was locked.

A locked period is not computed any more. What arrives for it later shows as a difference, until an admin restates it: then
its scorecards are computed anew, each partner in the group that it was in then and by the rules that held then, and
what they said before is kept.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import polars as pl
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from metrics.actions import (
    announce,
    delete_missing,
    merged_partners,
    recompute_periods,
    wait_to_recompute,
)
from metrics.models import PeriodLock, PeriodPolicy, RestatedCard, Restatement, Scorecard, SubjectKind
from metrics.own import OwnKpis
from metrics.periods import Calendar, Period, PeriodKind, calendar_of
from metrics.rows import OWN, SUBJECT, Templates, group_rows, house_rows, partner_rows, scored_rows
from metrics.sources.reading import active_sources, fact_names
from metrics.store import read_rows, write_rows
from partners.directory.merging.actions import wait_for_merges
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import current_tenant_id

BATCH = 1_000


# --- locking -----------------------------------------------------------------------------------


def grace_days() -> int | None:
    """How many days after its end a period stays open; None where periods do not lock by themselves."""
    return PeriodPolicy.objects.values_list("grace_days", flat=True).first()


def change_grace(days: int | None, *, by: Membership) -> PeriodPolicy:
    """Let periods lock so many days after their end (None: not by themselves), from the ones under way now on."""
    check(by, "metrics.lock_periods")
    today = calendar_of(current_tenant()).today()
    policy, _made = PeriodPolicy.objects.get_or_create(defaults={"since": today})
    policy = PeriodPolicy.objects.select_for_update(of=("self",)).get(pk=policy.pk)
    if policy.grace_days == days:
        return policy
    old = policy.grace_days
    if old is None:
        # Nobody has decided on what ended before: that is locked one by one.
        policy.since = today
    policy.grace_days = days
    policy.save(update_fields=["grace_days", "since"])
    tenant = Tenant(pk=current_tenant_id())
    record("period.grace_changed", subject=tenant, by=by, data={"old": {"days": old}, "new": {"days": days}})
    return policy


def locks_on(period: Period, policy: PeriodPolicy | None) -> dt.date | None:
    """The day on which a period locks by itself; None where periods do not, or it was over when that was decided."""
    if policy is None or policy.grace_days is None or period.end <= policy.since:
        return None
    return period.end + dt.timedelta(days=policy.grace_days)


def due_periods(calendar: Calendar, today: dt.date) -> list[Period]:
    """The periods whose days of grace are over and that are open still, oldest first."""
    policy = PeriodPolicy.objects.first()
    if policy is None or policy.grace_days is None:
        return []
    locked = locked_keys()
    ended = ((period, locks_on(period, policy)) for period in calendar.every(policy.since, today))
    return [period for period, day in ended if day and day <= today and period.key not in locked]


def lock_due_periods(today: dt.date | None = None) -> list[Period]:
    """Lock what is due; for the nightly run."""
    calendar = calendar_of(current_tenant())
    today = today or calendar.today()
    periods = due_periods(calendar, today)
    for period in periods:
        _lock(period, today, None)
    return periods


@transaction.atomic
def lock_period(period: Period, *, by: Membership) -> PeriodLock:
    """Make the figures of a period that is over final."""
    check(by, "metrics.lock_periods")
    calendar = calendar_of(current_tenant())
    if not calendar.owns(period) or period.end > calendar.today():
        raise ActionRefused(_("A period can be locked once it is over."))
    return _lock(period, calendar.today(), by)


def _lock(period: Period, today: dt.date, by: Membership | None) -> PeriodLock:
    _wait()
    # Whoever held the lock before may have locked it.
    known = lock_of(period)
    if known is not None:
        return known
    # What is final is what a full run finds at this moment.
    recompute_periods([period], today)
    lock = PeriodLock.objects.create(period_kind=period.kind, period_start=period.start, locked_by=by)
    tenant = Tenant(pk=current_tenant_id())
    record("period.locked", subject=tenant, by=by, data={"period": period.key})
    return lock


def _wait() -> None:
    """Whether what a merged company did counts for itself in a locked period goes by which of the two came first."""
    wait_to_recompute()
    wait_for_merges()


def lock_of(period: Period) -> PeriodLock | None:
    return next(iter(_locks_of(str(period.kind), period.start)), None)


@prepared
def _locks_of(kind: str, start: dt.date) -> QuerySet[PeriodLock]:
    return PeriodLock.objects.filter(period_kind=kind, period_start=start).order_by()


def locked_keys() -> set[str]:
    """The keys of the periods that are locked."""
    return {
        f"{kind}:{start}" for kind, start in PeriodLock.objects.values_list("period_kind", "period_start")
    }


# --- what has arrived since --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a locked period's rows would say with what has arrived since. Frames with the columns of scored rows."""

    lock: PeriodLock
    rows: pl.DataFrame
    stored: pl.DataFrame


def arrived(lock: PeriodLock, partner_ids: Collection[UUID] | None = None) -> Arrived:
    """The rows of a locked period as they would be now, of these partners or of everyone with all groups.

    Each partner stands where it stood then, and the rules are those that held then.
    """
    period, calendar = lock.period, calendar_of(current_tenant())
    sources, templates = active_sources(), _templates_of(lock)
    names = fact_names(sources)
    today = max(calendar.today(), period.end)
    fresh = partner_rows([period], calendar, today, sources, partner_ids, segments=templates.by_segment)
    # What was said of a company that has become part of another since stays as it was shown.
    stored = read_rows([period], names).filter(~pl.col("subject_key").is_in(merged_partners()))
    fresh = _as_they_stood(fresh, stored)
    if partner_ids is None:
        fresh = pl.concat([fresh, house_rows([period], calendar, today, sources)])
        rows = pl.concat([fresh, group_rows(fresh)])
        return Arrived(lock, scored_rows(rows, templates), stored)
    ids = [str(key) for key in partner_ids]
    others = (pl.col("subject_kind") == SubjectKind.PARTNER.value) & ~pl.col("partner_id").is_in(ids)
    # Whoever is ranked is ranked among the locked figures of the others.
    peers = stored.drop("id").filter(others) if templates.among_peers([period]) else fresh.clear()
    rows = scored_rows(pl.concat([fresh, peers]), templates).filter(pl.col("partner_id").is_in(ids))
    return Arrived(lock, rows, stored.filter(pl.col("partner_id").is_in(ids)))


def _as_they_stood(fresh: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Partner rows with the type, region, manager and tier of their locked rows, where there are any."""
    then = [name for name in OWN if name != "partner_id"]
    known = stored.filter(pl.col("partner_id") != "").select(
        "partner_id",
        pl.lit(value=True).alias("known"),
        *(pl.col(name).alias(f"then.{name}") for name in then),
    )
    return (
        fresh.join(known, on="partner_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("known")).then(pl.col(f"then.{name}")).otherwise(pl.col(name)).alias(name)
            for name in then
        )
        .select(fresh.columns)
    )


def _templates_of(lock: PeriodLock) -> Templates:
    """The rules that the locked scorecards were made by, so that only records make a difference. Whose like has none
    goes by what was published when the period was locked."""
    loaded = Templates.load()
    versions = {version.pk: version for version in loaded.versions}
    period = lock.period
    cards = Scorecard.objects.filter(period_kind=period.kind, period_start=period.start).exclude(
        Q(subject_kind=SubjectKind.HOUSE) | Q(subject_key__in=merged_partners())
    )
    made = cards.order_by().values_list("partner_type", "region", "segment", "version_id").distinct()
    return Templates(
        [version for version in loaded.versions if version.created_at <= lock.created_at],
        OwnKpis(version for version in loaded.own.versions if version.created_at <= lock.created_at),
        held={(period.key, *audience): versions.get(version_id) for *audience, version_id in made},
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A partner's or group's score as locked and as it would be; `facts` are those that differ, with both values."""

    kind: str
    key: str
    partner_id: UUID | None
    before: Decimal | None
    after: Decimal | None
    facts: dict[str, tuple[int, int]]

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


def differences(found: Arrived) -> list[Difference]:
    """The rows that would change, partners first and then groups, the greatest changes first."""
    period = found.lock.period
    cards = Scorecard.objects.filter(period_kind=period.kind, period_start=period.start)
    if found.stored.height < BATCH // 10:
        cards = cards.filter(pk__in=found.stored["id"].to_list())
    stored = {(card.subject_kind, card.subject_key): card for card in cards.iterator(BATCH)}
    changed = []
    for row in found.rows.select(*SUBJECT, "partner_id", "score", "facts").iter_rows(named=True):
        card = stored.get((row["subject_kind"], row["subject_key"]))
        after = None if row["score"] is None else Decimal(str(row["score"]))
        facts = _changed_facts(card.facts if card else {}, json.loads(row["facts"]))
        before = card.score if card else None
        if facts or before != after:
            partner_id = UUID(row["partner_id"]) if row["partner_id"] else None
            changed.append(
                Difference(row["subject_kind"], row["subject_key"], partner_id, before, after, facts)
            )
    return sorted(changed, key=_greatest_first)


def _greatest_first(row: Difference) -> tuple[bool, Decimal, int, str]:
    moved = abs(row.change) if row.change is not None else Decimal(0)
    return (
        row.partner_id is None,
        -moved,
        -max((abs(b - a) for a, b in row.facts.values()), default=0),
        row.key,
    )


def _changed_facts(old: dict[str, int], new: dict[str, int]) -> dict[str, tuple[int, int]]:
    names = dict.fromkeys([*old, *new])
    return {
        name: (old.get(name, 0), new.get(name, 0)) for name in names if old.get(name, 0) != new.get(name, 0)
    }


# --- restating ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Restated:
    restatement: Restatement
    cards: list[RestatedCard] = field(default_factory=list)


@transaction.atomic
def restate_period(lock: PeriodLock, *, by: Membership, reason: str) -> Restated:
    """Compute a locked period anew and keep what its scorecards said before.

    ActionRefused without a reason, and where nothing has arrived since.
    """
    check(by, "metrics.restate_periods")
    reason = reason.strip()
    if not reason:
        raise ActionRefused(_("Say why the period is restated."), field="reason")
    _wait()
    period = lock.period
    found = arrived(lock)
    before = _cards(period)
    changed = write_rows(found.rows)
    changed.rows += delete_missing(found.stored, found.rows)
    if not changed.rows:
        raise ActionRefused(_("Nothing has arrived for this period since it was locked or last restated."))
    after = _cards(period)
    restatement = Restatement.objects.create(
        period_kind=period.kind, period_start=period.start, reason=reason, restated_by=by
    )
    rows = [
        _kept(restatement, card, after.get(key))
        for key, card in before.items()
        if _moved(card, after.get(key))
    ]
    RestatedCard.objects.bulk_create(rows, batch_size=BATCH)
    record(
        "period.restated",
        subject=Tenant(pk=current_tenant_id()),
        by=by,
        data={
            "period": period.key,
            "reason": reason,
            "changed": sum(row.partner_id is not None for row in rows),
        },
    )
    announce(changed)
    return Restated(restatement, rows)


def _cards(period: Period) -> dict[tuple[str, str], Scorecard]:
    cards = Scorecard.objects.filter(period_kind=period.kind, period_start=period.start)
    return {(card.subject_kind, card.subject_key): card for card in cards.iterator(BATCH)}


def _moved(card: Scorecard, now: Scorecard | None) -> bool:
    names = ("score", "coverage", "passed", "facts", "breakdown", "version_id")
    return now is None or any(getattr(card, name) != getattr(now, name) for name in names)


def _kept(restatement: Restatement, card: Scorecard, now: Scorecard | None) -> RestatedCard:
    return RestatedCard(
        restatement=restatement,
        subject_kind=card.subject_kind,
        subject_key=card.subject_key,
        partner_id=card.partner_id,
        version_id=card.version_id,
        score=card.score,
        coverage=card.coverage,
        passed=card.passed,
        facts=card.facts,
        breakdown=card.breakdown,
        computed_at=card.computed_at,
        new_score=now.score if now else None,
        new_facts=now.facts if now else {},
    )


def restatements_of(kind: str, key: str, period: Period) -> list[RestatedCard]:
    """What a scorecard said before each restatement that changed it, newest first."""
    return list(
        RestatedCard.objects.filter(
            subject_kind=kind,
            subject_key=key,
            restatement__period_kind=period.kind,
            restatement__period_start=period.start,
        )
        .select_related("restatement__restated_by__user")
        .order_by("-restatement__created_at")
    )


def recent_periods(calendar: Calendar, today: dt.date, first: dt.date) -> Iterable[Period]:
    """The periods that are over, newest first, for the page on which they are locked."""
    periods = [period for period in calendar.every(first, today) if period.end <= today]
    order = list(PeriodKind)
    return sorted(periods, key=lambda period: (period.end, order.index(period.kind)), reverse=True)
