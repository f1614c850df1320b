"""Every page, as each role."""

import datetime as dt
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from incentives.example import create_example_programme
from incentives.ledger import simulation
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.models import Plan, PlanVersion, Tier, TierProposal
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.enums import ProposalStatus
from incentives.tiers.queries import policy
from metrics.periods import calendar_of
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs.runner import run_inline
from portal.shell.reporting import as_opened_by, report_page
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, won_deal

SignIn = Callable[[Membership], Client]


def page(name: str, *args: object) -> str:
    return reverse(f"incentives:{name}", args=("acme", *args))


@pytest.fixture
def programme(tenant: Tenant, partner_owner: Membership) -> Partner:
    """The example programme, and a partner that has reached Silver with three won deals."""
    with tenant_scope(tenant.pk):
        create_example_programme(by=None)
        partner = Partner.objects.get(pk=partner_owner.partner_id)
        today = calendar_of(tenant).today()
        for _number in range(3):
            won_deal(partner, 60_000_00, today)
        won_deal(PartnerFactory(), 100_00, today)
        post_ledger(Partner.objects.values_list("pk", flat=True))
        evaluate_tiers()
        return partner


VENDOR_PAGES = ["earnings", "standings", "proposals", "plans"]
ADMIN_PAGES = ["ladder", "tier_create", "policy", "plan_create"]


@pytest.mark.usefixtures("programme")
class TestRoles:
    @pytest.mark.parametrize("name", VENDOR_PAGES + ADMIN_PAGES)
    def test_an_admin_sees_all(self, name: str, admin: Membership, client_as: SignIn) -> None:
        assert client_as(admin).get(page(name)).status_code == 200

    @pytest.mark.parametrize("name", VENDOR_PAGES)
    def test_a_manager_reads(self, name: str, manager: Membership, client_as: SignIn) -> None:
        assert client_as(manager).get(page(name)).status_code == 200

    @pytest.mark.parametrize("name", ADMIN_PAGES)
    def test_a_manager_does_not_define(self, name: str, manager: Membership, client_as: SignIn) -> None:
        assert client_as(manager).get(page(name)).status_code == 403

    @pytest.mark.parametrize("name", ["earnings", "mine"])
    def test_a_partner_sees_its_own(self, name: str, partner_owner: Membership, client_as: SignIn) -> None:
        assert client_as(partner_owner).get(page(name)).status_code == 200

    @pytest.mark.parametrize("name", ["standings", "proposals", "plans", *ADMIN_PAGES])
    def test_a_partner_sees_nothing_of_the_rest(
        self, name: str, partner_owner: Membership, client_as: SignIn
    ) -> None:
        assert client_as(partner_owner).get(page(name)).status_code == 403


def test_earnings_and_each_entry_are_explained(
    programme: Partner, tenant: Tenant, partner_owner: Membership, client_as: SignIn
) -> None:
    client = client_as(partner_owner)
    content = client.get(page("earnings")).content.decode()
    assert "because you were Registered on" in content
    assert not re.search(r"€100\b", content)
    assert "&lt;a href" not in content
    with tenant_scope(tenant.pk):
        own = LedgerEntry.objects.filter(partner=programme).order_by("id").last()
        other = LedgerEntry.objects.exclude(partner=programme).get()
    entry_page = client.get(page("entry", own.pk))
    assert entry_page.status_code == 200
    assert "because you were Registered on" in entry_page.content.decode()
    assert client.get(page("deal", own.deal_id)).status_code == 200
    assert client.get(page("entry", other.pk)).status_code == 404
    assert client.get(page("deal", other.deal_id)).status_code == 404
    assert client.get(page("entry", uuid4())).status_code == 404


def test_earnings_are_exported(programme: Partner, partner_owner: Membership, client_as: SignIn) -> None:
    response = client_as(partner_owner).get(page("earnings") + "?export=csv")
    content = b"".join(response.streaming_content).decode()
    assert content.count("because you were Registered") == 3


