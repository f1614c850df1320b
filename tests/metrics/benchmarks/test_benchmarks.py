"""Benchmarks of the industry: who enters them, which one counts, and where they are shown."""

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from pypdf import PdfReader

from metrics import actions as metrics
from metrics.benchmarks import actions
from metrics.benchmarks.models import Benchmark
from metrics.benchmarks.queries import benchmarks, fitting, of_card
from metrics.models import Scorecard
from metrics.periods import Period, PeriodKind, calendar_of
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]
QUARTER = PeriodKind.QUARTER
NEW_YEAR = dt.date(2026, 1, 1)


def enter(by: Membership, value: float, **given: object) -> Benchmark:
    wanted = {
        "kpi": "win_rate",
        "period_kind": QUARTER,
        "source": "Channel study 2026",
        "valid_from": NEW_YEAR,
    } | given
    return actions.set_benchmark(by=by, value=value, **wanted)


def test_the_most_particular_and_then_the_newest_counts(scoped: Tenant, admin: Membership) -> None:
    period = Period(dt.date(2026, 7, 1), QUARTER)
    enter(admin, 0.20)
    enter(admin, 0.22, valid_from=dt.date(2026, 4, 1))
    enter(admin, 0.50, valid_from=dt.date(2026, 10, 1))
    enter(admin, 0.30, region="EMEA")
    enter(admin, 0.40, partner_type="msp")
    enter(admin, 0.99, period_kind=PeriodKind.MONTH)
    found = benchmarks(period)
    values = {
        (kind, region): fitting(found, kind, region)["win_rate"].value
        for kind in ("msp", "reseller")
        for region in ("EMEA", "APAC")
    }
    assert values == {
        ("msp", "EMEA"): 0.40,
        ("msp", "APAC"): 0.40,
        ("reseller", "EMEA"): 0.30,
        ("reseller", "APAC"): 0.22,
    }
    assert fitting(benchmarks(Period(dt.date(2025, 7, 1), QUARTER)), "msp", "EMEA") == {}


def test_only_administrators_enter_them_once(scoped: Tenant, admin: Membership, manager: Membership) -> None:
    with pytest.raises(PermissionDenied):
        enter(manager, 0.2)
    enter(admin, 0.2)
    with pytest.raises(ActionRefused, match="already"):
        enter(admin, 0.3)
    with pytest.raises(ActionRefused, match="no such KPI"):
        enter(admin, 0.3, kpi="nonsense")


