"""What partners agree to, version by version, and who agreed to which."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.files.models import Attachment
from portal.tenancy.constraints import AppendOnly, PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Agreement(TenantModel):
    """Something that partners accept. An empty list of types means all of them."""

    name = models.CharField(_("name"), max_length=150)
    summary = models.CharField(_("what it is about"), max_length=500, blank=True)
    partner_types = models.JSONField(_("for partner types"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("onboarding_agreement"),
            PartnerReadable(name="onboarding_agreement_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="onboarding_agreement_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_for(self, partner: Partner) -> bool:
        return self.is_active and (not self.partner_types or partner.type in self.partner_types)


class AgreementVersion(TenantModel):
    """One wording, published and never changed: a text, or a PDF. `sha256` is of what was published, byte by byte."""

    agreement = TenantForeignKey(Agreement, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("text"), blank=True)
    file = TenantForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    changes = models.CharField(_("what changed"), max_length=500, blank=True)
    sha256 = models.CharField(max_length=64)
    published_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("onboarding_agreementversion", "agreement", "file", "published_by"),
            PartnerReadable(name="onboarding_agreementversion_readable"),
            # One column stays open: a row that others point to cannot be locked without.
            AppendOnly(("changes",), name="onboarding_agreementversion_append_only"),
            models.UniqueConstraint(
                fields=["tenant", "agreement", "number"], name="onboarding_agreementversion_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.number}"


class AgreementAcceptance(TenantModel):
    """Who accepted which wording for which partner, when and from where. Append-only."""

    version = TenantForeignKey(AgreementVersion, models.PROTECT, related_name="acceptances")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="acceptances")
    member = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    person = models.CharField(_("accepted by"), max_length=150)
    email = models.EmailField()
    address = models.GenericIPAddressField(_("from the address"), null=True)
    browser = models.CharField(_("with"), max_length=300, blank=True)
    sha256 = models.CharField(max_length=64)
    accepted_at = models.DateTimeField(_("accepted"), default=timezone.now)

    class Meta:
        ordering = ["-accepted_at", "-id"]
        constraints = [
            *tenant_constraints("onboarding_agreementacceptance", "version", "partner", "member"),
            PartnerIsolation(privileges="SELECT", name="onboarding_agreementacceptance_partner"),
            AppendOnly(name="onboarding_agreementacceptance_append_only"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "version"], name="onboarding_agreementacceptance_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "version"], name="onboarding_acceptance_of"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} – {self.version_id}"
