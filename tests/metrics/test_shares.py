"""Deals that several sell: whose revenue, pipeline and customers they count as, worked out by hand."""

import datetime as dt
from collections.abc import Callable

from django.test import Client

from metrics import actions
from metrics.models import Scorecard
from metrics.periods import Window, calendar_of
from metrics.queries import fact_values, kpi_values
from metrics.sources.reading import contributions
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, make_member, share_deal, won_deal

TODAY = dt.date(2026, 11, 20)
YEAR = Window.of(dt.date(2026, 1, 1), dt.date(2027, 1, 1))
FIRST_HALF, SECOND_HALF = (
    Window.of(dt.date(2026, 1, 1), dt.date(2026, 7, 1)),
    Window.of(dt.date(2026, 7, 1), dt.date(2027, 1, 1)),
)
MONEY = ("revenue_won", "revenue_sourced", "revenue_influenced")


def facts(*partners: Partner, window: Window = YEAR) -> list[dict[str, int]]:
    found = fact_values([window], [partner.pk for partner in partners], TODAY)
    return [found[partner.pk, window.key] for partner in partners]


def pick(values: dict[str, int], *names: str) -> tuple[int, ...]:
    return tuple(values[name] for name in names)


def open_deal(partner: Partner, amount: int, entered: dt.date = dt.date(2026, 3, 1)) -> Deal:
    return DealFactory(
        partner=partner,
        origin="imported",
        status="",
        stage="engaging",
        amount=amount,
        amount_base=amount,
        engaged_on=entered,
    )


def test_a_registered_deal_shared_70_to_30(scoped: Tenant) -> None:
    holder, second = PartnerFactory.create_batch(2)
    deal = won_deal(holder, 1_000_00, dt.date(2026, 5, 1), origin="registered", status="won")
    share_deal(deal, 30, second)
    mine, theirs = facts(holder, second)
    assert pick(mine, *MONEY, "deals_won") == (1_000_00, 700_00, 0, 1)
    assert pick(theirs, *MONEY, "deals_won") == (0, 0, 300_00, 0)


def test_an_unregistered_deal_is_influenced_by_both(scoped: Tenant) -> None:
    holder, second = PartnerFactory.create_batch(2)
    share_deal(won_deal(holder, 1_000_00, dt.date(2026, 5, 1)), 30, second)
    mine, theirs = facts(holder, second)
    assert pick(mine, *MONEY) == (1_000_00, 0, 700_00)
    assert pick(theirs, *MONEY) == (0, 0, 300_00)


def test_cents_that_do_not_divide_are_neither_lost_nor_made(scoped: Tenant) -> None:
    holder, second, third = PartnerFactory.create_batch(3)
    deal = won_deal(holder, 1_01, dt.date(2026, 5, 1))
    share_deal(deal, 33, second)
    share_deal(deal, 33, third)
    # 0.33 each of 1.01 is 33.33 cents; up to 100 % it is 101, up to 67 % 67.67 -> 68, up to 34 % 34.34 -> 34.
    assert [row["revenue_influenced"] for row in facts(holder, second, third)] == [34, 33, 34]


def test_the_vendor_s_own_part_is_nobody_s(scoped: Tenant) -> None:
    holder = PartnerFactory()
    deal = won_deal(holder, 1_000_00, dt.date(2026, 5, 1), customer=CustomerFactory(served_by=holder))
    share_deal(deal, 20, make_member(Role.CHANNEL_MANAGER))
    (mine,) = facts(holder)
    assert pick(mine, *MONEY, "joint_customers_won") == (1_000_00, 0, 800_00, 1)


def test_an_invitation_counts_for_nothing(scoped: Tenant) -> None:
    holder, second = PartnerFactory.create_batch(2)
    deal = won_deal(holder, 1_000_00, dt.date(2026, 5, 1), customer=CustomerFactory(served_by=holder))
    share_deal(deal, 30, second, joined=False)
    (mine,) = facts(holder)
    assert pick(mine, *MONEY, "joint_customers_won") == (1_000_00, 0, 1_000_00, 0)
    (theirs,) = facts(second)
    assert pick(theirs, *MONEY, "joint_customers_won") == (0, 0, 0, 0)


