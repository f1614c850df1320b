"""Whoever has the link answers once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from partners.surveys import actions, links
from partners.surveys.enums import InvitationStatus
from partners.surveys.models import OptOut, Survey, SurveyDraft, SurveyInvitation, SurveyResponse
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, make_member
from tests.partners.deals.test_races import at_once
from tests.partners.surveys.builders import a_survey, an_invitation, for_customers

SignIn = Callable[[Membership], Client]


@pytest.fixture
def survey(tenant: Tenant, admin: Membership) -> Survey:
    with tenant_scope(tenant.pk):
        return a_survey(admin, **for_customers())


@pytest.fixture
def asked(tenant: Tenant, survey: Survey) -> SurveyInvitation:
    """Somebody at a customer of a partner."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Alpha")
        return an_invitation(survey, partner=partner, customer=CustomerFactory(served_by=partner))


def link(invitation: SurveyInvitation) -> str:
    return f"/acme/answer/{links.answer_token(invitation)}/"


def test_a_customer_answers_by_link_and_it_is_about_the_partner(
    asked: SurveyInvitation, client: Client, tenant: Tenant
) -> None:
    page = client.get(link(asked))
    assert page.status_code == 200
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert "How likely are you to recommend us" in page.content.decode()
    answer = client.post(link(asked), {"a-q1": "9", "a-q2": "Fast"})
    assert "Thank you" in answer.content.decode()
    with tenant_scope(tenant.pk):
        response = SurveyResponse.objects.get()
        assert (response.partner_id, response.customer_id) == (asked.partner_id, asked.customer_id)
        assert {a.key: a.number or a.text for a in response.answers.all()} == {"q1": 9, "q2": "Fast"}
        assert SurveyInvitation.objects.get().status == InvitationStatus.ANSWERED
        assert Event.objects.filter(type="survey.answered", partner_id=asked.partner_id).count() == 1


def test_opening_the_link_or_sending_nothing_is_no_answer(
    asked: SurveyInvitation, client: Client, tenant: Tenant
) -> None:
    client.get(link(asked))
    client.head(link(asked))
    refused = client.post(link(asked), {"a-q2": "typed already"})
    assert refused.status_code == 422
    assert "Please answer this question." in refused.content.decode()
    assert "typed already" in refused.content.decode()
    with tenant_scope(tenant.pk):
        assert not SurveyResponse.objects.exists()


def test_the_link_of_who_has_left_takes_no_answer(admin: Membership, client: Client, tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        member = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
        invitation = an_invitation(a_survey(admin), member=member, partner_id=member.partner_id)
    assert client.get(link(invitation)).status_code == 200
    Membership.objects.filter(pk=member.pk).update(is_active=False)
    page = client.get(link(invitation))
    assert page.status_code == 410 and "has been withdrawn" in page.content.decode()
    assert client.post(link(invitation), {"a-q1": "9", "then": "later"}).status_code == 410
    with tenant_scope(tenant.pk):
        with pytest.raises(actions.AnswerRefused):
            actions.answer(invitation.pk, {"q1": 9})
        assert not SurveyResponse.objects.exists() and not SurveyDraft.objects.exists()


def test_a_link_takes_one_answer(asked: SurveyInvitation, client: Client, tenant: Tenant) -> None:
    client.post(link(asked), {"a-q1": "9"})
    again = client.post(link(asked), {"a-q1": "0"})
    assert "You have answered already" in again.content.decode()
    with tenant_scope(tenant.pk):
        assert SurveyResponse.objects.get().answers.get(key="q1").number == 9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_anonymous", [False, True])
def test_of_two_answers_at_once_on_one_link_one_counts(
    is_anonymous: bool, tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        invitation = an_invitation(a_survey(admin, is_anonymous=is_anonymous))

    def answer(score: int) -> Callable[[], str]:
        def call() -> str:
            page = Client().post(link(invitation), {"a-q1": str(score)})
            return "thanks" if "Your answer has arrived" in page.content.decode() else "refused"

        return call

    assert sorted(at_once(answer(10), answer(0))) == ["refused", "thanks"]
    with tenant_scope(tenant.pk):
        assert SurveyResponse.objects.count() == 1


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t[1:], lambda t: ""]
)
def test_a_link_that_was_changed_leads_nowhere(
    change: Callable[[str], str], asked: SurveyInvitation, client: Client
) -> None:
    token = change(links.answer_token(asked)) or "x"
    assert client.get(f"/acme/answer/{token}/").status_code == 404
    assert client.post(f"/acme/answer/{token}/", {"a-q1": "9"}).status_code == 404


def test_a_link_for_one_thing_or_one_vendor_is_none_for_another(
    asked: SurveyInvitation, client: Client, other_tenant: Tenant
) -> None:
    token, stop = links.answer_token(asked), links.stop_token(asked)
    assert client.get(f"/globex/answer/{token}/").status_code == 404
    assert client.get(f"/acme/answer/{stop}/").status_code == 404
    assert client.get(f"/acme/no-surveys/{token}/").status_code == 404
    own = signing.dumps([str(other_tenant.pk), str(asked.pk)], salt="surveys.answer", compress=True)
    assert client.get(f"/globex/answer/{own}/").status_code == 404


