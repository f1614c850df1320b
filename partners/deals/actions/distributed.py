"""Deals that come of the vendor's own leads: nobody need decide about them."""

from typing import Any
from uuid import UUID

from partners.deals.actions.drafts import derive
from partners.deals.actions.writing import values
from partners.deals.enums import DealOrigin
from partners.deals.limits import refuse_unless_writing
from partners.deals.models import Deal
from partners.deals.workdays import today
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.events.record import record
from portal.tenancy.sequences import next_number

_SAID = ("title", "customer_id", "product_id", "family_id", "amount", "amount_base", "expected_close")


def open_distributed(partner: Partner, *, by: Membership, deal_id: UUID | None = None, **fields: Any) -> Deal:
    """A deal that the vendor brought the partner: it has no registration and lives by its stage alone.

    `amount` is in minor units of the tenant's currency. Whoever calls it holds the lead that it comes of.
    """
    check(by, "deals.add_deal", Deal(partner=partner))
    refuse_unless_writing(partner)
    tenant = by.tenant
    day = today(tenant)
    deal = Deal(
        partner=partner,
        number=next_number("DR", year=day.year),
        origin=DealOrigin.DISTRIBUTED,
        status="",
        currency=tenant.currency,
        engaged_on=day,
        owner=fields.pop("owner", by if by.is_partner else None),
        **fields,
    )
    if deal_id:
        deal.id = deal_id
    deal.family = deal.product.family if deal.product else fields.get("family")
    derive(deal, tenant.currency)
    deal.save(force_insert=True)
    record("deal.opened", subject=deal, by=by, partner_id=partner.pk, data={"new": values(deal, _SAID)})
    return deal
