"""Who may do what with a file. Seeing it follows from seeing what it hangs on."""

import rules
from django.db import models

from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin
from portal.files.models import Attachment
from portal.shell.subjects import keeps, may_add


@rules.predicate
def uploaded(membership: Membership, attachment: Attachment | None = None) -> bool:
    return attachment is None or attachment.uploaded_by_id == membership.pk


rules.add_perm("files.delete_attachment", is_admin | uploaded)


def may_delete(by: Membership, attachment: Attachment, thing: models.Model) -> bool:
    """Whether the member may take a file away from a thing, or bring it back.

    What takes no more files gives none away, but to an admin: a proof stays once it has been decided on. So does a file
    that the thing keeps, though that takes more.
    """
    if not can(by, "files.delete_attachment", attachment):
        return False
    stays = attachment.deleted_at is None and keeps(thing, attachment.purpose)
    return by.is_admin or (may_add(by, thing) and not stays)
