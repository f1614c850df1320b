"""The life of a letter: opened, claimed, handed over, sent. No letter is handed to a mail server twice.

A worker claims a letter and commits (`claim`), writes it, and commits once more that it is handing it over
(`hand_over`) before the mail server sees it. So a worker that dies

- before `hand_over` leaves a letter that nobody has got: it is tried again;
- after it leaves one that may have been sent: it becomes `unconfirmed` and is not sent again by itself.

Both commits compare the claim's key, so that a worker that was only slow finds its claim taken away and stops.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

from django.db.models import Max, Q
from django.utils import timezone

from portal.notifications.enums import LetterState
from portal.notifications.models import DIGEST, Alarm, Letter
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

# What comes within the first seconds goes into one letter, and a kind writes to a member every few minutes at most.
COLLECT_FOR = timedelta(seconds=15)
PAUSE_BETWEEN = timedelta(minutes=5)
DIGEST_HOUR = time(7, 0)

MAX_ATTEMPTS = 10
FIRST_PAUSE = timedelta(seconds=30)
# Longer than any task may run.
ABANDONED_AFTER = timedelta(seconds=60)

S = LetterState
Key = tuple[UUID, str]


def open_letters(keys: Collection[Key], tenant: Tenant) -> dict[Key, Letter]:
    """The collecting letter for each member and kind, made where there is none, locked against being claimed."""
    wanted = sorted(set(keys))
    found: dict[Key, Letter] = {}
    while len(found) < len(wanted):
        missing = [key for key in wanted if key not in found]
        due = _due_times(missing, tenant)
        Letter.objects.bulk_create(
            [Letter(member_id=member, kind=kind, due_at=due[member, kind]) for member, kind in missing],
            ignore_conflicts=True,
        )
        Alarm.objects.bulk_create(
            Alarm(tenant_id=tenant.pk, at=moment) for moment in sorted({due[key] for key in missing})
        )
        # One that was there may be claimed before it is locked; then there is none, and the next turn makes one.
        rows = (
            Letter.objects.select_for_update(of=("self",), no_key=True)
            .filter(
                state=S.COLLECTING,
                member_id__in={member for member, _kind in missing},
                kind__in={kind for _member, kind in missing},
            )
            .order_by("id")
        )
        found |= {(row.member_id, row.kind): row for row in rows if (row.member_id, row.kind) in missing}
    return found


def _due_times(keys: Collection[Key], tenant: Tenant) -> dict[Key, datetime]:
    now = timezone.now()
    last = {
        (member, kind): moment
        for member, kind, moment in Letter.objects.filter(
            member_id__in={member for member, _kind in keys}, sent_at__gt=now - PAUSE_BETWEEN
        )
        .order_by()
        .values("member_id", "kind")
        .annotate(last=Max("sent_at"))
        .values_list("member_id", "kind", "last")
    }
    soon, morning = now + COLLECT_FOR, next_morning(now, tenant)
    return {
        key: morning if key[1] == DIGEST else max(soon, last[key] + PAUSE_BETWEEN) if key in last else soon
        for key in keys
    }


def next_morning(now: datetime, tenant: Tenant) -> datetime:
    """The next seven o'clock where the tenant is."""
    local = now.astimezone(tenant.zone)
    day = local.date() if local.time() < DIGEST_HOUR else local.date() + timedelta(days=1)
    return datetime.combine(day, DIGEST_HOUR, tenant.zone)


def claim(tenant_id: UUID, now: datetime) -> Letter | None:
    """Take the letter that is due longest, in a transaction of its own; None when there is none."""
    with tenant_scope(tenant_id):
        letter = (
            Letter.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state__in=[S.COLLECTING, S.RETRY], due_at__lte=now)
            .order_by("due_at", "id")
            .first()
        )
        if letter is None:
            return None
        letter.state, letter.claim, letter.claimed_at = S.CLAIMED, uuid4(), now
        letter.attempts += 1
        letter.save(update_fields=["state", "claim", "claimed_at", "attempts"])
        Alarm.objects.create(tenant_id=tenant_id, at=now + ABANDONED_AFTER)
    return letter


