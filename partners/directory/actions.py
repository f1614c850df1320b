"""Writes to the directory: partners, customers, products.

All raise PermissionDenied when the member may not, and ActionRefused, with a sentence for the person who
asked, when the programme's rules forbid it.
"""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.domains import company_domain
from partners.directory.enums import PARTNER_TRANSITIONS, PartnerStatus
from partners.directory.models import Customer, CustomerPartner, Partner, Product, ProductFamily
from partners.directory.names import normalise_domain, normalise_name
from partners.directory.queries import customers_of, meant_among
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.events.record import record
from portal.people.actions import end_access_of, give_access_back
from portal.shell.formats import short_date
from portal.tenancy.scope import current_tenant_id, tenant_scope
from portal.tenancy.sequences import next_number

# What programs write where they know no day, such as 1 January 1900, is before it.
EARLIEST_END = date(1990, 1, 1)
PARTNER_FIELDS = frozenset(
    {"name", "type", "region", "country", "website", "manager", "joined_on", "left_on", "external_id"}
)
PROFILE_FIELDS = frozenset({"website", "country", "region"})
CUSTOMER_FIELDS = frozenset(
    {
        "name",
        "country",
        "domain",
        "industry",
        "employees",
        "parent_name",
        "started_on",
        "ended_on",
        "external_id",
    }
)
PRODUCT_FIELDS = frozenset({"name", "sku", "family", "price", "currency", "is_active", "external_id"})


# --- partners ----------------------------------------------------------------------------------


def create_partner(*, by: Membership, status: PartnerStatus = PartnerStatus.ACTIVE, **fields: Any) -> Partner:
    """A new partner company, active unless said otherwise."""
    check(by, "directory.add_partner")
    return admit_partner(by=by, status=status, **fields)


def admit_partner(*, by: Membership, status: PartnerStatus = PartnerStatus.ACTIVE, **fields: Any) -> Partner:
    """Enter a partner company that has been decided on. For actions that have asked whether `by` may decide."""
    _refuse_wrong_manager(fields.get("manager"), by)
    partner = Partner(number=next_number("P"), status=status, **_known(fields, PARTNER_FIELDS))
    if partner.joined_on is None:
        partner.joined_on = timezone.localdate(timezone=by.tenant.zone)
    _insert(partner, _("Another partner has this external id already."))
    record(
        "partner.created",
        subject=partner,
        by=by,
        partner_id=partner.pk,
        data={"new": _plain(partner, fields)},
    )
    return partner


def update_partner(partner: Partner, *, by: Membership, **fields: Any) -> Partner:
    """Change a partner's details. Only an admin gives a partner to another manager."""
    partner = _lock(partner)
    check(by, "directory.change_partner", partner)
    if "manager" in fields and fields["manager"] != partner.manager:
        check(by, "directory.assign_partner", partner)
        _refuse_wrong_manager(fields["manager"], by)
    return _change(partner, "partner.updated", by, partner.pk, _known(fields, PARTNER_FIELDS))


def update_profile(partner: Partner, *, by: Membership, **fields: Any) -> Partner:
    """What a partner's owner may change of the company.

    The home region is said once: peers, plans and places go by it, so that afterwards the vendor changes it.
    """
    partner = _lock(partner)
    check(by, "directory.change_profile", partner)
    _refuse_unless_trading(partner)
    if by.is_partner and partner.region and fields.get("region", partner.region) != partner.region:
        raise ActionRefused(
            _("Your peers and what you earn go by the home region. Ask your channel manager to change it."),
            field="region",
        )
    return _change(partner, "partner.updated", by, partner.pk, _known(fields, PROFILE_FIELDS))


