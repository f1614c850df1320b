"""Logging interactions and following them up."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.models import Deal
from partners.directory.models import Partner
from partners.engagement.enums import InteractionKind
from partners.engagement.models import Interaction
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

FIELDS = (
    "kind",
    "happened_at",
    "subject",
    "text",
    "people",
    "deal",
    "follow_up",
    "follow_up_owner",
    "follow_up_due",
)


def log_interaction(
    about: Partner, *, by: Membership, internal: bool = False, source: str = "", **fields: Any
) -> Interaction:
    """Write down an interaction with a partner; an `internal` one is read by the vendor's people alone.

    Raises ActionRefused for a moment that lies ahead, another partner's deal, or a follow-up that is nobody's.
    """
    check(by, "engagement.log_interaction", about)
    if internal and by.is_partner:
        raise PermissionDenied("engagement.log_interaction")
    interaction = Interaction(
        about=about, partner_id=None if internal else about.pk, logged_by=by, external_id=source
    )
    _set(interaction, fields, by)
    interaction.save()
    _record("interaction.logged", interaction, by)
    return interaction


def change_interaction(interaction: Interaction, *, by: Membership, **fields: Any) -> Interaction:
    """Correct what was written down. Who reads it stays as it is."""
    interaction = _lock(interaction)
    check(by, "engagement.change_interaction", interaction)
    before = interaction.happened_at
    _set(interaction, fields, by)
    interaction.save()
    _record("interaction.changed", interaction, by, old={"happened_at": before.isoformat()})
    return interaction


def remove_interaction(interaction: Interaction, *, by: Membership) -> Interaction:
    """Take an interaction out of all lists; it no longer counts."""
    interaction = _lock(interaction)
    check(by, "engagement.change_interaction", interaction)
    if interaction.removed_at is None:
        interaction.removed_at = timezone.now()
        interaction.save(update_fields=["removed_at", "updated_at"])
        _record("interaction.removed", interaction, by)
    return interaction


def finish_follow_up(interaction: Interaction, *, by: Membership) -> Interaction:
    """Say that what was to be done is done."""
    interaction = _lock(interaction)
    check(by, "engagement.finish_follow_up", interaction)
    if not interaction.follow_up:
        raise ActionRefused(_("There is nothing to follow up here."))
    if interaction.follow_up_done_at is None:
        interaction.follow_up_done_at = timezone.now()
        interaction.save(update_fields=["follow_up_done_at", "updated_at"])
        _record("interaction.followed_up", interaction, by)
    return interaction


def remind_of_follow_ups(today: date, *, limit: int) -> int:
    """Record each follow-up on the day it is due, once, and once more when it is late."""
    late = Q(follow_up_due__lt=today) & (Q(reminded_on=None) | Q(reminded_on__lte=F("follow_up_due")))
    due = list(
        Interaction.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            late | Q(follow_up_due=today, reminded_on=None),
            follow_up_done_at=None,
            removed_at=None,
        )
        .exclude(follow_up="")
        .order_by("follow_up_due", "pk")[:limit]
    )
    for interaction in due:
        interaction.reminded_on = today
        _record("interaction.follow_up_due", interaction, None)
    Interaction.objects.bulk_update(due, ["reminded_on"], batch_size=500)
    return len(due)


def _set(interaction: Interaction, fields: dict[str, Any], by: Membership) -> None:
    for name in FIELDS:
        if name in fields:
            setattr(interaction, name, fields[name])
    interaction.subject = interaction.subject.strip()
    _refuse_ahead(interaction.happened_at)
    _refuse_foreign_deal(interaction.deal, interaction)
    if interaction.kind not in InteractionKind.values:
        raise ActionRefused(_("Say whether it was a call, a meeting, a mail or a note."), field="kind")
    if not interaction.subject:
        raise ActionRefused(_("Say in a few words what it was about."), field="subject")
    if not interaction.follow_up:
        interaction.follow_up_owner = interaction.follow_up_due = None
        return
    if interaction.follow_up_owner is None or interaction.follow_up_due is None:
        raise ActionRefused(_("Say who follows up, and by when."), field="follow_up_owner")
    _refuse_stranger(interaction.follow_up_owner, interaction)


def _refuse_ahead(moment: datetime) -> None:
    if moment > timezone.now():
        raise ActionRefused(_("This moment lies ahead: write down what has happened."), field="happened_at")


def _refuse_foreign_deal(deal: Deal | None, interaction: Interaction) -> None:
    if deal is not None and deal.partner_id != interaction.about_id:
        raise ActionRefused(_("This deal is another partner's."), field="deal")


def _refuse_stranger(owner: Membership, interaction: Interaction) -> None:
    """The vendor's people follow up, and those of the partner who reads it."""
    if not owner.is_active or (owner.is_partner and owner.partner_id != interaction.partner_id):
        raise ActionRefused(_("This person cannot read the interaction."), field="follow_up_owner")


def _lock(interaction: Interaction) -> Interaction:
    return Interaction.objects.select_for_update(of=("self",)).select_related("deal").get(pk=interaction.pk)


def _record(kind: str, interaction: Interaction, by: Membership | None, **more: Any) -> None:
    """The event is the partner's where the partner reads it, so that internal ones stay the vendor's."""
    data = {
        "kind": interaction.kind,
        "subject": interaction.subject,
        "happened_at": interaction.happened_at.isoformat(),
        "follow_up": interaction.follow_up,
        "owner": str(interaction.follow_up_owner_id or ""),
        "due_on": interaction.follow_up_due.isoformat() if interaction.follow_up_due else None,
    }
    record(kind, subject=interaction, by=by, partner_id=interaction.partner_id, data={"new": data, **more})
