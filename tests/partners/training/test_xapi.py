"""Statements of learning systems: the standard's status codes, and what becomes of each statement."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from partners.training.enums import StatementOutcome
from partners.training.models import Completion, Course, Statement
from portal.accounts.models import Membership
from portal.programme.actions import create_key
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.partners.training.builders import a_course

ADDRESS = "/acme/api/xapi/statements"
ACTIVITY = "https://lms.example.com/courses/42"
Send = Callable[..., Any]


@pytest.fixture
def course(tenant: Tenant, admin: Membership) -> Course:
    with tenant_scope(tenant.pk):
        return a_course(admin, external_id=ACTIVITY)


@pytest.fixture
def send(tenant: Tenant, admin: Membership, client: Client) -> Send:
    """A learning system that signs in with user and password, the password being an API key."""
    with tenant_scope(tenant.pk):
        _key, secret = create_key(by=admin, name="LMS")
    basic = base64.b64encode(f"lms:{secret}".encode()).decode()

    def request(
        body: Any = None, method: str = "post", query: str = "", version: str = "1.0.3", **more: str
    ) -> Any:
        headers = {"Authorization": f"Basic {basic}", "X-Experience-API-Version": version, **more}
        return getattr(client, method)(
            ADDRESS + query, body, content_type="application/json", headers=headers
        )

    return request


def statement(email: str, verb: str = "completed", **fields: Any) -> dict[str, Any]:
    return {
        "actor": {"mbox": f"mailto:{email}"},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
        "object": {"id": ACTIVITY},
        "timestamp": "2026-03-04T10:00:00Z",
        **fields,
    }


def test_completed_becomes_a_completion(
    course: Course, send: Send, partner_member: Membership, tenant: Tenant
) -> None:
    body = statement(partner_member.user.email, "passed", result={"score": {"scaled": 0.875}})
    answer = send(body)
    assert answer.status_code == 200
    assert answer["X-Experience-API-Version"] == "1.0.3"
    with tenant_scope(tenant.pk):
        completion = Completion.objects.get()
        kept = Statement.objects.get(statement_id=answer.json()[0])
    assert (completion.member_id, str(completion.completed_on)) == (partner_member.pk, "2026-03-04")
    assert (completion.via, completion.score) == ("xapi", 87)
    assert kept.outcome == StatementOutcome.COMPLETED


@pytest.mark.parametrize(
    ("verb", "result", "outcome"),
    [
        ("failed", {}, StatementOutcome.FAILED),
        ("attempted", {}, StatementOutcome.NOTED),
        ("completed", {"success": False}, StatementOutcome.FAILED),
    ],
)
def test_what_completes_nothing_is_kept(
    course: Course,
    send: Send,
    partner_member: Membership,
    tenant: Tenant,
    verb: str,
    result: dict,
    outcome: StatementOutcome,
) -> None:
    assert send(statement(partner_member.user.email, verb, result=result)).status_code == 200
    with tenant_scope(tenant.pk):
        assert Statement.objects.get().outcome == outcome
        assert not Completion.objects.exists()


def test_a_statement_sent_twice_is_kept_once_and_a_contradiction_is_409(
    course: Course, send: Send, partner_member: Membership, tenant: Tenant
) -> None:
    body = statement(partner_member.user.email, id=str(uuid4()))
    assert [send(body).status_code, send(body).status_code] == [200, 200]
    assert send({**body, "timestamp": "2026-03-05T10:00:00Z"}).status_code == 409
    with tenant_scope(tenant.pk):
        assert (Statement.objects.count(), Completion.objects.count()) == (1, 1)


def test_a_statement_about_something_else_is_kept(
    course: Course, send: Send, partner_member: Membership, tenant: Tenant
) -> None:
    body = statement(partner_member.user.email, "voided")
    assert send({**body, "object": {"objectType": "StatementRef", "id": str(uuid4())}}).status_code == 200
    with tenant_scope(tenant.pk):
        assert Statement.objects.get().outcome == StatementOutcome.NOTED


def test_conditions_that_are_not_met_are_412(
    course: Course, send: Send, partner_member: Membership, client: Client
) -> None:
    query, body = f"?statementId={uuid4()}", statement(partner_member.user.email)
    assert send(body, "put", query, **{"If-Match": "*"}).status_code == 412
    assert send(body, "put", query, **{"If-None-Match": "*"}).status_code == 204
    assert send(body, "put", query, **{"If-None-Match": "*"}).status_code == 412
    tag = send(None, "get", query)["ETag"]
    assert send(body, "put", query, **{"If-Match": tag}).status_code == 204
    assert send(body, "put", query, **{"If-Match": '"other"'}).status_code == 412
    assert send(None, "get", query + "&limit=1").status_code == 400
    assert send(None, "get", "?verb=completed").status_code == 400
    assert send(None, "get", "?limit=x").status_code == 400
    assert len(send(None, "get", "?ascending=true").json()["statements"]) == 1


def test_put_answers_204_and_get_gives_it_back(
    course: Course, send: Send, partner_member: Membership
) -> None:
    key = uuid4()
    body = statement(partner_member.user.email)
    assert send(body, "put", f"?statementId={key}").status_code == 204
    assert send(None, "get", f"?statementId={key}").json()["object"] == {"id": ACTIVITY}
    assert send(None, "get", f"?statementId={uuid4()}").status_code == 404
    assert send(body, "put").status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"actor": {}},
        {"actor": {"mbox": "ada@example.com"}},
        {"actor": {"mbox": "mailto:a@b.c", "openid": "https://a"}},
        {"verb": {"id": "completed"}},
        {"object": {"id": "42"}},
        {"object": {"id": "https://a.example", "objectType": "Thing"}},
        {"id": "not-a-uuid"},
        {"timestamp": "yesterday"},
        {"result": {"score": {"scaled": 1.5}}},
    ],
)
def test_what_the_standard_forbids_is_400_and_nothing_of_the_batch_is_kept(
    course: Course, send: Send, partner_member: Membership, tenant: Tenant, wrong: dict
) -> None:
    good = statement(partner_member.user.email)
    assert send([good, {**good, **wrong}]).status_code == 400
    with tenant_scope(tenant.pk):
        assert not Statement.objects.exists()


def test_without_version_or_key_nothing_is_taken(
    course: Course, send: Send, partner_member: Membership, client: Client
) -> None:
    body = statement(partner_member.user.email)
    assert send(body, version="").status_code == 400
    headers = {"X-Experience-API-Version": "1.0.3"}
    assert client.post(ADDRESS, body, content_type="application/json", headers=headers).status_code == 401
    headers["Authorization"] = "Basic !!"
    assert client.post(ADDRESS, body, content_type="application/json", headers=headers).status_code == 401
    assert client.get("/acme/api/xapi/about").json() == {"version": ["1.0.3"]}


def test_a_partner_sends_no_statements(
    course: Course, partner_owner: Membership, client_as: Callable[[Membership], Client]
) -> None:
    answer = client_as(partner_owner).post(
        ADDRESS,
        statement(partner_owner.user.email),
        content_type="application/json",
        headers={"X-Experience-API-Version": "1.0.3"},
    )
    assert answer.status_code == 403


def test_who_is_not_known_yet_is_matched_later(
    course: Course,
    send: Send,
    partner_member: Membership,
    admin: Membership,
    client_as: Callable[[Membership], Client],
    tenant: Tenant,
) -> None:
    send(statement("new@example.com"))
    digest = hashlib.sha1(f"mailto:{partner_member.user.email}".encode()).hexdigest()
    send(statement("x", actor={"mbox_sha1sum": digest}, object={"id": "https://lms.example.com/other"}))
    with tenant_scope(tenant.pk):
        outcomes = set(Statement.objects.values_list("outcome", flat=True))
        assert outcomes == {StatementOutcome.NO_PERSON, StatementOutcome.NO_COURSE}
        Course.objects.filter(pk=course.pk).update(external_id="https://lms.example.com/other")
    client = client_as(admin)
    assert "Nobody has this address" in client.get("/acme/training/statements/").content.decode()
    client.post("/acme/training/statements/match/")
    with tenant_scope(tenant.pk):
        assert Completion.objects.get().member_id == partner_member.pk


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "9999-12-31T23:59:59-12:00"},
        {"result": {"response": "a\0b"}},
    ],
)
def test_what_no_database_keeps_is_refused_in_words(
    fields: dict[str, Any], course: Course, send: Send, partner_member: Membership
) -> None:
    answer = send(statement(partner_member.user.email, **fields))
    assert answer.status_code == 400
    assert answer.json()["detail"]
