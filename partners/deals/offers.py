"""Which verbs a member can use on a deal now: by role and by state. Pages and the API offer these and no others."""

from collections.abc import Callable
from dataclasses import dataclass

from partners.deals.enums import REVERSIBLE_STATUSES, TRANSITIONS, RegistrationStatus, RequestKind, SalesStage
from partners.deals.models import Deal, DealPolicy
from partners.deals.queries import policy
from portal.accounts.access import can
from portal.accounts.models import Membership


@dataclass(frozen=True)
class Verb:
    """`trading` verbs are for partners in good standing only."""

    permission: str
    possible: Callable[[Deal], bool]
    trading: bool = False


def _from_table(verb: str) -> Callable[[Deal], bool]:
    return lambda deal: deal.status in TRANSITIONS[verb][0]


def _live(deal: Deal) -> bool:
    return deal.is_live and not deal.win_claim


def _can_ask_for_time(deal: Deal) -> bool:
    return deal.status == RegistrationStatus.APPROVED and not deal.request and not deal.win_claim


VERBS: dict[str, Verb] = {
    "approve": Verb("deals.approve_deal", _from_table("approve"), trading=True),
    "return": Verb("deals.return_deal", _from_table("return")),
    "reject": Verb("deals.reject_deal", _from_table("reject")),
    "start_review": Verb("deals.review_deal", _from_table("start_review")),
    "confirm_win": Verb("deals.confirm_win_deal", lambda deal: bool(deal.win_claim)),
    "decline_win": Verb("deals.confirm_win_deal", lambda deal: bool(deal.win_claim)),
    "grant_appeal": Verb(
        "deals.grant_appeal_deal", lambda deal: deal.request == RequestKind.APPEAL, trading=True
    ),
    "uphold": Verb("deals.uphold_deal", lambda deal: deal.request == RequestKind.APPEAL),
    "extend": Verb("deals.extend_deal", lambda deal: deal.request == RequestKind.EXTENSION, trading=True),
    "decline_extension": Verb(
        "deals.decline_extension_deal", lambda deal: deal.request == RequestKind.EXTENSION
    ),
    "submit": Verb("deals.submit_deal", _from_table("submit"), trading=True),
    "edit": Verb("deals.change_deal", lambda deal: deal.is_editable, trading=True),
    "win": Verb("deals.win_deal", _live, trading=True),
    "update": Verb("deals.move_deal", _live, trading=True),
    "lose": Verb("deals.lose_deal", _live, trading=True),
    "ask_extension": Verb("deals.ask_extension_deal", _can_ask_for_time, trading=True),
    "appeal": Verb(
        "deals.appeal_deal",
        lambda deal: deal.status == RegistrationStatus.REJECTED and deal.appealed_at is None,
        trading=True,
    ),
    "withdraw": Verb("deals.withdraw_deal", _from_table("withdraw"), trading=True),
    "cancel": Verb("deals.cancel_deal", _from_table("cancel")),
    "reverse": Verb(
        "deals.reverse_deal",
        lambda deal: deal.status in REVERSIBLE_STATUSES if deal.status else deal.stage == SalesStage.WON,
    ),
}


def may_use(member: Membership, deal: Deal, name: str) -> bool:
    """Whether the member can use this one verb on the deal now, as far as the deal and the roles say."""
    verb = VERBS[name]
    return (
        verb.possible(deal)
        and (deal.partner.may_trade or not verb.trading)
        and can(member, verb.permission, deal)
    )


def offered(member: Membership, deal: Deal, rules: DealPolicy | None = None) -> list[str]:
    """The verbs, the likeliest first. For many deals, give the programme's `rules`, which are read otherwise."""
    verbs = [name for name in VERBS if may_use(member, deal, name)]
    if "approve" in verbs and deal.needs_two and deal.first_approver_id == member.pk:
        verbs.remove("approve")
    if "ask_extension" in verbs and deal.extensions >= (rules or policy()).max_extensions:
        verbs.remove("ask_extension")
    return verbs
