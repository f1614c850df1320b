"""Disputes as what comments and files hang on."""

from uuid import UUID

from incentives.ledger import queries
from incentives.ledger.models import Dispute
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.discussion.sentences import describe_comments
from portal.shell.subjects import Subject, register


def _find(member: Membership, pk: UUID) -> Dispute | None:
    return queries.disputes(member).filter(pk=pk).first()


register(
    Subject(
        Dispute,
        find=_find,
        may_add=lambda member, dispute: can(member, "incentives.view_ledger", dispute),
        partner_of=lambda dispute: dispute.partner_id,
        url_name="incentives:dispute",
        event="dispute",
    )
)
describe_comments("dispute")
