"""What surveys tell whom."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.directory.models import Partner
from partners.surveys.models import SurveyResponse
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.events.models import Event
from portal.shell.formats import short_date
from portal.shell.notices import ByMail, Notice, Words, notifies

SURVEYS = gettext_lazy("Surveys")


def asked(events: list[Event]) -> Iterable[Notice]:
    """The member whose invitation it is."""
    for event in events:
        new = event.data["new"]
        words = {"survey": new["survey"], "again": event.type == "survey.reminded"}
        yield Notice(event, {UUID(new["member"])}, words, "surveys:take", (event.subject_id,))


def asked_text(words: Words) -> str:
    if words["again"]:
        return _("You have not answered “%s” yet") % words["survey"]
    return _("Your opinion is asked for: %s") % words["survey"]


def many_asked(count: int) -> str:
    return ngettext(
        "%(count)s survey waits for your answer", "%(count)s surveys wait for your answer", count
    ) % {"count": count}


def handed(events: list[Event]) -> Iterable[Notice]:
    """Who has something to do."""
    for event in events:
        new = event.data["new"]
        words = {"title": new["title"], "due": new["due_on"]}
        yield Notice(event, {UUID(new["owner"])}, words, "surveys:follow_up", (event.subject_id,))


def handed_text(words: Words) -> str:
    return _("To do by %(due)s: %(title)s") % {
        "due": short_date(date.fromisoformat(words["due"])),
        "title": words["title"],
    }


def many_handed(count: int) -> str:
    return ngettext("%(count)s follow-up is yours", "%(count)s follow-ups are yours", count) % {
        "count": count
    }


def answered(events: list[Event]) -> Iterable[Notice]:
    """The channel manager of the partner that the answer is about. Anonymous answers have no event."""
    responses = SurveyResponse.objects.in_bulk({event.subject_id for event in events})
    partners = Partner.objects.in_bulk({event.partner_id for event in events if event.partner_id})
    for event in events:
        partner, response = partners.get(event.partner_id), responses.get(event.subject_id)
        if partner and partner.manager_id and response:
            words = {"survey": event.data["new"]["survey"], "partner": partner.name}
            yield Notice(event, {partner.manager_id}, words, "surveys:response", (response.pk,))


def answered_text(words: Words) -> str:
    return _("An answer to “%(survey)s” about %(partner)s") % words


def many_answered(count: int) -> str:
    return ngettext("%(count)s answer to surveys", "%(count)s answers to surveys", count) % {"count": count}


notifies(
    "surveys.asked",
    gettext_lazy("Surveys that you are asked to answer"),
    group=SURVEYS,
    events=("survey.invited", "survey.reminded"),
    tell=asked,
    text=asked_text,
    many=many_asked,
    many_url="surveys:list",
    roles=PARTNER_ROLES,
    icon="message-question",
    order=50,
)
notifies(
    "surveys.handed",
    gettext_lazy("Follow-ups that you are given"),
    group=SURVEYS,
    events=("follow_up.created", "follow_up.handed_over"),
    tell=handed,
    text=handed_text,
    many=many_handed,
    many_url="surveys:follow_ups",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="checkbox",
    order=51,
)
notifies(
    "surveys.answered",
    gettext_lazy("Answers about your partners"),
    group=SURVEYS,
    events=("survey.answered",),
    tell=answered,
    text=answered_text,
    many=many_answered,
    many_url="surveys:list",
    roles=VENDOR_ROLES,
    mail=ByMail.NEVER,
    icon="message-check",
    order=52,
)
