"""The pages, for each role."""

import datetime as dt
from collections.abc import Callable
from csv import DictReader
from decimal import Decimal

import pytest
from django.test import Client

from metrics import actions
from metrics.catalogue import CATALOGUE
from metrics.kpis import AREAS
from metrics.models import Scorecard, ScorecardTemplate, SubjectKind
from metrics.periods import PeriodKind, calendar_of
from metrics.rows import Templates
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import MetricDefinitionFactory, PartnerFactory, ReadingFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]


@pytest.fixture
def partner(tenant: Tenant, manager: Membership) -> Partner:
    """A partner of the manager's portfolio with a deal won today and one won last quarter."""
    with tenant_scope(tenant.pk):
        calendar = calendar_of(tenant)
        partner = PartnerFactory(name="Harbour Systems", manager=manager)
        won_deal(partner, 1_234_00, calendar.today(), title="Cranes")
        won_deal(partner, 5_000_00, calendar.current(PeriodKind.QUARTER).previous().start)
        for _number in range(5):
            PartnerFactory()
        actions.ensure_default_template(tenant)
        actions.recompute_everything()
        return partner


@pytest.fixture
def owner(tenant: Tenant, partner: Partner) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=partner)


def card_of(tenant: Tenant, partner: Partner) -> Scorecard:
    with tenant_scope(tenant.pk):
        period = calendar_of(tenant).current(PeriodKind.QUARTER)
        return Scorecard.objects.get(partner=partner, period_kind="quarter", period_start=period.start)


def test_a_partner_sees_its_scorecard_and_what_is_behind_it(
    client_as: SignIn, tenant: Tenant, partner: Partner, owner: Membership
) -> None:
    client = client_as(owner)
    page = client.get("/acme/scorecards/mine/").content.decode()
    assert "Cheapest ways to gain points" in page
    assert "1,234" in page
    card = card_of(tenant, partner)
    for code in ("revenue", "average_deal_size", "quality_score", "client_acquisition", "deal_velocity"):
        response = client.get(f"/acme/scorecards/cards/{card.pk}/{code}/")
        assert response.status_code == 200
    page = client.get(f"/acme/scorecards/cards/{card.pk}/revenue/").content.decode()
    assert "Cranes" in page
    assert "revenue_won" in page
    address = f"/acme/scorecards/cards/{card.pk}"
    assert "none of what it is divided by" in client.get(f"{address}/csat/").content.decode()
    assert "none of what it is divided by" not in page
    engagement = client.get(f"{address}/engagement_score/")
    assert [part.value_text for part in engagement.context["parts"] if "interaction" in part.name] == ["0.0%"]
    assert "COALESCE" not in engagement.content.decode()
    for kind in PeriodKind:
        assert client.get(f"/acme/scorecards/mine/?period={kind.value}").status_code == 200
    assert client.get("/acme/scorecards/mine/?period=month&start=2001-01-01").status_code == 200
    assert client.get("/acme/scorecards/mine/?period=nonsense&start=x").status_code == 200
    assert client.get("/acme/scorecards/catalogue/").status_code == 200
    assert client.get("/acme/").status_code == 200


def test_all_kpis_of_a_scorecard_are_searched_and_exported(
    client_as: SignIn, tenant: Tenant, partner: Partner, owner: Membership
) -> None:
    client = client_as(owner)
    address = f"/acme/scorecards/cards/{card_of(tenant, partner).pk}/kpis/"
    assert address in client.get("/acme/scorecards/mine/").content.decode()

    def found(query: str = "", **headers: str) -> tuple[list[str], str]:
        page = client.get(f"{address}{query}", headers=headers)
        table = page.context["table"]
        return [line.kpi.code for line in table.data] if table else [], page.content.decode()

    every, page = found()
    wanted = [code for code, kpi in CATALOGUE.items() if "P" in kpi.level and not kpi.internal]
    assert sorted(every) == sorted(wanted)
    assert [CATALOGUE[code].area for code in every] == sorted(
        (CATALOGUE[code].area for code in every), key=list(AREAS).index
    )
    with tenant_scope(tenant.pk):
        assert page.count("counts for the score") == len(card_of(tenant, partner).breakdown)
    assert "€1,234" in page
    assert found("?area=leads")[0] == [code for code in every if CATALOGUE[code].area == "leads"]
    assert "win_rate" in found("?q=WIN+won")[0]
    assert "revenue" not in found("?q=WIN+rate")[0]
    with_figures = found("?show=figures")[0]
    assert "revenue" in with_figures
    assert len(with_figures) < len(every)
    nothing, page = found("?q=no-such-words")
    assert not nothing
    assert "No KPI fits" in page
    fragment = found(**{"HX-Request": "true"})[1]
    assert fragment.startswith("<section")
    assert "Search and export" in fragment
    lines = b"".join(client.get(f"{address}?area=sales&export=csv")).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("KPI,Area,Unit,Currency,Value,Period before,Change,Peers")
    assert len(lines) == 1 + len(found("?area=sales")[0])
    shown = {row["KPI"]: row for row in DictReader(lines)}
    assert [shown["Total sales revenue"][name] for name in ("Unit", "Currency", "Value")] == [
        "money",
        "EUR",
        "1234.00",
    ]
    assert [shown["Win rate"][name] for name in ("Unit", "Currency", "Value")] == ["%", "", "100.000"]
    assert client.get(f"{address}?export=xlsx").status_code == 200


