"""What is the vendor's own affair stays with the vendor, in the API as well."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from metrics.card_pages import late
from metrics.catalogue import CATALOGUE
from metrics.closing import lock_period
from metrics.costs.models import Cost
from metrics.models import Scorecard, SubjectKind
from metrics.periods import PeriodKind, calendar_of
from metrics.sources import FACTS
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import won_deal


def test_a_partner_does_not_read_what_the_programme_costs(
    tenant: Tenant, admin: Membership, partner_owner: Membership, client_as: Callable[[Membership], Client]
) -> None:
    with tenant_scope(tenant.pk):
        card = Scorecard.objects.create(
            subject_kind=SubjectKind.PARTNER,
            subject_key=str(partner_owner.partner_id),
            partner_id=partner_owner.partner_id,
            period_kind=PeriodKind.MONTH,
            period_start=dt.date(2026, 11, 1),
            coverage=0,
            facts={"revenue_won": 100, "programme_cost": 40},
            breakdown={},
            computed_at=timezone.now(),
        )
        won = {"revenue_with_cost": 100, "programme_cost": 40}
        before = Scorecard.objects.create(
            subject_kind=SubjectKind.PARTNER,
            subject_key=str(partner_owner.partner_id),
            partner_id=partner_owner.partner_id,
            period_kind=PeriodKind.MONTH,
            period_start=dt.date(2026, 10, 1),
            coverage=0,
            facts=won,
            breakdown={},
            computed_at=timezone.now(),
        )
    compared = f"/acme/scorecards/cards/{card.pk}/compare/?against={before.period.key}"
    page = client_as(partner_owner).get(compared).content.decode()
    assert "Gross margin" in page
    assert "Partner profitability" not in page
    assert "Partner profitability" in client_as(admin).get(compared).content.decode()
    kpis = {kpi["code"] for kpi in client_as(partner_owner).get("/acme/api/v1/kpis/").json()}
    assert "win_rate" in kpis
    assert not kpis & {"partner_profitability", "programme_roi", "recruitment"}
    address = f"/acme/api/v1/scorecards/{card.pk}/"
    assert client_as(partner_owner).get(address).json()["facts"] == {"revenue_won": 100}
    assert client_as(admin).get(address).json()["facts"] == {"revenue_won": 100, "programme_cost": 40}


def test_neither_do_two_periods_side_by_side_the_catalogue_nor_a_late_arrival_tell_it(
    tenant: Tenant,
    admin: Membership,
    partner_owner: Membership,
    client_as: Callable[[Membership], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("metrics.card_pages.FACTS_SHOWN", 100)
    with tenant_scope(tenant.pk):
        period = calendar_of(tenant).current(PeriodKind.QUARTER).previous()
        Partner.objects.filter(pk=partner_owner.partner_id).update(joined_on=period.previous().start)
        older, card = (
            Scorecard.objects.create(
                subject_kind=SubjectKind.PARTNER,
                subject_key=str(partner_owner.partner_id),
                partner_id=partner_owner.partner_id,
                period_kind=each.kind,
                period_start=each.start,
                coverage=0,
                facts={
                    "revenue_won": 100_00,
                    "revenue_with_cost": 100_00,
                    "programme_cost": cost,
                    "partners": 1,
                },
                breakdown={},
                computed_at=timezone.now(),
            )
            for each, cost in ((period.previous(), 40_00), (period, 77_77))
        )
        lock = lock_period(period, by=admin)
        own = Partner.objects.get(pk=partner_owner.partner_id)
        won_deal(own, 300_00, period.start)
        Cost.objects.create(
            partner=own, category="training", spent_on=period.start, amount=88_88, currency="EUR"
        )
        whole, told = (late(card, lock, "EUR", with_internal=internal) for internal in (True, False))
    assert whole is not None
    assert told is not None
    meaning = str(FACTS["programme_cost"].meaning)
    assert [fact for fact in whole["facts"] if fact not in told["facts"]] == [f"{meaning}: €0 → €88.88"]
    internal = [kpi for kpi in CATALOGUE.values() if kpi.internal and "P" in kpi.level]
    assert internal
    names = [escape(str(kpi.name)) for kpi in internal]
    compare = f"/acme/scorecards/cards/{card.pk}/compare/?against={older.period.key}"
    scorecard = f"/acme/scorecards/mine/?period={period.kind.value}&start={period.start}"
    theirs, ours = client_as(partner_owner), client_as(admin)
    assert any(name in ours.get(compare).content.decode() for name in names)
    every = f"/acme/scorecards/cards/{card.pk}/kpis/"
    assert any(name in ours.get(every).content.decode() for name in names)
    for address in (compare, scorecard, every):
        shown = theirs.get(address).content.decode()
        assert [name for name in names if name in shown] == []
        assert "77.77" not in shown
    for file in (f"{compare}&export=csv", f"{every}?export=csv"):
        export = b"".join(theirs.get(file)).decode()
        assert [kpi.name for kpi in internal if str(kpi.name) in export] == []
    told = {kpi["code"] for kpi in theirs.get("/acme/api/v1/kpis/").json()}
    assert told == {kpi.code for kpi in CATALOGUE.values() if not kpi.internal and kpi.level != "G"}
    assert {kpi.code for kpi in internal} <= {kpi["code"] for kpi in ours.get("/acme/api/v1/kpis/").json()}
