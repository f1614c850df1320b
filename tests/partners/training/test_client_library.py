"""A client library of the standard (TinCanPython) against the portal's server, over HTTP."""

from typing import Any

import pytest
import tincan
from pytest_django.live_server_helper import LiveServer

from partners.training.models import Completion, Statement
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.programme.actions import create_key
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member
from tests.partners.training.builders import a_course

ACTIVITY = "https://lms.example.com/courses/42"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(transactional_db: None) -> tuple[Tenant, Membership, str]:
    """A programme with a course, one person of a partner, and the key of its learning system."""
    tenant = TenantFactory(slug="acme")
    with tenant_scope(tenant.pk):
        admin = make_member(Role.ADMIN)
        a_course(admin, external_id=ACTIVITY, gives_certificate=True)
        learner = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
        _key, secret = create_key(by=admin, name="LMS")
    return tenant, learner, secret


def statement(learner: Membership, verb: str, **more: Any) -> tincan.Statement:
    return tincan.Statement(
        actor=tincan.Agent(mbox=f"mailto:{learner.user.email}"),
        verb=tincan.Verb(id=f"http://adlnet.gov/expapi/verbs/{verb}"),
        object=tincan.Activity(id=ACTIVITY),
        **more,
    )


def test_a_client_library_reports_reads_back_and_is_told_off(
    vendor: tuple[Tenant, Membership, str], live_server: LiveServer
) -> None:
    tenant, learner, secret = vendor
    endpoint = f"{live_server.url}/acme/api/xapi/"
    lrs = tincan.RemoteLRS(endpoint=endpoint, version="1.0.3", username="lms", password=secret)
    assert lrs.about().content.version == ["1.0.3"]

    failed = lrs.save_statement(statement(learner, "failed"))
    assert failed.success
    passed = lrs.save_statement(
        statement(learner, "passed", result=tincan.Result(score=tincan.Score(scaled=0.9), success=True))
    )
    assert passed.success
    many = lrs.save_statements([statement(learner, "completed"), statement(learner, "attempted")])
    assert many.success

    # With an id of its own the library uses PUT: 204, the same once more 204, another one of that id 409.
    key = "8f2d7b1e-2f7e-4f0a-9a67-0d5c2b7a1e11"
    own = statement(learner, "completed", id=key)
    assert [lrs.save_statement(own).response.status for _time in range(2)] == [204, 204]
    other = lrs.save_statement(statement(learner, "passed", id=key))
    assert (other.success, other.response.status) == (False, 409)

    back = lrs.retrieve_statement(key)
    assert back.success
    assert back.content.object.id == ACTIVITY
    assert not lrs.retrieve_statement("8f2d7b1e-2f7e-4f0a-9a67-0d5c2b7a1e99").success

    found = lrs.query_statements(
        {"verb": tincan.Verb(id="http://adlnet.gov/expapi/verbs/completed"), "limit": 1}
    )
    assert found.success
    assert len(found.content.statements) == 1
    more = lrs.more_statements(found.content.more)
    assert more.success
    assert len(more.content.statements) == 1

    stranger = tincan.RemoteLRS(endpoint=endpoint, version="1.0.3", username="lms", password="wrong")
    assert stranger.save_statement(statement(learner, "passed")).response.status == 401
    wrong = lrs.save_statement(tincan.Statement(actor=tincan.Agent(mbox=f"mailto:{learner.user.email}")))
    assert wrong.response.status == 400

    with tenant_scope(tenant.pk):
        completion = Completion.objects.get()
        assert (completion.member_id, completion.score) == (learner.pk, 90)
        assert completion.certificate
        assert sorted(Statement.objects.values_list("outcome", flat=True)) == [
            "completed",
            "completed",
            "completed",
            "failed",
            "noted",
        ]
