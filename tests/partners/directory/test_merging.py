"""One partner company becomes part of another: nothing is lost and nothing is doubled."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from time import sleep

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incentives.funds.enums import ClaimStatus
from incentives.funds.models import Claim, FundRequest
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.ledger.queries import earned_lines
from incentives.plans.queries import published_terms
from metrics.actions import recompute_everything
from metrics.models import Scorecard, SubjectKind
from metrics.rows import PARTNERS
from metrics.sources import FACTS
from partners.deals.models import Deal
from partners.directory.actions import change_partner_status
from partners.directory.enums import PartnerStatus
from partners.directory.merging.actions import bring_the_rest, merge_partners
from partners.directory.merging.moving import counts, moving, places
from partners.directory.merging.words import KINDS, in_words
from partners.directory.models import CustomerPartner, Partner, PartnerMerge
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.describe import describe
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    CostFactory,
    CustomerFactory,
    DailyFigureFactory,
    MetricDefinitionFactory,
    PartnerFactory,
    ReadingFactory,
    make_member,
    won_deal,
)
from tests.partners.deals.test_races import at_once
from tests.sweeps.house import House, furnish

SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db
# What is not moved of the floors up to partners: history, what speaks of merges, and what is only ever added to.
STAYS = {
    "directory.partner.merged_into_id",
    "directory.partnermerge.kept_id",
    "directory.partnermerge.merged_id",
    "discussion.revision.partner_id",
    "events.event.partner_id",
    "onboarding.agreementacceptance.partner_id",
    "shell.idempotencykey.partner_id",
}


@pytest.fixture
def house(tenant: Tenant) -> House:
    return furnish(tenant)


def both(house: House) -> tuple[Partner, Partner]:
    return Partner.objects.get(pk=house.theirs["partner"]), Partner.objects.get(pk=house.things["partner"])


def test_every_column_that_names_a_partner_moves_or_stays_for_a_reason() -> None:
    below = {place.label for place in places() if place.model.__module__.startswith(("portal.", "partners."))}
    assert below - {place.label for place in moving()} == STAYS
    assert {"deals.deal.partner_id", "accounts.membership.partner_id", "files.attachment.partner_id"} <= {
        place.label for place in moving()
    }
    above = {
        place.label for place in moving() if not place.model.__module__.startswith(("portal.", "partners."))
    }
    assert above == {
        "metrics_costs.cost.partner_id",
        "metrics_readings.reading.partner_id",
        "metrics_reviews.reviewaction.partner_id",
    }


def test_all_of_it_moves_and_the_sums_stay(house: House, tenant: Tenant, client_as: SignIn) -> None:
    admin = house.members[Role.ADMIN]
    with tenant_scope(tenant.pk):
        merged, kept = both(house)
        CustomerPartner.objects.create(customer_id=house.things["customer"], partner=merged)
        before = {place.label: place.rows(merged).count() + place.rows(kept).count() for place in places()}
        moves = counts(merged, moving())
        revenue = Deal.objects.aggregate(total=Sum("revenue_base"))
        entries = list(LedgerEntry.objects.order_by("pk").values())
        cards = list(Scorecard.objects.order_by("pk").values())
    page = client_as(admin).get(reverse("directory:merge", args=("acme", merged.pk)), {"kept": str(kept.pk)})
    assert page.status_code == 200
    assert all(kind in page.content.decode() for kind in ("Deals", "Actions from reviews"))
    sent = {"kept": str(kept.pk), "reason": "Bought", "confirm": "on"}
    assert client_as(admin).post(page.request["PATH_INFO"], {**sent, "confirm": ""}).status_code == 422
    assert client_as(admin).post(page.request["PATH_INFO"], sent).status_code == 302
    with tenant_scope(tenant.pk):
        merge = PartnerMerge.objects.get()
        merged, kept = both(house)
        after = {place.label: place.rows(merged).count() + place.rows(kept).count() for place in places()}
        changed = {label for label in before if before[label] != after[label]}
        assert changed == {
            "directory.partner.merged_into_id",
            "directory.partnermerge.kept_id",
            "directory.partnermerge.merged_id",
            "events.event.partner_id",
        }
        # The customer that both serve is not doubled, of each profile there is one, and of two onboardings that run the
        # old company's stays its own, with its steps.
        assert set(merge.left) == {
            "directory.customerpartner.partner_id",
            "directory.companyprofile.partner_id",
            "onboarding.onboarding.partner_id",
            "onboarding.onboardingstep.partner_id",
        }
        assert {label: merge.moved.get(label, 0) + merge.left.get(label, 0) for label in moves} == moves
        assert counts(merged, moving()) == merge.left
        assert Deal.objects.aggregate(total=Sum("revenue_base")) == revenue
        assert list(LedgerEntry.objects.order_by("pk").values()) == entries
        assert list(Scorecard.objects.order_by("pk").values()) == cards
        assert (merged.status, merged.merged_into_id) == (PartnerStatus.TERMINATED, kept.pk)
        assert Event.objects.filter(type="partner.merged", partner_id=kept.pk).count() == 1
        # What was earned is not earned again: the ledger holds what the plan gives for the deals of both together.
        post_ledger([kept.pk, merged.pk])
        assert [entry for entry in LedgerEntry.objects.order_by("pk").values() if entry in entries] == entries
        lines = earned_lines([kept.pk], published_terms(tenant))[kept.pk]
        total = LedgerEntry.objects.aggregate(total=Sum("amount"))["total"]
        assert total == sum(line.amount or 0 for line in lines)
    shown = client_as(admin).get(reverse("directory:partner", args=("acme", merged.pk))).content.decode()
    assert kept.name in shown and "Bought" in shown
    moved = Membership.objects.get(pk=house.theirs["colleague"])
    assert moved.partner_id == kept.pk
    deal = reverse("deals:detail", args=("acme", house.theirs["deal"]))
    assert client_as(moved).get(deal).status_code == 200
    assert client_as(house.members[Role.PARTNER_OWNER]).get(deal).status_code == 200
    # What its people promised in reviews is theirs to do, and to tick off.
    assert "Call" in client_as(moved).get(reverse("metrics_reviews:goals", args=("acme",))).content.decode()
    done = reverse("metrics_reviews:action_done", args=("acme", house.theirs["own_action"]))
    assert client_as(moved).post(done).status_code == 302


def test_scorecards_of_the_past_stay_and_the_programme_adds_up_to_the_same(
    house: House, tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        merged, kept = both(house)
        spent_and_reported(merged, kept)
        recompute_everything()
        old = list(Scorecard.objects.filter(partner=merged).order_by("pk").values("pk", "score", "facts"))
        assert old
        before = facts_of_programme()
        this_year = before["year:2026-01-01"]
        assert (this_year["programme_cost"], this_year["funds_revenue"]) == (1_530_00, 1_200_00)
        assert this_year["incentives_paid"] >= this_year["funds_settled"] > 0
        merge_partners(merged, kept, by=house.members[Role.ADMIN], reason="Bought")
        for _time in range(2):
            recompute_everything()
            assert facts_of_programme() == before
        assert (
            list(Scorecard.objects.filter(partner=merged).order_by("pk").values("pk", "score", "facts"))
            == old
        )


def spent_and_reported(merged: Partner, kept: Partner) -> None:
    """Money of every kind for both companies: costs, readings (two of one day), and a fund that paid for a campaign."""
    CostFactory(amount=500_00)
    total, mean, last = (MetricDefinitionFactory(combination=kind) for kind in ("sum", "mean", "last"))
    ReadingFactory(definition=last, partner=merged)
    for number, partner in enumerate((merged, kept), start=1):
        CostFactory(partner=partner, amount=number * 10_00)
        for definition in (total, mean):
            ReadingFactory(definition=definition, partner=partner, value=number * 7_0000)
        claim = Claim.objects.get(partner=partner)
        campaign = CampaignFactory(partner=partner)
        DailyFigureFactory(campaign=campaign, revenue=number * 400_00)
        FundRequest.objects.filter(pk=claim.request_id).update(campaign=campaign, approved=100, settled=100)
        entry = LedgerEntry.objects.filter(partner=partner).first()
        Claim.objects.filter(pk=claim.pk).update(entry=entry, settled=100, status=ClaimStatus.PAID)


def facts_of_programme() -> dict[str, dict[str, int]]:
    """By period: what the programme's own row says, but for how many companies there are and for how many of them a country
    is new."""
    rows = Scorecard.objects.filter(subject_kind=SubjectKind.PROGRAMME).order_by(
        "period_kind", "period_start"
    )
    return {
        row.period.key: {
            name: value
            for name, value in row.facts.items()
            if name not in (PARTNERS, "new_countries") and FACTS[name].source != "partnership"
        }
        for row in rows
    }


def test_a_merge_that_makes_no_sense_is_refused(
    scoped: Tenant, admin: Membership, manager: Membership
) -> None:
    merged, kept, left = PartnerFactory(), PartnerFactory(), PartnerFactory(status=PartnerStatus.TERMINATED)
    for one, other, reason in [(merged, merged, "x"), (merged, left, "x"), (merged, kept, " ")]:
        with pytest.raises(ActionRefused):
            merge_partners(one, other, by=admin, reason=reason)
    for member in (manager, make_member(Role.PARTNER_OWNER, partner=merged)):
        with pytest.raises(PermissionDenied):
            merge_partners(merged, kept, by=member, reason="x")
    merge_partners(merged, kept, by=admin, reason="x")
    for one, other in [(merged, kept), (kept, merged)]:
        with pytest.raises(ActionRefused):
            merge_partners(one, other, by=admin, reason="x")
    with pytest.raises(ActionRefused):
        change_partner_status(merged, PartnerStatus.ACTIVE, by=admin, reason="x")


def test_what_moves_is_told_in_words_and_each_row_once() -> None:
    counts = {"engagement.interaction.partner_id": 4, "engagement.interaction.other_id": 3}
    counts |= {"deals.deal.partner_id": 5, "deals.dealline.partner_id": 7, "training.attempt.partner_id": 1}
    assert [(str(name), count) for name, count in in_words(counts)] == [
        ("Deals", 5),
        ("Interactions", 4),
        ("Records that belong to these", 8),
    ]
    assert not KINDS.keys() - {place.label.rpartition(".")[0] for place in moving()}


def test_companies_merged_one_after_the_other_end_in_the_last(scoped: Tenant, admin: Membership) -> None:
    first, second, third = PartnerFactory(), PartnerFactory(), PartnerFactory()
    merge_partners(first, second, by=admin, reason="x")
    merge_partners(second, third, by=admin, reason="x")
    assert set(Partner.objects.filter(merged_into=third)) == {first, second}


def test_what_was_written_during_a_merge_follows(scoped: Tenant, admin: Membership) -> None:
    merged, kept = PartnerFactory(name="Old"), PartnerFactory(name="New")
    customer, both_know = CustomerFactory(), CustomerFactory()
    CustomerPartner.objects.create(customer=both_know, partner=kept)
    merge_partners(merged, kept, by=admin, reason="Bought")
    # Whoever had begun to write waits for the merge to end, and then writes in the old name.
    late = won_deal(merged, 100_00, timezone.localdate())
    for known in (customer, both_know):
        CustomerPartner.objects.create(customer=known, partner=merged)
    dispatch_pending(scoped.pk)
    late.refresh_from_db()
    assert late.partner_id == kept.pk
    links = CustomerPartner.objects.filter(customer__in=[customer, both_know])
    links = links.values_list("customer_id", "partner_id")
    assert set(links) == {(customer.pk, kept.pk), (both_know.pk, kept.pk), (both_know.pk, merged.pk)}
    told = [describe(event) for event in Event.objects.filter(type="partner.merged").order_by("id")]
    assert ["has come as well" in text for text in told] == [False, True]
    assert bring_the_rest(timezone.now()) == 0
    CustomerPartner.objects.filter(customer=customer).update(partner=merged)
    assert bring_the_rest(timezone.now()) == 1
    assert bring_the_rest(timezone.now() + timedelta(days=4)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_win_during_a_merge_ends_with_the_company_that_stands(tenant: Tenant, admin: Membership) -> None:
    with tenant_scope(tenant.pk):
        merged, kept = PartnerFactory(name="Old"), PartnerFactory(name="New")
    is_merged = Barrier(2)

    def merge() -> None:
        with tenant_scope(tenant.pk):
            merge_partners(merged, kept, by=admin, reason="Bought")
            is_merged.wait(10)
            sleep(0.3)  # the other's row waits for this to be committed

    def win() -> Deal:
        is_merged.wait(10)
        with tenant_scope(tenant.pk):
            return won_deal(merged, 100_00, timezone.localdate())

    _merged, deal = at_once(merge, win)
    assert isinstance(deal, Deal) and deal.partner_id == merged.pk
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert Deal.objects.get().partner_id == kept.pk
