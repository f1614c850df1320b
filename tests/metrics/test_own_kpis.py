"""The tenant's own KPIs: what a formula may be, versions, use; a wrong one harms nobody."""

import ast
import datetime as dt
import html
import math
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from metrics import actions, defining, queries
from metrics.catalogue import CATALOGUE
from metrics.catalogues import BUILT_IN, Catalogue
from metrics.evaluation import evaluate_facts
from metrics.formulas import FormulaError, parse, zero_divisors
from metrics.kpis.shape import Kpi
from metrics.models import OwnKpi, OwnKpiVersion, Scorecard, ScorecardTemplate
from metrics.own import catalogue_at, catalogue_now, choosable
from metrics.periods import PeriodKind, Window, calendar_of
from metrics.units import Unit
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 11, 20)
SHAPE = {"unit": "money", "better": "up", "kind": "lag", "level": "PG", "meaning": "For tests."}


def drafted(formula: str) -> Catalogue:
    return defining.with_draft(Kpi("own_it", "It", formula, Unit.COUNT, "up", "lag", "PG", ""), dt.date.min)


def value(formula: str, **facts: int) -> float | int | None:
    return evaluate_facts(facts, ["own_it"], drafted(formula))["own_it"]


REFUSED = [
    ("", "Write a formula"),
    ("revenue_won +", "is not a formula"),
    ("revenue_won ** 9", "may not stand"),
    ("revenue_won ** revenue_won ** revenue_won", "may not stand"),
    ("9" * 900, "at most"),
    ("1e400 * revenue_won", "at most"),
    ("revenue_won * 10000000000000", "at most"),
    ("(" * 60 + "revenue_won" + ")" * 60 + " + 1" * 60, "nested too deeply"),
    ("(" * 400 + "revenue_won" + ")" * 400, "formula"),
    ("revenue_won" + " + revenue_won" * 200, "at most 1000 characters"),
    ("EXP(revenue_won)", "no function “EXP”"),
    ("pg_sleep(10)", "no function “pg_sleep”"),
    ("__import__('os').system('true')", "may not stand"),
    ("revenue_won.__class__", "may not stand"),
    ("[revenue_won for x in revenue_won]", "may not stand"),
    ("revenue_won if deals_won else 0", "may not stand"),
    ("revenue_won; deals_won", "is not a formula"),
    ("NULLIF(revenue_won)", "NULLIF takes 2"),
    ("ROUND(revenue_won, deals_won)", "ROUND rounds"),
    ("ROUND(revenue_won, 99)", "ROUND rounds"),
    ("1 + 2", "at least one fact"),
    ("revenue_one", "Did you mean revenue_won"),
    ("quality_score * 2", "place among the peers"),
    ("own_it + 1", "own_it → own_it"),
    ("'revenue_won'", "may not stand"),
    ("True * revenue_won", "may not stand"),
    ("revenue_won / 0", "divided by 0"),
    ("GREATEST(*revenue_won)", "GREATEST takes"),
    ("GREATEST(*revenue_won, deals_won)", "may not stand"),
]


@pytest.mark.parametrize(("formula", "words"), REFUSED)
def test_what_is_not_allowed_is_refused_in_words_and_at_once(
    scoped: Tenant, formula: str, words: str
) -> None:
    started = time.process_time()
    with pytest.raises(FormulaError, match=words):
        drafted(formula)
    assert time.process_time() - started < 5


def test_a_formula_may_be_written_as_explanations_write_it() -> None:
    assert ast.dump(parse("(revenue_won − 2) × deals_won ÷ 3")) == ast.dump(
        parse("(revenue_won - 2) * deals_won / 3")
    )
    assert CATALOGUE["cash_flow"].formula_text == "cash_flow_total"
    assert CATALOGUE["win_rate"].formula_text == CATALOGUE["win_rate"].formula


