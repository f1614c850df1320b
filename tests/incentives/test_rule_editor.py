"""Nested requirements through the editor's page, what keeping a tier asks, checks by hand and reported metrics."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from incentives.example import create_example_programme
from incentives.models import CheckMark, ManualCheck, Tier, TierPolicy, TierProposal, TierStanding
from incentives.tiers.actions import Move, assign_tiers, evaluate_tiers
from incentives.tiers.builder import Builder
from incentives.tiers.checking import confirm_check, save_check, withdraw_check
from incentives.tiers.enums import Comparison, Direction, Join, WindowKind
from incentives.tiers.measures import check_code
from incentives.tiers.queries import today
from incentives.tiers.requirements import Condition, Group, dump
from incentives.tiers.words import condition_text
from metrics.closing import change_grace
from metrics.readings.actions import define_metric
from metrics.readings.models import MetricDefinition, Reading
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, won_deal
from tests.incentives.builders import make_tiers

SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 5, 20)
ATLEAST = Comparison.AT_LEAST


def asks(measure: str, threshold: str | int, window: WindowKind = WindowKind.NOW) -> Condition:
    return Condition(measure, window, ATLEAST, Decimal(threshold))


def a_metric(code: str, unit: str, combination: str = "last") -> MetricDefinition:
    return MetricDefinition.objects.create(
        code=code, name=code.replace("_", " "), unit=unit, better="up", combination=combination
    )


def report(metric: MetricDefinition, partner: Partner, value: int, day: dt.date = TODAY) -> None:
    Reading.objects.create(definition=metric, partner=partner, day=day, value=value * 10_000, currency="EUR")


def fields(builder: Builder) -> dict[str, str]:
    """What the browser sends for a builder."""
    found: dict[str, str] = {}
    for node in builder.root.every():
        if node.is_group:
            found |= {f"{node.path}-join": node.join, f"{node.path}-count": node.count}
        else:
            found |= {
                f"{node.path}-measure": node.measure,
                f"{node.path}-window": node.window,
                f"{node.path}-threshold": node.threshold,
                **({f"{node.path}-optional": "on"} if node.optional else {}),
            }
    return found


def test_nested_rules_come_back_as_they_were_built(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        create_example_programme(by=None)
        a_metric("net_users", "count")
        check = ManualCheck.objects.create(name="References called")
        gold = Tier.objects.get(name="Gold")
    client, address = client_as(admin), reverse("incentives:tier_edit", args=("acme", gold.pk))
    base = {
        "name": "Gold",
        "colour": "gold",
        "discount": "15",
        "rebate_rate": "8",
        "lead_priority": "2",
        "support_level": "dedicated",
        "asks-join": "all",
        "asks-count": "1",
    }

    def press(data: dict[str, str], command: str) -> dict[str, str]:
        response = client.post(address, data | {"builder": command})
        assert response.status_code == 200
        upkeep = response.context["upkeep"]
        return base | fields(response.context["builder"]) | (fields(upkeep) if upkeep else {})

    data = press(base, "group:asks")
    data = press(data, "condition:asks_0")
    data = press(data, "group:asks_0")
    data = press(data, "condition:asks")
    data |= {
        "asks_0-join": "at_least",
        "asks_0-count": "2",
        "asks_0_0-measure": "reported:net_users",
        "asks_0_0-window": "since_joining",
        "asks_0_0-threshold": "300",
        "asks_0_1-measure": check_code(check.pk),
        "asks_0_2_0-measure": "revenue",
        "asks_0_2_0-window": "programme_year",
        "asks_0_2_0-threshold": "12.500",
        "asks_1-measure": "win_rate",
        "asks_1-window": "trailing_year",
        "asks_1-threshold": "79,9",
        "asks_1-optional": "on",
    }
    data = press(data, "keeps:own")
    data = press(data, "remove:keeps_0")
    data["keeps_0-threshold"] = "70"
    shown = client.post(address, data | {"action": "preview"})
    assert shown.context["preview"] is not None
    assert (
        client.post(address, data | {"action": "save", "previewed": shown.context["previewed"]}).status_code
        == 302
    )
    with tenant_scope(tenant.pk):
        gold = Tier.objects.get(pk=gold.pk)
        assert gold.tree == Group(
            Join.ALL,
            (
                Group(
                    Join.AT_LEAST,
                    (
                        asks("reported:net_users", 300, WindowKind.SINCE_JOINING),
                        asks(check_code(check.pk), 1),
                        Group(Join.ANY, (asks("revenue", 1_250_000, WindowKind.PROGRAMME_YEAR),)),
                    ),
                    2,
                ),
                replace(asks("win_rate", "0.799", WindowKind.TRAILING_YEAR), optional=True),
            ),
        )
        kept = replace(asks("win_rate", "0.7", WindowKind.TRAILING_YEAR), optional=True)
        assert gold.upkeep == Group(Join.ALL, (kept,))
    opened = client.get(address)
    with tenant_scope(tenant.pk):
        assert opened.context["builder"].tree() == gold.tree
        assert opened.context["upkeep"].tree() == gold.upkeep
    assert "References called" in opened.content.decode()
    assert client.get(reverse("incentives:ladder", args=("acme",))).status_code == 200
    same = press(data, "keeps:same")
    assert not any(name.startswith("keeps") for name in same)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"asks_0-join": "any", "asks_0-count": "1"}, "asks_0"),
        ({"asks_0-join": "at_least", "asks_0-count": "2", "asks_0_0-measure": "score"}, "asks_0_0"),
        (
            {
                "asks_0-measure": "score",
                "asks_0-window": "since_joining",
                "asks_0-threshold": "60",
            },
            "asks_0",
        ),
        ({"asks_0-measure": "check:gone", "asks_0-threshold": "1"}, "asks_0"),
        ({"asks-join": "at_least", "asks-count": "0", "asks_0-measure": "score"}, "asks"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(scoped: Tenant, wrong: dict[str, str], where: str) -> None:
    builder = Builder.from_post({"asks-join": "all"} | wrong, "EUR")
    assert builder.tree() is None
    assert {node.path: node.error for node in builder.root.every()}[where]


def test_groups_go_no_deeper_than_can_be_read(scoped: Tenant) -> None:
    builder = Builder("EUR")
    for path in ("asks", "asks_0", "asks_0_1", "asks_0_1_1"):
        builder.change(f"group:{path}")
    assert max(node.depth for node in builder.root.every()) == 4
    for node in builder.root.every():
        node.threshold = "5"
    assert builder.tree() is not None


@pytest.mark.usefixtures("scoped")
class TestKeeping:
    def test_keeping_asks_less_than_reaching(self) -> None:
        """Gold asks 500 and is kept with 200: who holds it stays with 300, another does not reach it."""
        quarter = WindowKind.QUARTER
        _base, gold = make_tiers(asks("revenue", 500_00, quarter))
        gold.maintenance = dump(Group(items=(asks("revenue", 200_00, quarter),)))
        gold.save()
        holder, other, low = PartnerFactory(), PartnerFactory(), PartnerFactory()
        for partner in (holder, low):
            assign_tiers([Move(partner, gold, dt.date(2025, 1, 1))])
        for partner, amount in ((holder, 300_00), (other, 300_00), (low, 199_99)):
            for day in (dt.date(2026, 2, 1), dt.date(2026, 4, 10)):
                won_deal(partner, amount, day)
        evaluate_tiers(today=TODAY)
        standings = {row.partner_id: row for row in TierStanding.objects.all()}
        assert standings[holder.pk].reached_tier == gold
        assert standings[holder.pk].below_since is None
        assert standings[other.pk].reached_tier.rank == 0
        assert standings[low.pk].below_since == dt.date(2026, 4, 1)
        assert not TierProposal.objects.filter(direction=Direction.PROMOTION).exists()

    def test_without_its_own_requirements_keeping_asks_the_same(self) -> None:
        _base, gold = make_tiers(asks("revenue", 500_00, WindowKind.QUARTER))
        assert gold.upkeep == gold.tree


@pytest.mark.usefixtures("scoped")
class TestReported:
    def test_gold_asks_300_users_6_certificates_and_80_per_cent(self) -> None:
        """320 users, 6 certificates and 79.9% retention are not Gold; 80% is."""
        users, certificates = a_metric("net_users", "count"), a_metric("certificates", "count")
        retention = a_metric("retention", "%")
        quarter = WindowKind.QUARTER
        _base, gold = make_tiers(
            Group(
                items=(
                    asks("reported:net_users", 300, quarter),
                    asks("reported:certificates", 6, quarter),
                    asks("reported:retention", "0.8", quarter),
                )
            )
        )
        partner = PartnerFactory()
        report(users, partner, 320)
        report(certificates, partner, 6)
        evaluate_tiers(today=TODAY)
        standing = TierStanding.objects.get()
        assert standing.reached_tier != gold, "what nobody has reported does not count as reached"
        assert standing.results[str(gold.pk)]["outcome"] == "pending"
        row = Reading.objects.create(
            definition=retention, partner=partner, day=TODAY, value=7_990, currency="EUR"
        )
        evaluate_tiers(today=TODAY)
        assert TierStanding.objects.get().reached_tier != gold
        row.value = 8_000
        row.save()
        evaluate_tiers(today=TODAY)
        assert TierStanding.objects.get().reached_tier == gold

    def test_missing_figures_demote_nobody_before_the_period_closes(self, admin: Membership) -> None:
        a_metric("retention", "%")
        _base, gold = make_tiers(asks("reported:retention", "0.8", WindowKind.QUARTER))
        TierPolicy.objects.create(grace_days=0)
        change_grace(20, by=admin)
        assign_tiers([Move(PartnerFactory(), gold, dt.date(2025, 7, 1))])
        assert evaluate_tiers(today=dt.date(2026, 4, 20)) == 0
        assert TierStanding.objects.get().below_since == dt.date(2026, 4, 1)
        assert evaluate_tiers(today=dt.date(2026, 4, 21)) == 1
        assert TierProposal.objects.get().direction == Direction.DEMOTION

    def test_added_up_since_joining_and_within_the_quarter(self) -> None:
        launched = a_metric("launched", "count", "sum")
        _base, silver, _gold = make_tiers(
            asks("reported:launched", 3, WindowKind.SINCE_JOINING),
            asks("reported:launched", 3, WindowKind.QUARTER),
        )
        partner = PartnerFactory()
        report(launched, partner, 2, dt.date(2023, 5, 1))
        report(launched, partner, 1, dt.date(2026, 4, 2))
        evaluate_tiers(today=TODAY)
        assert TierStanding.objects.get().reached_tier == silver


class TestChecks:
    def test_a_check_counts_until_it_expires_or_is_withdrawn(
        self, scoped: Tenant, admin: Membership, manager: Membership
    ) -> None:
        item = save_check(ManualCheck(name="Business plan agreed"), by=admin)
        _base, silver = make_tiers(asks(check_code(item.pk), 1))
        partner = PartnerFactory(manager=manager)
        evaluate_tiers()
        standing = TierStanding.objects.get()
        assert (standing.reached_tier.rank, standing.progress) == (0, 0)
        with pytest.raises(ActionRefused):
            confirm_check(partner, item, note=" ", by=manager)
        mark = confirm_check(partner, item, note="Plan of May", expires_on=today(), by=manager)
        assert TierStanding.objects.get().reached_tier == silver
        assert condition_text(silver.tree.conditions()[0], "EUR").startswith("Business plan agreed")
        evaluate_tiers(today=today() + dt.timedelta(days=1))
        assert TierStanding.objects.get().reached_tier.rank == 0
        renewed = confirm_check(partner, item, note="Again", by=manager)
        assert not CheckMark.objects.get(pk=mark.pk).holds_on(today())
        withdraw_check(renewed, by=manager)
        assert TierStanding.objects.get().reached_tier.rank == 0
        with pytest.raises(ActionRefused):
            withdraw_check(renewed, by=manager)
        renewed = confirm_check(partner, item, note="Once", by=manager)
        with pytest.raises(IntegrityError), transaction.atomic():
            CheckMark.objects.create(
                partner=partner, item=item, given_on=TODAY, note="Twice", given_by=manager
            )

    def test_through_the_pages(self, tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
        client = client_as(admin)
        saved = client.post(
            reverse("incentives:checks", args=("acme",)),
            {"name": "References", "description": "", "is_active": "on"},
        )
        assert saved.status_code == 302
        with tenant_scope(tenant.pk):
            item, partner = ManualCheck.objects.get(), PartnerFactory()
            make_tiers(asks(check_code(item.pk), 1))
        address = reverse("incentives:mark", args=("acme", partner.pk))
        assert client.post(address, {"item": item.pk, "note": ""}).status_code == 422
        assert client.post(address, {"item": item.pk, "note": "Two called"}).status_code == 302
        shown = client.get(reverse("incentives:standing", args=("acme", partner.pk))).content.decode()
        assert "Two called" in shown
        assert "References, confirmed by the vendor" in shown


def test_a_metric_of_the_tenants_own_can_be_asked_for(scoped: Tenant, admin: Membership) -> None:
    define_metric(by=admin, code="seats", name="Seats", unit="count", better="up", combination="last")
    builder = Builder.from_post(
        {
            "asks-join": "all",
            "asks_0-measure": "reported:seats",
            "asks_0-window": "quarter",
            "asks_0-threshold": "75",
        },
        "EUR",
    )
    tree = builder.tree()
    assert tree is not None
    assert condition_text(tree.conditions()[0], "EUR") == "Seats at least 75, this quarter"
