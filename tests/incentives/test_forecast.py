"""The road ahead: what ends, what leaves the window, and what the open deals would bring."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from incentives.models import CheckMark, ManualCheck, TierAssignment
from incentives.tiers.actions import Move, assign_tiers, evaluate_tiers
from incentives.tiers.enums import Comparison, Join, WindowKind
from incentives.tiers.forecast import forecast
from incentives.tiers.measures import check_code
from incentives.tiers.requirements import Condition, Group
from partners.directory.models import Partner
from partners.onboarding.enums import DocumentStatus
from partners.onboarding.models import DocumentKind, PartnerDocument
from partners.training.models import Completion
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member, won_deal
from tests.incentives.builders import make_tiers
from tests.partners.training.builders import a_course

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
YEAR = WindowKind.TRAILING_YEAR
FIRST, SECOND = dt.date(2026, 12, 31), dt.date(2027, 3, 31)


def asks(measure: str, threshold: int, window: WindowKind = YEAR) -> Condition:
    return Condition(measure, window, Comparison.AT_LEAST, Decimal(threshold))


def silver_since(partner: Partner, *requirements: Condition) -> None:
    _base, silver = make_tiers(Group(Join.ALL, requirements))
    assign_tiers([Move(partner, silver, dt.date(2026, 3, 1))])


@pytest.mark.usefixtures("scoped")
class TestForecast:
    @time_machine.travel(NOW, tick=False)
    def test_a_deal_leaves_the_window_and_an_open_one_would_take_its_place(self) -> None:
        partner = PartnerFactory()
        silver_since(partner, asks("revenue", 1_000_00))
        won_deal(partner, 1_200_00, dt.date(2026, 2, 10))
        DealFactory(
            partner=partner,
            amount=2_000_00,
            amount_base=2_000_00,
            expected_close=dt.date(2027, 2, 1),
            status="",
            origin="imported",
        )
        ahead = forecast(partner, "EUR")
        assert ahead is not None
        assert [(row.day, row.quiet.name, row.won.name, row.deals) for row in ahead.reviews] == [
            (FIRST, "Silver", "Silver", 0),
            (SECOND, "Registered", "Silver", 1),
        ]
        assert ahead.reviews[1].missing == "€1,000 more total sales revenue"
        assert ahead.reviews[1].amount == 2_000_00
        assert ahead.is_at_risk
        (ending,) = ahead.endings
        assert ending.day == dt.date(2027, 1, 1)
        assert ending.text == "1 won deal of €1,200 no longer counts for the last four quarters."

    @time_machine.travel(NOW, tick=False)
    def test_certificates_checks_and_documents_end(self, admin: Membership) -> None:
        partner = PartnerFactory()
        check = ManualCheck.objects.create(name="References called")
        silver_since(partner, asks("certified_people", 1), asks(check_code(check.pk), 1, WindowKind.NOW))
        CheckMark.objects.create(
            partner=partner,
            item=check,
            given_on=dt.date(2026, 3, 1),
            expires_on=dt.date(2027, 2, 28),
            note="Called",
            given_by=admin,
        )
        course, person = a_course(admin), make_member(Role.PARTNER_MEMBER, partner=partner)
        certificate = {"course": course, "member": person, "partner": partner, "via": "hand"}
        Completion.objects.create(
            **certificate,
            completed_on=dt.date(2026, 1, 1),
            valid_until=dt.date(2026, 12, 15),
            certificate="C-1",
        )
        PartnerDocument.objects.create(
            kind=DocumentKind.objects.create(name="Insurance"),
            partner=partner,
            sent_by=admin,
            status=DocumentStatus.ACCEPTED,
            expires_on=dt.date(2027, 1, 9),
        )
        ahead = forecast(partner, "EUR")
        assert ahead is not None
        assert [(row.day, row.icon) for row in ahead.endings] == [
            (dt.date(2026, 12, 16), "certificate"),
            (dt.date(2027, 1, 10), "file-certificate"),
            (dt.date(2027, 3, 1), "checklist"),
        ]
        assert person.name in ahead.endings[0].text
        assert ahead.reviews[0].missing == "1 more certified people"
        assert "confirmation of “References called”" in ahead.reviews[1].missing
        # Renewed for longer, it no longer ends within the horizon.
        Completion.objects.create(
            **certificate,
            completed_on=dt.date(2026, 11, 1),
            valid_until=dt.date(2027, 11, 1),
            certificate="C-2",
        )
        renewed = forecast(partner, "EUR")
        assert renewed is not None
        assert renewed.reviews[0].quiet.name == "Silver"
        assert [row.icon for row in renewed.endings] == ["file-certificate", "checklist"]
        assert TierAssignment.objects.count() == 1, "looking ahead changes nothing"

    def test_without_tiers_there_is_none(self) -> None:
        assert forecast(PartnerFactory(), "EUR") is None


@time_machine.travel(NOW, tick=False)
def test_a_partners_own_session_sees_it(tenant: Tenant, partner_owner: Membership) -> None:
    with tenant_scope(tenant.pk):
        partner = Partner.objects.get(pk=partner_owner.partner_id)
        silver_since(partner, asks("revenue", 1_000_00))
    with tenant_scope(tenant.pk, partner.pk):
        ahead = forecast(partner, "EUR")
    assert ahead is not None
    assert ahead.is_at_risk


def test_the_page_says_what_lies_ahead_and_which_figures_are_missing(
    tenant: Tenant, partner_owner: Membership, admin: Membership, client_as: Callable[[Membership], Client]
) -> None:
    with tenant_scope(tenant.pk):
        partner = Partner.objects.get(pk=partner_owner.partner_id)
        _base, silver = make_tiers(Group(Join.ALL, (asks("csat", 0),)))
        assign_tiers([Move(partner, silver, dt.date(2026, 3, 1))])
        evaluate_tiers()
    for member, name, args in (
        (partner_owner, "mine", ()),
        (admin, "standing", (partner.pk,)),
    ):
        page = client_as(member).get(reverse(f"incentives:{name}", args=("acme", *args))).content.decode()
        assert "What lies ahead" in page
        assert "have not come in yet" in page
        assert "Silver would need a figure for" in page
        what_if = reverse(
            "incentives:what_if" if name == "mine" else "incentives:what_if_partner", args=("acme", *args)
        )
        assert f'href="{what_if}"' in page
