"""News about people, which `portal.people` records and cannot tell itself: it stands beside this app."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.enums import PARTNER_ROLES, Role
from portal.accounts.models import Invitation
from portal.events.models import Event
from portal.shell.audience import people_of, vendor_people
from portal.shell.notices import ByMail, Notice, Words, notifies

PEOPLE = gettext_lazy("People")
WHO_MANAGE = (Role.ADMIN, Role.PARTNER_OWNER)


def joined(events: list[Event]) -> Iterable[Notice]:
    """A partner's owners hear of colleagues, administrators of the vendor's own people; who invited, in any case."""
    owners = people_of((event.partner_id for event in events if event.partner_id), {Role.PARTNER_OWNER})
    admins = vendor_people({Role.ADMIN})
    emails = {event.data.get("email", "") for event in events}
    invited = Invitation.objects.filter(email__in=emails, accepted_at__isnull=False).order_by("id")
    inviters = dict(invited.values_list("email", "invited_by_id"))
    for event in events:
        told = set(owners[event.partner_id] if event.partner_id else admins)
        inviter = inviters.get(event.data.get("email", ""))
        yield Notice(
            event,
            told | ({inviter} if inviter else set()),
            {"who": event.data.get("email", ""), "role": event.data.get("role", "")},
            "people:member",
            (event.subject_id,),
        )


def joined_text(words: Words) -> str:
    role = Role(words["role"]).label if words["role"] in Role.values else ""
    return _("%(who)s has joined as %(role)s") % {"who": words["who"], "role": role}


def many_joined(count: int) -> str:
    return ngettext("%(count)s person has joined", "%(count)s people have joined", count) % {"count": count}


def role_changed(events: list[Event]) -> Iterable[Notice]:
    """The person whose role it is."""
    for event in events:
        yield Notice(event, {event.subject_id}, {"role": event.data.get("new", "")}, "shell:home")


def role_text(words: Words) -> str:
    role = Role(words["role"]).label if words["role"] in Role.values else words["role"]
    return _("Your role is now: %(role)s") % {"role": role}


def many_roles(count: int) -> str:
    return ngettext("Your role was changed", "Your role was changed %(count)s times", count) % {
        "count": count
    }


notifies(
    "member.joined",
    gettext_lazy("Someone has joined"),
    group=PEOPLE,
    events=("member.joined",),
    tell=joined,
    text=joined_text,
    many=many_joined,
    many_url="people:list",
    roles=WHO_MANAGE,
    mail=ByMail.DIGEST,
    icon="user-plus",
    order=800,
)
notifies(
    "member.role_changed",
    gettext_lazy("Your own role was changed"),
    group=PEOPLE,
    events=("member.role_changed",),
    tell=role_changed,
    text=role_text,
    many=many_roles,
    many_url="shell:home",
    roles={*PARTNER_ROLES, Role.ADMIN, Role.CHANNEL_MANAGER},
    icon="user-cog",
    order=810,
)
