"""How a deal ends: won or lost, and back."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.actions.lines import Line, plain_lines, replace_lines
from partners.deals.actions.requests import let_lapse
from partners.deals.actions.writing import Changes, begin, begin_outcome, write, write_exclusively
from partners.deals.enums import (
    REVERSED_STATUSES,
    Notice,
    RegistrationStatus,
    SalesStage,
)
from partners.deals.limits import (
    refuse_anothers_customer,
    refuse_unless_writing,
    refuse_without,
    refuse_wrong_day,
)
from partners.deals.models import Deal
from partners.deals.queries import policy
from partners.deals.selling.losses import loss_reasons, note_competitor
from partners.deals.workdays import add_business_days, today
from partners.directory.actions import link_customer
from partners.directory.models import Customer, Product
from partners.matching.actions import standing_for
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.money import convert

Status = RegistrationStatus


def win(
    deal: Deal,
    *,
    by: Membership,
    revenue: int,
    won_on: date,
    customer: Customer | None = None,
    cost: int | None = None,
    lines: Sequence[Line] = (),
    version: int | None = None,
) -> Deal:
    """Report the deal won: revenue and, where known, cost in minor units of the deal's currency, the day, who
    bought, and what; without `lines` it is what the deal says already.

    The customer is the deal's own; a deal that came without one needs it now. Where the tenant has wins confirmed,
    a report by someone who does not decide is kept as a claim until `confirm_win` or `decline_win`.
    """
    deal = begin_outcome(deal, "win", by, version)
    refuse_unless_writing(deal.partner)
    refuse_wrong_day(won_on, deal, by, "won_on")
    if revenue <= 0:
        raise ActionRefused(_("The amount must be more than zero."), field="revenue")
    if cost is not None and cost < 0:
        raise ActionRefused(_("The cost cannot be less than zero."), field="cost")
    customer = customer or deal.customer
    if customer is None:
        raise ActionRefused(_("Say which customer bought."), field="customer")
    refuse_anothers_customer(customer, deal.partner)
    if deal.customer_id and customer.pk != deal.customer_id:
        raise ActionRefused(
            _("This deal is for %s. Register a sale to another customer as a deal of its own.")
            % deal.customer,
            field="customer",
        )
    link_customer(customer, deal.partner)
    if policy().confirm_wins and not can(by, "deals.confirm_win_deal", deal):
        claim = {
            "revenue": revenue,
            "cost": cost,
            "won_on": won_on.isoformat(),
            "customer_id": str(customer.pk),
            "lines": plain_lines(lines),
        }
        now = timezone.now()
        changes: Changes = {
            **let_lapse(deal),
            "win_claim": claim,
            "waiting_since": now,
            "answer_due_at": add_business_days(now, policy().decision_days, by.tenant),
            "notice": Notice.NONE,
        }
        return write(deal, "deal.win_reported", by, changes)
    return _won(deal, by, revenue, cost, won_on, customer.pk, plain_lines(lines))


def confirm_win(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Accept the win that the partner has reported."""
    deal = begin_outcome(deal, "win", by, version, permission="deals.confirm_win_deal")
    claim = _claim(deal)
    # It may have been merged since the report.
    customer = standing_for(Customer.objects.get(pk=claim["customer_id"]))
    day = date.fromisoformat(claim["won_on"])
    return _won(deal, by, claim["revenue"], claim.get("cost"), day, customer.pk, claim.get("lines", []))


