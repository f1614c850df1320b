"""What is the vendor's own affair stays with the vendor, in the API as well."""

import datetime as dt
from collections.abc import Callable

from django.test import Client
from django.utils import timezone

from metrics.models import Scorecard, SubjectKind
from metrics.periods import PeriodKind
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


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
    compared = f"/acme/scorecards/cards/{card.pk}/compare/?with={before.period.key}"
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
