"""An admin builds two published programmes with the editors alone, and partners stand and earn by them."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from incentives.ledger.models import LedgerEntry
from incentives.models import Tier, TierStanding
from incentives.tiers.actions import Move, assign_tiers
from incentives.tiers.queries import tier_on, today
from metrics.readings.actions import report_reading
from metrics.readings.models import MetricDefinition
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import PartnerFactory, make_member, won_deal
from tests.reliability.processes import Portal, wait_for

pytestmark = pytest.mark.slow
WIDE = {"width": 1440, "height": 900}
# A metric and how much of it is asked, or several that are asked together.
Asked = tuple[str, str] | Sequence[tuple[str, str]]


def test_services_by_people_certificates_and_launches(
    vendor: Tenant, running: Portal, as_member: Callable[..., BrowserContext]
) -> None:
    """Select, Advanced and Premier: 4, 8 and 20 accredited people, 2, 4 and 10 foundational certificates, 2, 6 (3 of
    them professional) and 25 (10) technical ones, and 3, 20 and 50 launched opportunities."""
    codes = ("people", "foundational", "technical", "professional", "launched")
    figures = {
        "Nearly Select": (4, 2, 2, 0, 2),
        "Just Select": (4, 2, 2, 0, 3),
        "Two professionals": (8, 4, 6, 2, 20),
        "Just Advanced": (8, 4, 6, 3, 20),
        "Nearly Premier": (20, 10, 25, 10, 49),
        "Just Premier": (20, 10, 25, 10, 50),
    }
    with tenant_scope(vendor.pk):
        admin = make_member(Role.ADMIN)
    running.worker("default")
    page = as_member(admin, viewport=WIDE).new_page()
    for code in codes:
        _define(page, code, combination="sum" if code == "launched" else "last")
    _report(vendor, admin, codes, figures)
    with tenant_scope(vendor.pk):
        # What was never reported of a partner is not taken as there.
        unknown = PartnerFactory(name="Unreported")
        for code, value in zip(codes[:4], (20, 10, 25, 10), strict=True):
            _reading(admin, unknown, code, value)

    _add_tier(page, "Registered", [])
    _let_in_at_once(page)
    _add_tier(page, "Select", _services(4, 2, ("2",), 3))
    _add_tier(page, "Advanced", _services(8, 4, ("6", "3"), 20))
    _add_tier(page, "Premier", _services(20, 10, ("25", "10"), 50), rises=1)

    page.goto("/acme/tiers/ladder/")
    expect(
        page.get_by_text("All of: technical at least 25, this quarter; professional at least 10")
    ).to_be_visible()
    assert_sound(page)
    expected = {
        "Nearly Select": "Registered",
        "Just Select": "Select",
        "Two professionals": "Select",
        "Just Advanced": "Advanced",
        "Nearly Premier": "Advanced",
        "Just Premier": "Premier",
        "Unreported": "Registered",
    }
    wait_for(lambda: _held(vendor) == expected, 60)
    page.goto("/acme/tiers/")
    for name, tier in expected.items():
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(tier)
    page.get_by_role("link", name="Nearly Premier").click()
    expect(page.get_by_text("1 more launched").first).to_be_visible()
    assert_sound(page)
    page.goto("/acme/tiers/")
    page.get_by_role("link", name="Unreported").click()
    expect(page.get_by_text("Pending: there is no data yet").first).to_be_visible()
    expect(page.get_by_text("a figure for launched").first).to_be_visible()


def test_commission_at_the_level_of_the_invoices_day(
    vendor: Tenant, running: Portal, as_member: Callable[..., BrowserContext]
) -> None:
    """Ready asks 10 net users and 1 certificate, Silver 75, 3 and 70% retention, Gold 300, 6 and 80%; they are paid 10,
    15 and 20%."""
    codes = ("users", "certificates", "user_retention")
    figures = {
        "Newcomer": (9, 1, 90),
        "Just Ready": (10, 1, 10),
        "Just Silver": (75, 3, 70),
        "Nearly Gold": (320, 6, Decimal("79.9")),
        "Riser": (300, 6, 80),
    }
    with tenant_scope(vendor.pk):
        admin, day = make_member(Role.ADMIN), today()
    before = day - dt.timedelta(days=1)
    running.worker("default")
    page = as_member(admin, viewport=WIDE).new_page()
    for code in codes:
        _define(page, code, unit="%" if code == "user_retention" else "count")
    _report(vendor, admin, codes, figures)

    _add_tier(page, "Learning", [])
    _add_tier(page, "Ready", [("users", "10"), ("certificates", "1")])
    _add_tier(page, "Silver", [("users", "75"), ("certificates", "3"), ("user_retention", "70")])
    _add_tier(page, "Gold", [("users", "300"), ("certificates", "6"), ("user_retention", "80")], rises=1)
    with tenant_scope(vendor.pk):
        riser = Partner.objects.get(name="Riser")
        owner = make_member(Role.PARTNER_OWNER, partner=riser)
        assign_tiers([Move(riser, Tier.objects.get(name="Silver"), day - dt.timedelta(days=400))])
        won_deal(riser, 1_000_00, before)
        for partner in Partner.objects.all():
            won_deal(partner, 1_000_00, day)
    _let_in_at_once(page)
    expected = {
        "Newcomer": "Learning",
        "Just Ready": "Ready",
        "Just Silver": "Silver",
        "Nearly Gold": "Silver",
        "Riser": "Gold",
    }
    wait_for(lambda: _held(vendor) == expected, 60)

    page.goto("/acme/plans/new/")
    page.fill("#id_name", "Commission")
    page.fill("#id_starts_on", (day - dt.timedelta(days=30)).isoformat())
    for tier, rate in (("Learning", "0"), ("Ready", "10"), ("Silver", "15"), ("Gold", "20")):
        page.get_by_label(f"Rate of {tier} in band 1").fill(rate)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
    # 10%, 15% twice and 20% of what was invoiced today, and 15% of what was the day before.
    expect(page.get_by_text("€750").first).to_be_visible()
    assert_sound(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Commission").first).to_be_visible()

    earned = {
        ("Just Ready", day): 100_00,
        ("Just Silver", day): 150_00,
        ("Nearly Gold", day): 150_00,
        ("Riser", day): 200_00,
        ("Riser", before): 150_00,
    }
    wait_for(lambda: _earned(vendor) == earned, 60)
    mine = as_member(owner, viewport=WIDE).new_page()
    mine.goto("/acme/earnings/")
    for rate in ("15%", "20%"):
        expect(mine.get_by_text(rate).first).to_be_visible()
    mine.goto("/acme/tier/")
    expect(mine.get_by_text("The highest tier")).to_be_visible()
    assert_sound(mine)


# --- what the admin does ------------------------------------------------------------------------


def _services(people: int, foundational: int, technical: Sequence[str], launched: int) -> list[Asked]:
    names = ("technical", "professional")
    together = list(zip(names, technical, strict=False))
    return [
        ("people", str(people)),
        ("foundational", str(foundational)),
        together if len(together) > 1 else together[0],
        ("launched", str(launched)),
    ]


def _define(page: Page, code: str, *, unit: str = "count", combination: str = "last") -> None:
    page.goto("/acme/metrics/new/")
    page.fill("#id_name", code)
    page.fill("#id_code", code)
    page.select_option("#id_unit", unit)
    page.select_option("#id_better", "up")
    page.select_option("#id_combination", combination)
    page.get_by_role("button", name="Define the metric").click()
    expect(page.get_by_role("heading", name=code, exact=True)).to_be_visible()


def _add_tier(page: Page, name: str, asks: Sequence[Asked], *, rises: int = 0) -> None:
    page.goto("/acme/tiers/ladder/new/")
    page.fill("#id_name", name)
    for at, asked in enumerate(asks):
        if isinstance(asked, tuple):
            _press(page, "condition:asks", f"asks_{at}-measure")
            continue
        _press(page, "group:asks", f"asks_{at}-join")
        page.select_option(f'[name="asks_{at}-join"]', "all")
        for inner in range(1, len(asked)):
            _press(page, f"condition:asks_{at}", f"asks_{at}_{inner}-measure")
    for at, asked in enumerate(asks):
        if isinstance(asked, tuple):
            _ask(page, f"asks_{at}", *asked)
            continue
        for inner, one in enumerate(asked):
            _ask(page, f"asks_{at}_{inner}", *one)
    expect(page.locator("#id_name")).to_have_value(name)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
    if rises:
        expect(page.get_by_text(f"{rises} would reach a higher tier")).to_be_visible()
        assert_sound(page)
    page.get_by_role("button", name="Save the tier").click()
    expect(page.get_by_text(f"{name} is saved.")).to_be_visible()


def _press(page: Page, command: str, then: str) -> None:
    page.locator(f'button[value="{command}"]').click()
    expect(page.locator(f'[name="{then}"]')).to_be_visible()


def _ask(page: Page, path: str, metric: str, amount: str) -> None:
    page.select_option(f'[name="{path}-measure"]', f"reported:{metric}")
    page.fill(f'[name="{path}-threshold"]', amount)
    page.select_option(f'[name="{path}-window"]', "trailing_year" if metric == "launched" else "quarter")


def _let_in_at_once(page: Page) -> None:
    page.goto("/acme/tiers/policy/")
    page.check("#id_automatic_promotion")
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. It counts from the next evaluation on.")).to_be_visible()


# --- what is on record --------------------------------------------------------------------------


def _report(
    vendor: Tenant,
    admin: Membership,
    codes: Sequence[str],
    figures: Mapping[str, Sequence[int | Decimal]],
) -> None:
    with tenant_scope(vendor.pk):
        for name, values in figures.items():
            partner = PartnerFactory(name=name)
            for code, value in zip(codes, values, strict=True):
                _reading(admin, partner, code, value)


def _reading(admin: Membership, partner: Partner, code: str, value: int | Decimal) -> None:
    metric = MetricDefinition.objects.get(code=code)
    report_reading(metric, by=admin, day=today(), number=Decimal(value), partner=partner)


def _held(vendor: Tenant) -> dict[str, str]:
    with tenant_scope(vendor.pk):
        if not TierStanding.objects.exists():
            return {}
        held = {partner.name: tier_on(partner.pk, today()) for partner in Partner.objects.all()}
        return {name: tier.name for name, tier in held.items() if tier}


def _earned(vendor: Tenant) -> dict[tuple[str, dt.date], int]:
    with tenant_scope(vendor.pk):
        rows = LedgerEntry.objects.filter(amount__gt=0)
        return {
            (name, day): amount
            for name, day, amount in rows.values_list("partner__name", "occurred_on", "amount")
        }
