"""Training as people meet it: the quiz on a page, the certificate, the wall of who holds what, the API."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.training import actions
from partners.training.enums import CourseKind
from partners.training.models import Completion, Course
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member
from tests.partners.training.builders import a_course, a_quiz

SignIn = Callable[[Membership], Client]


@pytest.fixture
def quiz(tenant: Tenant, admin: Membership) -> Course:
    with tenant_scope(tenant.pk):
        return a_quiz(admin, questions=2, gives_certificate=True, validity_months=24)


def hand_in(client: Client, course: Course, choice: int, tenant: Tenant) -> object:
    with tenant_scope(tenant.pk):
        fields = {str(question.pk): choice for question in course.questions.all()}
    return client.post(f"/acme/training/{course.pk}/quiz/", fields, follow=True)


def test_a_quiz_is_taken_on_a_page_without_its_answers(
    quiz: Course, partner_member: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    client = client_as(partner_member)
    page = client.get(f"/acme/training/{quiz.pk}/quiz/").content.decode()
    assert "Question 1?" in page
    assert "correct" not in page.lower()
    assert "is below the pass mark" in hand_in(client, quiz, 1, tenant).content.decode()
    assert "Passed with 100%" in hand_in(client, quiz, 0, tenant).content.decode()


def test_an_unanswered_question_is_asked_for_and_nothing_is_lost(
    quiz: Course, partner_member: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        first = quiz.questions.first()
    answer = client_as(partner_member).post(f"/acme/training/{quiz.pk}/quiz/", {str(first.pk): 0})
    assert answer.status_code == 422
    assert "Answer this question too." in answer.content.decode()
    assert "checked" in answer.content.decode()


def test_whoever_has_the_address_can_verify_a_certificate(
    quiz: Course, partner_member: Membership, client_as: SignIn, client: Client, tenant: Tenant
) -> None:
    hand_in(client_as(partner_member), quiz, 0, tenant)
    with tenant_scope(tenant.pk):
        certificate = Completion.objects.get()
    page = client.get(f"/acme/certificates/{certificate.code}/").content.decode()
    assert certificate.certificate in page
    assert "This certificate is valid" in page
    assert client.get("/acme/certificates/guessed/").status_code == 404
    with tenant_scope(tenant.pk):
        Completion.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    assert "has run out" in client.get(f"/acme/certificates/{certificate.code}/").content.decode()


def test_the_certificate_is_a_pdf(
    quiz: Course, partner_member: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    client = client_as(partner_member)
    hand_in(client, quiz, 0, tenant)
    with tenant_scope(tenant.pk):
        certificate = Completion.objects.get()
    answer = client.get(f"/acme/training/completions/{certificate.pk}/certificate.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_a_session_goes_into_a_calendar(
    admin: Membership, partner_member: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        course = a_course(admin, "Workshop; part, one", kind=CourseKind.SESSION)
        begins = timezone.now() + timedelta(days=1)
        session = actions.schedule_session(
            course,
            by=admin,
            starts_at=begins,
            ends_at=begins + timedelta(hours=1),
            place="Utrecht",
            join_url="https://meet.example.com/secret-room",
        )
    client = client_as(partner_member)
    # Who has no seat learns when it is, and not how to get in.
    uninvited = client.get(f"/acme/training/sessions/{session.pk}/calendar.ics").content
    assert b"Utrecht" in uninvited
    assert b"secret-room" not in uninvited
    client.post(f"/acme/training/sessions/{session.pk}/book/")
    assert "You have a seat" in client.get(f"/acme/training/{course.pk}/").content.decode()
    text = client.get(f"/acme/training/sessions/{session.pk}/calendar.ics").content.decode()
    assert r"SUMMARY:Workshop\; part\, one" in text
    assert "secret-room" in text
    assert "STATUS:CONFIRMED" in text


def test_the_wall_costs_the_same_for_any_number_of_people(
    quiz: Course, admin: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    def people(count: int) -> None:
        with tenant_scope(tenant.pk):
            for _number in range(count):
                member = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
                actions.record_completion(quiz, member, by=admin, completed_on=date(2026, 1, 5), note="Seen")

    client = client_as(admin)
    people(1)
    client.get("/acme/training/team/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert client.get("/acme/training/team/").status_code == 200
    people(2)
    with CaptureQueriesContext(connection) as three:
        client.get("/acme/training/team/")
    assert len(one) == len(three)


def test_a_system_reports_a_completion_and_reports_it_again(
    quiz: Course, admin: Membership, partner_member: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    client = client_as(admin)
    body = {
        "email": partner_member.user.email.upper(),
        "course": str(quiz.pk),
        "completed_on": "2026-02-03",
        "score": 91,
    }
    first = client.post("/acme/api/v1/completions/", body, content_type="application/json")
    assert first.status_code == 201, first.content
    assert (first.json()["via"], first.json()["valid_until"]) == ("api", "2028-02-03")
    again = client.post("/acme/api/v1/completions/", body, content_type="application/json")
    assert again.json()["id"] == first.json()["id"]
    unknown = client.post(
        "/acme/api/v1/completions/", {**body, "email": "nobody@example.com"}, content_type="application/json"
    )
    assert unknown.status_code == 400
    assert "No partner's person has this address." in unknown.content.decode()


def test_a_partner_reports_nothing_through_the_api(
    quiz: Course, partner_owner: Membership, client_as: SignIn
) -> None:
    answer = client_as(partner_owner).post(
        "/acme/api/v1/completions/",
        {"email": partner_owner.user.email, "course": str(quiz.pk), "completed_on": "2026-02-03"},
        content_type="application/json",
    )
    assert answer.status_code == 403


def test_the_lists_show_what_is_there(
    quiz: Course, admin: Membership, partner_member: Membership, client_as: SignIn, tenant: Tenant
) -> None:
    learner = client_as(partner_member)
    hand_in(learner, quiz, 0, tenant)
    assert "Completed" in learner.get("/acme/training/").content.decode()
    assert partner_member.name in client_as(admin).get("/acme/training/completions/").content.decode()
    assert "Quiz" in client_as(admin).get("/acme/training/?export=csv").getvalue().decode()
    soon = client_as(admin).get("/acme/training/completions/?counts=soon").content.decode()
    assert partner_member.name not in soon
