"""Deciding on applications: the company that is made, the scores, and who the applicant may be already."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.utils import timezone

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.onboarding.applications import actions
from partners.onboarding.applications.duplicates import alike
from partners.onboarding.applications.scoring import Line, total
from partners.onboarding.enums import ApplicationStatus
from partners.onboarding.models import ScoringCriterion
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, make_member
from tests.partners.onboarding.builders import an_application, letters

S = ApplicationStatus


def test_approval_makes_the_company_and_invites_its_owner(scoped: Tenant, manager: Membership):
    application = actions.start_review(an_application(), by=manager)
    approved = actions.approve(application, by=manager, region="Benelux", message="Welcome aboard")
    partner = Partner.objects.get()
    assert (partner.name, partner.type, partner.region, partner.country) == (
        "Zonneveld IT B.V.",
        PartnerType.MSP,
        "Benelux",
        "NL",
    )
    assert (partner.manager_id, partner.joined_on) == (manager.pk, timezone.localdate())
    assert approved.partner == partner
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.partner_id) == (
        application.email,
        Role.PARTNER_OWNER,
        partner.pk,
    )
    assert letters(approved) == ["in_review", "approved"]


def test_a_person_who_is_a_member_already_is_not_invited_again(scoped: Tenant, admin: Membership):
    member = make_member(Role.PARTNER_OWNER, partner=PartnerFactory(name="Elsewhere", number="P-90001"))
    application = an_application(email=member.user.email)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(application, by=admin)
    assert refusal.value.field == "email"
    actions.approve(application, by=admin, email="other@zonneveld-it.example")


def test_managers_decide_their_own_and_what_is_nobodys(scoped: Tenant, manager: Membership):
    colleague = make_member(Role.CHANNEL_MANAGER)
    application = an_application(manager=colleague)
    with pytest.raises(PermissionDenied):
        actions.reject(application, by=manager, reason="No")
    actions.assign(application, manager, by=colleague)
    with pytest.raises(ActionRefused):
        actions.reject(application, by=manager, reason=" ")
    rejected = actions.reject(application, by=manager, reason="Too small")
    assert (rejected.status, rejected.reason) == (S.REJECTED, "Too small")
    with pytest.raises(ActionRefused):
        actions.approve(application, by=manager)


def test_a_decision_on_an_old_page_is_noticed(scoped: Tenant, admin: Membership):
    application = an_application()
    seen = application.version
    actions.start_review(application, by=admin)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(application, by=admin, version=seen)
    assert refusal.value.code == "stale"


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_make_one_partner(tenant: Tenant, manager: Membership, admin: Membership):
    with tenant_scope(tenant.pk):
        application = an_application()
    ready, outcomes = Barrier(2), []

    def decide(by: Membership) -> None:
        try:
            ready.wait()
            with tenant_scope(tenant.pk):
                actions.approve(application, by=by)
            outcomes.append("approved")
        except ActionRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=decide, args=(by,)) for by in (manager, admin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_scope(tenant.pk):
        assert sorted(outcomes) == ["approved", "refused"]
        assert (Partner.objects.count(), Invitation.objects.count()) == (1, 1)


def test_the_total_weighs_what_is_scored():
    # 3 x 5 + 1 x 2 = 17 of 20: 85%. Only the first scored: 5 of 5.
    assert total([Line("Market", 3, 5), Line("Skills", 1, 2)]).percent == 85
    part = total([Line("Market", 3, 5), Line("Skills", 1, None)])
    assert (part.percent, part.scored, part.of, part.is_complete) == (100, 1, 2, False)
    assert total([Line("Market", 3, None)]).percent is None
    # 1 x 1 of 8 x 5 = 2.5%, half up.
    assert total([Line("A", 1, 1), Line("B", 7, 0)]).percent == 3


def test_a_decision_keeps_the_sheet_it_was_taken_with(
    scoped: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
):
    actions.change_policy(by=admin, needs_scores=True)
    market = actions.save_criterion(ScoringCriterion(name="Market", weight=3), by=admin)
    skills = actions.save_criterion(ScoringCriterion(name="Skills", weight=1), by=admin)
    application = an_application()
    actions.score(application, market, points=5, by=admin, note="Strong in the region")
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(application, by=admin)
    assert refusal.value.code == "scores"
    actions.score(application, skills, points=2, by=admin)
    approved = actions.approve(application, by=admin)
    actions.remove_criterion(market, by=admin)
    assert [(line["criterion"], line["points"]) for line in approved.sheet] == [("Market", 5), ("Skills", 2)]
    assert ScoringCriterion.objects.get().position == 0
    page = client_as(admin).get(f"/acme/applications/{approved.pk}/").content.decode()
    assert "85%" in page
    assert "Strong in the region" in page
    with pytest.raises(ActionRefused):
        actions.score(application, skills, points=1, by=admin)


def test_who_the_applicant_may_be_already_stands_beside_it(
    scoped: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
):
    PartnerFactory(name="Zonneveld I.T.", website="https://www.zonneveld-it.example/nl", country="NL")
    PartnerFactory(name="Zondag Bakkerij")
    other = an_application(company="Zonneveld IT", status=S.REJECTED)
    application = an_application()
    assert [(one.kind, one.likeness) for one in alike(application)] == [
        ("application", 100),
        ("partner", 100),
    ]
    page = client_as(admin).get(f"/acme/applications/{application.pk}/").content.decode()
    assert "Same web domain" in page
    assert other.number in page
    assert "Zondag" not in page


def test_the_list_and_the_page_cost_the_same_however_many_there_are(
    scoped: Tenant,
    admin: Membership,
    client_as: Callable[[Membership], Client],
    django_assert_num_queries: Any,
):
    client = client_as(admin)
    CustomerFactory()

    def cost() -> int:
        with connection.execute_wrapper(counting):
            counted.clear()
            assert client.get("/acme/applications/").status_code == 200
            return len(counted)

    counted: list[str] = []

    def counting(execute: Any, sql: str, *args: Any) -> Any:
        counted.append(sql)
        return execute(sql, *args)

    an_application(referred_by=PartnerFactory())
    client.get("/acme/applications/")
    one = cost()
    for _ in range(2):
        an_application(referred_by=PartnerFactory(), manager=make_member(Role.CHANNEL_MANAGER))
    assert cost() == one
