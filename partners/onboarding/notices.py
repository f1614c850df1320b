"""What events of applications tell whom. Applicants are no members; they get letters of their own."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.onboarding.applications.models import Application, Referral
from partners.onboarding.enums import ReferralState
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.events.models import Event
from portal.shell.audience import people_of, vendor_people
from portal.shell.notices import Notice, Words, notifies

APPLICATIONS = gettext_lazy("Applications")


def to_deciders(events: list[Event]) -> Iterable[Notice]:
    """Whoever looks after the application; where nobody does, all who may decide."""
    everybody = vendor_people()
    applications = Application.objects.in_bulk({event.subject_id for event in events})
    for event in events:
        application = applications.get(event.subject_id)
        if application is None:
            continue
        told: list[UUID] = [application.manager_id] if application.manager_id else everybody
        words = {"company": application.company, "event": event.type}
        yield Notice(event, told, words, "onboarding:application", (application.pk,))


def to_decide_text(words: Words) -> str:
    match words["event"]:
        case "application.answered":
            return _("%(company)s has answered what was missing") % words
        case "application.withdrawn":
            return _("%(company)s has withdrawn its application") % words
        case _other:
            return _("%(company)s wants to become a partner") % words


def many_to_decide(count: int) -> str:
    return ngettext(
        "%(count)s application has come in or changed",
        "%(count)s applications have come in or changed",
        count,
    ) % {"count": count}


def to_new_manager(events: list[Event]) -> Iterable[Notice]:
    applications = Application.objects.in_bulk({event.subject_id for event in events})
    for event in events:
        application = applications.get(event.subject_id)
        if application is not None and event.data.get("manager"):
            words = {"company": application.company}
            told = [UUID(event.data["manager"])]
            yield Notice(event, told, words, "onboarding:application", (application.pk,))


def given_text(words: Words) -> str:
    return _("The application of %(company)s is yours to decide") % words


def many_given(count: int) -> str:
    return ngettext(
        "%(count)s more application is yours to decide",
        "%(count)s more applications are yours to decide",
        count,
    ) % {"count": count}


def to_referrers(events: list[Event]) -> Iterable[Notice]:
    """The partner who sent the company: how far it is, and nothing else."""
    referrals = {
        referral.application_id: referral
        for referral in Referral.objects.filter(application_id__in={event.subject_id for event in events})
    }
    people = people_of({referral.partner_id for referral in referrals.values()})
    for event in events:
        referral = referrals.get(event.subject_id)
        if referral is None:
            continue
        told = [referral.member_id] if referral.member_id else people[referral.partner_id]
        words = {"company": referral.company, "state": _STATES[event.type]}
        yield Notice(event, told, words, "onboarding:referrals", (), referral.partner_id)


_STATES = {
    "application.submitted": ReferralState.APPLIED.value,
    "application.approved": ReferralState.APPROVED.value,
    "application.rejected": ReferralState.CLOSED.value,
}


def referral_text(words: Words) -> str:
    match words["state"]:
        case ReferralState.APPLIED:
            return _("%(company)s, which you referred, has applied") % words
        case ReferralState.APPROVED:
            return _("%(company)s, which you referred, is now a partner") % words
        case _other:
            return _("%(company)s, which you referred, was not accepted") % words


def many_referrals(count: int) -> str:
    return ngettext(
        "There is news of %(count)s company you referred",
        "There is news of %(count)s companies you referred",
        count,
    ) % {"count": count}


notifies(
    "applications.to_decide",
    gettext_lazy("Companies that apply, answer or withdraw"),
    group=APPLICATIONS,
    events=("application.submitted", "application.answered", "application.withdrawn"),
    tell=to_deciders,
    text=to_decide_text,
    many=many_to_decide,
    many_url="onboarding:applications",
    roles=VENDOR_ROLES,
    icon="clipboard-list",
    order=310,
)
notifies(
    "applications.given",
    gettext_lazy("Applications you are given to decide"),
    group=APPLICATIONS,
    events=("application.assigned",),
    tell=to_new_manager,
    text=given_text,
    many=many_given,
    many_url="onboarding:applications",
    roles=VENDOR_ROLES,
    icon="clipboard-list",
    order=311,
)
notifies(
    "applications.referral",
    gettext_lazy("Companies you referred"),
    group=APPLICATIONS,
    events=tuple(_STATES),
    tell=to_referrers,
    text=referral_text,
    many=many_referrals,
    many_url="onboarding:referrals",
    roles=PARTNER_ROLES,
    icon="users-plus",
    order=312,
)