def change_partner_status(
    partner: Partner, status: PartnerStatus, *, by: Membership, reason: str = ""
) -> Partner:
    """Activate, suspend, terminate or take a partner back; all but the first need a reason.

    Termination ends the access of the partner's people at once; what else becomes of its registrations, leads and
    seats is done by those rooms when they learn of `partner.terminated`. What it earned stays payable.
    """
    partner = _lock(partner)
    check(by, "directory.change_status_partner", partner)
    if status == partner.status:
        raise ActionRefused(_("%s has that status already.") % partner.name, code="done")
    if status not in PARTNER_TRANSITIONS[PartnerStatus(partner.status)]:
        raise ActionRefused(
            _("A partner that is %(old)s cannot become %(new)s.")
            % {"old": partner.get_status_display().lower(), "new": PartnerStatus(status).label.lower()},
            code="state",
        )
    if partner.merged_into_id is not None:
        raise ActionRefused(
            _("%s has become part of another company and stays as it is.") % partner.name, code="merged"
        )
    reason, old = reason.strip(), partner.status
    comes_back = old == PartnerStatus.TERMINATED
    if not reason and (comes_back or status in (PartnerStatus.SUSPENDED, PartnerStatus.TERMINATED)):
        raise ActionRefused(_("Give the reason; it stays with the partner."), field="reason")
    changes: dict[str, Any] = {"status": PartnerStatus(status)}
    if status == PartnerStatus.TERMINATED:
        changes["left_on"] = timezone.localdate(timezone=by.tenant.zone)
    elif comes_back:
        changes["left_on"] = None
    partner = _change(partner, "partner.status_changed", by, partner.pk, changes, reason=reason)
    if status == PartnerStatus.TERMINATED:
        members = [str(pk) for pk in end_access_of(partner.pk, by=by)]
        data = {"reason": reason, "on": changes["left_on"].isoformat(), "members": members}
        record("partner.terminated", subject=partner, by=by, partner_id=partner.pk, data=data)
    elif comes_back:
        people = give_access_back(_ended_with(partner), partner.pk, by=by)
        data = {"reason": reason, "people": people}
        record("partner.reinstated", subject=partner, by=by, partner_id=partner.pk, data=data)
    return partner


def _ended_with(partner: Partner) -> list[UUID]:
    """Whose access ended when the partner last left."""
    left = timeline(partner).filter(type="partner.terminated").first()
    return [UUID(key) for key in left.data.get("members", ())] if left else []


def finish_onboarding(partner: Partner, *, by: Membership | None = None) -> Partner:
    """A partner that has got started is active. One that is something else by now stays what it is."""
    partner = _lock(partner)
    if partner.status != PartnerStatus.ONBOARDING:
        return partner
    changes = {"status": PartnerStatus.ACTIVE}
    return _change(partner, "partner.status_changed", by, partner.pk, changes, reason="")


# --- customers ---------------------------------------------------------------------------------


def create_customer(*, by: Membership, **fields: Any) -> Customer:
    """A new customer, entered by the vendor's people."""
    check(by, "directory.change_customer")
    customer = Customer(number=next_number("C"), **_known(fields, CUSTOMER_FIELDS))
    customer.normalised_name = normalise_name(customer.name)
    customer.domain = normalise_domain(customer.domain)
    _refuse_wrong_end(customer.started_on, customer.ended_on)
    _insert(customer, _("Another customer has this external id already."))
    record("customer.created", subject=customer, by=by, data={"new": _plain(customer, fields)})
    return customer


def update_customer(customer: Customer, *, by: Membership, **fields: Any) -> Customer:
    """Change a customer's details. The record is shared by all who serve it, so only the vendor's people do."""
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    check(by, "directory.change_customer", customer)
    changes = _known(fields, CUSTOMER_FIELDS)
    if "name" in changes:
        changes["normalised_name"] = normalise_name(changes["name"])
    if "domain" in changes:
        changes["domain"] = normalise_domain(changes["domain"])
    _refuse_wrong_end(
        changes.get("started_on", customer.started_on), changes.get("ended_on", customer.ended_on)
    )
    return _change(customer, "customer.updated", by, None, changes)