def decline_win(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Turn down the win that the partner has reported; the deal stays open."""
    deal = begin_outcome(deal, "win", by, version, permission="deals.confirm_win_deal")
    _claim(deal)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    return write(
        deal, "deal.win_declined", by, {"win_claim": None, "waiting_since": None}, reason=reason.strip()
    )


def lose(
    deal: Deal,
    *,
    by: Membership,
    reason: str,
    competitor: str = "",
    lost_on: date | None = None,
    version: int | None = None,
) -> Deal:
    """Report the deal lost, why, and to whom."""
    deal = begin_outcome(deal, "lose", by, version)
    refuse_unless_writing(deal.partner)
    refuse_without(reason, _("Say why the deal was lost."))
    reason, competitor = _listed_reason(reason), " ".join(competitor.split())
    lost_on = lost_on or today(by.tenant)
    refuse_wrong_day(lost_on, deal, by, "lost_on")
    changes = {
        "stage": SalesStage.LOST,
        "closed_on": lost_on,
        "loss_reason": reason,
        "competitor": competitor,
        "win_claim": None,
        "waiting_since": None,
        **let_lapse(deal),
    }
    note_competitor(competitor, by=by)
    return write(deal, "deal.lost", by, changes | _status(deal, Status.LOST))


def cancel(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """End an approved registration and its protection before its time."""
    deal = begin(deal, "cancel", by, version)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    changes: Changes = {
        "status": Status.CANCELLED,
        "decision_reason": reason.strip(),
        "win_claim": None,
        "waiting_since": None,
        **let_lapse(deal),
    }
    return write(deal, "deal.cancelled", by, changes)


def reverse(
    deal: Deal, to: RegistrationStatus, *, by: Membership, reason: str, version: int | None = None
) -> Deal:
    """Undo a win: the deal is open again (`APPROVED`) or was lost after all (`LOST`)."""
    deal = begin_outcome(deal, "reverse", by, version)
    refuse_without(reason, _("Give the reason; it stays with the deal."))
    if to not in REVERSED_STATUSES:
        raise ActionRefused(_("A win can be turned into an open deal or a lost one."), field="to")
    lost = to == Status.LOST
    changes = {
        "stage": SalesStage.LOST if lost else SalesStage.NEGOTIATION,
        "revenue": None,
        "revenue_base": None,
        "closed_on": deal.closed_on if lost else None,
        "loss_reason": reason.strip() if lost else "",
    }
    return write_exclusively(deal, "deal.reversed", by, changes | _status(deal, to), reason=reason.strip())


def _listed_reason(reason: str) -> str:
    """The reason as the programme's list writes it."""
    known = {name.casefold(): name for name in loss_reasons()}
    name = known.get(reason.strip().casefold())
    if name is None:
        raise ActionRefused(
            _("Choose one of the reasons: %s.") % ", ".join(known.values()), field="reason", code="reason"
        )
    return name


def _claim(deal: Deal) -> dict[str, Any]:
    if not deal.win_claim:
        raise ActionRefused(_("No win has been reported for this deal."), code="state")
    return deal.win_claim


def _won(
    deal: Deal,
    by: Membership,
    revenue: int,
    cost: int | None,
    won_on: date,
    customer_id: UUID,
    lines: list[list[Any]],
) -> Deal:
    changes: Changes = {
        "stage": SalesStage.WON,
        "revenue": revenue,
        "revenue_base": convert(revenue, deal.rate, deal.currency, by.tenant.currency),
        "closed_on": won_on,
        "customer_id": customer_id,
        "win_claim": None,
        "waiting_since": None,
        **let_lapse(deal),
    }
    # A cost that was known before (an import's) stays when the report does not say one.
    if cost is not None:
        changes["cost"] = cost
        changes["cost_base"] = convert(cost, deal.rate, deal.currency, by.tenant.currency)
    sold = replace_lines(deal, lines) if lines else None
    if deal.product_id is None and lines:
        # A deal that came without a product: what was sold first is its product.
        product = Product.objects.get(pk=lines[0][0])
        changes |= {"product_id": product.pk, "family_id": product.family_id}
    data = {"lines": sold} if sold else {}
    return write(deal, "deal.won", by, changes | _status(deal, Status.WON), **data)


def _status(deal: Deal, status: RegistrationStatus) -> Changes:
    """Deals without a registration have no status and get none."""
    return {"status": status} if deal.status else {}
