"""What events of agreements, documents and onboardings tell whom."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.directory.models import Partner
from partners.onboarding.agreements.models import AgreementVersion
from partners.onboarding.agreements.queries import waiting_for
from partners.onboarding.enums import StepOwner
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.events.models import Event
from portal.shell.audience import people_of, vendor_people
from portal.shell.notices import Notice, Words, notifies

ONBOARDING = gettext_lazy("Getting started")


def _owners(events: list[Event]) -> dict[UUID, list[UUID]]:
    """Who looks after each partner: its manager, or everybody who may."""
    everybody = vendor_people()
    managers = Partner.objects.filter(pk__in={event.partner_id for event in events})
    return {
        pk: [manager] if manager else everybody for pk, manager in managers.values_list("pk", "manager_id")
    }


# --- steps -------------------------------------------------------------------------------------


def to_partner_of_steps(events: list[Event]) -> Iterable[Notice]:
    """The partner's people, of what is theirs to do."""
    mine = [event for event in events if event.data["new"].get("owner") == StepOwner.PARTNER]
    people = people_of({event.partner_id for event in mine if event.partner_id})
    for event in mine:
        if event.partner_id:
            words = {"step": event.data["new"]["title"], "event": event.type}
            yield Notice(event, people[event.partner_id], words, "onboarding:mine")


def step_text(words: Words) -> str:
    if words["event"] == "onboarding.step_overdue":
        return _("Overdue: %(step)s") % words
    return _("Due soon: %(step)s") % words


def many_steps(count: int) -> str:
    return ngettext("%(count)s step is due", "%(count)s steps are due", count) % {"count": count}


def to_vendor_of_steps(events: list[Event]) -> Iterable[Notice]:
    """Who looks after the partner: of the vendor's own steps, and of the partner's once they are overdue."""
    theirs = [
        event
        for event in events
        if event.data["new"].get("owner") == StepOwner.VENDOR or event.type == "onboarding.step_overdue"
    ]
    owners = _owners(theirs)
    names = dict(Partner.objects.filter(pk__in=owners).values_list("pk", "name"))
    for event in theirs:
        if event.partner_id in owners:
            words = {
                "partner": names[event.partner_id],
                "step": event.data["new"]["title"],
                "event": event.type,
            }
            yield Notice(event, owners[event.partner_id], words, "onboarding:partner", (event.partner_id,))


def vendor_step_text(words: Words) -> str:
    if words["event"] == "onboarding.step_overdue":
        return _("%(partner)s: “%(step)s” is overdue") % words
    return _("%(partner)s: “%(step)s” is due soon") % words


def finished(events: list[Event]) -> Iterable[Notice]:
    owners = _owners(events)
    names = dict(Partner.objects.filter(pk__in=owners).values_list("pk", "name"))
    for event in events:
        if event.partner_id in owners:
            words = {"partner": names[event.partner_id]}
            yield Notice(event, owners[event.partner_id], words, "onboarding:partner", (event.partner_id,))


def finished_text(words: Words) -> str:
    return _("%(partner)s has finished getting started") % words


def many_finished(count: int) -> str:
    return ngettext(
        "%(count)s partner has finished getting started",
        "%(count)s partners have finished getting started",
        count,
    ) % {"count": count}


# --- agreements and documents ------------------------------------------------------------------


def to_owners_of_agreements(events: list[Event]) -> Iterable[Notice]:
    """The owners of the partners that have to accept the wording. As many queries as wordings were published."""
    versions = AgreementVersion.objects.select_related("agreement").filter(
        agreement_id__in={event.subject_id for event in events}
    )
    agreements = {version.agreement_id: version.agreement for version in versions}
    for event in events:
        agreement = agreements.get(event.subject_id)
        if agreement is None:
            continue
        partners = set(waiting_for(agreement).order_by().values_list("pk", flat=True))
        words = {"name": agreement.name}
        for partner_id, owners in people_of(partners, {Role.PARTNER_OWNER}).items():
            yield Notice(event, owners, words, "onboarding:agreement", (agreement.pk,), partner_id)


