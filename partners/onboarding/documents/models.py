"""Papers that partners hand in: tax forms, insurance. They are checked, and some run out."""

from datetime import date, timedelta

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.onboarding.enums import DocumentStatus
from portal.accounts.models import Membership
from portal.files.models import Attachment
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class DocumentKind(TenantModel):
    """A paper that the programme wants. An empty list of types means all partners."""

    name = models.CharField(_("name"), max_length=120)
    help = models.CharField(_("what it has to show"), max_length=500, blank=True)
    partner_types = models.JSONField(_("for partner types"), default=list, blank=True)
    expires = models.BooleanField(_("runs out"), default=False)
    warn_days = models.PositiveSmallIntegerField(
        _("days of warning"), default=30, validators=[MaxValueValidator(365)]
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("onboarding_documentkind"),
            PartnerReadable(name="onboarding_documentkind_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="onboarding_documentkind_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_for(self, partner: Partner) -> bool:
        return self.is_active and (not self.partner_types or partner.type in self.partner_types)


class PartnerDocument(TenantModel):
    """One paper of a partner. Of a kind the newest accepted one counts. Written by the portal alone.

    `told` says what its people have been told of its end: 0 nothing, 1 that it comes, 2 that it has come.
    """

    kind = TenantForeignKey(DocumentKind, models.PROTECT, related_name="documents")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="documents")
    file = TenantForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=DocumentStatus, default=DocumentStatus.SENT)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    sent_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    checked_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    told = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints(
                "onboarding_partnerdocument", "kind", "partner", "file", "sent_by", "checked_by"
            ),
            PartnerIsolation(privileges="SELECT", name="onboarding_partnerdocument_partner"),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "kind"], name="onboarding_document_of"),
            models.Index(fields=["tenant", "status", "expires_on"], name="onboarding_document_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.partner})"

    def counts_on(self, day: date) -> bool:
        return self.status == DocumentStatus.ACCEPTED and (self.expires_on is None or day <= self.expires_on)

    def ends_soon(self, day: date) -> bool:
        """Whether it still counts, and its end is within the days of warning."""
        return (
            self.counts_on(day)
            and self.expires_on is not None
            and self.expires_on <= day + timedelta(days=self.kind.warn_days)
        )
