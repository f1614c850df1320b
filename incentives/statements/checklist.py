"""What is looked at before a period is closed. Each check says how it stands, in words.

`block` forbids the close, `warn` wants to be acknowledged by the person who proposes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incentives.ledger.models import LedgerEntry
from incentives.statements import queries
from incentives.tiers.enums import ProposalStatus
from incentives.tiers.models import TierProposal
from metrics.periods import Period, calendar_of
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from portal.events.models import Event
from portal.tenancy.models import current_tenant

OK, WARN, BLOCK = "ok", "warn", "block"


@dataclass(frozen=True, slots=True)
class Check:
    key: str
    state: str
    text: str

    def dump(self) -> dict[str, Any]:
        return {"key": self.key, "state": self.state, "text": self.text}


Checker = Callable[[Period], Check]
_more: list[Checker] = []


def closing_check(checker: Checker) -> Checker:
    """Have another room look at something before a period is closed. One query."""
    _more.append(checker)
    return checker


def checks(period: Period) -> list[Check]:
    """How everything stands, in the order in which it matters."""
    return [checker(period) for checker in (*_CHECKERS, *_more)]


def _is_over(period: Period) -> Check:
    over = period.end <= calendar_of(current_tenant()).today()
    text = _("The period is over.") if over else _("The period still runs.")
    return Check("over", OK if over else BLOCK, text)


def _everything_counted(period: Period) -> Check:
    waiting = Event.objects.filter(dispatched_at=None).count()
    if not waiting:
        return Check("counted", OK, _("Everything that happened has been counted."))
    text = ngettext("%s change is still being counted.", "%s changes are still being counted.", waiting)
    return Check("counted", WARN, text % waiting)


def _wins_confirmed(period: Period) -> Check:
    reported = Deal.objects.filter(win_claim__won_on__lt=period.end.isoformat())
    waiting = reported.exclude(stage=SalesStage.WON).count()
    if not waiting:
        return Check("wins", OK, _("No reported win waits for its confirmation."))
    text = ngettext(
        "%s win reported in or before the period waits for its confirmation.",
        "%s wins reported in or before the period wait for their confirmation.",
        waiting,
    )
    return Check("wins", WARN, text % waiting)


def _tiers_decided(period: Period) -> Check:
    waiting = TierProposal.objects.filter(status=ProposalStatus.WAITING, effective_on__lt=period.end).count()
    if not waiting:
        return Check("tiers", OK, _("No move between tiers that concerns the period waits for a decision."))
    text = ngettext(
        "%s move between tiers takes effect in the period and is not decided.",
        "%s moves between tiers take effect in the period and are not decided.",
        waiting,
    )
    return Check("tiers", WARN, text % waiting)


def _payees_known(period: Period) -> Check:
    earning = set(
        LedgerEntry.objects.filter(payable_on__gte=period.start, payable_on__lt=period.end)
        .order_by()
        .values_list("partner_id", flat=True)
        .distinct()
    )
    count = sum(bool(payee.obstacle) for payee in queries.payees(earning).values())
    if not count:
        return Check("payees", OK, _("Every partner that earned has payout details that are verified."))
    text = ngettext(
        "%s partner that earned cannot be paid yet: details are missing, not verified, or payment is held.",
        "%s partners that earned cannot be paid yet: details are missing, not verified, or payment is held.",
        count,
    )
    return Check("payees", WARN, text % count)


def _on_hold(period: Period) -> Check:
    held = LedgerEntry.objects.filter(
        Q(booked_on__gte=period.start, booked_on__lt=period.end), payable_on__gte=period.end
    ).count()
    text = ngettext(
        "%s entry of the period is still on hold and goes on a later statement.",
        "%s entries of the period are still on hold and go on a later statement.",
        held,
    )
    return Check("hold", OK, text % held if held else _("Nothing of the period is on hold."))


_CHECKERS: tuple[Checker, ...] = (
    _is_over,
    _everything_counted,
    _wins_confirmed,
    _tiers_decided,
    _payees_known,
    _on_hold,
)


def may_be_closed(found: list[Check]) -> bool:
    return all(check.state != BLOCK for check in found)
