"""Events of the programme: inviting, answering, and who came. Places are counted under a lock of the event."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.engagement.enums import GATHERING_TRANSITIONS, Answer, GatheringStatus
from partners.engagement.models import Gathering, Guest
from portal.accounts.access import check
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.shell.registry import segment_codes
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

FIELDS = (
    "title",
    "summary",
    "kind",
    "starts_at",
    "ends_at",
    "place",
    "join_url",
    "capacity",
    "types",
    "segments",
    "regions",
)
REMINDED_BEFORE = timedelta(days=2)


def create_gathering(*, by: Membership, **fields: Any) -> Gathering:
    """A draft, of which nobody has been told."""
    check(by, "engagement.run_gathering")
    gathering = Gathering(**{name: fields[name] for name in FIELDS if name in fields})
    _refuse_wrong(gathering)
    gathering.save()
    record("gathering.created", subject=gathering, by=by, data={"new": _about(gathering)})
    return gathering


def update_gathering(gathering: Gathering, *, by: Membership, **fields: Any) -> Gathering:
    """Change an event; who has accepted keeps the place, and is told of another time or place."""
    check(by, "engagement.run_gathering")
    gathering = _lock(gathering)
    _refuse_cancelled(gathering)
    moved = any(
        name in fields and getattr(gathering, name) != fields[name]
        for name in ("starts_at", "ends_at", "place", "join_url")
    )
    old = {"starts_at": gathering.starts_at.isoformat()}
    for name in FIELDS:
        if name in fields:
            setattr(gathering, name, fields[name])
    _refuse_wrong(gathering)
    gathering.sequence += 1
    gathering.save()
    data = {"old": old, "new": _about(gathering)}
    record("gathering.updated", subject=gathering, by=by, data=data)
    if gathering.is_published:
        _invite(gathering, None, by=by)
        if moved:
            _tell(gathering, "gathering.moved", by, (Answer.INVITED, Answer.ACCEPTED))
    return gathering


def publish(gathering: Gathering, *, by: Membership) -> int:
    """Invite everybody in the audience; how many people are."""
    check(by, "engagement.run_gathering")
    gathering = _lock(gathering)
    if gathering.is_published:
        return gathering.guests.count()
    _move(gathering, GatheringStatus.PUBLISHED)
    record("gathering.published", subject=gathering, by=by, data={"new": _about(gathering)})
    invited = _invite(gathering, None, by=by)
    if not gathering.guests.exists():
        raise ActionRefused(_("Nobody is in the audience: no partner's people fit it."))
    return invited


def invite_missing(partner_ids: Collection[UUID] | None = None) -> int:
    """Invite those who have come to be in the audience of an event that is still ahead; how many."""
    ahead = Gathering.objects.filter(status=GatheringStatus.PUBLISHED, starts_at__gt=timezone.now())
    return sum(_invite(gathering, partner_ids, by=None) for gathering in ahead.order_by("pk"))


def cancel(gathering: Gathering, *, by: Membership, reason: str) -> Gathering:
    """Call an event off; everybody who was invited is told why."""
    check(by, "engagement.run_gathering")
    gathering = _lock(gathering)
    if not reason.strip():
        raise ActionRefused(_("Give the reason; those who were invited will read it."), field="reason")
    _move(gathering, GatheringStatus.CANCELLED)
    gathering.sequence += 1
    gathering.save(update_fields=["sequence"])
    data = {"new": _about(gathering), "reason": reason.strip()}
    record("gathering.called_off", subject=gathering, by=by, data=data)
    _tell(gathering, "gathering.cancelled", by, (Answer.INVITED, Answer.ACCEPTED), reason=reason.strip())
    return gathering


def answer(guest: Guest, comes: bool, *, by: Membership) -> Guest:
    """Accept or decline an invitation, as often as one changes one's mind; a place is taken while there is one."""
    check(by, "engagement.answer_invitation")
    if guest.member_id != by.pk:
        raise ActionRefused(_("Everybody answers their own invitation."))
    with tenant_scope(current_tenant_id()):
        gathering = _lock(guest.gathering)
        guest = Guest.objects.select_related("member__user").get(pk=guest.pk)
        _refuse_cancelled(gathering)
        if gathering.has_begun:
            raise ActionRefused(_("This event has begun already."))
        wanted = Answer.ACCEPTED if comes else Answer.DECLINED
        if guest.answer == wanted:
            return guest
        if comes and places_left(gathering) == 0:
            raise ActionRefused(_("All places are taken."), code="full")
        guest.answer, guest.answered_at = wanted, timezone.now()
        guest.save(update_fields=["answer", "answered_at"])
        data = {**_about(gathering), "person": guest.member.name, "answer": wanted}
        record(
            "gathering.answered", subject=gathering, by=by, partner_id=guest.partner_id, data={"new": data}
        )
    return guest


def places_left(gathering: Gathering) -> int | None:
    """How many more may accept; None when there is no limit. Vendor's side."""
    if not gathering.capacity:
        return None
    return max(0, gathering.capacity - gathering.guests.filter(answer=Answer.ACCEPTED).count())