def hand_over(letter: Letter, subject: str) -> bool:
    """Commit that the mail server gets the letter next; False when the claim has been taken away."""
    return _move(letter, S.CLAIMED, S.HANDED_OVER, subject=subject[:300])


def sent(letter: Letter) -> None:
    _move(letter, S.HANDED_OVER, S.SENT, sent_at=timezone.now(), error="")


def skip(letter: Letter, why: str) -> None:
    """Nothing is left to tell, or nobody to tell it to."""
    _move(letter, S.CLAIMED, S.SKIPPED, error=why)


def unconfirmed(letter: Letter, why: str) -> None:
    _move(letter, S.HANDED_OVER, S.UNCONFIRMED, error=why[:2000])


def failed(letter: Letter, why: str, *, for_good: bool = False) -> None:
    """The mail server surely has not taken it: later again, each pause twice the last, or never."""
    state = letter.state
    if for_good or letter.attempts >= MAX_ATTEMPTS:
        _move(letter, LetterState(state), S.FAILED, error=why[:2000])
        return
    due = timezone.now() + FIRST_PAUSE * 2 ** (letter.attempts - 1)
    if _move(letter, LetterState(state), S.RETRY, error=why[:2000], due_at=due):
        assert letter.tenant_id is not None
        Alarm.objects.create(tenant_id=letter.tenant_id, at=due)


def _move(letter: Letter, old: LetterState, new: LetterState, **fields: object) -> bool:
    """Compare and swap, in a transaction of its own."""
    assert letter.tenant_id is not None
    with tenant_scope(letter.tenant_id):
        moved = Letter.objects.filter(pk=letter.pk, state=old, claim=letter.claim).update(state=new, **fields)
    if moved:
        letter.state = new
    return bool(moved)


def recover_abandoned(tenant_id: UUID, now: datetime) -> int:
    """Look after letters whose worker has died; the number found."""
    old = Q(claimed_at__lt=now - ABANDONED_AFTER)
    with tenant_scope(tenant_id):
        again = Letter.objects.filter(old, state=S.CLAIMED).update(
            state=S.RETRY, claim=None, due_at=now, error="The worker that wrote it was stopped."
        )
        lost = Letter.objects.filter(old, state=S.HANDED_OVER).update(
            state=S.UNCONFIRMED,
            claim=None,
            error="The worker was stopped while it handed the letter over: it may have been sent.",
        )
    return again + lost


def tenants_due(now: datetime) -> list[UUID]:
    """The tenants whose letters are to be looked after now."""
    return list(Alarm.objects.filter(at__lte=now).order_by().values_list("tenant_id", flat=True).distinct())


def quieten(tenant_id: UUID, now: datetime) -> None:
    """Take the alarms away that have rung, once nothing is due any more."""
    with tenant_scope(tenant_id):
        rung = list(
            Alarm.objects.select_for_update(skip_locked=True)
            .filter(tenant_id=tenant_id, at__lte=now)
            .values_list("pk", flat=True)
        )
        due = Letter.objects.filter(state__in=[S.COLLECTING, S.RETRY], due_at__lte=now).exists()
        if not due:
            Alarm.objects.filter(pk__in=rung).delete()


def try_again(letter: Letter) -> bool:
    """An administrator has a failed or unconfirmed letter sent again; False when it is neither any more."""
    now = timezone.now()
    moved = Letter.objects.filter(pk=letter.pk, state__in=[S.FAILED, S.UNCONFIRMED]).update(
        state=S.RETRY, claim=None, attempts=0, due_at=now
    )
    if moved:
        Alarm.objects.create(tenant_id=current_tenant_id(), at=now)
    return bool(moved)
