"""Reading files. The partner's wall stands in the database as well."""

from uuid import UUID

from django.db import models
from django.db.models import Sum

from portal.accounts.models import Membership
from portal.files.keepers import bytes_of_keepers
from portal.files.models import Attachment
from portal.shell.subjects import find_subject
from portal.tenancy.scope import current_tenant_id, tenant_scope


def visible_files(member: Membership) -> models.QuerySet[Attachment]:
    files = Attachment.objects.select_related("uploaded_by__user")
    return files.filter(partner_id=member.partner_id) if member.is_partner else files


def files_of(
    member: Membership, thing: models.Model, *, purpose: str | None = None
) -> models.QuerySet[Attachment]:
    """What hangs on a thing that the member may see, the oldest first. One query."""
    files = visible_files(member).filter(
        subject_type=thing._meta.label_lower, subject_id=thing.pk, deleted_at=None
    )
    return files if purpose is None else files.filter(purpose=purpose)


def find_file(member: Membership, pk: UUID) -> tuple[Attachment, models.Model] | None:
    """A file, deleted or not, and what it hangs on, when the member may see both."""
    attachment = visible_files(member).filter(pk=pk).first()
    if attachment is None:
        return None
    thing = find_subject(member, attachment.subject_type, attachment.subject_id)
    return (attachment, thing) if thing is not None else None


def kept_bytes(partner_id: UUID | None) -> tuple[int, int]:
    """What the tenant keeps on disk in all, and of it this partner's files (or the vendor's own)."""
    with tenant_scope(current_tenant_id()):
        kept = Attachment.objects.filter(purged_at=None).order_by()
        sums = kept.aggregate(
            whole=Sum("size", default=0), part=Sum("size", filter=models.Q(partner_id=partner_id), default=0)
        )
        others = bytes_of_keepers()
    return sums["whole"] + others, sums["part"]