def agreement_text(words: Words) -> str:
    return _("Please read and accept: %(name)s") % words


def many_agreements(count: int) -> str:
    return ngettext("%(count)s agreement waits for you", "%(count)s agreements wait for you", count) % {
        "count": count
    }


def to_senders(events: list[Event]) -> Iterable[Notice]:
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            words = {
                "name": event.data["new"]["name"],
                "event": event.type,
                "reason": event.data.get("reason", ""),
            }
            yield Notice(event, people[event.partner_id], words, "onboarding:documents")


def document_text(words: Words) -> str:
    match words["event"]:
        case "document.accepted":
            return _("“%(name)s” has been accepted") % words
        case "document.refused":
            return _("“%(name)s” has been refused: %(reason)s") % words
        case "document.expired":
            return _("“%(name)s” has run out: please hand in a new one") % words
        case _other:
            return _("“%(name)s” runs out soon: please hand in a new one") % words


def many_documents(count: int) -> str:
    return ngettext("There is news of %(count)s document", "There is news of %(count)s documents", count) % {
        "count": count
    }


def to_checkers(events: list[Event]) -> Iterable[Notice]:
    owners = _owners(events)
    names = dict(Partner.objects.filter(pk__in=owners).values_list("pk", "name"))
    for event in events:
        if event.partner_id in owners:
            words = {
                "partner": names[event.partner_id],
                "name": event.data["new"]["name"],
                "event": event.type,
            }
            yield Notice(event, owners[event.partner_id], words, "onboarding:document", (event.subject_id,))


def check_text(words: Words) -> str:
    if words["event"] == "document.expired":
        return _("%(partner)s: “%(name)s” has run out") % words
    return _("%(partner)s has handed in “%(name)s” to be checked") % words


notifies(
    "onboarding.steps",
    gettext_lazy("Steps that are due or overdue"),
    group=ONBOARDING,
    events=("onboarding.step_due", "onboarding.step_overdue"),
    tell=to_partner_of_steps,
    text=step_text,
    many=many_steps,
    many_url="onboarding:mine",
    roles=PARTNER_ROLES,
    icon="rocket",
    order=320,
)
notifies(
    "onboarding.vendor_steps",
    gettext_lazy("Steps of new partners that are due or overdue"),
    group=ONBOARDING,
    events=("onboarding.step_due", "onboarding.step_overdue"),
    tell=to_vendor_of_steps,
    text=vendor_step_text,
    many=many_steps,
    many_url="onboarding:onboardings",
    roles=VENDOR_ROLES,
    icon="rocket",
    order=320,
)
notifies(
    "onboarding.finished",
    gettext_lazy("Partners that have finished getting started"),
    group=ONBOARDING,
    events=("onboarding.finished",),
    tell=finished,
    text=finished_text,
    many=many_finished,
    many_url="onboarding:onboardings",
    roles=VENDOR_ROLES,
    icon="rocket",
    order=321,
)
notifies(
    "onboarding.agreements",
    gettext_lazy("Agreements to accept"),
    group=ONBOARDING,
    events=("agreement.published",),
    tell=to_owners_of_agreements,
    text=agreement_text,
    many=many_agreements,
    many_url="onboarding:agreements",
    roles=(Role.PARTNER_OWNER,),
    icon="file-check",
    order=322,
)
notifies(
    "onboarding.documents",
    gettext_lazy("Documents that were checked or run out"),
    group=ONBOARDING,
    events=("document.accepted", "document.refused", "document.expiring", "document.expired"),
    tell=to_senders,
    text=document_text,
    many=many_documents,
    many_url="onboarding:documents",
    roles=PARTNER_ROLES,
    icon="file-certificate",
    order=323,
)
notifies(
    "onboarding.documents_to_check",
    gettext_lazy("Documents to check, and those that have run out"),
    group=ONBOARDING,
    events=("document.sent", "document.expired"),
    tell=to_checkers,
    text=check_text,
    many=many_documents,
    many_url="onboarding:documents",
    roles=VENDOR_ROLES,
    icon="file-certificate",
    order=323,
)