def test_what_was_published_with_a_division_by_zero_goes_on_without_a_value(
    scoped: Tenant, admin: Membership
) -> None:
    kpi = OwnKpi.objects.create(code="own_never")
    values = SHAPE | {"name": "Never", "formula": "revenue_won / 0", "number": 1, "valid_from": dt.date.min}
    OwnKpiVersion.objects.create(kpi=kpi, published_by=admin, **values)
    catalogue = catalogue_now()
    assert evaluate_facts({"revenue_won": 5}, ["own_never"], catalogue) == {"own_never": None}
    assert catalogue["own_never"].formula_text == "revenue_won / 0"
    with pytest.raises(FormulaError, match="divided by 0"):
        drafted("deals_won / 0")


def test_what_a_value_lacks_is_what_it_is_divided_by() -> None:
    sql = BUILT_IN.measure("win_rate").sql
    assert zero_divisors(sql, {"revenue_won": 5}) == ["deals_won", "deals_lost"]
    assert zero_divisors(sql, {"deals_lost": 1}) == []


def test_values_that_are_none_are_no_data(scoped: Tenant) -> None:
    """Division by zero, overflow and absurd sizes: no number, no error, no wrap-around of whole numbers."""
    huge = 9 * 10**18
    assert value("revenue_won / deals_won", revenue_won=5) is None
    assert value("revenue_won / (deals_won - deals_won)", revenue_won=5, deals_won=1) is None
    assert value("revenue_won * revenue_won * revenue_won", revenue_won=huge) is None
    assert value(" * ".join(["revenue_won"] * 18), revenue_won=huge) is None
    assert value("revenue_won + revenue_won", revenue_won=huge) is None
    assert value("1 / (deals_won / 1000000000000 / 1000000000000)", deals_won=1) is None
    assert value("revenue_won * 3", revenue_won=10**12) == 3 * 10**12
    assert value("COALESCE(revenue_won / deals_won, 7)", revenue_won=5) == 7
    assert value("ROUND(LEAST(revenue_won, 10) / 3, 2)", revenue_won=50) == 3.33
    assert value("-ABS(deals_lost - deals_won)", deals_won=5, deals_lost=2) == -3
    assert value("- - deals_won", deals_won=5) == 5
    assert value("NULLIF(deals_won, 5)", deals_won=5) is None
    assert value("decision_hours / deals_decided", decision_hours=7200, deals_decided=2) == 1


def test_a_formula_over_other_kpis_gives_what_they_give(scoped: Tenant) -> None:
    facts = {"revenue_won": 300, "deals_won": 2, "deals_lost": 6}
    found = value("average_deal_size * win_rate", **facts)
    known = evaluate_facts(facts)
    assert math.isclose(found or 0, known["average_deal_size"] * known["win_rate"])  # type: ignore[operator]


def define(admin: Membership, name: str, formula: str, **more: str) -> OwnKpi:
    return defining.define_kpi(by=admin, name=name, formula=formula, **{**SHAPE, **more})


def change(kpi: OwnKpi, admin: Membership, formula: str, day: dt.date | None = None, **more: str) -> None:
    newest = kpi.versions.order_by("-number")[0]
    defining.change_kpi(
        kpi,
        by=admin,
        seen_number=newest.number,
        valid_from=day or calendar_of(admin.tenant).today(),
        **{**SHAPE, "name": newest.name, "formula": formula, **more},  # type: ignore[arg-type]
    )


def test_circles_are_found_also_through_others_and_through_days_to_come(
    scoped: Tenant, admin: Membership
) -> None:
    first = define(admin, "First", "revenue_won * 2")
    second = define(admin, "Second", "own_first + deals_won")
    define(admin, "Third", "own_second / 2")
    with pytest.raises(ActionRefused, match="own_first → own_third → own_second → own_first"):
        change(first, admin, "own_third + 1")
    later = calendar_of(scoped).today() + dt.timedelta(days=90)
    change(second, admin, "deals_won * 3", later)
    # From then on there would be none, but until then there is.
    with pytest.raises(ActionRefused, match="own_first"):
        change(first, admin, "own_third + 1")
    change(first, admin, "own_third + 1", later + dt.timedelta(days=1))
    with pytest.raises(ActionRefused, match="own_second"):
        change(second, admin, "own_first + 1", later)


