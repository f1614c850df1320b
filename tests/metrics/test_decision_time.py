"""What decisions of each kind do to the figures, against hours counted by hand."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine

from metrics.periods import Window
from metrics.queries import fact_values, kpi_values
from partners.deals import actions
from partners.deals.approvals.models import ApprovalRule
from partners.deals.enums import Decision
from partners.deals.models import Deal
from partners.directory.models import Partner, Product
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from tests.factories import CustomerFactory, PartnerFactory, ProductFactory, make_member

NOVEMBER = Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1))
TODAY = dt.date(2026, 11, 30)


@dataclass
class Programme:
    partner: Partner
    seller: Membership
    manager: Membership
    admin: Membership
    product: Product

    def submit(self, at: str, **fields: object) -> Deal:
        with time_machine.travel(f"2026-11-{at}:00Z", tick=False):
            return actions.register(
                self.partner,
                by=self.seller,
                **{
                    "customer": CustomerFactory(served_by=self.partner),
                    "product": self.product,
                    "amount": 1_000_00,
                    "expected_close": dt.date(2026, 12, 31),
                    **fields,
                },
            )

    def figures(self) -> tuple[int, int, int, float | None]:
        """Decided, approved, rejected, and the hours on average."""
        key = (self.partner.pk, NOVEMBER.key)
        facts = fact_values([NOVEMBER], [self.partner.pk], TODAY)[key]
        hours = kpi_values([NOVEMBER], [self.partner.pk], today=TODAY)[key]["decision_time"]
        return facts["deals_decided"], facts["deals_approved"], facts["deals_rejected"], hours


@pytest.fixture
def programme(scoped: Tenant) -> Iterator[Programme]:
    manager = make_member(Role.CHANNEL_MANAGER)
    partner = PartnerFactory(manager=manager)
    seller = make_member(Role.PARTNER_OWNER, partner=partner)
    yield Programme(partner, seller, manager, make_member(Role.ADMIN), ProductFactory())


def at(moment: str) -> time_machine.travel:
    return time_machine.travel(f"2026-11-{moment}:00Z", tick=False)


def test_one_person_from_submission_to_decision(programme: Programme) -> None:
    first, second = programme.submit("02T09:00"), programme.submit("02T09:00")
    with at("03T09:00"):
        actions.approve(first, by=programme.manager)
    with at("02T21:00"):
        actions.reject(second, by=programme.manager, reason="Too vague")
    # 24 hours and 12 hours
    assert programme.figures() == (2, 1, 1, 18.0)


def test_what_a_rule_approves_took_no_time(programme: Programme) -> None:
    rule = ApprovalRule(name="Small", max_amount=2_000_00, decision=Decision.AUTO)
    actions.save_rule(rule, by=programme.admin)
    programme.submit("02T09:00")
    large = programme.submit("02T09:00", amount=2_000_00)
    with at("02T19:00"):
        actions.approve(large, by=programme.manager)
    # 0 hours and 10 hours
    assert programme.figures() == (2, 2, 0, 5.0)


def test_with_two_people_the_second_decides(programme: Programme) -> None:
    actions.save_rule(ApprovalRule(name="All", decision=Decision.TWO), by=programme.admin)
    deal = programme.submit("02T09:00")
    with at("02T15:00"):
        deal = actions.approve(deal, by=programme.manager)
    assert programme.figures() == (0, 0, 0, None)
    with at("04T09:00"):
        actions.approve(deal, by=programme.admin)
    assert programme.figures() == (1, 1, 0, 48.0)


def test_a_resubmission_starts_the_clock_again(programme: Programme) -> None:
    deal = programme.submit("02T09:00")
    with at("03T09:00"):
        deal = actions.return_for_changes(deal, by=programme.manager, missing=["amount"])
    with at("09T09:00"):
        deal = actions.submit(deal, by=programme.seller)
    with at("09T17:00"):
        actions.approve(deal, by=programme.manager)
    assert programme.figures() == (1, 1, 0, 8.0)


def test_an_appeal_starts_the_clock_again_and_a_granted_one_is_an_approval(programme: Programme) -> None:
    deal = programme.submit("02T09:00")
    with at("03T09:00"):
        deal = actions.reject(deal, by=programme.manager, reason="Too vague")
    with at("10T09:00"):
        deal = actions.appeal(deal, by=programme.seller, grounds="The signed quote")
    # While it waits the rejection counts, decided within 24 hours.
    assert programme.figures() == (1, 0, 1, 24.0)
    with at("10T15:00"):
        actions.grant_appeal(deal, by=programme.admin, reason="It settles it")
    assert programme.figures() == (1, 1, 0, 6.0)


def test_an_upheld_rejection_counts_as_it_did(programme: Programme) -> None:
    deal = programme.submit("02T09:00")
    with at("03T09:00"):
        deal = actions.reject(deal, by=programme.manager, reason="Too vague")
    with at("10T09:00"):
        deal = actions.appeal(deal, by=programme.seller, grounds="Please")
    with at("12T09:00"):
        actions.uphold_rejection(deal, by=programme.admin, reason="Nothing new")
    assert programme.figures() == (1, 0, 1, 24.0)


def test_more_time_changes_no_figure_of_the_decision(programme: Programme) -> None:
    deal = programme.submit("02T09:00")
    with at("02T12:00"):
        deal = actions.approve(deal, by=programme.manager)
    with at("20T12:00"):
        deal = actions.ask_extension(deal, by=programme.seller, reason="Budget")
    with at("25T12:00"):
        actions.extend(deal, by=programme.manager)
    assert programme.figures() == (1, 1, 0, 3.0)