def test_a_customer_is_won_together_once(scoped: Tenant) -> None:
    holder, second = PartnerFactory.create_batch(2)
    customer = CustomerFactory(served_by=holder)
    for day in (dt.date(2026, 5, 1), dt.date(2026, 8, 1), dt.date(2026, 9, 1)):
        share_deal(won_deal(holder, 1_000_00, day, customer=customer), 30, second)
    won_deal(holder, 1_000_00, dt.date(2026, 2, 1), customer=customer)
    counts = [
        [row["joint_customers_won"] for row in facts(holder, second, window=window)]
        for window in (FIRST_HALF, SECOND_HALF, YEAR)
    ]
    assert counts == [[1, 1], [0, 0], [1, 1]]


def test_a_shared_deal_that_the_second_seller_cannot_read_is_told_of_beside_its_records(
    scoped: Tenant, client_as: Callable[[Membership], Client]
) -> None:
    holder, second = PartnerFactory.create_batch(2)
    owner = make_member(Role.PARTNER_OWNER, partner=second)
    share_deal(won_deal(holder, 1_000_00, dt.date(2026, 5, 1)), 30, second)
    actions.ensure_default_template(scoped)
    actions.recompute_everything(TODAY)
    card = Scorecard.objects.get(partner=second, period_kind="year", period_start=dt.date(2026, 1, 1))
    page = client_as(owner).get(f"/acme/scorecards/cards/{card.pk}/influenced_revenue/")
    (table,) = page.context["records"]
    assert (table.total, table.unseen, table.lines) == (1, 1, [])
    assert "One that counts as well is not yours to see." in page.content.decode()
    assert "No record counts" not in page.content.decode()


def test_the_shared_pipeline_and_its_growth(scoped: Tenant) -> None:
    holder, second = PartnerFactory.create_batch(2)
    share_deal(open_deal(holder, 400_00), 25, second)
    share_deal(open_deal(holder, 800_00, dt.date(2026, 8, 1)), 25, second)
    open_deal(holder, 999_00)
    mine, theirs = facts(holder, second, window=SECOND_HALF)
    assert pick(mine, "pipeline_shared_amount", "pipeline_shared_before") == (900_00, 300_00)
    assert pick(theirs, "pipeline_shared_amount", "pipeline_shared_before") == (300_00, 100_00)
    assert pick(theirs, "pipeline_open_amount", "pipeline_open_count") == (0, 0)
    kpis = kpi_values([SECOND_HALF], [second.pk], today=TODAY)[second.pk, SECOND_HALF.key]
    assert kpis["shared_pipeline_growth"] == 2.0


def test_the_partners_figures_come_to_the_programme_s(scoped: Tenant) -> None:
    """Sourced and influenced revenue of all partners is all revenue, however it is shared among them."""
    partners = PartnerFactory.create_batch(4)
    total = 0
    for number in range(12):
        revenue = 10_007 * (number + 1)
        total += revenue
        fields = {"origin": "registered", "status": "won"} if number % 2 else {}
        deal = won_deal(partners[number % 3], revenue, dt.date(2026, 5, 1 + number), **fields)
        for step, other in enumerate(partner for partner in partners if partner.pk != deal.partner_id):
            if step < number % 4:
                share_deal(deal, 7 + 13 * step, other)
    rows = facts(*partners)
    assert sum(row["revenue_sourced"] + row["revenue_influenced"] for row in rows) == total
    assert sum(row["revenue_won"] for row in rows) == total
    whole = fact_values([YEAR], None, TODAY)
    assert {key: whole[partner.pk, YEAR.key] for key, partner in enumerate(partners)} == dict(enumerate(rows))


def test_what_each_record_adds_comes_to_the_facts_for_the_second_partner_too(scoped: Tenant) -> None:
    holder, second = PartnerFactory.create_batch(2)
    for revenue in (333_33, 77_77):
        share_deal(won_deal(holder, revenue, dt.date(2026, 5, 1)), 31, second)
    (theirs,) = facts(second)
    with tenant_scope(scoped.pk, second.pk):
        frame = contributions("deals", YEAR, calendar_of(scoped), TODAY, second.pk)
    assert frame.height == 2
    assert int(frame["revenue_influenced"].sum()) == theirs["revenue_influenced"] > 0