def test_a_link_expires_and_closing_ends_it(
    asked: SurveyInvitation, client: Client, tenant: Tenant, admin: Membership
) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        page = client.post(link(asked), {"a-q1": "9"})
        assert page.status_code == 410
        assert "This link has expired" in page.content.decode()
    with tenant_scope(tenant.pk):
        actions.close(asked.survey, by=admin)
    page = client.post(link(asked), {"a-q1": "9"})
    assert page.status_code == 410
    assert "This survey is closed" in page.content.decode()
    with tenant_scope(tenant.pk):
        assert not SurveyResponse.objects.exists()


def test_half_an_answer_is_kept_and_goes_with_the_whole(
    asked: SurveyInvitation, client: Client, tenant: Tenant
) -> None:
    assert client.post(link(asked), {"a-q2": "Half", "then": "keep"}).status_code == 204
    assert (
        "Kept for you"
        in client.post(link(asked), {"a-q1": "3", "a-q2": "Half", "then": "later"}).content.decode()
    )
    page = client.get(link(asked)).content.decode()
    assert "Half" in page
    assert 'value="3" checked' in page
    client.post(link(asked), {"a-q1": "3"})
    with tenant_scope(tenant.pk):
        assert not SurveyDraft.objects.exists()


def test_script_in_a_text_stays_text(
    asked: SurveyInvitation, client: Client, admin: Membership, client_as: SignIn
) -> None:
    text = "<script>alert(1)</script> =HYPERLINK(0)"
    client.post(link(asked), {"a-q1": "2", "a-q2": text, "a-q3": "=1+1"})
    vendor = client_as(admin)
    page = vendor.get(f"/acme/surveys/{asked.survey_id}/results/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    lines = vendor.get(f"/acme/surveys/{asked.survey_id}/results/export/csv/").getvalue().decode()
    assert ",'=1+1" in lines


def test_unsubscribing_stops_letters_and_a_mail_program_may_do_it(
    asked: SurveyInvitation, client: Client, tenant: Tenant
) -> None:
    address = f"/acme/no-surveys/{links.stop_token(asked)}/"
    strict = Client(enforce_csrf_checks=True)
    client.get(address)
    with tenant_scope(tenant.pk):
        assert not OptOut.objects.exists()
    assert strict.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert strict.post(address).status_code == 200
    with tenant_scope(tenant.pk):
        assert OptOut.objects.get().email == asked.email


def test_a_member_answers_from_the_portal_and_nobody_else_can(
    survey: Survey, client_as: SignIn, tenant: Tenant, partner_member: Membership, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        colleague = make_member(
            Role.PARTNER_MEMBER, partner=PartnerFactory._meta.model.objects.get(pk=partner_member.partner_id)
        )
        invitation = an_invitation(survey, member=partner_member, partner_id=None, partner=None)
        SurveyInvitation.objects.filter(pk=invitation.pk).update(partner=partner_member.partner_id)
    client = client_as(partner_member)
    assert "What do you think?" in client.get("/acme/surveys/").content.decode()
    assert "What do you think?" in client.get("/acme/").content.decode()
    assert client_as(colleague).get(f"/acme/surveys/mine/{invitation.pk}/").status_code == 404
    assert "What do you think?" not in client_as(colleague).get("/acme/surveys/").content.decode()
    where = client.get(f"/acme/surveys/mine/{invitation.pk}/")["Location"]
    assert "Thank you" in client.post(where, {"a-q1": "8"}).content.decode()
    with tenant_scope(tenant.pk):
        assert SurveyResponse.objects.get().member_id == partner_member.pk
    assert "Nobody is asking you anything" in client.get("/acme/surveys/").content.decode()


@pytest.mark.parametrize(
    "table",
    ["surveys_surveyresponse", "surveys_surveyanswer", "surveys_surveydraft", "surveys_surveyversion"],
)
def test_a_partners_session_reads_no_answers(table: str, tenant: Tenant, partner_owner: Membership) -> None:
    with (
        tenant_scope(tenant.pk, partner_owner.partner_id),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SELECT * FROM {table}")


def test_the_database_keeps_an_anonymous_answer_from_leading_to_anybody(
    tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        partner = PartnerFactory()
        survey = a_survey(admin, is_anonymous=True, segment="region")
        invitation = an_invitation(survey, partner=partner)
        actions.answer(invitation.pk, {"q1": 1, "q2": "Bad"})
        response = SurveyResponse.objects.get()
        assert (response.partner_id, response.invitation_id, response.member_id) == (None, None, None)
        assert (response.region, response.partner_type, response.tier) == (partner.region, "", "")
        assert response.pk.version == 4
        assert response.created_at.date() == response.answered_on == response.wave
        assert {(a.pk.version, a.created_at.date()) for a in response.answers.all()} == {(4, response.wave)}
        assert not Event.objects.filter(type="survey.answered").exists()
        with pytest.raises(IntegrityError), transaction.atomic():
            SurveyResponse.objects.update(invitation=invitation)