def test_another_partners_scorecard_does_not_exist_for_a_partner(
    client_as: SignIn, tenant: Tenant, partner: Partner, partner_owner: Membership
) -> None:
    client = client_as(partner_owner)
    card = card_of(tenant, partner)
    assert client.get(f"/acme/scorecards/partners/{partner.pk}/").status_code == 404
    assert client.get(f"/acme/scorecards/cards/{card.pk}/revenue/").status_code == 404
    assert client.get(f"/acme/scorecards/cards/{card.pk}/kpis/").status_code == 404
    with tenant_scope(tenant.pk):
        group = Scorecard.objects.filter(subject_kind=SubjectKind.PROGRAMME).first()
    assert group is not None
    assert client.get(f"/acme/scorecards/cards/{group.pk}/revenue/").status_code == 404
    for path in ("", "groups/", "groups/programme/", "templates/", "templates/new/", "recompute/"):
        assert client.get(f"/acme/scorecards/{path}").status_code == 403


def test_a_manager_sees_all_scorecards_and_groups(
    client_as: SignIn, tenant: Tenant, partner: Partner, manager: Membership
) -> None:
    client = client_as(manager)
    page = client.get("/acme/scorecards/").content.decode()
    assert "Harbour Systems" in page
    assert "Harbour Systems" in client.get("/acme/scorecards/?mine=1&sort=change").content.decode()
    assert "Harbour" not in client.get("/acme/scorecards/?type=msp").content.decode().split("<tbody>")[-1]
    assert client.get("/acme/scorecards/?export=csv").status_code == 200
    assert client.get(f"/acme/scorecards/partners/{partner.pk}/").status_code == 200
    for kind in ("portfolio", "region", "type", "programme"):
        assert client.get(f"/acme/scorecards/groups/?by={kind}").status_code == 200
    page = client.get(f"/acme/scorecards/groups/portfolio/?key={manager.pk}").content.decode()
    assert manager.name in page
    assert client.get("/acme/scorecards/groups/programme/").status_code == 200
    assert client.get("/acme/scorecards/groups/region/?key=Atlantis").status_code == 404
    assert client.get("/acme/scorecards/templates/").status_code == 403
    assert client.get("/acme/").status_code == 200


def test_an_admin_previews_and_publishes_a_template(
    client_as: SignIn, tenant: Tenant, partner: Partner, admin: Membership
) -> None:
    client = client_as(admin)
    assert client.get("/acme/scorecards/templates/").status_code == 200
    with tenant_scope(tenant.pk):
        template = ScorecardTemplate.objects.get(period_kind=PeriodKind.QUARTER)
    address = f"/acme/scorecards/templates/{template.pk}/"
    offered = dict(client.get(address).context["form"].more)
    # Below the areas, in their order, each by name.
    assert list(offered)[:2] == ["Sales", "Leads and marketing"]
    names = [name for _code, name in offered["Customers"]]
    assert names == sorted(names, key=str.casefold)
    assert sum(map(len, offered.values())) > 60
    lines = {
        "name": "Quarter",
        "min_coverage": "40",
        "gate_score": "50",
        "number": "1",
        "revenue-weight": "60",
        "revenue-method": "target",
        "revenue-target": "2,468.00",
        "revenue-floor": "0",
        "win_rate-weight": "40",
        "win_rate-method": "peer",
    }
    wrong = client.post(address, lines | {"revenue-weight": "50", "action": "preview"}).content.decode()
    assert "add up to 90" in wrong
    unseen = client.post(address, lines | {"action": "save"})
    assert unseen.status_code == 200
    answer = client.post(address, lines | {"action": "preview"})
    preview, page = answer.context["preview"], answer.content.decode()
    assert "Harbour Systems" in page
    assert "Nothing has been saved yet" in page
    with tenant_scope(tenant.pk):
        assert template.versions.count() == 1
    seen = lines | {"action": "save", "previewed": answer.context["previewed"]}
    response = client.post(address, seen)
    assert response.status_code == 302
    assert 'name="gate_score" value="50"' in client.get(address).content.decode()
    with tenant_scope(tenant.pk):
        version = template.versions.get(number=2)
        assert version.kpis[0] == {
            "code": "revenue",
            "weight": 60,
            "method": "target",
            "target": 246_800,
            "floor": 0,
        }
        actions.recompute_everything()
        period = calendar_of(tenant).current(PeriodKind.QUARTER)
        cards = Scorecard.objects.filter(partner=partner, period_kind="quarter").order_by("-period_start")
        assert cards[0].version_id == version.pk
        assert cards[0].period_start == period.start
        assert cards[0].breakdown["revenue"]["points"] == 50
        assert cards[1].version.number == 1
        # What was shown is what came of it.
        foretold = {row["partner"]: row["after"] for row in preview.rows}
        assert foretold
        now = {
            card.partner.name: card.score
            for card in Scorecard.objects.filter(
                partner__isnull=False, period_kind="quarter", period_start=period.start
            )
        }
        assert {name: now[name] for name in foretold} == {
            name: pytest.approx(Decimal(str(score))) for name, score in foretold.items()
        }
    # What does not show in a score with one decimal is no move: 0.006 points of the 30.
    almost = lines | {"number": "2", "revenue-target": "2,468.50", "action": "preview"}
    preview = client.post(address, almost).context["preview"]
    assert (preview.rows, preview.up, preview.down) == ([], 0, 0)
    assert preview.same > 0
    # What is meant for a coming period is looked at beforehand as well, and leaves the present one as it is.
    with tenant_scope(tenant.pk):
        coming = calendar_of(tenant).current(PeriodKind.QUARTER).next()
    later = lines | {"number": "2", "begins": str(coming.start), "revenue-target": "617.00"}
    answer = client.post(address, later | {"action": "preview"})
    # Half of the target by now, all of it by then.
    (moved,) = [row for row in answer.context["preview"].rows if row["partner"] == "Harbour Systems"]
    assert moved["change"] > 0
    done = client.post(address, later | {"action": "save", "previewed": answer.context["previewed"]})
    assert done["Location"] == address
    with tenant_scope(tenant.pk):
        assert template.versions.get(number=3).valid_from == coming.start
        actions.recompute_everything()
        assert cards[0].breakdown["revenue"]["points"] == 50
        templates = Templates.load()
        found = templates.version_for(coming, "reseller", "EMEA")
        assert found is not None
        assert found.number == 3
    stale = client.post(address, seen).content.decode()
    assert "another version" in stale
    assert client.get("/acme/scorecards/recompute/").status_code == 302


