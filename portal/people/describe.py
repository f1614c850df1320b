"""What happened to people, in sentences."""

from django.utils.translation import gettext as _

from portal.accounts.enums import Role
from portal.events.describe import describes
from portal.events.models import Event


def _role(value: str) -> str:
    return str(Role(value).label) if value in Role.values else value


@describes("member.invited")
def invited(event: Event) -> str:
    return _("Invited %(email)s as %(role)s") % {
        "email": event.data.get("email", ""),
        "role": _role(event.data.get("role", "")),
    }


@describes("member.invitation_resent")
def resent(event: Event) -> str:
    return _("Sent the invitation of %(email)s again") % {"email": event.data.get("email", "")}


@describes("member.invitation_revoked")
def revoked(event: Event) -> str:
    return _("Took back the invitation of %(email)s") % {"email": event.data.get("email", "")}


@describes("member.address_given")
def address_given(event: Event) -> str:
    return _("Gave %(name)s the address %(new)s and sent an invitation") % event.data


@describes("member.joined")
def joined(event: Event) -> str:
    if event.data.get("imported"):
        return _("%(name)s was added by an import") % event.data
    return _("%(email)s joined as %(role)s") % {
        "email": event.data.get("email", ""),
        "role": _role(event.data.get("role", "")),
    }


@describes("member.removed")
def removed(event: Event) -> str:
    return _("Removed %(email)s") % {"email": event.data.get("email", "")}


@describes("member.role_changed")
def role_changed(event: Event) -> str:
    return _("Changed the role of %(email)s from %(old)s to %(new)s") % {
        "email": event.data.get("email", ""),
        "old": _role(event.data.get("old", "")),
        "new": _role(event.data.get("new", "")),
    }