def test_a_report_of_earnings_is_narrowed_as_its_view_is(
    programme: Partner, tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        found = report_page("incentives:earnings", tenant, admin)
        assert found is not None
        asked = as_opened_by(admin, tenant, "incentives:earnings", f"partner={programme.pk}")
        report = found.report(asked)
        assert report.total == LedgerEntry.objects.filter(partner=programme).count() == 3
        assert {row[report.header.index("Partner")] for row in report.rows} == {programme.name}


def test_a_partner_reads_where_it_stands_in_words(
    programme: Partner, partner_owner: Membership, client_as: SignIn
) -> None:
    content = client_as(partner_owner).get(page("mine")).content.decode()
    assert "You are" in content
    assert "the move is waiting for its day or a confirmation" in content


def test_an_admin_confirms_a_proposal(
    programme: Partner, tenant: Tenant, admin: Membership, manager: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        proposal = TierProposal.objects.get(partner=programme)
    address = page("proposal", proposal.pk)
    assert "Your decision" not in client_as(manager).get(address).content.decode()
    assert client_as(manager).post(address, {"decision": "confirm"}).status_code == 403
    assert client_as(admin).post(address, {"decision": "decline", "reason": ""}).status_code == 422
    assert client_as(admin).post(address, {"decision": "confirm"}).status_code == 302
    with tenant_scope(tenant.pk):
        proposal.refresh_from_db()
        assert proposal.status == ProposalStatus.CONFIRMED


def tier_data(**changes: str) -> dict[str, str]:
    return {
        "name": "Platinum",
        "description": "",
        "colour": "platinum",
        "discount": "20",
        "rebate_rate": "12,5",
        "lead_priority": "3",
        "support_level": "dedicated",
        "asks-join": "all",
        "asks-count": "1",
        "asks_0-join": "any",
        "asks_0-count": "1",
        "asks_0_0-measure": "revenue",
        "asks_0_0-window": "trailing_year",
        "asks_0_0-threshold": "150.000",
    } | changes


def previewed(client: Client, address: str, data: dict[str, str]) -> dict[str, str]:
    response = client.post(address, data | {"action": "preview"})
    assert response.status_code == 200
    return data | {"action": "save", "previewed": response.context["previewed"]}


@pytest.mark.usefixtures("programme")
class TestEditors:
    def test_a_tier_is_previewed_before_it_is_saved(
        self, tenant: Tenant, admin: Membership, client_as: SignIn
    ) -> None:
        client, address = client_as(admin), page("tier_create")
        response = client.post(address, tier_data() | {"action": "save"})
        assert "What it would do" in response.content.decode()
        assert response.context["preview"].up == 1
        with tenant_scope(tenant.pk):
            assert not Tier.objects.filter(name="Platinum").exists()
        assert client.post(address, previewed(client, address, tier_data())).status_code == 302
        with tenant_scope(tenant.pk):
            tier = Tier.objects.get(name="Platinum")
            assert (tier.rank, str(tier.rebate_rate), str(tier.discount)) == (3, "0.125000", "0.200000")
            assert [str(item.threshold) for item in tier.tree.conditions()] == ["15000000"]

    def test_what_was_changed_after_the_preview_is_previewed_again(
        self, admin: Membership, client_as: SignIn
    ) -> None:
        client, address = client_as(admin), page("tier_create")
        data = previewed(client, address, tier_data()) | {"asks_0_0-threshold": "1"}
        assert client.post(address, data).status_code == 200

    def test_rows_are_added_and_removed_without_losing_what_was_typed(
        self, admin: Membership, client_as: SignIn
    ) -> None:
        client, address = client_as(admin), page("tier_create")
        builder = client.post(address, tier_data(builder="condition:asks_0", name="")).context["builder"]
        assert [row.threshold for row in builder.root.items[0].items] == ["150.000", ""]
        builder = client.post(address, tier_data(builder="condition:asks")).context["builder"]
        assert [item.is_group for item in builder.root.items] == [True, False]
        builder = client.post(address, tier_data(builder="remove:asks_0_0")).context["builder"]
        assert builder.root.items[0].items == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"asks_0_0-threshold": "much"},
            {"asks_0_0-threshold": ""},
            {"asks_0_0-measure": "unheard_of"},
            {"asks_0_0-window": "ever"},
            {"asks-join": "at_least", "asks-count": "4"},
            {"asks-join": "none"},
            {"discount": "101"},
            {"name": "Gold"},
        ],
    )
    def test_what_cannot_be_is_refused(
        self, wrong: dict[str, str], admin: Membership, client_as: SignIn
    ) -> None:
        response = client_as(admin).post(page("tier_create"), tier_data(**wrong) | {"action": "preview"})
        assert response.status_code == 422
        assert response.context["preview"] is None

    def test_every_tier_opens_and_can_be_saved_as_it_is(
        self, tenant: Tenant, admin: Membership, client_as: SignIn
    ) -> None:
        with tenant_scope(tenant.pk):
            gold = Tier.objects.get(rank=2)
            before = gold.tree
        response = client_as(admin).get(page("tier_edit", gold.pk))
        with tenant_scope(tenant.pk):
            assert response.context["builder"].tree() == before

    def test_tiers_change_places(self, tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
        with tenant_scope(tenant.pk):
            silver = Tier.objects.get(rank=1)
        client, address = client_as(admin), page("tier_move", silver.pk)
        shown = client.post(address, {"to": "up"})
        assert shown.context["preview"].partners == 2
        with tenant_scope(tenant.pk):
            assert [tier.name for tier in Tier.objects.order_by("rank")] == ["Registered", "Silver", "Gold"]
        client.post(address, {"to": "up", "action": "save", "previewed": shown.context["previewed"]})
        with tenant_scope(tenant.pk):
            assert [tier.name for tier in Tier.objects.order_by("rank")] == ["Registered", "Gold", "Silver"]

    def test_rules_for_moving_are_previewed_before_they_are_saved(
        self, tenant: Tenant, admin: Membership, client_as: SignIn
    ) -> None:
        """One partner reaches Silver by today's figures: at once it rises, at the period's end it waits."""
        typed = {"period": "quarter", "promotion": "period_end", "grace_days": "30"}
        client, address = client_as(admin), page("policy")
        shown = client.post(address, typed)
        preview = shown.context["preview"]
        assert (preview.up_before, preview.up, preview.down) == (1, 0, 0)
        with tenant_scope(tenant.pk):
            assert policy().grace_days == 90
        client.post(address, typed | {"action": "save", "previewed": shown.context["previewed"]})
        with tenant_scope(tenant.pk):
            assert (policy().grace_days, policy().promotion) == (30, "period_end")
        assert client.post(address, typed | {"grace_days": "-1"}).status_code == 422

    def test_a_plan_version_is_previewed_and_published(
        self, tenant: Tenant, admin: Membership, client_as: SignIn
    ) -> None:
        with tenant_scope(tenant.pk):
            plan, tiers = Plan.objects.get(), list(Tier.objects.all())
            first = PlanVersion.objects.get()
        client, address = client_as(admin), page("plan_edit", plan.pk)
        assert client.get(address).status_code == 200
        data = {
            "exchange_rate": "1",
            "starts_on": str(first.during.lower),
            "ends_on": "",
            "form": "rate",
            "base": "revenue",
            "mode": "whole",
            "period": "quarter",
            "hold_days": "14",
            "note": "Twice as much",
            "band-0-end": "10.000",
            "band-1-end": "",
        }
        data |= {f"rate-{row}-{tier.pk}": str(5 * (row + 1)) for row in (0, 1) for tier in tiers}
        response = client.post(address, data | {"action": "preview"})
        preview = response.context["preview"]
        # 180,000 at 10%, where the example pays 3% of 25,000, 4% of 50,000 and 5% of 105,000.
        assert (preview.now, preview.then) == (8_000_00 + 3_00, 18_000_00 + 5_00)
        assert preview.posts == preview.difference
        answer = client.post(address, data | {"action": "save", "previewed": response.context["previewed"]})
        assert answer.status_code == 302
        with tenant_scope(tenant.pk):
            version = PlanVersion.objects.get(number=2)
            first.refresh_from_db()
            assert first.during.isempty
            assert version.hold_days == 14
            post_ledger(Partner.objects.values_list("pk", flat=True))
            assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == preview.then
        assert client.get(page("version", version.pk)).status_code == 200

    def test_a_plan_for_many_is_simulated_while_its_form_waits(
        self, tenant: Tenant, admin: Membership, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(simulation, "PARTNERS_AT_ONCE", 0)
        with tenant_scope(tenant.pk):
            plan, tiers = Plan.objects.get(), list(Tier.objects.all())
            first = PlanVersion.objects.get()
        client, address = client_as(admin), page("plan_edit", plan.pk)
        data = {
            "exchange_rate": "1",
            "starts_on": str(first.during.lower),
            "ends_on": "",
            "form": "rate",
            "base": "revenue",
            "mode": "whole",
            "period": "quarter",
            "hold_days": "14",
            "note": "Typed once",
            "band-0-end": "",
            **{f"rate-0-{tier.pk}": "7" for tier in tiers},
        }
        waiting = client.post(address, data)
        assert waiting.status_code == 200
        assert waiting.context["preview"] is None
        assert "are being simulated" in waiting.content.decode()
        assert "Typed once" in waiting.content.decode()
        if not waiting.context["job"].has_ended:
            run_inline(waiting.context["job"])
        # The page asks for what was asked for; what is typed meanwhile, half of it, starts nothing and is no error.
        poll = f"{address}?asked={waiting.context['asked']}"
        assert client.post(poll, data).context["preview"].rows
        typing = client.post(poll, data | {"exchange_rate": "1,"})
        assert (typing.status_code, typing.context["job"], typing.context["preview"]) == (200, None, None)
        assert "You have changed something" in typing.content.decode()
        shown = client.post(address, data)
        assert shown.context["preview"].rows
        assert "Publish" in shown.content.decode()

    def test_bands_that_do_not_rise_are_refused(
        self, tenant: Tenant, admin: Membership, client_as: SignIn
    ) -> None:
        with tenant_scope(tenant.pk):
            tiers = list(Tier.objects.all())
        data = {
            "name": "Second",
            "currency": "EUR",
            "exchange_rate": "1",
            "starts_on": "2026-01-01",
            "form": "rate",
            "base": "revenue",
            "mode": "marginal",
            "period": "quarter",
            "hold_days": "0",
            "band-0-end": "100",
            "band-1-end": "50",
            "action": "preview",
        }
        data |= {f"rate-{row}-{tier.pk}": "5" for row in (0, 1) for tier in tiers}
        response = client_as(admin).post(page("plan_create"), data)
        assert response.status_code == 422
        assert response.context["matrix"].errors


def test_the_example_is_for_an_empty_programme(tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)
    assert client.get(page("ladder")).status_code == 200
    assert client.get(page("plans")).status_code == 200
    assert client.post(page("example")).status_code == 302
    client.post(page("example"))
    with tenant_scope(tenant.pk):
        assert [tier.name for tier in Tier.objects.all()] == ["Registered", "Silver", "Gold"]
        assert PlanVersion.objects.get().during.lower == dt.date(calendar_of(tenant).today().year, 1, 1)


def test_empty_pages_of_a_new_partner(partner_owner: Membership, client_as: SignIn) -> None:
    client = client_as(partner_owner)
    assert "Nothing earned yet" in client.get(page("earnings")).content.decode()
    assert "no tiers yet" in client.get(page("mine")).content.decode()
