"""Any two periods, and any days, side by side."""

import datetime as dt
from collections.abc import Callable
from csv import DictReader

import pytest
import time_machine
from django.test import Client

from metrics import actions
from metrics.models import Scorecard
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
NOW = "2026-11-20 12:00:00+00:00"


@pytest.fixture
def partner(tenant: Tenant, manager: Membership) -> Partner:
    """Six years of one deal a year, and two in November 2026."""
    with tenant_scope(tenant.pk), time_machine.travel(NOW):
        partner = PartnerFactory(manager=manager, joined_on=dt.date(2020, 1, 1))
        for year in range(2020, 2026):
            won_deal(partner, year * 100, dt.date(year, 3, 5))
        won_deal(partner, 300_00, dt.date(2026, 11, 2))
        won_deal(partner, 500_00, dt.date(2026, 11, 15))
        actions.ensure_default_template(tenant)
        actions.recompute_everything()
    return partner


def address_of(tenant: Tenant, partner: Partner, kind: str, start: dt.date) -> str:
    with tenant_scope(tenant.pk):
        card = Scorecard.objects.get(partner=partner, period_kind=kind, period_start=start)
    return f"/acme/scorecards/cards/{card.pk}/compare/"


def revenue(page: object) -> tuple[object, object, object]:
    row = next(row for row in page.context["rows"] if row.kpi and row.kpi.code == "revenue")  # type: ignore[attr-defined]
    return row.previous, row.current, row.change


@time_machine.travel(NOW)
def test_any_period_against_any_other(
    tenant: Tenant, manager: Membership, partner: Partner, client_as: SignIn
) -> None:
    client = client_as(manager)
    page = client.get(address := address_of(tenant, partner, "month", dt.date(2026, 11, 1)))
    # Without a choice, against the one before.
    assert revenue(page) == (0, 800_00, 800_00)
    assert page.context["labels"] == ("November 2026", "October 2026")
    with tenant_scope(tenant.pk):
        every = Scorecard.objects.filter(partner=partner).count()
    offered = [key for _kind, group in page.context["form"].fields["of"].choices for key, _label in group]
    assert len(offered) == every > 60
    page = client.get(f"{address}?of=month:2021-03-01&against=month:2020-03-01")
    assert revenue(page) == (2020_00, 2021_00, 1_00)
    assert page.context["notes"] == []
    # Both figures lead to their own records.
    body = page.content.decode()
    for start in (dt.date(2021, 3, 1), dt.date(2020, 3, 1)):
        card = address_of(tenant, partner, "month", start).removesuffix("compare/")
        assert f'href="{card}revenue/"' in body
    page = client.get(f"{address}?of=year:2026-01-01&against=month:2020-03-01")
    assert "not of the same length" in " ".join(page.context["notes"])


@time_machine.travel(NOW)
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("of=month:2021-03-01&against=month:2021-03-01", "Choose another period than the first."),
        ("of=month:1999-03-01&against=month:2021-03-01", "There is no scorecard of that period."),
        ("of=nonsense", "There is no scorecard of that period."),
        ("from_day=2026-11-01&to_day=2026-10-01", "It cannot end before it begins."),
        ("from_day=2027-11-01&to_day=2027-11-02", "Choose a day that has begun."),
        ("from_day=0001-01-01&to_day=0001-01-02", "Choose a later day."),
        ("from_day=2026-11-01&to_day=9999-12-31", "Choose an earlier day."),
        ("from_day=soon", "Enter a valid date."),
        (
            "from_day=2026-11-01&to_day=2026-11-02&against_from=2026-11-01&against_to=2026-11-02",
            "Choose other days than the first.",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_beside_the_field(
    asked: str, words: str, tenant: Tenant, manager: Membership, partner: Partner, client_as: SignIn
) -> None:
    page = client_as(manager).get(f"{address_of(tenant, partner, 'month', dt.date(2026, 11, 1))}?{asked}")
    assert page.status_code == 200
    assert words in page.content.decode()
    assert page.context["rows"] == []


@time_machine.travel(NOW)
def test_days_of_ones_own_for_a_partner_and_for_its_group(
    tenant: Tenant, manager: Membership, partner: Partner, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        other = PartnerFactory(manager=manager)
        won_deal(other, 40_00, dt.date(2026, 11, 3))
        actions.recompute_everything()
        group = Scorecard.objects.get(
            subject_kind="portfolio",
            subject_key=str(manager.pk),
            period_kind="month",
            period_start=dt.date(2026, 11, 1),
        )
    days = "from_day=2026-11-01&to_day=2026-11-14&against_from=2026-11-15&against_to=2026-11-20"
    address = address_of(tenant, partner, "month", dt.date(2026, 11, 1))
    page = client_as(owner).get(f"{address}?{days}")
    assert revenue(page) == (500_00, 300_00, -200_00)
    assert "not of the same length" in " ".join(page.context["notes"])
    # The vendor's own affairs are no partner's to see.
    assert not [row for row in page.context["rows"] if row.kpi and row.kpi.internal]
    page = client_as(manager).get(f"/acme/scorecards/cards/{group.pk}/compare/?{days}")
    assert revenue(page) == (500_00, 340_00, -160_00)
    file = client_as(manager).get(f"/acme/scorecards/cards/{group.pk}/compare/?{days}&export=csv")
    shown = {row["Metric"]: row for row in DictReader(b"".join(file).decode("utf-8-sig").splitlines())}
    line = shown["Total sales revenue"]
    assert list(line.values()) == ["Total sales revenue", "money", "EUR", "500.00", "340.00", "-160.00"]
