"""Who is asked: invitations come into being here, once for each person and occasion. Sending them is another matter."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.models import Customer, CustomerPartner
from partners.surveys.enums import Audience, InvitationStatus, Trigger
from partners.surveys.models import CustomerContact, Survey, SurveyInvitation
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

MOST_AT_ONCE = 5000


@dataclass(frozen=True)
class Recipient:
    """Somebody to ask, and about which partner the answer is."""

    email: str
    name: str = ""
    partner_id: UUID | None = None
    customer_id: UUID | None = None
    member_id: UUID | None = None
    language: str = ""


def invite(survey: Survey, recipients: Iterable[Recipient], *, by: Membership, occasion: str) -> int:
    """Ask people by hand; how many invitations this made. The same `occasion` twice asks nobody twice."""
    check(by, "surveys.send_survey")
    chosen = list(recipients)
    if not survey.is_open:
        raise ActionRefused(_("Publish the survey before you send it."))
    if not chosen:
        raise ActionRefused(_("Nobody fits. Change whom the survey is for, or add people."), code="nobody")
    if len(chosen) > MOST_AT_ONCE:
        raise ActionRefused(_("Ask at most %s people at once.") % MOST_AT_ONCE)
    made = ask(survey, chosen, occasion=f"hand:{occasion}"[:120], due_at=timezone.now())
    record("survey.sent", subject=survey, by=by, data={"new": {"title": survey.title, "count": made}})
    return made


def ask(survey: Survey, recipients: Iterable[Recipient], *, occasion: str, due_at: dt.datetime) -> int:
    """Write down the invitations that are not there yet; how many they were. Vendor's scope."""
    known = set(
        SurveyInvitation.objects.filter(survey=survey, occasion=occasion).values_list("email", flat=True)
    )
    rows: dict[str, SurveyInvitation] = {}
    for recipient in recipients:
        email = recipient.email.strip().lower()
        if email and email not in known and email not in rows:
            rows[email] = SurveyInvitation(
                survey=survey,
                partner_id=recipient.partner_id,
                customer_id=recipient.customer_id,
                member_id=recipient.member_id,
                email=email,
                name=recipient.name[:150],
                language=recipient.language,
                occasion=occasion,
                due_at=due_at,
                status=InvitationStatus.WAITING,
            )
    SurveyInvitation.objects.bulk_create(rows.values(), batch_size=1000, ignore_conflicts=True)
    return len(rows)


def report_event(
    trigger: Trigger,
    *,
    by: Membership,
    reference: str,
    recipient: Recipient,
    occurred_at: dt.datetime | None = None,
) -> int:
    """Something happened elsewhere, such as a closed ticket. Each open survey that waits for it asks the person once
    for each reference; how many new invitations that made."""
    check(by, "surveys.report_event")
    moment = occurred_at or timezone.now()
    if recipient.partner_id is None and recipient.customer_id is not None:
        recipient = replace(recipient, partner_id=_only_partner_of(recipient.customer_id))
    made = 0
    for survey in Survey.objects.filter(status="open", trigger=trigger).order_by("pk"):
        if (survey.audience == Audience.MEMBERS) == (recipient.member_id is not None):
            due = moment + dt.timedelta(days=survey.delay_days)
            made += ask(survey, [recipient], occasion=f"{trigger}:{reference}"[:120], due_at=due)
    return made


def _only_partner_of(customer_id: UUID) -> UUID | None:
    """The partner that serves the customer, where one alone does."""
    links = CustomerPartner.objects.filter(customer_id=customer_id).order_by()
    partners = list(links.values_list("partner_id", flat=True)[:2])
    return partners[0] if len(partners) == 1 else None


def add_contact(
    customer: Customer, *, by: Membership, email: str, name: str = "", language: str = ""
) -> CustomerContact:
    """Note whom to ask at a customer. Noting the same person again changes nothing."""
    check(by, "surveys.name_contact")
    contact, new = CustomerContact.objects.get_or_create(
        customer=customer,
        email=email.strip().lower(),
        partner_id=by.partner_id,
        defaults={"name": name.strip(), "language": language},
    )
    if new:
        _tell("customer_contact.added", customer, by, contact)
    return contact


def remove_contact(contact: CustomerContact, *, by: Membership) -> None:
    check(by, "surveys.name_contact")
    _tell("customer_contact.removed", contact.customer, by, contact)
    contact.delete()


def _tell(event: str, customer: Customer, by: Membership, contact: CustomerContact) -> None:
    data: dict[str, Any] = {"new": {"name": str(contact)}}
    record(event, subject=customer, by=by, partner_id=by.partner_id, data=data)