@transaction.atomic
def end_business(customer: Customer, *, by: Membership, ended_on: date, reason: str) -> Customer:
    """Note that the customer buys no longer: `ended_on` is its last day. It counts as lost from then on."""
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    check(by, "directory.change_customer", customer)
    if customer.ended_on is not None:
        raise ActionRefused(_("The business with this customer has ended already."), code="done")
    if not reason.strip():
        raise ActionRefused(_("Give the reason."), field="reason")
    if ended_on > timezone.localdate(timezone=by.tenant.zone):
        raise ActionRefused(_("The day cannot lie in the future."), field="ended_on")
    _refuse_wrong_end(customer.started_on, ended_on)
    return _change(
        customer,
        "customer.ended",
        by,
        None,
        {"ended_on": ended_on},
        reason=reason.strip(),
        name=customer.name,
    )


@transaction.atomic
def resume_business(customer: Customer, *, by: Membership, reason: str) -> Customer:
    """Take the end back: the customer buys again, and counts as if it had never left."""
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    check(by, "directory.change_customer", customer)
    if customer.ended_on is None:
        raise ActionRefused(_("The business with this customer has not ended."), code="done")
    if not reason.strip():
        raise ActionRefused(_("Give the reason."), field="reason")
    return _change(
        customer, "customer.resumed", by, None, {"ended_on": None}, reason=reason.strip(), name=customer.name
    )


def name_customer(
    partner: Partner, name: str, *, by: Membership, domain: str = "", country: str = ""
) -> Customer:
    """The customer that a partner means: one of those it serves, or else a new record of its own.

    Whether the vendor or another partner knows the company changes nothing of what happens here, so that
    the partner learns nothing of it. The records come together when the vendor says yes (`matching`).
    """
    check(by, "directory.add_customer")
    normalised, domain = normalise_name(name)[:200], company_domain(domain)
    if not normalised:
        raise ActionRefused(_("Name the customer."), field="customer_name")
    with tenant_scope(current_tenant_id()):
        # Two people who name one new customer at the same moment must not make it twice.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"{current_tenant_id()}:{partner.pk}:{normalised}"],
            )
        customer = meant_among(customers_of(partner), normalised, domain=domain, country=country)
        if customer is None:
            customer = Customer(
                number=next_number("C"),
                name=" ".join(name.split()),
                normalised_name=normalised,
                domain=domain,
                country=country,
                named_by=partner,
            )
            customer.save(force_insert=True)
            data = {"new": {"name": customer.name, "domain": domain, "country": country}}
            record("customer.created", subject=customer, by=by, partner_id=partner.pk, data=data)
            link_customer(customer, partner)
    return customer


def rename_own_customer(
    customer: Customer, *, by: Membership, name: str, domain: str = "", country: str = ""
) -> Customer:
    """Correct what a partner wrote of a customer, while the record is the partner's own."""
    check(by, "directory.add_customer")
    normalised = normalise_name(name)[:200]
    if not normalised:
        raise ActionRefused(_("Name the customer."), field="customer_name")
    with tenant_scope(current_tenant_id()):
        customer = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
        if customer.named_by_id is None:
            raise ActionRefused(
                _("The vendor keeps this customer's details. Ask your channel manager to change them."),
                field="customer_name",
            )
        changes = {
            "name": " ".join(name.split()),
            "normalised_name": normalised,
            "domain": company_domain(domain),
            "country": country,
        }
        return _change(customer, "customer.updated", by, customer.named_by_id, changes)


def link_customer(customer: Customer, partner: Partner) -> None:
    """Note that the partner serves the customer, and may therefore see it."""
    with tenant_scope(current_tenant_id()):
        CustomerPartner.objects.bulk_create(
            [CustomerPartner(customer=customer, partner=partner)], ignore_conflicts=True
        )


# --- products ----------------------------------------------------------------------------------


