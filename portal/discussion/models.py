"""What people say to each other about a thing."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.tenancy.constraints import AppendOnly, PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

LONGEST = 5000


class Comment(TenantModel):
    """One remark. `partner_id` is the partner who reads it beside the vendor; without one the vendor's people alone
    do. `mentions` are the people it calls, each with the name that stands in the text."""

    partner_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    author = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    text = models.TextField(_("comment"), max_length=LONGEST)
    mentions = models.JSONField(default=list)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            *tenant_constraints("discussion_comment", "author"),
            PartnerIsolation(name="discussion_comment_partner"),
        ]
        indexes = [models.Index(fields=["tenant", "subject_id", "id"], name="discussion_comment_subject")]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_internal(self) -> bool:
        return self.partner_id is None


class Revision(TenantModel):
    """What a comment said before it was changed or deleted. Append-only."""

    comment = TenantForeignKey(Comment, models.PROTECT, related_name="revisions")
    partner_id = models.UUIDField(null=True)
    text = models.TextField()

    class Meta:
        ordering = ["id"]
        constraints = [
            *tenant_constraints("discussion_revision", "comment"),
            PartnerIsolation(privileges="SELECT, INSERT", name="discussion_revision_partner"),
            AppendOnly(name="discussion_revision_append_only"),
        ]
        indexes = [models.Index(fields=["tenant", "comment", "id"], name="discussion_revision_comment")]

    def __str__(self) -> str:
        return self.text[:60]
