"""A market development fund of the demo vendor's: budgets by tier, requests in several states, and a claim with proof."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from incentives.funds.actions import budgets, claims, requests
from incentives.funds.enums import ActivityKind, Basis, FundPeriod
from incentives.funds.models import Budget, FundRequest
from incentives.tiers.queries import tenant_in_scope, tiers
from metrics.periods import PeriodKind, calendar_of
from partners.marketing.models import Campaign
from portal.accounts.models import Membership
from portal.files import actions as files

BY_TIER = (1_500_00, 4_000_00, 8_000_00)
PLANNED = (
    (ActivityKind.EVENT, "Breakfast for manufacturers", 2_400_00, 15),
    (ActivityKind.DIGITAL, "Search campaign “backup without worries”", 1_800_00, 40),
    (ActivityKind.PHONE, "Calls to last year’s visitors", 900_00, 12),
)
PROOF = b"day,visitors,costs\n2026-10-14,31,2310.50\n"


def give_and_ask(admin: Membership, manager: Membership, sellers: Sequence[Membership]) -> None:
    """Set up a fund as an admin would. The first seller is paid one claim and plans more; others wait for an answer."""
    calendar = calendar_of(tenant_in_scope())
    today = calendar.today()
    start = calendar.period(PeriodKind.QUARTER, today).start
    ladder = tiers()
    budgets.save_fund(
        None,
        by=admin,
        name="Local marketing",
        currency=tenant_in_scope().currency,
        period=FundPeriod.QUARTER,
        basis=Basis.TIER,
        amounts={str(tier.pk): BY_TIER[min(place, len(BY_TIER) - 1)] for place, tier in enumerate(ladder)},
        share=Decimal(0),
        reimbursed=Decimal("0.5"),
        claim_days=60,
        starts_on=start,
        is_active=True,
    )
    budgets.give_budgets(calendar, today)
    given = {budget.partner_id: budget for budget in Budget.objects.select_related("fund", "partner")}
    asking = [(given[seller.partner_id], seller) for seller in sellers if seller.partner_id in given]
    for budget, seller in asking[:1]:
        done, running, _draft = (
            _ask(budget, seller, number, start + dt.timedelta(days=number * 5)) for number in range(3)
        )
        for request in (done, running):
            requests.submit_request(request, by=seller)
            requests.approve_request(request, by=manager, amount=request.amount, note="As planned")
        amount = min(done.amount, 1_155_25)
        found = claims.claim(
            done, by=seller, cost=2_310_50, amount=amount, note="31 visitors, 9 meetings", leads=9
        )
        files.attach(found, SimpleUploadedFile("visitors.csv", PROOF, "text/csv"), by=seller)
        claims.settle_claim(found, by=admin, amount=amount)
        campaigns = Campaign.objects.filter(partner_id=seller.partner_id, figures__revenue__gt=0)
        if campaign := campaigns.order_by("-starts_on").first():
            requests.measure_by(done, campaign, by=seller)
    for budget, seller in asking[1:3]:
        requests.submit_request(_ask(budget, seller, 2, today), by=seller)


def _ask(budget: Budget, seller: Membership, number: int, day: dt.date) -> FundRequest:
    kind, title, cost, leads = PLANNED[number]
    return requests.save_request(
        None,
        budget,
        by=seller,
        title=title,
        kind=kind,
        description="Invitation to existing and new customers of the region; material from the content library.",
        starts_on=day,
        ends_on=day + dt.timedelta(days=3),
        cost=cost,
        amount=min(cost // 2, budget.amount // 3),
        expected_leads=leads,
        expected_revenue=cost * 10,
    )
