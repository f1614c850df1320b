from threading import Thread

import pytest
from django.db import connection

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.sequences import next_number, next_numbers
from tests.factories import PartnerFactory


def test_numbers_count_up_per_prefix_and_year(scoped: Tenant):
    assert next_number("DR", year=2026) == "DR-2026-00001"
    assert next_number("DR", year=2026) == "DR-2026-00002"
    assert next_number("DR", year=2027) == "DR-2027-00001"
    assert next_number("P") == "P-00001"
    assert next_numbers("P", 3) == ["P-00002", "P-00003", "P-00004"]


def test_each_tenant_counts_for_itself(tenant: Tenant, other_tenant: Tenant):
    with tenant_scope(tenant.pk):
        next_numbers("P", 7)
    with tenant_scope(other_tenant.pk):
        assert next_number("P") == "P-00001"


def test_a_partner_session_may_take_a_number(scoped: Tenant):
    with tenant_scope(scoped.pk, PartnerFactory().pk):
        assert next_number("DR", year=2026) == "DR-2026-00001"


@pytest.mark.django_db(transaction=True)
def test_two_connections_never_get_the_same_number(tenant: Tenant):
    taken: list[str] = []

    def take() -> None:
        try:
            for _ in range(20):
                with tenant_scope(tenant.pk):
                    taken.append(next_number("DR", year=2026))
        finally:
            connection.close()

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"DR-2026-{number:05d}" for number in range(1, 81)]
