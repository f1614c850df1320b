"""Files that hang on something: a deal's offer, the proof of a win, an agreement."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Attachment(TenantModel):
    """One file. Its content lies on disk under `stored_as`, a random name that no address shows.

    `partner_id` is the partner who sees it beside the vendor; without one it is the vendor's alone. `uploaded_by` is
    empty where it came from outside, through a public form. A deleted file stays as a row, and for some weeks as
    content, so that deleting can be undone.
    """

    partner_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    purpose = models.CharField(max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=150)
    size = models.PositiveIntegerField(_("size"))
    content_type = models.CharField(_("type"), max_length=100)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=64)
    uploaded_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    deleted_at = models.DateTimeField(null=True)
    deleted_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    purged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("files_attachment", "uploaded_by", "deleted_by"),
            PartnerIsolation(name="files_attachment_partner"),
            models.UniqueConstraint(fields=["tenant", "stored_as"], name="files_attachment_stored_as"),
        ]
        indexes = [
            models.Index(fields=["tenant", "subject_id", "id"], name="files_attachment_subject"),
            models.Index(
                fields=["tenant", "partner_id"],
                include=["size"],
                condition=models.Q(purged_at__isnull=True),
                name="files_attachment_kept",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_internal(self) -> bool:
        return self.partner_id is None
