"""Every tenant table stands inside the walls; a new one that does not fails here."""

import pytest
from django.db import connection, transaction

from portal.tenancy import scope
from portal.tenancy.models import Tenant
from tests.portal.tenancy.test_scope import test_leaving_a_nested_scope_restores_the_outer_one as restore_test
from tests.sweeps import tables

pytestmark = pytest.mark.django_db


def test_every_table_is_inside_the_walls_or_known_to_stand_outside():
    assert tables.problems() == []


def test_the_connected_role_cannot_pass_the_walls():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolinherit FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)


@pytest.mark.parametrize(
    ("mutation", "problem"),
    [
        (
            "ALTER TABLE directory_partner NO FORCE ROW LEVEL SECURITY",
            "directory_partner does not FORCE row-level security",
        ),
        (
            "ALTER TABLE directory_partner DISABLE ROW LEVEL SECURITY",
            "directory_partner has row-level security disabled",
        ),
        (
            "DROP POLICY directory_partner_tenant ON directory_partner",
            "directory_partner has 0 permissive policies instead of one",
        ),
        (
            "DROP POLICY deals_deal_partner ON deals_deal",
            "partner sessions see other partners' rows of deals_deal",
        ),
        (
            "ALTER TABLE deals_deal DROP CONSTRAINT deals_deal_partner_same_tenant",
            "deals_deal.partner_id has no composite foreign key",
        ),
        (
            "GRANT SELECT ON django_session TO portal_partner",
            "partner sessions may touch django_session, which is not ours",
        ),
    ],
)
def test_the_sweep_sees_a_wall_that_is_taken_away(mutation: str, problem: str):
    before = tables.problems()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(mutation)
        assert [found for found in tables.problems() if found not in before] == [problem]
        transaction.set_rollback(True)


def test_without_the_restore_the_scope_tests_fail(scoped: Tenant, monkeypatch: pytest.MonkeyPatch):
    entered = scope._apply

    def enter_only(tenant_id: object, partner_id: object, *rest: object) -> None:
        calls.append(partner_id)
        if len(calls) < 3:  # two scopes are entered; what follows are the restores
            entered(tenant_id, partner_id, *rest)

    calls: list[object] = []
    monkeypatch.setattr(scope, "_apply", enter_only)
    with pytest.raises(AssertionError):
        restore_test(scoped)