def save_product(product: Product | None = None, *, by: Membership, **fields: Any) -> Product:
    """Create a product, or change one. The price is in minor units of the tenant's currency."""
    check(by, "directory.change_product")
    fields = _known(fields, PRODUCT_FIELDS)
    taken = _("Another product has this name already.")
    if product is None:
        product = Product(**{"currency": by.tenant.currency, **fields})
        _insert(product, taken, field="name")
        record("product.created", subject=product, by=by, data={"new": _plain(product, fields)})
        return product
    product = Product.objects.select_for_update(of=("self",)).select_related("family").get(pk=product.pk)
    return _change(product, "product.updated", by, None, fields, taken=taken)


def save_family(family: ProductFamily | None = None, *, by: Membership, name: str) -> ProductFamily:
    """Create a product family, or rename one."""
    check(by, "directory.change_product")
    taken = _("Another family has this name already.")
    if family is None:
        family = ProductFamily(name=name)
        _insert(family, taken, field="name")
        record("product.family_created", subject=family, by=by, data={"new": {"name": name}})
        return family
    family = ProductFamily.objects.select_for_update(of=("self",)).get(pk=family.pk)
    return _change(family, "product.family_updated", by, None, {"name": name}, taken=taken)


# --- the parts ---------------------------------------------------------------------------------


def _lock(partner: Partner) -> Partner:
    return Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)


def _known(fields: dict[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    unknown = sorted(set(fields) - allowed)
    if unknown:
        raise TypeError(f"These fields cannot be written here: {', '.join(unknown)}")
    return fields


def _refuse_wrong_manager(manager: Membership | None, by: Membership) -> None:
    if manager is not None and not (
        manager.is_vendor and manager.is_active and manager.tenant_id == by.tenant_id
    ):
        raise ActionRefused(_("Choose a channel manager of this programme."), field="manager")


def _refuse_wrong_end(started_on: date | None, ended_on: date | None) -> None:
    if ended_on and ended_on < EARLIEST_END:
        raise ActionRefused(
            _("It cannot have ended before %(day)s.") % {"day": short_date(EARLIEST_END)}, field="ended_on"
        )
    if started_on and ended_on and ended_on < started_on:
        raise ActionRefused(_("It cannot end before it began."), field="ended_on")


def _refuse_unless_trading(partner: Partner) -> None:
    if not partner.may_trade:
        raise ActionRefused(
            _("%(partner)s is %(status)s: its profile can be read but not changed.")
            % {"partner": partner.name, "status": partner.get_status_display().lower()},
            code="partner_status",
        )


def _insert(row: models.Model, taken: str, *, field: str | None = "external_id") -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ActionRefused(taken, field=field, code="taken") from error


def _change(
    row: Any,
    event: str,
    by: Membership | None,
    partner_id: UUID | None,
    fields: dict[str, Any],
    *,
    taken: str = "",
    **data: Any,
) -> Any:
    """Write the named fields where they differ, and record what they were and what they are."""
    old = _plain(row, fields)
    for name, value in fields.items():
        setattr(row, name, value)
    new = _plain(row, fields)
    changed = [name for name in fields if old[name] != new[name]]
    if not changed:
        return row
    stamps = [field.name for field in row._meta.concrete_fields if getattr(field, "auto_now", False)]
    try:
        with transaction.atomic():
            row.save(update_fields=[*changed, *stamps])
    except IntegrityError as error:
        raise ActionRefused(taken or _("Another one has this external id already."), code="taken") from error
    data |= {"old": {name: old[name] for name in changed}, "new": {name: new[name] for name in changed}}
    record(event, subject=row, by=by, partner_id=partner_id, data=data)
    return row


def _plain(row: models.Model, names: Any) -> dict[str, Any]:
    """The fields as JSON keeps them; of a related row, its name."""
    values: dict[str, Any] = {}
    for name in names:
        value = getattr(row, name)
        if isinstance(value, date):
            value = value.isoformat()
        elif isinstance(value, models.Model):
            value = str(value)
        values[name] = value
    return values
