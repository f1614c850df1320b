"""Statements that a connection plans once: the walls hold for each run of them."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.directory.models import Partner
from portal.tenancy.db import plan_for_many, run_planned, try_lock
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


def whole_reads() -> int:
    """How often this transaction has read the whole table of partners."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'directory_partner'::regclass"
        )
        return cursor.fetchone()[0]


def test_a_table_of_another_tenant_is_not_read_to_find_that_one_has_nothing_in_it(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """A plan for all values expects of everybody as much as the largest tenant has."""
    asked = "SELECT 'here' WHERE EXISTS (SELECT FROM directory_partner WHERE tenant_id = %(tenant)s)"
    with tenant_scope(other_tenant.pk):
        Partner.objects.bulk_create(PartnerFactory.build_batch(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE directory_partner")
    with tenant_scope(tenant.pk):
        before = whole_reads()
        for _run in range(8):
            assert run_planned(asked, {"tenant": tenant.pk}) == []
        assert try_lock("planned", tenant.pk, plan_once=True)
        assert run_planned(f"{asked} ", {"tenant": tenant.pk}) == []
        plan_for_many()
        assert run_planned(f"{asked}  ", {"tenant": tenant.pk}) == []
        assert whole_reads() == before
