"""Requests and claims as what files and comments hang on: the proof of a claim is its files."""

from uuid import UUID

from incentives.funds import queries
from incentives.funds.enums import ClaimStatus
from incentives.funds.models import Claim, FundRequest
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.discussion.sentences import describe_comments
from portal.shell.subjects import Subject, register


def _find_request(member: Membership, pk: UUID) -> FundRequest | None:
    return queries.requests(member).filter(pk=pk).first()


def _find_claim(member: Membership, pk: UUID) -> Claim | None:
    return queries.claims(member).filter(pk=pk).first()


def _may_add_to_request(member: Membership, request: FundRequest) -> bool:
    return can(member, "funds.view_funds", request) and (member.is_vendor or request.partner.may_trade)


def _may_add_to_claim(member: Membership, claim: Claim) -> bool:
    is_open = claim.status in (ClaimStatus.SUBMITTED, ClaimStatus.RETURNED)
    return (
        is_open and can(member, "funds.view_funds", claim) and (member.is_vendor or claim.partner.may_trade)
    )


register(
    Subject(
        FundRequest,
        find=_find_request,
        may_add=_may_add_to_request,
        partner_of=lambda request: request.partner_id,
        url_name="funds:request",
        event="fundrequest",
    )
)
register(
    Subject(
        Claim,
        find=_find_claim,
        may_add=_may_add_to_claim,
        partner_of=lambda claim: claim.partner_id,
        url_name="funds:claim",
        event="fundclaim",
    )
)
describe_comments("fundrequest")
describe_comments("fundclaim")
