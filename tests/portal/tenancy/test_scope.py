import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError
from django_scopes import ScopeError

from partners.directory.models import Customer, Partner
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_partner_id, current_tenant_id, tenant_scope
from tests.factories import CustomerFactory, DealFactory, PartnerFactory


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0]


def raw_names() -> list[str]:
    """Partner names by raw SQL, which no manager filters."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM directory_partner ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


def test_a_query_without_a_scope_raises(tenant: Tenant):
    with pytest.raises(ScopeError):
        Partner.objects.count()
    with pytest.raises(ScopeError):
        current_tenant_id()


def test_raw_sql_sees_only_the_tenant_in_scope(tenant: Tenant, other_tenant: Tenant):
    with tenant_scope(tenant.pk):
        PartnerFactory(name="ours")
    with tenant_scope(other_tenant.pk):
        PartnerFactory(name="theirs")
        assert raw_names() == ["theirs"]
    with tenant_scope(tenant.pk):
        assert raw_names() == ["ours"]
    assert raw_names() == []


def test_a_row_cannot_be_written_into_another_tenant(tenant: Tenant, other_tenant: Tenant):
    with (
        tenant_scope(tenant.pk),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
    ):
        Partner.objects.bulk_create([Partner(tenant=other_tenant, number="P-1", name="smuggled")])


def test_an_instance_of_another_tenant_is_not_saved(tenant: Tenant, other_tenant: Tenant):
    with tenant_scope(other_tenant.pk):
        theirs = PartnerFactory()
    with tenant_scope(tenant.pk), pytest.raises(ValueError, match="another tenant"):
        theirs.save()


def test_a_foreign_key_cannot_reach_into_another_tenant(tenant: Tenant, other_tenant: Tenant):
    with tenant_scope(other_tenant.pk):
        theirs = PartnerFactory()
    with (
        tenant_scope(tenant.pk),
        pytest.raises(IntegrityError, match="deals_deal_partner_same_tenant"),
        transaction.atomic(),
    ):
        DealFactory(partner=theirs, customer=None)


def test_a_partner_session_sees_only_its_own_rows(scoped: Tenant):
    ours, theirs = PartnerFactory(name="ours"), PartnerFactory(name="theirs")
    shared = CustomerFactory(served_by=ours, name="shared")
    DealFactory(partner=theirs, customer=CustomerFactory(served_by=theirs, name="hidden"))
    with tenant_scope(scoped.pk, ours.pk):
        assert raw_names() == ["ours"]
        assert list(Customer.objects.all()) == [shared]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM deals_deal")
            assert cursor.fetchone() == (0,)
    assert raw_names() == ["ours", "theirs"]


def test_a_partner_session_cannot_write_for_another_partner(scoped: Tenant):
    ours, theirs = PartnerFactory(), PartnerFactory()
    product = DealFactory(partner=ours).product
    with tenant_scope(scoped.pk, ours.pk), pytest.raises(ProgrammingError, match="row-level security"):
        DealFactory(partner=theirs, customer=None, product=product)


def test_a_partner_session_may_not_touch_what_has_no_grant(scoped: Tenant):
    partner = PartnerFactory()
    with tenant_scope(scoped.pk, partner.pk), pytest.raises(ProgrammingError, match="permission denied"):
        Partner.objects.create(number="P-9", name="made by a partner")


def test_leaving_a_nested_scope_restores_the_outer_one(scoped: Tenant):
    partner = PartnerFactory(name="ours")
    PartnerFactory(name="theirs")
    with tenant_scope(scoped.pk, partner.pk):
        with tenant_scope(scoped.pk):
            assert current_partner_id() is None
            assert raw_names() == ["ours", "theirs"]
        assert current_partner_id() == partner.pk
        assert setting("role") == "portal_partner"
        assert raw_names() == ["ours"]
    assert setting("role") == "none"
    assert setting("app.partner_id") == ""


def test_an_error_in_a_nested_scope_restores_the_outer_one_and_is_not_hidden(scoped: Tenant):
    partner = PartnerFactory(name="ours")
    PartnerFactory(name="theirs")
    with tenant_scope(scoped.pk, partner.pk):
        with pytest.raises(IntegrityError), tenant_scope(scoped.pk):
            CustomerFactory(number="C-1")
            CustomerFactory(number="C-1")
        assert setting("role") == "portal_partner"
        assert raw_names() == ["ours"]


@pytest.mark.django_db(transaction=True)
def test_the_settings_end_with_the_transaction(tenant: Tenant):
    with tenant_scope(tenant.pk, None):
        assert setting("app.tenant_id") == str(tenant.pk)
    assert setting("app.tenant_id") == ""
    assert setting("role") == "none"