def test_an_admin_makes_a_template_for_some_partners(
    client_as: SignIn, tenant: Tenant, partner: Partner, admin: Membership
) -> None:
    client = client_as(admin)
    assert "cannot be changed later" in client.get("/acme/scorecards/templates/new/").content.decode()
    data = {"name": "Few", "period_kind": "quarter", "partner_type": "integrator", "region": "North"}
    response = client.post("/acme/scorecards/templates/new/", data)
    assert response.status_code == 302
    page = client.get(response["Location"])
    assert page.context["subtitle"] == "Quarter · Integrator, North · version 0"
    assert page.context["subtitle"] in page.content.decode()
    listed = client.get("/acme/scorecards/templates/").content.decode()
    assert "Integrator, North" in listed
    assert "All partners" in listed
    assert "already" in client.post("/acme/scorecards/templates/new/", data).content.decode()


def test_the_list_costs_the_same_whatever_its_length(
    client_as: SignIn,
    tenant: Tenant,
    partner: Partner,
    manager: Membership,
    django_assert_max_num_queries: Callable,
) -> None:
    client = client_as(manager)
    client.get("/acme/scorecards/")
    with django_assert_max_num_queries(14):
        client.get("/acme/scorecards/")


def test_the_api_gives_scorecards_and_kpis(
    client_as: SignIn, tenant: Tenant, partner: Partner, owner: Membership, partner_owner: Membership
) -> None:
    client = client_as(owner)
    found = client.get("/acme/api/v1/scorecards/?period_kind=quarter").json()["results"]
    assert {row["partner"] for row in found} == {str(partner.pk)}
    assert client.get(f"/acme/api/v1/scorecards/{found[0]['id']}/").status_code == 200
    assert client_as(partner_owner).get(f"/acme/api/v1/scorecards/{found[0]['id']}/").status_code == 404
    kpis = client.get("/acme/api/v1/kpis/").json()
    assert "win_rate" in {kpi["code"] for kpi in kpis}


def test_the_database_itself_keeps_a_partner_to_its_own_scorecards(
    tenant: Tenant, partner: Partner, partner_owner: Membership
) -> None:
    with tenant_scope(tenant.pk, partner.pk):
        assert set(Scorecard.objects.values_list("partner_id", flat=True)) == {partner.pk}
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert not Scorecard.objects.filter(partner=partner).exists()


def test_days_before_the_period_do_not_count(tenant: Tenant) -> None:
    assert calendar_of(tenant).current(PeriodKind.MONTH, dt.date(2024, 2, 29)).end == dt.date(2024, 3, 1)


def test_readings_are_exported_with_their_unit_and_currency(
    client_as: SignIn, tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        ReadingFactory(definition=MetricDefinitionFactory(unit="money"), value=1300_50)
        ReadingFactory(definition=MetricDefinitionFactory(unit="%"), value=12_50)
    file = b"".join(client_as(admin).get("/acme/metrics/readings/?export=csv")).decode("utf-8-sig")
    rows = list(DictReader(file.splitlines()))
    assert sorted((row["Value (unit)"], row["Value (currency)"], float(row["Value"])) for row in rows) == [
        ("%", "", 12.5),
        ("money", "EUR", 1300.5),
    ]
