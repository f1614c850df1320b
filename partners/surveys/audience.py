"""Whom a survey is for: members of partners, or the contacts of their customers. Vendor's scope."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import CustomerPartner, Partner
from partners.leads.models import Lead
from partners.surveys.actions.asking import Recipient
from partners.surveys.enums import Audience
from partners.surveys.models import CustomerContact, Survey
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.shell.registry import segment_codes
from portal.tenancy.scope import current_tenant_id


def fitting_partners(survey: Survey, among: Iterable[UUID] | None = None) -> set[UUID]:
    """Trading partners of the survey's types, tiers and regions. A constant number of queries."""
    partners = Partner.objects.filter(status__in=sorted(TRADING_STATUSES))
    if among is not None:
        partners = partners.filter(pk__in=set(among))
    if survey.types:
        partners = partners.filter(type__in=survey.types)
    if survey.regions:
        partners = partners.filter(region__in=survey.regions)
    found = set(partners.values_list("pk", flat=True))
    if survey.tiers:
        today = timezone.localdate()
        codes = segment_codes((pk, today) for pk in found)
        found = {pk for pk in found if codes.get((pk, today)) in survey.tiers}
    return found


def recipients(survey: Survey) -> list[Recipient]:
    """Everybody whom the survey is for, as of now."""
    partners = fitting_partners(survey)
    if survey.audience == Audience.CUSTOMERS:
        return _customers(partners)
    return members(survey, partners)


def members(survey: Survey, partners: Iterable[UUID], only: Iterable[UUID] | None = None) -> list[Recipient]:
    """People of these partners in the survey's roles, or those of `only` among them."""
    people = Membership.objects.filter(
        tenant_id=current_tenant_id(),
        is_active=True,
        user__is_active=True,
        role__in=survey.roles or sorted(PARTNER_ROLES),
        partner_id__in=set(partners),
    )
    if only is not None:
        people = people.filter(pk__in=set(only))
    return [
        Recipient(
            email=member.user.email,
            name=member.name,
            partner_id=member.partner_id,
            member_id=member.pk,
            language=member.user.language,
        )
        for member in people.select_related("user").order_by("user__email")
    ]


def _customers(partners: set[UUID]) -> list[Recipient]:
    """Each contact once. What the partner named is about that partner; else about the one that won there last, or
    serves the customer."""
    contacts = list(
        CustomerContact.objects.filter(customer__merged_into=None, customer__ended_on=None).order_by("email")
    )
    customers = {contact.customer_id for contact in contacts}
    about: dict[UUID, UUID] = dict(
        CustomerPartner.objects.filter(customer__in=customers)
        .order_by("created_at", "pk")
        .values_list("customer_id", "partner_id")
    )
    won = Deal.objects.filter(customer__in=customers, stage=SalesStage.WON).order_by("closed_on", "pk")
    about |= dict(won.values_list("customer_id", "partner_id"))
    found = []
    for contact in contacts:
        partner_id = contact.partner_id or about.get(contact.customer_id)
        if partner_id in partners:
            found.append(_asked(contact, partner_id))
    return found


def after_deal(survey: Survey, deal: Deal, converted: dict[UUID, Lead]) -> list[Recipient]:
    """Whom a won deal has asked: the customer's contacts and the person of its lead, or who sold it."""
    if survey.audience == Audience.MEMBERS:
        return members(survey, [deal.partner_id], [deal.owner_id] if deal.owner_id else [])
    if deal.customer is None:
        return []
    found = [
        _asked(contact, deal.partner_id)
        for contact in deal.customer.contacts.all()
        if contact.partner_id in (None, deal.partner_id)
    ]
    lead = converted.get(deal.pk)
    if lead is not None and lead.email:
        found.append(
            Recipient(
                email=lead.email, name=lead.person, partner_id=deal.partner_id, customer_id=deal.customer_id
            )
        )
    return found


def _asked(contact: CustomerContact, partner_id: UUID | None) -> Recipient:
    return Recipient(
        email=contact.email,
        name=contact.name,
        partner_id=partner_id,
        customer_id=contact.customer_id,
        language=contact.language,
    )