def record_attendance(gathering: Gathering, came: Mapping[UUID, bool], *, by: Membership | None) -> int:
    """Say who came, by membership; who was not invited is taken up as well. Returns how many came."""
    if by is not None:
        check(by, "engagement.run_gathering")
    gathering = _lock(gathering)
    _refuse_cancelled(gathering)
    if not gathering.has_begun:
        raise ActionRefused(_("The event has not begun yet."))
    guests = {guest.member_id: guest for guest in gathering.guests.filter(member__in=came)}
    people = Membership.objects.filter(
        tenant_id=current_tenant_id(), pk__in=came, role__in=sorted(PARTNER_ROLES)
    )
    new = [
        Guest(gathering=gathering, member=member, partner_id=member.partner_id, answer=Answer.ACCEPTED)
        for member in people
        if member.pk not in guests and came[member.pk]
    ]
    Guest.objects.bulk_create(new)
    for guest in [*guests.values(), *new]:
        guest.attended = came[guest.member_id]
    Guest.objects.bulk_update([*guests.values(), *new], ["attended"], batch_size=500)
    touched = {guest.partner_id for guest in [*guests.values(), *new]}
    record_many(
        EventDraft("gathering.attended", gathering, by, partner, {"new": _about(gathering)})
        for partner in sorted(touched)
    )
    return sum(bool(guest.attended) for guest in [*guests.values(), *new])


def remind_of_gatherings(now: datetime, *, limit: int) -> int:
    """Remind those who come, or have not answered, of the events of the next two days, once."""
    near = list(
        Gathering.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            status=GatheringStatus.PUBLISHED,
            starts_at__gt=now,
            starts_at__lte=now + REMINDED_BEFORE,
            reminded_at=None,
        )
        .order_by("starts_at", "pk")[:limit]
    )
    for gathering in near:
        gathering.reminded_at = now
        gathering.save(update_fields=["reminded_at"])
        _tell(gathering, "gathering.reminder", None, (Answer.INVITED, Answer.ACCEPTED))
    return len(near)


def audience(gathering: Gathering, partner_ids: Collection[UUID] | None = None) -> list[Membership]:
    """The people of the trading partners that an event is for. Vendor's side."""
    partners = Partner.objects.filter(status__in=sorted(TRADING_STATUSES))
    if partner_ids is not None:
        partners = partners.filter(pk__in=partner_ids)
    if gathering.types:
        partners = partners.filter(type__in=gathering.types)
    if gathering.regions:
        partners = partners.filter(region__in=gathering.regions)
    keys = list(partners.values_list("pk", flat=True))
    if gathering.segments:
        today = timezone.localdate(timezone=current_tenant().zone)
        codes = segment_codes((pk, today) for pk in keys)
        keys = [pk for pk in keys if codes.get((pk, today)) in gathering.segments]
    people = Membership.objects.filter(
        tenant_id=current_tenant_id(), partner_id__in=keys, is_active=True, role__in=sorted(PARTNER_ROLES)
    )
    return list(people.order_by("pk"))


def _invite(gathering: Gathering, partner_ids: Collection[UUID] | None, *, by: Membership | None) -> int:
    there = set(gathering.guests.values_list("member_id", flat=True))
    new = [
        Guest(gathering=gathering, member=member, partner_id=member.partner_id)
        for member in audience(gathering, partner_ids)
        if member.pk not in there
    ]
    Guest.objects.bulk_create(new, ignore_conflicts=True, batch_size=1000)
    if not gathering.has_begun:
        _tell_each(gathering, "gathering.invited", by, new)
    else:
        _tell_each(gathering, "gathering.added", by, new)
    return len(new)


def _tell(
    gathering: Gathering, kind: str, by: Membership | None, answers: Iterable[str], **more: Any
) -> None:
    _tell_each(gathering, kind, by, gathering.guests.filter(answer__in=list(answers)), **more)


def _tell_each(
    gathering: Gathering, kind: str, by: Membership | None, guests: Iterable[Guest], **more: Any
) -> None:
    """One event a partner, with those of its people whom it concerns."""
    people: dict[UUID, list[str]] = defaultdict(list)
    for guest in guests:
        people[guest.partner_id].append(str(guest.member_id))
    record_many(
        EventDraft(kind, gathering, by, partner, {"new": {**_about(gathering), "members": members}, **more})
        for partner, members in sorted(people.items())
    )


def _move(gathering: Gathering, status: GatheringStatus) -> None:
    if status not in GATHERING_TRANSITIONS[GatheringStatus(gathering.status)]:
        raise ActionRefused(_("An event that is %s cannot do that.") % gathering.get_status_display().lower())
    gathering.status = status
    gathering.save(update_fields=["status", "updated_at"])


def _refuse_cancelled(gathering: Gathering) -> None:
    if gathering.status == GatheringStatus.CANCELLED:
        raise ActionRefused(_("This event has been cancelled."))


def _refuse_wrong(gathering: Gathering) -> None:
    if gathering.ends_at <= gathering.starts_at:
        raise ActionRefused(_("It must end after it begins."), field="ends_at")
    if not gathering.place and not gathering.join_url:
        raise ActionRefused(_("Say where it is: a place, an address to join, or both."), field="place")


def _lock(gathering: Gathering) -> Gathering:
    return Gathering.objects.select_for_update(of=("self",)).get(pk=gathering.pk)


def _about(gathering: Gathering) -> dict[str, Any]:
    return {
        "title": gathering.title,
        "kind": gathering.kind,
        "starts_at": gathering.starts_at.isoformat(),
        "place": gathering.place,
    }