def test_entered_in_whole_units_corrected_and_removed_after_a_question(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    client = client_as(admin)
    sent = {
        "kpi": "average_deal_size",
        "period_kind": "quarter",
        "value": "2500.50",
        "source": "Study",
        "valid_from": "2026-01-01",
    }
    assert client.post("/acme/benchmarks/new/", sent).status_code == 302
    with tenant_scope(tenant.pk):
        found = Benchmark.objects.get()
    assert found.value == 2500_50
    page = client.get(f"/acme/benchmarks/{found.pk}/").content.decode()
    assert 'value="2500.5' in page
    file = b"".join(client.get("/acme/benchmarks/?export=csv")).decode()
    assert "Usual value,Usual value (unit),Usual value (currency)" in file
    assert f",{found.value / 100:.2f},money,EUR," in file
    client.post(f"/acme/benchmarks/{found.pk}/", {**sent, "kpi": "win_rate", "value": "25"})
    assert ",25.000,%,," in b"".join(client.get("/acme/benchmarks/?export=csv")).decode()
    with tenant_scope(tenant.pk):
        found.refresh_from_db()
    assert (found.kpi, found.value) == ("win_rate", 0.25)
    listed = client_as(manager).get("/acme/benchmarks/").content.decode()
    assert "25.0%" in listed or "25%" in listed
    link = f'<a href="/acme/benchmarks/{found.pk}/">Win rate</a>'
    assert link not in listed  # who may not change it
    assert link in client.get("/acme/benchmarks/").content.decode()
    assert "Enter a benchmark" not in listed
    assert "Remove this benchmark?" in client.get(f"/acme/benchmarks/{found.pk}/remove/").content.decode()
    client.post(f"/acme/benchmarks/{found.pk}/remove/")
    with tenant_scope(tenant.pk):
        assert not Benchmark.objects.exists()


def test_shown_beside_the_peers_on_scorecard_kpi_league_and_api(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    period = calendar_of(tenant).current(QUARTER)
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour")
        won_deal(partner, 100_00, period.start)
        DealFactory(partner=partner, stage="lost", closed_on=period.start)
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        metrics.ensure_default_template(tenant)
        metrics.recompute_everything()
        enter(admin, 0.31)
        card = Scorecard.objects.get(partner=partner, period_kind=QUARTER, period_start=period.start)
        assert "win_rate" in card.breakdown
    for page in ("/acme/scorecards/mine/", f"/acme/scorecards/cards/{card.pk}/win_rate/"):
        text = client_as(owner).get(page).content.decode()
        assert "Usual in the industry" in text, page
        assert "31%" in text.replace("31.0%", "31%"), page
        assert "Channel study 2026" in text, page
    league = client_as(manager).get("/acme/analysis/").context["heat"]
    (place,) = [place for place, text in enumerate(league["usual"]) if text.startswith("31")]
    # One won and one lost: half is better than 31%.
    assert league["rows"][0]["cells"][place]["against"] == "better than usual"
    explained = client_as(owner).get(f"/acme/api/v1/scorecards/{card.pk}/explanation/").json()
    usual = {line["code"]: line["usual"] for line in explained["lines"]}
    assert usual["win_rate"] == 0.31
    assert {value for code, value in usual.items() if code != "win_rate"} == {None}


def test_shown_on_the_pdf_and_in_the_list_of_scorecards(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    period = calendar_of(tenant).current(QUARTER)
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour", type="msp")
        won_deal(partner, 100_00, period.start)
        metrics.ensure_default_template(tenant)
        metrics.recompute_everything()
        enter(admin, 0.31)
        enter(admin, 7_000_00, kpi="revenue", partner_type="msp")
        enter(admin, 9, kpi="deal_count", partner_type="reseller")
        card = Scorecard.objects.get(partner=partner, period_kind=QUARTER, period_start=period.start)
    pdf = PdfReader(BytesIO(client_as(manager).get(f"/acme/scorecards/cards/{card.pk}/pdf/").content))
    text = " ".join(page.extract_text() for page in pdf.pages)
    assert "Usual in the" in text
    assert "31" in text
    assert "Usual for Win rate: Channel study 2026" in text
    listed = client_as(manager).get("/acme/scorecards/").content.decode()
    assert "usual: €7,000" in listed or "usual: 7,000" in listed or "usual: EUR" in listed
    # It is for partners of another type.
    assert "usual: 9" not in listed


def test_what_many_partners_add_up_to_is_held_against_none(
    client_as: SignIn, tenant: Tenant, admin: Membership
) -> None:
    period = calendar_of(tenant).current(QUARTER)
    with tenant_scope(tenant.pk):
        for partner in PartnerFactory.create_batch(2):
            won_deal(partner, 100_00, period.start)
            DealFactory(partner=partner, stage="lost", closed_on=period.start)
        metrics.ensure_default_template(tenant)
        metrics.recompute_everything()
        enter(admin, 0.31)
        enter(admin, 7_000_00, kpi="revenue")
        cards = Scorecard.objects.filter(period_kind=QUARTER, period_start=period.start)
        card, own = cards.get(subject_kind="programme"), cards.get(partner=partner)
        assert set(of_card(card)) == {"win_rate"}
        assert set(of_card(own)) == {"win_rate", "revenue"}
    client = client_as(admin)
    for code, shown in {"win_rate": True, "revenue": False}.items():
        page = client.get(f"/acme/scorecards/cards/{card.pk}/{code}/").content.decode()
        assert ("Usual in the industry" in page) is shown, code
