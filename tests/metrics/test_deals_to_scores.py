"""What people do with deals and leads reaches the scorecards through its events alone, worked out by hand."""

import datetime as dt

import time_machine

from metrics import actions
from metrics.models import Scorecard
from metrics.periods import Window
from metrics.queries import kpi_values
from partners.coselling import actions as coselling
from partners.coselling.models import Seat
from partners.deals import actions as deals
from partners.deals.approvals.models import RejectionReason
from partners.deals.enums import RegistrationStatus
from partners.directory.models import Partner
from partners.leads import actions as leads
from partners.leads.models import Lead, LeadRule
from portal.accounts.enums import Role
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from tests.factories import CustomerFactory, PartnerFactory, ProductFactory, UserFactory, make_member

TODAY = dt.date(2026, 11, 30)
NOVEMBER = Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1))
KPIS = (
    "deal_registration_rate",
    "approval_rate",
    "decision_time",
    "sourced_revenue",
    "influenced_revenue",
    "joint_customers",
    "lead_acceptance",
)


def at(moment: str) -> time_machine.travel:
    return time_machine.travel(f"2026-11-{moment}:00Z", tick=False)


def news(tenant: Tenant) -> None:
    """What the workers do when something has happened."""
    dispatch_pending(tenant.pk)
    with at("30T12:00"):
        actions.recompute_dirty(TODAY)


def shown(partner: Partner) -> dict[str, float]:
    """The facts of November as its scorecard has them."""
    card = Scorecard.objects.get(partner=partner, period_kind="month", period_start=NOVEMBER.start)
    return card.facts


def test_a_month_of_selling_reaches_the_scorecards(scoped: Tenant) -> None:
    manager, admin = make_member(Role.CHANNEL_MANAGER), make_member(Role.ADMIN)
    holder = PartnerFactory(name="Holder", manager=manager, country="NL")
    seller = make_member(Role.PARTNER_OWNER, partner=holder)
    product = ProductFactory()
    actions.ensure_default_template(scoped)
    deals.save_reason(RejectionReason(name="Too vague"), by=admin)
    LeadRule.objects.create(name="Everybody", position=1)
    actions.recompute_everything(TODAY)
    initech, globex = (
        CustomerFactory(name=name, number=f"C-9000{place}", served_by=holder)
        for place, name in enumerate(("Initech", "Globex"))
    )
    asked = {"product": product, "amount": 1_000_00, "expected_close": dt.date(2026, 12, 31)}

    # A lead of the vendor's is accepted and becomes a deal, which needs no registration.
    with at("02T08:00"):
        leads.enter_lead(by=admin, company="Umbrella", phone="1", country="NL")
        lead = leads.accept(Lead.objects.get(), by=seller)
        lead = leads.convert(lead, by=seller, product=product, amount=500_00)
    # One registration is approved after 30 hours, another rejected after 10.
    with at("02T09:00"):
        deal = deals.register(holder, by=seller, customer=initech, **asked)
    with at("03T15:00"):
        deal = deals.approve(deal, by=manager)
    with at("04T09:00"):
        vague = deals.register(holder, by=seller, customer=globex, **asked)
    with at("04T19:00"):
        deals.reject(vague, by=manager, reason="Too vague")
    news(scoped)
    assert {name: shown(holder)[name] for name in ("deals_submitted", "leads_accepted")} == {
        "deals_submitted": 2,
        "leads_accepted": 1,
    }
    assert "deals_won" not in shown(holder)

    # 30% of it are a second partner's from the fifth on, and it is won for 1,000.
    second = PartnerFactory(name="Second", manager=manager, country="NL")
    helper = make_member(Role.PARTNER_OWNER, partner=second, user=UserFactory(email="sue@second.example"))
    with at("05T09:00"):
        share = coselling.invite(deal, 30, by=seller, email="sue@second.example")
        coselling.make_seat(share.pk)
        coselling.join(share.pk, by=helper, seat=Seat.objects.get())
    with at("10T09:00"):
        deal.refresh_from_db()
        won = deals.win(deal, by=seller, revenue=1_000_00, won_on=dt.date(2026, 11, 10))
    with at("12T09:00"):
        deals.win(lead.deal, by=seller, revenue=500_00, won_on=dt.date(2026, 11, 12))
    news(scoped)
    values = kpi_values([NOVEMBER], [holder.pk, second.pk], today=TODAY)
    mine, theirs = (values[partner.pk, NOVEMBER.key] for partner in (holder, second))
    # Of two deals that entered one was registered; (30 + 10) / 2 hours; 70% of 1,000 sourced, 500 influenced.
    assert [mine[code] for code in KPIS] == [1 / 2, 1 / 2, 20, 700_00, 500_00, 1, 1]
    assert (theirs["influenced_revenue"], theirs["joint_customers"]) == (300_00, 1)
    facts = shown(holder)
    assert (facts["revenue_sourced"], facts["revenue_influenced"], facts["deals_won"]) == (700_00, 500_00, 2)
    assert (facts["deals_decided"], facts["deals_registered"]) == (2, 1)
    assert shown(second)["revenue_influenced"] == 300_00

    # A win that is taken back leaves nothing, with neither of them.
    with at("20T09:00"):
        deals.reverse(won, RegistrationStatus.LOST, by=admin, reason="Sent back")
    news(scoped)
    assert "revenue_sourced" not in shown(holder)
    assert (shown(holder)["revenue_influenced"], shown(holder)["deals_lost"]) == (500_00, 1)
    assert "revenue_influenced" not in shown(second)
    incremental = [shown(holder), shown(second)]
    actions.recompute_everything(TODAY)
    assert [shown(holder), shown(second)] == incremental
