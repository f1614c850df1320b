"""Whom shares tell what."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.deals.notices import DEALS, deals_of, sellers
from portal.accounts.enums import Role
from portal.events.models import Event
from portal.shell.audience import people_of
from portal.shell.notices import Notice, Words, notifies


def invited(events: list[Event]) -> Iterable[Notice]:
    """The person who was invited and the owners of the partner; or the vendor's colleague."""
    owners = people_of({event.partner_id for event in events if event.partner_id}, {Role.PARTNER_OWNER})
    for event in events:
        member, words = event.data.get("member"), {"percent": event.data["percent"]}
        people = {UUID(member)} if member else set()
        if event.type == "cosale.invited" and event.partner_id:
            yield Notice(
                event, people | set(owners[event.partner_id]), words, "coselling:seat", (event.subject_id,)
            )
        elif people:
            yield Notice(event, people, words, "coselling:list")


def invited_text(words: Words) -> str:
    return _("You are invited to sell %s%% of a deal together.") % words["percent"]


def many_invited(number: int) -> str:
    return ngettext("%s invitation to sell together", "%s invitations to sell together", number) % number


def answered(events: list[Event]) -> Iterable[Notice]:
    deals = deals_of(events)
    people = sellers(deals.values())
    for event in events:
        if deal := deals.get(event.subject_id):
            words = {
                "event": event.type,
                "who": event.data["who"],
                "percent": event.data["percent"],
                "deal": deal.headline,
            }
            yield Notice(event, people[deal.pk], words, "deals:detail", (deal.pk,))


def answered_text(words: Words) -> str:
    if words["event"] == "deal.share_joined":
        return _("%(who)s joined “%(deal)s” with %(percent)s%%.") % words
    return _("%(who)s declined to join “%(deal)s”.") % words


def many_answered(number: int) -> str:
    return ngettext("%s answer to your invitation", "%s answers to your invitations", number) % number


notifies(
    "coselling.invited",
    gettext_lazy("Invitations to sell together"),
    group=DEALS,
    events=("cosale.invited", "deal.share_offered"),
    tell=invited,
    text=invited_text,
    many=many_invited,
    many_url="coselling:list",
    icon="users-plus",
    order=230,
)
notifies(
    "coselling.answered",
    gettext_lazy("Answers to your invitations to sell together"),
    group=DEALS,
    events=("deal.share_joined", "deal.share_declined"),
    tell=answered,
    text=answered_text,
    many=many_answered,
    many_url="deals:list",
    icon="users-plus",
    order=231,
)