def test_formulas_that_multiply_each_other_are_held_to_a_size(scoped: Tenant, admin: Membership) -> None:
    define(admin, "Bomb 0", " + ".join(["revenue_won"] * 30))
    for number in range(1, 10):
        try:
            define(admin, f"Bomb {number}", " + ".join([f"own_bomb_{number - 1}"] * 30))
        except ActionRefused as refusal:
            assert "too long" in str(refusal.message)
            break
    else:
        pytest.fail("Nothing held them.")


def test_a_change_holds_from_its_day_and_the_past_keeps_its_formula(
    scoped: Tenant, admin: Membership
) -> None:
    kpi = define(admin, "Worth", "revenue_won / deals_won")
    partner = PartnerFactory()
    today = calendar_of(scoped).today()
    won_deal(partner, 100_00, today)
    before = today - dt.timedelta(days=400)
    won_deal(partner, 300_00, before)
    change(kpi, admin, "revenue_won * 2")
    windows = [Window.of(day, day + dt.timedelta(days=1)) for day in (before, today)]
    found = queries.kpi_values(windows, [partner.pk], ["own_worth", "revenue"])
    assert [found[partner.pk, window.key]["own_worth"] for window in windows] == [300_00, 200_00]
    assert catalogue_at(today)["own_worth"].formula == "revenue_won / deals_won"
    assert catalogue_now()["own_worth"].formula == "revenue_won * 2"
    with pytest.raises(ActionRefused, match="stays"):
        change(kpi, admin, "revenue_won", today - dt.timedelta(days=1))
    with pytest.raises(ActionRefused, match="meanwhile"):
        defining.change_kpi(
            kpi, by=admin, seen_number=1, valid_from=today, name="Worth", formula="revenue_won", **SHAPE
        )


def test_a_template_scores_by_it_and_then_it_cannot_go(scoped: Tenant, admin: Membership) -> None:
    actions.ensure_default_template(scoped)
    kpi = define(admin, "Worth", "revenue_won / deals_won")
    partner, other = PartnerFactory.create_batch(2)
    today = calendar_of(scoped).today()
    won_deal(partner, 500_00, today)
    template = ScorecardTemplate.objects.get(period_kind="quarter")
    lines = [{"code": "own_worth", "weight": 100, "method": "target", "target": 1000_00, "floor": 0}]
    actions.publish_template(template, by=admin, kpis=lines, min_coverage=Decimal("0.5"))
    actions.recompute_everything()
    period = calendar_of(scoped).current(PeriodKind.QUARTER)
    cards = Scorecard.objects.filter(period_kind="quarter", period_start=period.start)
    assert cards.get(partner=partner).score == 50
    assert cards.get(partner=other).score is None
    # A group is the same formula over the facts added up.
    assert cards.get(subject_kind="programme").breakdown["own_worth"]["value"] == 500_00
    assert [use.words for use in defining.uses()["own_worth"]] == ["Template: Quarterly scorecard"]
    with pytest.raises(ActionRefused, match="Quarterly scorecard"):
        defining.retire_kpi(kpi, by=admin)
    with pytest.raises(ActionRefused, match="in this unit"):
        change(kpi, admin, "deals_won", unit="count")
    change(kpi, admin, "revenue_won / deals_won / 2")
    actions.recompute_everything()
    assert cards.get(partner=partner).score == 25
    lines = [{"code": "revenue", "weight": 100, "method": "target", "target": 1000_00, "floor": 0}]
    actions.publish_template(template, by=admin, kpis=lines, min_coverage=Decimal("0.5"))
    defining.retire_kpi(kpi, by=admin)
    assert "own_worth" not in choosable()
    assert "own_worth" in catalogue_now()
    assert defining.revive_kpi(kpi, by=admin).is_active
    assert "own_worth" in choosable()


def test_one_tenants_kpis_are_nobody_elses(scoped: Tenant, admin: Membership) -> None:
    define(admin, "Worth", "revenue_won / deals_won")
    with tenant_scope(TenantFactory().pk):
        assert "own_worth" not in catalogue_now()
        assert not OwnKpi.objects.exists()
    assert "own_worth" in catalogue_now()


