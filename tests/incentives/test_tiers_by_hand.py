"""Tiers by hand with two people and an end, benefits that are owed, and the example programmes."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from incentives.models import (
    BenefitDelivery,
    Plan,
    PlanRate,
    Tier,
    TierBenefit,
    TierOverride,
    TierProposal,
    TierStanding,
)
from incentives.published import Example, start_from
from incentives.tiers.actions import Move, assign_tiers, confirm_proposal, evaluate_tiers
from incentives.tiers.benefits import deliver_benefit, owed_to
from incentives.tiers.enums import Comparison, Direction, OverrideStatus, Repeat, WindowKind
from incentives.tiers.overrides import (
    approve_override,
    decline_override,
    propose_override,
    withdraw_override,
)
from incentives.tiers.queries import through_time, tier_on, today
from incentives.tiers.requirements import Condition
from metrics.readings.models import MetricDefinition, Reading
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal
from tests.incentives.builders import make_plan, make_tiers

SignIn = Callable[[Membership], Client]
LATER = dt.timedelta(days=60)


def asks(amount: int) -> Condition:
    return Condition("revenue", WindowKind.QUARTER, Comparison.AT_LEAST, Decimal(amount))


@pytest.mark.usefixtures("scoped")
class TestByHand:
    def test_it_takes_two_people(self, admin: Membership) -> None:
        _base, silver = make_tiers(asks(1))
        partner, other = PartnerFactory(), make_member(Role.ADMIN)
        found = propose_override(partner, silver, ends_on=today() + LATER, reason="Merger", by=admin)
        with pytest.raises(ActionRefused) as refused:
            approve_override(found, by=admin)
        assert refused.value.code == "own"
        assert tier_on(partner.pk, today()) != silver
        with pytest.raises(IntegrityError), transaction.atomic():
            TierOverride.objects.filter(pk=found.pk).update(
                status=OverrideStatus.APPROVED, decided_by=admin, starts_on=today()
            )
        with pytest.raises(PermissionDenied):
            approve_override(found, by=make_member(Role.CHANNEL_MANAGER))
        approve_override(found, by=other)
        assert tier_on(partner.pk, today()) == silver
        for again in (approve_override, withdraw_override):
            with pytest.raises(ActionRefused):
                again(found, by=other if again is approve_override else admin)

    def test_a_partner_reads_since_when_it_held_which_tier_and_why(
        self, tenant: Tenant, admin: Membership, partner_owner: Membership, client_as: SignIn
    ) -> None:
        """Risen by its figures, higher by hand, and back at the end; what was written down is for the vendor alone."""
        partner = Partner.objects.get(pk=partner_owner.partner_id)
        base, silver, gold = make_tiers(asks(100_00), asks(1_000_000_00))
        won_deal(partner, 200_00, today())
        evaluate_tiers()
        (proposal,) = TierProposal.objects.all()
        confirm_proposal(proposal, by=admin, reason="Well earned")
        begun = proposal.effective_on
        end = today() + LATER
        found = propose_override(partner, gold, ends_on=end, reason="A secret merger", by=admin)
        approve_override(found, by=make_member(Role.ADMIN))
        rows = through_time(partner.pk, [base, silver, gold])
        assert [(row.tier.name, row.since, row.until, row.why) for row in rows] == [
            ("Silver", end, None, "The tier by hand was over."),
            ("Gold", today(), end, "Given by hand."),
            ("Silver", begun, today(), "What Silver asks for was reached."),
        ][: 3 if begun < today() else 2]
        mine = client_as(partner_owner).get(reverse("incentives:mine", args=("acme",))).content.decode()
        theirs = client_as(admin).get(reverse("incentives:standing", args=("acme", partner.pk)))
        assert "Given by hand." in mine
        assert ("A secret merger" in mine, "A secret merger" in theirs.content.decode()) == (False, True)

    def test_who_falls_reads_what_was_no_longer_there(self, admin: Membership) -> None:
        base, silver = make_tiers(asks(100_00))
        partner = PartnerFactory()
        start = today() - 300 * dt.timedelta(days=1)
        assign_tiers([Move(partner, silver, start)])
        proposal = TierProposal.objects.create(
            partner=partner,
            direction=Direction.DEMOTION,
            from_tier=silver,
            to_tier=base,
            period_start=start,
            effective_on=today(),
        )
        confirm_proposal(proposal, by=admin)
        rows = through_time(partner.pk, [base, silver])
        assert [(row.tier, row.until, row.why) for row in rows] == [
            (base, None, "What Silver asks for was no longer there."),
            (silver, today(), ""),
        ]

    def test_at_its_end_the_partner_falls_back(self, admin: Membership) -> None:
        """Held by hand, a tier is not proposed to be taken away; afterwards the one before holds again."""
        _base, silver, gold = make_tiers(asks(100_00), asks(1_000_000_00))
        partner = PartnerFactory()
        assign_tiers([Move(partner, silver, today() - 300 * dt.timedelta(days=1))])
        end = today() + LATER
        found = propose_override(partner, gold, ends_on=end, reason="Merger", by=make_member(Role.ADMIN))
        approve_override(found, by=admin)
        evaluate_tiers()
        assert TierStanding.objects.get().tier == gold
        assert not TierProposal.objects.filter(from_tier=gold).exists()
        assert tier_on(partner.pk, end - dt.timedelta(days=1)) == gold
        assert tier_on(partner.pk, end) == silver
        evaluate_tiers(today=end - dt.timedelta(days=1))
        found.refresh_from_db()
        assert found.status == OverrideStatus.APPROVED
        evaluate_tiers(today=end)
        evaluate_tiers(today=end)
        found.refresh_from_db()
        assert (found.status, TierStanding.objects.get().tier) == (OverrideStatus.ENDED, silver)
        said = Event.objects.filter(type="tier.assigned", data__on=str(end))
        assert [event.data["tier"] for event in said] == [silver.name]

    def test_a_tier_earned_meanwhile_outlasts_it(self, admin: Membership) -> None:
        _base, silver, gold = make_tiers(asks(100_00), asks(500_00))
        partner, end = PartnerFactory(), today() + LATER
        approve_override(
            propose_override(partner, silver, ends_on=end, reason="New", by=make_member(Role.ADMIN)), by=admin
        )
        assign_tiers([Move(partner, gold, today())])
        evaluate_tiers(today=end)
        assert tier_on(partner.pk, end) == gold
        assert not Event.objects.filter(type="tier.assigned", data__on=str(end)).exists()

    def test_held_back_by_hand_figures_do_not_raise_it(self, admin: Membership) -> None:
        base, silver = make_tiers(asks(100_00))
        partner = PartnerFactory()
        won_deal(partner, 500_00, today())
        assign_tiers([Move(partner, silver, today() - LATER)])
        found = propose_override(
            partner, base, ends_on=today() + LATER, reason="Audit", by=make_member(Role.ADMIN)
        )
        approve_override(found, by=admin)
        evaluate_tiers()
        assert not TierProposal.objects.exists()
        assert TierStanding.objects.get().tier == base

    def test_what_is_refused(self, admin: Membership) -> None:
        base, silver = make_tiers(asks(1))
        partner, end = PartnerFactory(), today() + LATER
        for wrong in ({"ends_on": today()}, {"reason": "  "}, {"tier": base}):
            values = {"tier": silver, "ends_on": end, "reason": "Merger"} | wrong
            with pytest.raises(ActionRefused):
                propose_override(partner, by=admin, **values)
        found = propose_override(partner, silver, ends_on=end, reason="Merger", by=admin)
        with pytest.raises(ActionRefused):
            propose_override(partner, silver, ends_on=end, reason="Again", by=admin)
        other = make_member(Role.ADMIN)
        with pytest.raises(ActionRefused):
            decline_override(found, answer=" ", by=other)
        with pytest.raises(PermissionDenied):
            withdraw_override(found, by=other)
        assert decline_override(found, answer="No", by=other).status == OverrideStatus.DECLINED


def test_by_hand_through_the_pages(tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        base, silver = make_tiers(asks(5_000_00))
        make_plan({base: [(0, None, "0.05")], silver: [(0, None, "0.1")]}, starts_on=dt.date(2020, 1, 1))
        partner, other = PartnerFactory(), make_member(Role.ADMIN)
        won_deal(partner, 1_000_00, today())
        end = today() + LATER
    client = client_as(admin)
    create = reverse("incentives:override_create", args=("acme", partner.pk))
    assert client.post(create, {"tier": silver.pk, "reason": ""}).status_code == 422
    data = {"tier": silver.pk, "ends_on": end.isoformat(), "reason": "Merger"}
    shown = client.post(create, data)
    assert shown.status_code == 302
    client.post(f"{shown.url}decide/", {"verb": "approve"})
    with tenant_scope(tenant.pk):
        assert TierOverride.objects.get().status == OverrideStatus.WAITING
    assert "somebody else must approve it" in client.get(shown.url).content.decode()
    second = client_as(other)
    opened = second.get(shown.url)
    assert "falls back" in opened.content.decode()
    assert opened.context["costs"] == {"EUR": 50_00}, "10 in place of 5 per cent of 1,000"
    second.post(f"{shown.url}decide/", {"verb": "approve"})
    with tenant_scope(tenant.pk):
        assert TierOverride.objects.get().status == OverrideStatus.APPROVED
        assert tier_on(partner.pk, today()) == silver
    assert client.get(reverse("incentives:overrides", args=("acme",))).status_code == 200


def test_benefits_are_owed_until_they_are_delivered(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        _base, silver = make_tiers(asks(1))
        partner = PartnerFactory()
        assign_tiers([Move(partner, silver, dt.date(2020, 1, 1))])
        evaluate_tiers([partner.pk])
    client = client_as(admin)
    page = reverse("incentives:benefits", args=("acme", silver.pk))
    for name, repeats in (("Press release", Repeat.ONCE), ("Training days", Repeat.YEAR)):
        assert client.post(page, {"name": name, "repeats": repeats, "is_active": "on"}).status_code == 302
    assert client.post(page, {"name": "press release", "repeats": "once"}).status_code == 422
    with tenant_scope(tenant.pk):
        release, training = TierBenefit.objects.order_by("id")
        assert [row.delivery for row in owed_to(partner)] == [None, None]
        assert [row.due_from.year for row in owed_to(partner)] == [2020, today().year]
    standing = reverse("incentives:standing", args=("acme", partner.pk))
    assert "Owed" in client.get(standing).content.decode()
    deliver = reverse("incentives:benefit_deliver", args=("acme", partner.pk))
    for _twice in range(2):
        client.post(deliver, {"benefit": release.pk, "note": "In the May issue"})
    assert "In the May issue" in client.get(standing).content.decode()
    with tenant_scope(tenant.pk):
        assert BenefitDelivery.objects.count() == 1
        with pytest.raises(ActionRefused):
            deliver_benefit(PartnerFactory(), training, by=admin)
        assert [bool(row.delivery) for row in owed_to(partner)] == [True, False]


def test_a_partner_takes_its_certificate_and_nobody_elses(
    tenant: Tenant, partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        make_tiers(asks(1))
        other = PartnerFactory()
        Partner.objects.filter(pk=partner_owner.partner_id).update(
            name="<script>alert(1)</script> #panic() & $x$"
        )
        evaluate_tiers()
    client = client_as(partner_owner)
    own = client.get(reverse("incentives:certificate", args=("acme", partner_owner.partner_id)))
    assert own.content.startswith(b"%PDF")
    assert client.get(reverse("incentives:certificate", args=("acme", other.pk))).status_code == 404
    for name, kind, begins in (
        ("badge_svg", "image/svg+xml", b"<svg"),
        ("badge_png", "image/png", b"\x89PNG\r\n\x1a\n"),
    ):
        answer = client.get(reverse(f"incentives:{name}", args=("acme", partner_owner.partner_id)))
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer.content.startswith(begins)
        assert b"<script" not in answer.content
        assert b"<text" not in answer.content, (
            "letters are outlines: nothing typed stands in the image as text"
        )
        assert client.get(reverse(f"incentives:{name}", args=("acme", other.pk))).status_code == 404


def reading(code: str, partner: Partner, value: int) -> None:
    Reading.objects.update_or_create(
        definition=MetricDefinition.objects.get(code=code),
        partner=partner,
        day=today(),
        defaults={"value": value, "currency": "EUR"},
    )


@pytest.mark.usefixtures("scoped")
class TestExamples:
    def test_services(self, admin: Membership) -> None:
        """Select 4, 2, 2 and 3; Advanced 8, 4, 6 of which 3 professional and 20; Premier 20, 10, 25, 10 and 50."""
        registered, select, advanced, premier = start_from(Example.SERVICES, by=admin)
        partner = PartnerFactory()
        codes = [
            "accredited_people",
            "foundational_certificates",
            "technical_certificates",
            "professional_certificates",
            "launched_opportunities",
        ]
        for figures, expected in (
            ((4, 2, 2, 0, 2), registered),
            ((4, 2, 2, 0, 3), select),
            ((8, 4, 6, 2, 20), select),
            ((8, 4, 6, 3, 20), advanced),
            ((20, 10, 25, 10, 49), advanced),
            ((20, 10, 25, 10, 50), premier),
        ):
            for code, value in zip(codes, figures, strict=True):
                reading(code, partner, value * 10_000)
            evaluate_tiers()
            assert TierStanding.objects.get().reached_tier == expected

    def test_users(self, admin: Membership) -> None:
        """Gold asks 300 users, 6 certificates and 80%: 320, 6 and 79.9% stay Silver. Commission is 10, 15 and 20%."""
        learning, ready, silver, gold = start_from(Example.USERS, by=admin)
        partner = PartnerFactory()
        for users, certificates, retention, expected in (
            (9, 1, 9_000, learning),
            (10, 1, 6_000, ready),
            (320, 6, 6_990, ready),
            (320, 6, 7_990, silver),
            (300, 6, 8_000, gold),
        ):
            reading("net_users", partner, users * 10_000)
            reading("certificates_held", partner, certificates * 10_000)
            reading("user_retention", partner, retention)
            evaluate_tiers()
            assert TierStanding.objects.get().reached_tier == expected
        rates = {
            rate.tier_id: rate.rate for rate in PlanRate.objects.filter(version__plan=Plan.objects.get())
        }
        assert [rates[tier.pk] for tier in (ready, silver, gold)] == [
            Decimal("0.10"),
            Decimal("0.15"),
            Decimal("0.20"),
        ]
        with pytest.raises(ActionRefused):
            start_from(Example.SERVICES, by=admin)


def test_an_example_is_picked_on_the_page(tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)
    assert "Premier" in client.get(reverse("incentives:ladder", args=("acme",))).content.decode()
    address = reverse("incentives:example", args=("acme",))
    client.post(address, {"example": "unheard of"})
    client.post(address, {"example": Example.SERVICES})
    with tenant_scope(tenant.pk):
        assert [tier.name for tier in Tier.objects.all()] == ["Registered", "Select", "Advanced", "Premier"]
