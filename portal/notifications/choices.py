"""What a member gets of a kind in each channel: the own choice, else the tenant's, else the kind's."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.accounts.models import Membership
from portal.notifications.models import Default, Preference
from portal.shell.notices import ByMail, Kind


@dataclass(frozen=True)
class Choice:
    portal: bool
    mail: ByMail


class Choices:
    """The choices of some members, read in two queries."""

    def __init__(self, member_ids: Collection[UUID]):
        self._own = {
            (row.member_id, row.kind): Choice(row.portal, ByMail(row.mail))
            for row in Preference.objects.filter(member_id__in=member_ids)
        }
        self._tenants = defaults()

    def of(self, member_id: UUID, kind: Kind) -> Choice:
        return self._own.get((member_id, kind.key)) or self.by_default(kind)

    def by_default(self, kind: Kind) -> Choice:
        return self._tenants.get(kind.key) or Choice(kind.portal, kind.mail)


def defaults() -> dict[str, Choice]:
    """What the tenant in scope has set for its members, by kind."""
    return {row.kind: Choice(row.portal, ByMail(row.mail)) for row in Default.objects.all()}


def choose(member: Membership, chosen: Iterable[tuple[Kind, Choice]]) -> None:
    """Keep a member's choices. Only what differs from the default is the member's own; the rest follows it."""
    by_key = {kind.key: (kind, choice) for kind, choice in chosen}
    tenants = Choices([])
    own = {key: choice for key, (kind, choice) in by_key.items() if choice != tenants.by_default(kind)}
    Preference.objects.filter(member=member, kind__in=by_key.keys() - own.keys()).delete()
    Preference.objects.bulk_create(
        [
            Preference(
                member=member, partner_id=member.partner_id, kind=key, portal=choice.portal, mail=choice.mail
            )
            for key, choice in sorted(own.items())
        ],
        update_conflicts=True,
        unique_fields=["tenant", "member", "kind"],
        update_fields=["portal", "mail", "partner_id"],
    )
