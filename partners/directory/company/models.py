"""What a partner company says of itself, where it is, and who can be spoken to there."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.company.enums import AddressKind
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Competence(TenantModel):
    """Something partners can be good at, from the list that the programme keeps."""

    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("directory_competence"),
            PartnerReadable(name="directory_competence_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="directory_competence_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyProfile(TenantModel):
    """What a partner says of itself; one row a partner, made with the first change.

    `competences` are ids of `Competence`. `logo` is the stored name of a PNG that the portal has drawn anew. `listed`
    says that the partner agreed to stand in the public locator.
    """

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="profiles")
    description = models.TextField(_("about the company"), max_length=2000, blank=True)
    regions = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    competences = ArrayField(models.UUIDField(), default=list, blank=True)
    public_email = models.EmailField(_("public e-mail address"), blank=True)
    public_phone = models.CharField(_("public telephone number"), max_length=40, blank=True)
    logo = models.CharField(max_length=64, blank=True, editable=False)
    logo_size = models.PositiveIntegerField(default=0, editable=False)
    listed = models.BooleanField(_("in the partner locator"), default=False)
    listed_at = models.DateTimeField(null=True, editable=False)
    listed_by = TenantForeignKey(Membership, models.PROTECT, null=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            *tenant_constraints("directory_companyprofile", "partner", "listed_by"),
            PartnerIsolation(name="directory_companyprofile_partner"),
            models.UniqueConstraint(fields=["tenant", "partner"], name="directory_companyprofile_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner"],
                condition=models.Q(listed=True),
                name="directory_profile_listed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}"


class PartnerAddress(TenantModel):
    """One of the places where a partner company is."""

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="addresses")
    kind = models.CharField(_("kind"), max_length=10, choices=AddressKind, default=AddressKind.OFFICE)
    street = models.CharField(_("street and number"), max_length=200)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100)
    country = models.CharField(_("country"), max_length=2)
    is_public = models.BooleanField(_("shown in the partner locator"), default=False)

    class Meta:
        ordering = ["city", "id"]
        constraints = [
            *tenant_constraints("directory_partneraddress", "partner"),
            PartnerIsolation(
                privileges="SELECT, INSERT, UPDATE, DELETE", name="directory_partneraddress_partner"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner"], name="directory_address_partner_ix")]

    def __str__(self) -> str:
        return f"{self.street}, {self.place}"

    @property
    def place(self) -> str:
        return " ".join(part for part in (self.postal_code, self.city) if part)


class PartnerContact(TenantModel):
    """Somebody at the partner who can be spoken to and has no login."""

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=150)
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("telephone number"), max_length=40, blank=True)
    about = models.CharField(_("speak to them about"), max_length=200, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            *tenant_constraints("directory_partnercontact", "partner"),
            PartnerIsolation(
                privileges="SELECT, INSERT, UPDATE, DELETE", name="directory_partnercontact_partner"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner"], name="directory_contact_partner_ix")]

    def __str__(self) -> str:
        return self.name


class LocatorPolicy(TenantModel):
    """Whether and how the public finds partners; one row a tenant."""

    is_open = models.BooleanField(_("open to the public"), default=False)
    heading = models.CharField(_("heading"), max_length=120, blank=True)
    text = models.TextField(_("introduction"), max_length=1000, blank=True)
    show_tier = models.BooleanField(_("show each partner's tier"), default=True)

    class Meta:
        verbose_name_plural = "locator policies"
        constraints = [
            *tenant_constraints("directory_locatorpolicy"),
            PartnerReadable(name="directory_locatorpolicy_readable"),
            models.UniqueConstraint(fields=["tenant"], name="directory_locatorpolicy_once"),
        ]

    def __str__(self) -> str:
        return "Partner locator"


class PartnerMerge(TenantModel):
    """That one partner company became part of another, and how many rows of each table went with it."""

    merged = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    kept = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=1000)
    moved = models.JSONField(default=dict)
    left = models.JSONField(default=dict)
    by = TenantForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("directory_partnermerge", "merged", "kept", "by"),
            models.UniqueConstraint(fields=["tenant", "merged"], name="directory_partnermerge_once"),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"
