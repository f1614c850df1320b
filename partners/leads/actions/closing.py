"""How a lead ends: it becomes a deal, or it does not; and back."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals import actions as deals
from partners.deals.enums import DealOrigin, RegistrationStatus
from partners.deals.limits import refuse_unless_writing
from partners.directory.actions import name_customer
from partners.directory.models import Customer, Product
from partners.leads.actions.writing import begin, cannot, lock, refuse_if_stale, refuse_without, write
from partners.leads.enums import REOPENABLE, LeadStatus
from partners.leads.models import Lead
from partners.matching.actions import lock_customers
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.events.record import record
from portal.tenancy.scope import current_tenant_id, tenant_scope

Status = LeadStatus


def convert(
    lead: Lead,
    *,
    by: Membership,
    customer_name: str = "",
    customer_domain: str | None = None,
    customer_country: str | None = None,
    title: str = "",
    product: Product | None = None,
    amount: int | None = None,
    expected_close: date | None = None,
    notes: str | None = None,
    submit: bool = False,
    deal_id: UUID | None = None,
    version: int | None = None,
) -> Lead:
    """Make a customer and a deal of a lead, with what the lead says wherever nothing else is given.

    A partner's own lead becomes a registration, a draft or with `submit` one that waits for a decision; a lead of the
    vendor's becomes a deal at once. `amount` is in minor units of the tenant's currency.
    """
    if submit:
        lock_customers()  # before anything is locked that whoever decides or merges may wait for
    lead = begin(lead, "convert", by, version)
    partner = lead.partner
    assert partner is not None
    refuse_unless_writing(partner)
    customer = name_customer(
        partner,
        customer_name or lead.headline,
        by=by,
        domain=lead.domain if customer_domain is None else customer_domain,
        country=lead.country if customer_country is None else customer_country,
    )
    _complete(customer, lead, by)
    fields: dict[str, Any] = {
        "customer": customer,
        "product": product or lead.product,
        "amount": lead.budget if amount is None else amount,
        "expected_close": expected_close,
        "notes": deal_notes(lead) if notes is None else notes,
        "source": lead.source,
        "channel": lead.channel,
    }
    if title:
        fields["title"] = title
    if lead.owner is not None:
        fields["owner"] = lead.owner
    if not lead.is_own:
        deal = deals.open_distributed(partner, by=by, deal_id=deal_id, **fields)
    elif submit:
        deal = deals.register(partner, by=by, deal_id=deal_id, **fields)
    else:
        deal = deals.create_draft(partner, by=by, deal_id=deal_id, **fields)
    changes = {
        "status": Status.CONVERTED,
        "deal_id": deal.pk,
        "closed_at": timezone.now(),
        "closing_reason": "",
    }
    return write(lead, "lead.converted", by, changes, told=partner.pk, deal=deal.number, deal_id=str(deal.pk))


def deal_notes(lead: Lead) -> str:
    """What the lead says and a deal has no field for."""
    person = ", ".join(part for part in (lead.person, lead.job_title) if part)
    contact = " · ".join(part for part in (person, lead.email, lead.phone) if part)
    parts = [lead.need, contact and _("Contact: %s") % contact, lead.notes]
    return "\n\n".join(part for part in parts if part)[:5000]


def undo_conversions(deal_ids: Collection[UUID]) -> int:
    """Reopen the leads whose registration was withdrawn; how many. What has been undone already stays as it is."""
    leads = (
        Lead.objects.select_for_update(of=("self",))
        .filter(
            status=Status.CONVERTED,
            deal_id__in=deal_ids,
            deal__status=RegistrationStatus.WITHDRAWN,
            deal__origin=DealOrigin.REGISTERED,
        )
        .order_by("pk")
    )
    changes = {"status": Status.OPEN, "deal_id": None, "closed_at": None}
    count = 0
    for lead in leads:
        # The day of the former conversion, which counts no longer.
        was = {"closed_at": lead.closed_at.isoformat() if lead.closed_at else ""}
        write(lead, "lead.conversion_undone", None, changes, told=lead.partner_id, was=was)
        count += 1
    return count


def disqualify(lead: Lead, *, by: Membership, reason: str, version: int | None = None) -> Lead:
    """Close a lead that will not become a deal, with the reason."""
    lead = begin(lead, "disqualify", by, version)
    reason = refuse_without(reason, _("Say why nothing comes of it."))
    if lead.partner is not None:
        refuse_unless_writing(lead.partner)
    changes = {
        "status": Status.DISQUALIFIED,
        "closed_at": timezone.now(),
        "closing_reason": reason,
        "pooled_at": None,
    }
    return write(lead, "lead.disqualified", by, changes, told=lead.partner_id, reason=reason)


def reopen(lead: Lead, *, by: Membership, version: int | None = None) -> Lead:
    """Take up a disqualified lead again: who had it has it; what nobody had is to be distributed."""
    lead = lock(lead)
    check(by, "leads.reopen_lead", lead)
    refuse_if_stale(lead, version)
    if lead.status not in REOPENABLE:
        raise cannot(lead, "reopen")
    if lead.partner is not None:
        refuse_unless_writing(lead.partner)
    status = Status.OPEN if lead.partner_id else Status.UNASSIGNED
    changes = {"status": status, "closed_at": None, "closing_reason": ""}
    return write(lead, "lead.reopened", by, changes, told=lead.partner_id)


def _complete(customer: Customer, lead: Lead, by: Membership) -> None:
    """What the lead knows of a customer record that is the partner's own and says nothing of it yet."""
    known = {"industry": lead.industry, "employees": lead.employees}
    if not (lead.industry or lead.employees):
        return
    with tenant_scope(current_tenant_id()):
        new = Customer.objects.filter(
            pk=customer.pk, named_by_id=lead.partner_id, industry="", employees=None
        )
        if new.update(**known):
            data = {"new": known}
            record("customer.updated", subject=customer, by=by, partner_id=lead.partner_id, data=data)