def test_names_that_are_taken_or_empty(scoped: Tenant, admin: Membership) -> None:
    define(admin, "Worth", "revenue_won")
    with pytest.raises(ActionRefused, match="already"):
        define(admin, "worth!", "revenue_won")
    for name in ("win rate", str(CATALOGUE["win_rate"].name), "Percentage gewonnen deals", "WORTH"):
        with pytest.raises(ActionRefused, match="already"):
            define(admin, name, "deals_won")
    with pytest.raises(ActionRefused, match="letter or digit"):
        define(admin, "…", "revenue_won")


def test_the_editor_shows_values_and_says_what_is_wrong(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    client = client_as(admin)
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour Systems")
        won_deal(partner, 1_234_00, calendar_of(tenant).today())
        actions.recompute_everything()
    page = client.get("/acme/scorecards/catalogue/new/").content.decode()
    assert "revenue_won" in page
    check = "/acme/scorecards/catalogue/check/"
    found = client.post(check, {"formula": "revenue_won / deals_won", "unit": "money"}).content.decode()
    assert "Harbour Systems" in found
    assert "1,234" in found
    assert "The whole programme" in found
    assert "Did you mean" in client.post(check, {"formula": "revenue_wan / deals_won"}).content.decode()
    assert "Write a formula" in client.post(check, {"formula": ""}).content.decode()
    assert client.post(check, {"formula": "x", "kpi": "nonsense"}).status_code == 200
    typed = {"name": "Worth", "formula": "revenue_won / deals_won", **SHAPE}
    wrong = client.post("/acme/scorecards/catalogue/new/", typed | {"formula": "revenue_won **"})
    assert "revenue_won **" in wrong.content.decode()
    made = client.post("/acme/scorecards/catalogue/new/", typed)
    assert made.status_code == 302
    page = client.get(made["Location"]).content.decode()
    assert "own_worth" in page
    assert "Harbour Systems" in page
    changed = client.post(
        made["Location"],
        typed | {"number": "1", "valid_from": str(calendar_of(tenant).today()), "formula": "revenue_won * 2"},
    )
    assert changed.status_code == 302
    retire = f"{made['Location']}use/"
    assert client.get(retire).status_code == 200
    assert client.post(retire).status_code == 302
    assert "Out of use" in client.get("/acme/scorecards/catalogue/").content.decode()
    client.post(retire)
    assert "own_worth" in {kpi["code"] for kpi in client.get("/acme/api/v1/kpis/").json()}
    assert client_as(manager).get("/acme/scorecards/catalogue/new/").status_code == 403


def test_a_wrong_formula_typed_into_the_editor_harms_nobody(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    """Each is answered in words and with little work, by what checks while one types and by what saves; and the page is
    there for whoever comes next, also in another tenant."""
    other = TenantFactory(slug="elsewhere")
    with tenant_scope(other.pk):
        stranger = make_member(Role.ADMIN)
    client = client_as(admin)
    for formula, words in [*REFUSED[1:], ("((" * 5_000, "characters"), ("\0", "")]:
        typed = {**SHAPE, "name": "It", "formula": formula}
        for address in ("check/", "new/"):
            # What the processor did, however busy the machine is.
            started = time.process_time()
            page = client.post(f"/acme/scorecards/catalogue/{address}", typed)
            assert time.process_time() - started < 5, formula
            assert page.status_code in (200, 422), formula
            assert "characters" in (text := html.unescape(page.content.decode())) or words in text, formula
    with tenant_scope(tenant.pk):
        assert not OwnKpi.objects.exists()
    typed = {**SHAPE, "name": "It", "formula": "revenue_won / (deals_won - deals_won)"}
    assert client.post("/acme/scorecards/catalogue/check/", typed).status_code == 200
    assert client.post("/acme/scorecards/catalogue/new/", typed).status_code == 302
    assert client.get("/acme/scorecards/catalogue/").status_code == 200
    page = client_as(stranger).get("/elsewhere/scorecards/catalogue/").content.decode()
    assert "own_it" not in page
