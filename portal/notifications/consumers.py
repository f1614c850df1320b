"""Events become notifications: once for each event, member and channel."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from portal.accounts.models import Membership
from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.notifications.choices import Choices
from portal.notifications.enums import Channel
from portal.notifications.letters import open_letters
from portal.notifications.models import DIGEST, Notification
from portal.shell.notices import ByMail, Kind, Notice, kinds
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id

# More of one kind at once than this are shown as one.
SHOWN_SINGLY = 3
COLLECTED_FOR = timedelta(minutes=10)
# After a long standstill nobody wants to hear of last week.
STALE = timedelta(days=7)


@dataclass(frozen=True)
class _Told:
    kind: Kind
    notice: Notice
    member: Membership


def notify(events: list[Event]) -> None:
    """Write down who is told what, and put what goes by e-mail into open letters."""
    fresh = [event for event in events if event.occurred_at > timezone.now() - STALE]
    notices = [
        (kind, notice)
        for kind in kinds()
        if (wanted := [event for event in fresh if kind.wants(event)])
        for notice in kind.tell(wanted)
    ]
    if not notices:
        return
    told = list(_once(_concerned(notices)))
    if not told:
        return
    known = _known({line.notice.event.pk for line in told})
    choices = Choices({line.member.pk for line in told})
    in_portal, by_mail = [], []
    for line in told:
        choice = choices.of(line.member.pk, line.kind)
        key = (line.notice.event.pk, line.member.pk)
        if choice.portal and (*key, Channel.PORTAL) not in known:
            in_portal.append(line)
        if choice.mail != ByMail.NEVER and (*key, Channel.MAIL) not in known:
            by_mail.append((line, line.kind.key if choice.mail == ByMail.AT_ONCE else DIGEST))
    _show(in_portal)
    _post(by_mail)


def _concerned(notices: Iterable[tuple[Kind, Notice]]) -> Iterator[_Told]:
    """One line for each member who may be told: active, in a role the kind is for, not who acted, and of no
    other partner than the notice's."""
    notices = [(kind, notice, set(notice.members)) for kind, notice in notices]
    wanted = {pk for _kind, _notice, members in notices for pk in members}
    members = Membership.objects.filter(
        tenant_id=current_tenant_id(), pk__in=wanted, is_active=True, user__is_active=True
    ).in_bulk()
    for kind, notice, ids in notices:
        partner_id = notice.partner_id or notice.event.partner_id
        for pk in sorted(ids & members.keys()):
            member = members[pk]
            if pk == notice.event.actor_id or member.role not in kind.roles:
                continue
            if member.is_partner and member.partner_id != partner_id:
                continue
            yield _Told(kind, notice, member)


def _once(lines: Iterable[_Told]) -> Iterator[_Told]:
    """An event is told to a member once, by the first kind that tells it."""
    seen = set()
    for line in lines:
        key = (line.notice.event.pk, line.member.pk)
        if key not in seen:
            seen.add(key)
            yield line


def _known(event_ids: set[UUID]) -> set[tuple[UUID, UUID, str]]:
    rows = Notification.objects.filter(event_id__in=event_ids).order_by()
    return set(rows.values_list("event_id", "member_id", "channel"))


def _show(lines: list[_Told]) -> None:
    """What the bell counts. Many of one kind for one member stand behind one row."""
    groups: dict[tuple[UUID, str], list[_Told]] = defaultdict(list)
    for line in lines:
        groups[line.member.pk, line.kind.key].append(line)
    collecting = _collecting(groups.keys()) if groups else {}
    rows: list[Notification] = []
    for key, group in groups.items():
        many = collecting.get(key)
        made = [_row(line, Channel.PORTAL) for line in group]
        if many is not None:
            many.count += len(made)
            many.save(update_fields=["count"])
            head = None
        elif len(made) > SHOWN_SINGLY:
            head = made[-1]
            head.count = len(made)
        else:
            rows += made
            continue
        for row in made:
            row.shown = row is head
        rows += made
    Notification.objects.bulk_create(rows, batch_size=1000)


def _collecting(keys: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], Notification]:
    """The unread rows that stand for many and still take more, locked."""
    wanted = set(keys)
    rows = (
        Notification.objects.select_for_update(of=("self",))
        .filter(
            member_id__in={member for member, _kind in wanted},
            kind__in={kind for _member, kind in wanted},
            channel=Channel.PORTAL,
            shown=True,
            read_at=None,
            count__gt=1,
            created_at__gt=timezone.now() - COLLECTED_FOR,
        )
        .order_by("id")
    )
    return {(row.member_id, row.kind): row for row in rows if (row.member_id, row.kind) in wanted}


def _post(lines: list[tuple[_Told, str]]) -> None:
    letters = open_letters({(line.member.pk, key) for line, key in lines}, current_tenant())
    rows = []
    for line, key in lines:
        row = _row(line, Channel.MAIL)
        row.letter = letters[line.member.pk, key]
        rows.append(row)
    Notification.objects.bulk_create(rows, batch_size=1000)


def _row(line: _Told, channel: Channel) -> Notification:
    return Notification(
        event=line.notice.event,
        member=line.member,
        partner_id=line.member.partner_id,
        channel=channel,
        kind=line.kind.key,
        words=line.notice.words,
        url_name=line.notice.url_name,
        url_args=[str(part) for part in line.notice.url_args],
    )


def register() -> None:
    subscribe("*", name="notifications", consumer=notify)
