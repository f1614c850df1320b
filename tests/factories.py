"""Test data. Every factory but Tenant and User works in the tenant in scope."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils import timezone

from metrics.costs.models import Cost
from metrics.readings.models import MetricDefinition, Reading
from partners.coselling.enums import ShareStatus
from partners.coselling.models import Seat, Share
from partners.deals.enums import DealOrigin, RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Customer, CustomerPartner, Partner, Product, ProductFamily
from partners.leads.enums import LeadOrigin, LeadStatus
from partners.leads.models import Lead
from partners.marketing.models import Campaign, DailyFigure
from partners.orders.models import Order
from portal.accounts.enums import PARTNER_ROLES, Role
from portal.accounts.models import Membership, User
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id

PASSWORD = "correct horse battery"
_HASH = make_password(PASSWORD)


class TenantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tenant

    slug = factory.Sequence(lambda n: f"vendor-{n}")
    name = factory.Sequence(lambda n: f"Vendor {n}")
    currency = "EUR"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = _HASH


class PartnerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Partner

    number = factory.Sequence(lambda n: f"P-{n:05d}")
    name = factory.Sequence(lambda n: f"Partner {n}")
    type = PartnerType.RESELLER
    status = PartnerStatus.ACTIVE
    region = "EMEA"
    country = "NL"
    joined_on = date(2024, 1, 1)


class CustomerFactory(factory.django.DjangoModelFactory):
    """`served_by=partner` links the customer to a partner, who may then see it."""

    class Meta:
        model = Customer
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"C-{n:05d}")
    name = factory.Sequence(lambda n: f"Customer {n}")
    normalised_name = factory.LazyAttribute(lambda customer: customer.name.lower())
    country = "NL"

    @factory.post_generation
    def served_by(self, create: bool, extracted: Partner | None, **kwargs: Any) -> None:
        if extracted is not None:
            CustomerPartner.objects.create(customer=self, partner=extracted)


class ProductFamilyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductFamily

    name = factory.Sequence(lambda n: f"Family {n}")


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product

    name = factory.Sequence(lambda n: f"Product {n}")
    family = factory.SubFactory(ProductFamilyFactory)
    price = 100_00
    currency = "EUR"


class DealFactory(factory.django.DjangoModelFactory):
    """A draft registration. For a state further on, use the actions or give all fields of that state."""

    class Meta:
        model = Deal

    number = factory.Sequence(lambda n: f"DR-2026-{n:05d}")
    title = factory.Sequence(lambda n: f"Deal {n}")
    partner = factory.SubFactory(PartnerFactory)
    customer = factory.LazyAttribute(lambda deal: CustomerFactory(served_by=deal.partner))
    product = factory.SubFactory(ProductFactory)
    family = factory.LazyAttribute(lambda deal: deal.product and deal.product.family)
    origin = DealOrigin.REGISTERED
    status = RegistrationStatus.DRAFT
    stage = SalesStage.PROSPECTING
    currency = "EUR"
    amount = 1_000_00
    amount_base = factory.SelfAttribute("amount")
    expected_close = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=60))


def won_deal(partner: Partner, revenue: int, closed_on: date, **fields: Any) -> Deal:
    """An imported deal that was won for `revenue` minor units."""
    return DealFactory(
        partner=partner,
        stage=SalesStage.WON,
        revenue=revenue,
        revenue_base=revenue,
        closed_on=closed_on,
        **{"origin": DealOrigin.IMPORTED, "status": "", "engaged_on": closed_on, **fields},
    )


class LeadFactory(factory.django.DjangoModelFactory):
    """A partner's own lead, in progress."""

    class Meta:
        model = Lead

    number = factory.Sequence(lambda n: f"L-2026-{n:05d}")
    origin = LeadOrigin.OWN
    status = LeadStatus.OPEN
    partner = factory.SubFactory(PartnerFactory)
    company = factory.Sequence(lambda n: f"Prospect {n}")
    person = "Jane Doe"
    email = factory.Sequence(lambda n: f"jane-{n}@prospect.example")
    country = "NL"
    currency = "EUR"
    qualified = True
    submitted_at = factory.LazyFunction(timezone.now)


class VendorLeadFactory(LeadFactory):
    """A lead of the vendor's that nobody has."""

    origin = LeadOrigin.VENDOR
    status = LeadStatus.UNASSIGNED
    partner = None
    submitted_at = None


class OrderFactory(factory.django.DjangoModelFactory):
    """Placed on 2 November 2026, 10 units for 100.00 at a cost of 60.00 in all."""

    class Meta:
        model = Order

    partner = factory.SubFactory(PartnerFactory)
    number = factory.Sequence(lambda n: f"O-2026-{n:05}")
    ordered_at = datetime(2026, 11, 2, 12, tzinfo=UTC)
    currency = "EUR"
    units = 10
    total = 100_00
    total_base = factory.SelfAttribute("total")
    cost = 60_00
    cost_base = factory.SelfAttribute("cost")


class CampaignFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Campaign

    partner = factory.SubFactory(PartnerFactory)
    name = factory.Sequence(lambda n: f"Campaign {n}")
    starts_on = date(2026, 11, 1)
    currency = "EUR"


class DailyFigureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DailyFigure

    campaign = factory.SubFactory(CampaignFactory)
    partner = factory.SelfAttribute("campaign.partner")
    day = date(2026, 11, 3)
    source = "search"
    channel = "paid"


class CostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Cost

    spent_on = date(2026, 11, 1)
    category = "people"
    amount = 1_000_00
    currency = "EUR"


class MetricDefinitionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MetricDefinition

    code = factory.Sequence(lambda n: f"metric_{n}")
    name = factory.LazyAttribute(lambda metric: metric.code)
    unit = "count"
    better = "up"
    combination = "sum"


class ReadingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Reading

    definition = factory.SubFactory(MetricDefinitionFactory)
    day = date(2026, 11, 4)
    value = 5_0000
    currency = "EUR"


def make_member(
    role: Role, *, partner: Partner | None = None, user: User | None = None, **fields: Any
) -> Membership:
    """A member of the tenant in scope; partner roles need a partner."""
    if (role in PARTNER_ROLES) != (partner is not None):
        raise ValueError("Partner roles, and only they, have a partner.")
    return Membership.objects.create(
        tenant_id=current_tenant_id(),
        user=user or UserFactory(),
        role=role,
        partner_id=partner.pk if partner else None,
        **fields,
    )


def share_deal(deal: Deal, percent: int, whom: Partner | Membership, *, joined: bool = True) -> Share:
    """A part of the deal for another partner or a colleague of the vendor, joined unless it is said otherwise."""
    live = [share.slice.lower for share in Share.objects.filter(deal=deal)]
    top = min(live, default=100)
    colleague = whom if isinstance(whom, Membership) else None
    share = Share.objects.create(
        deal=deal,
        partner_id=deal.partner_id,
        member=colleague,
        email="" if colleague else "somebody@example.com",
        slice=NumericRange(top - percent, top),
        status=ShareStatus.JOINED if joined else ShareStatus.INVITED,
        invited_by=colleague or make_member(Role.CHANNEL_MANAGER),
    )
    if isinstance(whom, Partner):
        Seat.objects.create(share=share, deal=deal, partner=whom)
    if joined:
        deal.shared_percent += percent
        deal.save(update_fields=["shared_percent"])
    return share
