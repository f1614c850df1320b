"""Partner companies, their customers, and what they sell."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.company.models import (
    CompanyProfile,
    Competence,
    LocatorPolicy,
    PartnerAddress,
    PartnerContact,
    PartnerMerge,
)
from partners.directory.constraints import MembershipPartner
from partners.directory.enums import TRADING_STATUSES, PartnerStatus, PartnerType
from portal.accounts.models import Membership
from portal.tenancy.constraints import (
    PartnerIsolation,
    PartnerIsolationThrough,
    PartnerReadable,
    tenant_constraints,
)
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

__all__ = [
    "CompanyProfile",
    "Competence",
    "Customer",
    "CustomerPartner",
    "LocatorPolicy",
    "Partner",
    "PartnerAddress",
    "PartnerContact",
    "PartnerMerge",
    "Product",
    "ProductFamily",
    "once",
]


def once(*fields: str, name: str, blank: str = "external_id") -> models.UniqueConstraint:
    """Unique within the tenant where `blank` has been given."""
    return models.UniqueConstraint(fields=["tenant", *fields], condition=~models.Q(**{blank: ""}), name=name)


class Partner(TenantModel):
    """A company that sells for the tenant."""

    number = models.CharField(_("number"), max_length=20, editable=False)
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=20, choices=PartnerType, default=PartnerType.RESELLER)
    status = models.CharField(_("status"), max_length=20, choices=PartnerStatus, default=PartnerStatus.ACTIVE)
    region = models.CharField(_("region"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    website = models.URLField(_("website"), blank=True)
    manager = TenantForeignKey(
        Membership,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="portfolio",
        verbose_name=_("channel manager"),
    )
    joined_on = models.DateField(_("partner since"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    # The company that this one has become part of; what it earned before stays in its own name.
    merged_into = TenantForeignKey("self", models.PROTECT, null=True, editable=False, related_name="+")
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("directory_partner", "manager", "merged_into"),
            PartnerIsolation("id", privileges="SELECT, UPDATE", name="directory_partner_partner"),
            MembershipPartner(name="accounts_membership_partner_same_tenant"),
            models.UniqueConstraint(fields=["tenant", "number"], name="directory_partner_number"),
            once("external_id", name="directory_partner_external_id"),
        ]
        indexes = [
            models.Index(fields=["tenant", "name"], name="directory_partner_name"),
            models.Index(fields=["tenant", "manager"], name="directory_partner_manager_ix"),
            models.Index(fields=["tenant", "type", "region"], name="directory_partner_peers"),
            models.Index(
                fields=["tenant", "merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="directory_partner_merged_ix",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def partner_id(self) -> object:
        """The partner that this row belongs to, as on every other table with a partner."""
        return self.pk

    @property
    def may_trade(self) -> bool:
        return self.status in TRADING_STATUSES


class Customer(TenantModel):
    """A company that buys. Several partners may serve it, each without knowing of the other.

    What a partner names is a record of its own (`named_by`), whether the vendor knows the company or not, so
    that nothing on it tells the partner which.
    """

    number = models.CharField(_("number"), max_length=20, editable=False)
    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    domain = models.CharField(_("web domain"), max_length=253, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    parent_name = models.CharField(_("subsidiary of"), max_length=200, blank=True)
    started_on = models.DateField(_("customer since"), null=True, blank=True)
    ended_on = models.DateField(_("customer until"), null=True, blank=True)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    # The partner whose own record this is: as it named the company, until the vendor takes the record over or
    # finds that it has the company already.
    named_by = TenantForeignKey(Partner, models.PROTECT, null=True, editable=False, related_name="+")
    # The record that stands for this one since the two were merged; a merged record is shown nowhere.
    merged_into = TenantForeignKey("self", models.PROTECT, null=True, editable=False, related_name="+")
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("directory_customer", "named_by", "merged_into"),
            PartnerIsolationThrough(
                "directory.CustomerPartner", "customer_id", name="directory_customer_partner"
            ),
            models.UniqueConstraint(fields=["tenant", "number"], name="directory_customer_number"),
            once("external_id", name="directory_customer_external_id"),
        ]
        indexes = [
            models.Index(fields=["tenant", "name"], name="directory_customer_name"),
            models.Index(fields=["tenant", "normalised_name", "country"], name="directory_customer_match"),
            models.Index(fields=["tenant", "domain"], name="directory_customer_domain"),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerPartner(TenantModel):
    """That a partner serves a customer, and may therefore see it."""

    customer = TenantForeignKey(Customer, models.CASCADE, related_name="partner_links")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="customer_links")

    class Meta:
        constraints = [
            *tenant_constraints("directory_customerpartner", "customer", "partner"),
            PartnerIsolation(privileges="SELECT", name="directory_customerpartner_partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "customer"], name="directory_customerpartner_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="directory_customerpartner_of")]

    def __str__(self) -> str:
        return f"{self.partner_id} – {self.customer_id}"


class ProductFamily(TenantModel):
    """Products that one registration protects together."""

    name = models.CharField(_("name"), max_length=100)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "product families"
        constraints = [
            *tenant_constraints("directory_productfamily"),
            PartnerReadable(name="directory_productfamily_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="directory_productfamily_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Product(TenantModel):
    """What partners sell. The price is in minor units of its currency."""

    name = models.CharField(_("name"), max_length=200)
    sku = models.CharField(_("article number"), max_length=60, blank=True)
    family = TenantForeignKey(
        ProductFamily, models.PROTECT, related_name="products", verbose_name=_("family")
    )
    price = models.BigIntegerField(_("price"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    is_active = models.BooleanField(_("sold now"), default=True)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("directory_product", "family"),
            PartnerReadable(name="directory_product_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="directory_product_name"),
            once("external_id", name="directory_product_external_id"),
            models.CheckConstraint(
                condition=models.Q(price__gte=0) | models.Q(price=None), name="directory_product_price"
            ),
        ]

    def __str__(self) -> str:
        return self.name
