"""The API against its own description: requests that it describes, and wrong ones, made up for each operation."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import resolve
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance

from partners.matching import queries as matching
from portal.accounts.enums import Role
from portal.accounts.models import ApiKey, digest, new_secret
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.sequences import next_numbers
from tests.sweeps.access import ROUTES
from tests.sweeps.house import furnish

# A few seconds' worth: the suite runs it each time.
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
CHECKS = [not_a_server_error, response_schema_conformance]
few = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def application() -> Iterator[WSGIHandler]:
    """The portal as a server runs it, in the test's own transaction: requests leave the connection open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_no_request_of_a_partner_breaks_and_every_answer_is_as_described(
    tenant: Tenant, application: WSGIHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = Role.PARTNER_OWNER
    monkeypatch.setattr(matching, "PACE", 0)
    house, secret = furnish(tenant), new_secret()
    things = house.things | house.personal[role]
    with tenant_scope(tenant.pk):
        ApiKey.objects.create(
            membership=house.members[role], name="Fuzz", prefix=secret[:8], digest=digest(secret)
        )
        for prefix in ("DR", "L", "C", "O"):
            # Beyond those that the factories have given.
            next_numbers(prefix, 10_000, year=0 if prefix == "C" else timezone.localdate().year)
    key = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_wsgi("/acme/api/v1/schema/", application, headers=key)
    tried = answered = 0
    wrong: dict[str, str] = {}

    def try_out(operation: schemathesis.APIOperation, mode: GenerationMode) -> None:
        named = resolve(operation.path.replace("{tenant}", "acme").replace("{id}", str(tenant.pk)))
        thing = ROUTES[named.view_name][1]

        @settings(few, max_examples=EXAMPLES[mode])
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: schemathesis.Case) -> None:
            nonlocal tried, answered
            case.path_parameters = {"tenant": "acme"} | ({"id": str(things[thing])} if thing else {})
            response = case.call(headers=key)
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as failures:
                wrong.setdefault(operation.label, "; ".join(map(str, failures.exceptions)))
            tried += 1
            answered += response.status_code < 300

        call()

    for found in schema.get_all_operations():
        operation = found.ok()
        try_out(operation, GenerationMode.POSITIVE)
        if operation.body or operation.query:
            try_out(operation, GenerationMode.NEGATIVE)
    assert wrong == {}
    assert tried > 200
    assert answered > 50
