"""Statements that a connection plans once: the walls hold for each run of them."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.tenancy.db import run_planned, try_lock
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory

NAMES = """SELECT name, %(mark)s::text || '%%' FROM directory_partner
    WHERE name = ANY(%(names)s) OR name = %(mark)s::text ORDER BY name"""
VALUES = {"names": ["mine", "another", "theirs"], "mark": "!", "not_in_it": object()}


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%directory_partner%%'"
        )
        return cursor.fetchone()[0]


def test_a_statement_planned_for_one_tenant_shows_another_and_a_partner_their_own(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenant_scope(other_tenant.pk):
        PartnerFactory(name="theirs")
    with tenant_scope(tenant.pk):
        mine = PartnerFactory(name="mine")
        PartnerFactory(name="another")
        before = prepared()
        assert try_lock("planned", tenant.pk, plan_once=True)
        assert run_planned(NAMES, VALUES) == [("another", "!%"), ("mine", "!%")]
        with tenant_scope(tenant.pk, mine.pk):
            assert run_planned(NAMES, VALUES) == [("mine", "!%")]
        assert run_planned(NAMES, VALUES) == [("another", "!%"), ("mine", "!%")]
    with tenant_scope(other_tenant.pk):
        assert run_planned(NAMES, VALUES) == [("theirs", "!%")]
        assert prepared() == before + 1
    assert run_planned(NAMES, VALUES) == []


def test_it_runs_unprepared_where_that_is_switched_off_and_is_counted_as_any_query(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        PartnerFactory(name="mine")
        assert connection.connection.prepare_threshold is not None
        before, kept = prepared(), connection.connection.prepare_threshold
        connection.connection.prepare_threshold = None
        try:
            with CaptureQueriesContext(connection) as queries:
                assert run_planned(NAMES + " ", VALUES) == [("mine", "!%")]
        finally:
            connection.connection.prepare_threshold = kept
        assert len(queries) == 1
        assert prepared() == before
