"""The verbs of a file: attach, delete, restore, and the nightly clean-up."""

import time
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files import storage
from portal.files.keepers import known_to_keepers
from portal.files.kinds import Checked, checked
from portal.files.models import Attachment
from portal.files.queries import kept_bytes
from portal.files.rules import may_delete
from portal.shell.subjects import may_add, subject_of
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)

MOST_PER_SUBJECT = 100
# One partner alone cannot fill the programme's place.
PARTNERS_PART = 5
UNDO_DAYS = 30
ORPHAN_HOURS = 24


def attach(
    thing: models.Model,
    upload: UploadedFile,
    *,
    by: Membership,
    internal: bool = False,
    purpose: str = "",
    partner_id: UUID | None = None,
) -> Attachment:
    """Keep an uploaded file with a thing, shared with its partner unless it is `internal` to the vendor.

    `partner_id` names another partner than the thing's own as the one who sees it. Raises ActionRefused for a
    file that is too large, of a kind that is not accepted, or beyond what may be kept.
    """
    if not may_add(by, thing):
        raise PermissionDenied("files.attach")
    if by.is_partner:
        partner_id = by.partner_id
    elif internal:
        partner_id = None
    else:
        partner_id = partner_id or subject_of(thing).partner_of(thing)
    return _keep(thing, upload, by=by, purpose=purpose, partner_id=partner_id)


def receive(thing: models.Model, upload: UploadedFile, *, purpose: str = "") -> Attachment:
    """Keep a file that came through a public form, for the vendor's people alone. Raises ActionRefused as `attach`.

    It asks for no permission: the caller has held abuse off.
    """
    return _keep(thing, upload, by=None, purpose=purpose, partner_id=None)


def _keep(
    thing: models.Model, upload: UploadedFile, *, by: Membership | None, purpose: str, partner_id: UUID | None
) -> Attachment:
    tenant_id = current_tenant_id()
    kind = kind_of(upload)
    lock("files", tenant_id)
    _refuse_if_full(thing, upload.size or 0, partner_id)
    stored_as, digest, size = storage.save(tenant_id, upload)  # type: ignore[arg-type]
    attachment = Attachment.objects.create(
        partner_id=partner_id,
        subject_type=thing._meta.label_lower,
        subject_id=thing.pk,
        purpose=purpose,
        name=kind.name,
        size=size,
        content_type=kind.content_type,
        sha256=digest,
        stored_as=stored_as,
        uploaded_by=by,
    )
    record("file.attached", subject=thing, by=by, partner_id=partner_id, data=_about(attachment))
    return attachment


def delete(attachment: Attachment, thing: models.Model, *, by: Membership) -> Attachment:
    """Take a file away; for some weeks it can be brought back."""
    attachment = _lock(attachment)
    _check_may_delete(by, attachment, thing)
    if attachment.deleted_at is None:
        _mark(attachment, timezone.now(), by)
        record(
            "file.deleted", subject=thing, by=by, partner_id=attachment.partner_id, data=_about(attachment)
        )
    return attachment


def restore(attachment: Attachment, thing: models.Model, *, by: Membership) -> Attachment:
    """Bring back a file that was deleted."""
    attachment = _lock(attachment)
    _check_may_delete(by, attachment, thing)
    if attachment.purged_at is not None:
        raise ActionRefused(_("This file was deleted too long ago to be brought back."), code="gone")
    if attachment.deleted_at is not None:
        _mark(attachment, None, None)
        record(
            "file.restored", subject=thing, by=by, partner_id=attachment.partner_id, data=_about(attachment)
        )
    return attachment


def clean_up(tenant_id: UUID, now: datetime, *, limit: int = 500) -> int:
    """Remove the content of what was deleted long ago, and content that no row knows; how many files went."""
    gone = list(
        Attachment.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(purged_at=None, deleted_at__lt=now - timedelta(days=UNDO_DAYS))
        .order_by("pk")[:limit]
    )
    for attachment in gone:
        attachment.purged_at = now
    Attachment.objects.bulk_update(gone, ["purged_at"], batch_size=500)
    storage.remove(tenant_id, [attachment.stored_as for attachment in gone])
    # A file is written before its row is committed: only what is old and still unknown is an orphan.
    old = list(storage.stored_before(tenant_id, time.time() - ORPHAN_HOURS * 3600))
    known: set[str] = set()
    for first in range(0, len(old), 1000):
        names = [name.removesuffix(".part") for name in old[first : first + 1000]]
        known |= set(
            Attachment.objects.filter(stored_as__in=names, purged_at=None)
            .order_by()
            .values_list("stored_as", flat=True)
        )
        known |= known_to_keepers(names)
    orphans = [name for name in old if name not in known]
    storage.remove(tenant_id, orphans)
    if orphans:
        log.info("orphaned_files_removed", count=len(orphans))
    return len(gone) + len(orphans)


def kind_of(upload: UploadedFile) -> Checked:
    """What an upload is, by its content. Raises ActionRefused for one that is empty, too large or not accepted."""
    _refuse_if_too_large(upload)
    try:
        return checked(upload.name or "", upload)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ActionRefused(error.messages[0], field="file", code="file") from error


def refuse_if_no_room(size: int, partner_id: UUID | None) -> None:
    """Raises ActionRefused where the programme, or the partner's part of it, has no room for so many bytes more.

    Whoever keeps content calls it; uploads of one programme wait here for each other, or two at once would both find
    room.
    """
    lock("files", current_tenant_id())
    whole, part = kept_bytes(partner_id)
    quota = settings.FILES_QUOTA_BYTES
    if whole + size > quota or (partner_id and part + size > quota // PARTNERS_PART):
        raise ActionRefused(
            _(
                "There is no room for more files. Delete what is no longer needed, or ask the programme's admin."
            ),
            field="file",
            code="full",
        )


def _check_may_delete(by: Membership, attachment: Attachment, thing: models.Model) -> None:
    check(by, "files.delete_attachment", attachment)
    if not may_delete(by, attachment, thing):
        raise ActionRefused(
            _("This has been handed in and decided on, so its files stay as they are."), code="state"
        )


def _lock(attachment: Attachment) -> Attachment:
    return Attachment.objects.select_for_update(of=("self",)).get(pk=attachment.pk)


def _mark(attachment: Attachment, moment: datetime | None, by: Membership | None) -> None:
    attachment.deleted_at, attachment.deleted_by = moment, by
    attachment.save(update_fields=["deleted_at", "deleted_by"])


def _about(attachment: Attachment) -> dict[str, object]:
    return {"file": str(attachment.pk), "name": attachment.name, "size": attachment.size}


def _refuse_if_too_large(upload: UploadedFile) -> None:
    if not upload.size:
        raise ActionRefused(_("“%s” is empty.") % upload.name, field="file", code="file")
    if upload.size > settings.FILES_MAX_BYTES:
        raise ActionRefused(
            _("“%(name)s” is larger than %(limit)s, the most that is accepted.")
            % {"name": upload.name, "limit": filesizeformat(settings.FILES_MAX_BYTES)},
            field="file",
            code="file",
        )


def _refuse_if_full(thing: models.Model, size: int, partner_id: UUID | None) -> None:
    count = Attachment.objects.filter(
        subject_type=thing._meta.label_lower, subject_id=thing.pk, deleted_at=None
    ).count()
    if count >= MOST_PER_SUBJECT:
        raise ActionRefused(
            _("There are %s files already, which is the most. Delete one first.") % count,
            field="file",
            code="full",
        )
    refuse_if_no_room(size, partner_id)
