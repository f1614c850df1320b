"""How every verb of a lead begins and ends: the locked row, and the write with its event."""

from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.deals.actions.writing import Changes, values
from partners.leads.enums import TRANSITIONS
from partners.leads.models import Lead
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock as lock_name
from portal.tenancy.scope import current_tenant_id

_CANNOT: dict[str, Promise] = {
    "offer": gettext_lazy("be offered to a partner"),
    "put_in_pool": gettext_lazy("be put in the pool"),
    "accept": gettext_lazy("be accepted"),
    "decline": gettext_lazy("be declined"),
    "pick": gettext_lazy("be picked"),
    "take_back": gettext_lazy("be taken back"),
    "convert": gettext_lazy("become a deal"),
    "disqualify": gettext_lazy("be disqualified"),
    "reopen": gettext_lazy("be reopened"),
}


def queue_up() -> None:
    """Whoever gives leads out waits here first, so that loads are counted right and locks are taken in one order."""
    lock_name("leads.distribution", current_tenant_id())


def lock(lead: Lead) -> Lead:
    """The row as it is now, held until the transaction ends."""
    return (
        Lead.objects.select_for_update(of=("self",))
        .select_related("partner", "product__family")
        .get(pk=lead.pk)
    )


def begin(lead: Lead, verb: str, by: Membership, version: int | None) -> Lead:
    """The locked row, once the member may do this to it and its status allows it."""
    locked = lock(lead)
    if by.is_partner and lead.partner_id == by.partner_id != locked.partner_id:
        raise ActionRefused(_("This lead is no longer yours: it has moved on."), code="gone")
    check(by, f"leads.{verb}_lead", locked)
    if version is not None and version != locked.version and locked.status == TRANSITIONS[verb][1]:
        raise ActionRefused(
            _("This has been done already: the lead is now “%s”.") % locked.get_status_display(), code="done"
        )
    refuse_if_stale(locked, version)
    refuse_unless_from(locked, verb)
    return locked


def refuse_unless_from(lead: Lead, verb: str) -> None:
    if lead.status not in TRANSITIONS[verb][0]:
        raise cannot(lead, verb)


def cannot(lead: Lead, verb: str) -> ActionRefused:
    return ActionRefused(
        _("A lead that is “%(state)s” cannot %(verb)s.")
        % {"state": lead.get_status_display(), "verb": _CANNOT[verb]},
        code="state",
    )


def refuse_if_stale(lead: Lead, version: int | None) -> None:
    """Nobody decides on what they have not seen."""
    if version is not None and version != lead.version:
        raise ActionRefused(
            _("Someone changed this lead while you had it open. Look at it again before you go on."),
            code="stale",
        )


def refuse_without(reason: str, message: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise ActionRefused(message, field="reason")
    return reason[:500]


def write(
    lead: Lead,
    event: str,
    by: Membership | None,
    changes: Changes,
    *,
    told: UUID | None,
    **data: Any,
) -> Lead:
    """Set the fields, and record how the status changed. `told` is the partner that may read of it, if any.

    Of the other fields an event keeps nothing: it outlives the time in which its partner may see the lead.
    """
    old = values(lead, ["status"])
    save(lead, changes)
    new = values(lead, ["status"])
    if new != old:
        data |= {"old": old, "new": new}
    record(event, subject=lead, by=by, partner_id=told, data=data)
    return lead


def save(lead: Lead, changes: Changes) -> None:
    """Write the named fields and the next version."""
    for name, value in changes.items():
        setattr(lead, name, value)
    lead.version += 1
    lead.save(update_fields=[*changes, "version", "updated_at"])


# What a partner wrote or was given goes with it.
FORGOTTEN: Changes = {
    "partner_id": None,
    "owner_id": None,
    "notes": "",
    "offered_at": None,
    "answer_due_at": None,
    "accepted_at": None,
}
