"""Writing a deal down, and keeping what it says up to date."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.deals.actions.writing import lock, refuse_if_stale, save, values, write
from partners.deals.enums import (
    OPEN_STAGES,
    RegistrationStatus,
    SalesStage,
)
from partners.deals.limits import (
    refuse_anothers_customer,
    refuse_unless_writing,
)
from partners.deals.models import Deal
from partners.deals.workdays import today
from partners.directory.actions import link_customer
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.money import convert
from portal.tenancy.sequences import next_number

Status = RegistrationStatus

DRAFT_FIELDS = frozenset(
    {"title", "customer", "product", "amount", "expected_close", "stage", "notes", "owner"}
    | {"forecast", "next_step", "next_step_on", "source", "channel"}
)
OPEN_FIELDS = frozenset(
    {"amount", "expected_close", "notes", "owner", "forecast", "next_step", "next_step_on"}
)
_WRITTEN = (
    "title",
    "customer_id",
    "product_id",
    "family_id",
    "amount",
    "amount_base",
    "expected_close",
    "stage",
    "notes",
    "owner_id",
    "forecast",
    "next_step",
    "next_step_on",
    "source",
    "channel",
)


def create_draft(partner: Partner, *, by: Membership, deal_id: UUID | None = None, **fields: Any) -> Deal:
    """A new registration, not yet submitted. `amount` is in minor units of the tenant's currency.

    A form gives its own `deal_id`, so that sending it twice makes one deal.
    """
    check(by, "deals.add_deal", Deal(partner=partner))
    refuse_unless_writing(partner)
    _only(fields, DRAFT_FIELDS)
    tenant = by.tenant
    deal = Deal(
        partner=partner,
        number=next_number("DR", year=today(tenant).year),
        status=Status.DRAFT,
        currency=tenant.currency,
        owner=fields.pop("owner", by if by.is_partner else None),
        **fields,
    )
    if deal_id:
        deal.id = deal_id
    derive(deal, tenant.currency)
    try:
        with transaction.atomic():
            deal.save(force_insert=True)
    except IntegrityError:
        if deal_id is None:
            raise
        # The same form a second time: the first one has won.
        first = Deal.objects.filter(pk=deal_id, partner=partner).first()
        if first is None:
            raise ActionRefused(
                _("This form cannot be used any more. Open a new one."), code="token"
            ) from None
        return first
    record("deal.created", subject=deal, by=by, partner_id=partner.pk, data={"new": values(deal, _WRITTEN)})
    return deal


def update_deal(deal: Deal, *, by: Membership, version: int | None = None, **fields: Any) -> Deal:
    """Change what a draft or a returned registration says, or an open deal's forecast.

    An approved registration keeps the customer, product and title it was approved with.
    """
    deal = lock(deal)
    check(by, "deals.change_deal", deal)
    refuse_if_stale(deal, version)
    refuse_unless_writing(deal.partner)
    if deal.is_editable:
        _only(fields, DRAFT_FIELDS)
    elif deal.is_live:
        _only(fields, OPEN_FIELDS)
    else:
        raise ActionRefused(
            _("A deal that is %(state)s can no longer be changed.") % {"state": deal.state_label}
        )
    before = values(deal, _WRITTEN)
    for name, value in fields.items():
        setattr(deal, name, value)
    derive(deal, by.tenant.currency)
    after = values(deal, _WRITTEN)
    changed = [name for name in _WRITTEN if before[name] != after[name]]
    if not changed:
        return deal
    if deal.status == Status.APPROVED and "amount" in changed and deal.amount is None:
        raise ActionRefused(_("Say what the deal is worth."), field="amount")
    save(deal, changed)
    data = {"old": {name: before[name] for name in changed}, "new": {name: after[name] for name in changed}}
    record("deal.updated", subject=deal, by=by, partner_id=deal.partner_id, data=data)
    return deal


def move_stage(deal: Deal, stage: SalesStage, *, by: Membership, version: int | None = None) -> Deal:
    """Say how far the sale is. Winning and losing have verbs of their own."""
    deal = lock(deal)
    check(by, "deals.move_deal", deal)
    refuse_if_stale(deal, version)
    refuse_unless_writing(deal.partner)
    if stage not in OPEN_STAGES:
        raise ActionRefused(_("Report the deal won or lost to close it."), field="stage")
    if not deal.is_live:
        raise ActionRefused(
            _("The stage of a deal that is %(state)s can no longer change.") % {"state": deal.state_label}
        )
    if deal.stage == stage:
        return deal
    return write(deal, "deal.stage_moved", by, {"stage": SalesStage(stage)})


def _only(fields: Mapping[str, Any], allowed: frozenset[str]) -> None:
    refused = sorted(set(fields) - allowed)
    if refused:
        raise ActionRefused(
            _("This can no longer be changed once the deal is approved: %s.") % ", ".join(refused),
            field=refused[0],
        )
    if fields.get("stage", SalesStage.PROSPECTING) not in OPEN_STAGES:
        raise ActionRefused(_("Report the deal won or lost to close it."), field="stage")


def derive(deal: Deal, base_currency: str) -> None:
    """Fields that follow from others: the family of the product, the amount in the tenant's currency."""
    if deal.is_editable:
        # An approved registration keeps the family that it protects, wherever the product goes.
        deal.family = deal.product.family if deal.product else None
    if deal.amount is None:
        deal.amount_base = None
    else:
        deal.amount_base = convert(deal.amount, deal.rate, deal.currency, base_currency)
    if deal.customer is not None:
        refuse_anothers_customer(deal.customer, deal.partner)
        link_customer(deal.customer, deal.partner)
    if not deal.title:
        deal.title = derived_title(deal)


def derived_title(deal: Deal) -> str:
    """What a deal is called that nobody has given a title."""
    return " – ".join(str(part) for part in (deal.customer, deal.product) if part)[:200]
