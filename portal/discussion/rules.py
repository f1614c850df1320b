"""Who may do what with a comment. Reading and writing follow from the thing it is about."""

import rules

from portal.accounts.models import Membership
from portal.discussion.models import Comment


@rules.predicate
def wrote(membership: Membership, comment: Comment | None = None) -> bool:
    return comment is None or comment.author_id == membership.pk


rules.add_perm("discussion.change_comment", wrote)
