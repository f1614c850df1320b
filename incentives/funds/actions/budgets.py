"""Funds and their budgets: who gets how much, and what is forfeited."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from incentives.funds import queries
from incentives.funds.enums import Basis, RequestStatus
from incentives.funds.models import Budget, Fund, FundRequest
from metrics.periods import Calendar, calendar_of
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.tenancy.models import current_tenant

FIELDS = (
    "name",
    "currency",
    "period",
    "basis",
    "amounts",
    "share",
    "reimbursed",
    "claim_days",
    "starts_on",
    "is_active",
)


def save_fund(fund: Fund | None, *, by: Membership, **values: Any) -> Fund:
    """Make or change a fund. Budgets that were given stay; the currency stays once there are any."""
    check(by, "funds.change_fund")
    fund = Fund.objects.select_for_update(of=("self",)).get(pk=fund.pk) if fund else Fund()
    old = {} if fund._state.adding else {name: getattr(fund, name) for name in FIELDS}
    if old and values["currency"] != fund.currency and fund.budgets.exists():
        raise ActionRefused(_("The currency stays: budgets were given in it."), field="currency")
    if old and values["period"] != fund.period and fund.budgets.exists():
        raise ActionRefused(_("The length of the periods stays: budgets were given by it."), field="period")
    for name in FIELDS:
        setattr(fund, name, values[name])
    if fund.basis == Basis.SHARE and queries.rate_to_base(fund, _today()) is None:
        raise ActionRefused(
            _("There is no exchange rate for %(currency)s, so no share of revenue can be given in it.")
            % {"currency": fund.currency},
            field="currency",
        )
    try:
        with transaction.atomic():
            fund.save()
    except IntegrityError as error:
        raise ActionRefused(_("There is a fund of this name already."), field="name") from error
    record("fund.saved", subject=fund, by=by, data={"name": fund.name, "new": not old})
    return fund


def _today() -> dt.date:
    return calendar_of(current_tenant()).today()


def give_budgets(calendar: Calendar, today: dt.date | None = None) -> list[Budget]:
    """Give every partner its budget of the current period of each fund in use, if it has none yet. Giving again changes
    nothing."""
    today = today or calendar.today()
    made: list[Budget] = []
    for fund in queries.funds().filter(is_active=True, starts_on__lte=today):
        period = queries.current_period(fund, calendar, today)
        amounts = queries.budgets_to_give(fund, period)
        known = set(
            fund.budgets.filter(period_start=period.start).order_by().values_list("partner_id", flat=True)
        )
        made += [
            Budget(fund=fund, partner_id=partner_id, period_start=period.start, amount=amount)
            for partner_id, amount in amounts.items()
            if partner_id not in known
        ]
    # Two nights at once: the unique key keeps the first.
    Budget.objects.bulk_create(made, batch_size=1000, ignore_conflicts=True)
    partners = Partner.objects.in_bulk({budget.partner_id for budget in made})
    record_many(
        EventDraft(
            "fund.budget_given",
            partners[budget.partner_id],
            partner_id=budget.partner_id,
            data={
                "fund": budget.fund.name,
                "period": budget.period.key,
                "amount": budget.amount,
                "currency": budget.fund.currency,
            },
        )
        for budget in made
    )
    return made


@transaction.atomic
def forfeit_due(calendar: Calendar, today: dt.date | None = None) -> list[Budget]:
    """Close the budgets whose time to claim is over: what was not claimed is forfeited, and so are requests without a
    claim that waits."""
    today = today or calendar.today()
    rows = Budget.objects.select_for_update(of=("self",)).filter(closed_on=None).select_related("fund")
    due = [
        row
        for row in rows.order_by("id")
        if row.period.end + dt.timedelta(days=row.fund.claim_days) <= today and not _has_open_claim(row)
    ]
    for balance in queries.balances(due):
        budget = balance.budget
        ended = budget.requests.filter(status=RequestStatus.APPROVED)
        gone = list(ended)
        ended.update(status=RequestStatus.FORFEITED)
        budget.forfeited, budget.closed_on = budget.amount - balance.settled, today
        budget.save(update_fields=["forfeited", "closed_on"])
        record_many(_forfeited(request) for request in gone)
    partners = Partner.objects.in_bulk({budget.partner_id for budget in due})
    record_many(
        EventDraft(
            "fund.budget_closed",
            partners[budget.partner_id],
            partner_id=budget.partner_id,
            data={
                "fund": budget.fund.name,
                "period": budget.period.key,
                "forfeited": budget.forfeited,
                "currency": budget.fund.currency,
            },
        )
        for budget in due
    )
    return due


def _has_open_claim(budget: Budget) -> bool:
    return FundRequest.objects.filter(budget=budget, claims__status__in=["submitted", "returned"]).exists()


def _forfeited(request: FundRequest) -> EventDraft:
    return EventDraft(
        "fund.request_forfeited",
        request,
        partner_id=request.partner_id,
        data={"number": request.number, "amount": request.approved - request.settled},
    )
