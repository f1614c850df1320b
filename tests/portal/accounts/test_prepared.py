"""Prepared queries give what the queryset would, to everybody their own, and refuse what would be frozen."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Count, Max, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.models import Membership, User
from portal.accounts.prepared import prepared, summed
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory


@prepared
def _seen_by(member: Membership) -> QuerySet[Partner]:
    rows = Partner.objects.select_related("manager__user").order_by("name")
    return rows.filter(pk=member.partner_id) if member.is_partner else rows


@prepared
def _called(name: str, status: PartnerStatus | None) -> QuerySet[Partner, UUID]:
    rows = Partner.objects.filter(name=name)
    return (rows.filter(status=status) if status else rows).values_list("pk", flat=True)


@prepared
def _between(start: datetime, end: datetime) -> QuerySet[Partner]:
    return Partner.objects.filter(created_at__gte=start, created_at__lt=end).only("name").order_by("name")[:2]


@prepared
def _user(pk: UUID) -> QuerySet[User]:
    return User.objects.filter(pk=pk)


def test_everybody_gets_their_own_rows(
    tenant: Tenant, other_tenant: Tenant, admin: Membership, partner_owner: Membership
) -> None:
    with tenant_scope(other_tenant.pk):
        theirs = PartnerFactory(name="Globex's")
    with tenant_scope(tenant.pk):
        PartnerFactory(name="Another")
        for _again in range(2):
            assert [row.name for row in _seen_by(admin)] == [
                row.name for row in Partner.objects.order_by("name")
            ]
        assert [row.pk for row in _seen_by(partner_owner)] == [partner_owner.partner_id]
    with tenant_scope(other_tenant.pk):
        assert _seen_by(admin) == [theirs]
        assert _seen_by(partner_owner) == []
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert [row.pk for row in _seen_by(partner_owner)] == [partner_owner.partner_id]
        assert [row.pk for row in _seen_by(admin)] == [partner_owner.partner_id]


def test_a_value_is_passed_on_and_a_flag_decides(scoped: Tenant) -> None:
    blue, green = PartnerFactory(name="Blue"), PartnerFactory(name="Green", status=PartnerStatus.SUSPENDED)
    assert (_called("Blue", None), _called("Green", None), _called("Red", None)) == (
        [blue.pk],
        [green.pk],
        [],
    )
    assert _called("Green", PartnerStatus.ACTIVE) == []
    assert _called("Green", PartnerStatus.SUSPENDED) == [green.pk]
    now = timezone.now()
    assert _between(now - timedelta(hours=1), now + timedelta(hours=1)) == [blue, green]
    assert _between(now + timedelta(hours=1), now + timedelta(hours=2)) == []


def test_rows_are_as_the_queryset_has_them(scoped: Tenant) -> None:
    PartnerFactory(name="Blue")
    start, end = timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1)
    _between(start, end)
    with CaptureQueriesContext(connection) as queries:
        [found] = _between(start, end)
        assert found.name == "Blue"
        assert "status" in found.get_deferred_fields()
    with CaptureQueriesContext(connection) as expected:
        list(
            Partner.objects.filter(created_at__gte=start, created_at__lt=end)
            .only("name")
            .order_by("name")[:2]
        )
    assert [query["sql"] for query in queries] == [query["sql"] for query in expected]


def test_a_partners_session_has_its_own_sql(tenant: Tenant, partner_owner: Membership) -> None:
    with tenant_scope(tenant.pk):
        assert _user(partner_owner.user_id)[0].password
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert "password" in _user(partner_owner.user_id)[0].get_deferred_fields()


def test_sums_are_one_row_even_of_nothing(scoped: Tenant) -> None:
    @prepared
    def count(name: str) -> QuerySet[Partner, dict[str, int]]:
        return summed(Partner.objects.filter(name=name), count=Count("pk"), last=Max("number"))

    assert count("Blue") == [{"count": 0, "last": None}]
    blue = PartnerFactory(name="Blue")
    assert count("Blue") == [{"count": 1, "last": blue.number}]


def test_what_would_be_the_first_callers_for_ever_is_refused(scoped: Tenant, admin: Membership) -> None:
    def reckoned(day: date) -> QuerySet[Partner]:
        return Partner.objects.filter(created_at__date__lt=day + timedelta(days=7))

    def by_the_clock() -> QuerySet[Partner]:
        return Partner.objects.filter(created_at__lt=timezone.now())

    def by_the_local_day(day: date) -> QuerySet[Partner]:
        return Partner.objects.filter(created_at__date=day)

    def asking(member: Membership) -> QuerySet[Partner]:
        return Partner.objects.filter(name=member.tenant.name)

    def by_the_value(pk: UUID) -> QuerySet[Partner]:
        return Partner.objects.filter(pk=pk) if pk == admin.pk else Partner.objects.exclude(name=str(pk))

    for build, argument in (
        (reckoned, date(2026, 1, 1)),
        (by_the_local_day, date(2026, 1, 1)),
        (asking, admin),
        (by_the_value, admin.pk),
    ):
        with pytest.raises(ValueError, match=r"reckons|asks|same query"):
            prepared(build)(argument)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="clock"):
        prepared(by_the_clock)()
