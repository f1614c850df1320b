"""Which verbs a member can use on a lead now: by role and by state. Pages and the API offer these and no others."""

from collections.abc import Callable
from dataclasses import dataclass

from partners.leads.enums import LIVE, REOPENABLE, TRANSITIONS, LeadStatus
from partners.leads.models import Lead
from portal.accounts.access import can
from portal.accounts.models import Membership


@dataclass(frozen=True)
class Verb:
    """`trading` verbs are for partners in good standing only."""

    permission: str
    possible: Callable[[Lead], bool]
    trading: bool = False


def _from_table(verb: str) -> Callable[[Lead], bool]:
    return lambda lead: lead.status in TRANSITIONS[verb][0]


def _vendors(verb: str) -> Callable[[Lead], bool]:
    return lambda lead: not lead.is_own and lead.status in TRANSITIONS[verb][0]


VERBS: dict[str, Verb] = {
    "accept": Verb("leads.accept_lead", _from_table("accept"), trading=True),
    "decline": Verb("leads.decline_lead", _from_table("decline")),
    "convert": Verb("leads.convert_lead", _from_table("convert"), trading=True),
    "distribute": Verb("leads.distribute_lead", lambda lead: lead.status == LeadStatus.UNASSIGNED),
    "offer": Verb("leads.offer_lead", _vendors("offer")),
    "put_in_pool": Verb("leads.put_in_pool_lead", _vendors("put_in_pool")),
    "edit": Verb("leads.change_lead", lambda lead: lead.status in LIVE, trading=True),
    "take_back": Verb("leads.take_back_lead", _vendors("take_back")),
    "disqualify": Verb("leads.disqualify_lead", _from_table("disqualify"), trading=True),
    "reopen": Verb("leads.reopen_lead", lambda lead: lead.status in REOPENABLE, trading=True),
}


def possible_verbs(member: Membership, lead: Lead) -> list[str]:
    """The verbs, the likeliest first."""
    return [
        name
        for name, verb in VERBS.items()
        if verb.possible(lead)
        and (lead.partner is None or lead.partner.may_trade or not verb.trading)
        and can(member, verb.permission, lead)
        and not (name == "edit" and member.is_partner and not lead.is_own and lead.status != LeadStatus.OPEN)
    ]
