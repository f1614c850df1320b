"""Who may do what with a file. Seeing it follows from seeing what it hangs on."""

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import is_admin
from portal.files.models import Attachment


@rules.predicate
def uploaded(membership: Membership, attachment: Attachment | None = None) -> bool:
    return attachment is None or attachment.uploaded_by_id == membership.pk


rules.add_perm("files.delete_attachment", is_admin | uploaded)
