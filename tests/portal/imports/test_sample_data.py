"""The real data set, end to end, with the figures that were counted by hand."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Sum

from partners.deals.enums import DealOrigin, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Customer, CustomerPartner, Partner, Product, ProductFamily
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

pytestmark = pytest.mark.django_db


def import_file(path: Path, target: str, *options: str) -> str:
    out = StringIO()
    call_command("import_data", str(path), "--tenant", "acme", "--target", target, *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def crm(sample_data: Path, tenant: Tenant, admin: Membership) -> Path:
    Tenant.objects.filter(pk=tenant.pk).update(currency="USD")
    return sample_data / "crm"


def test_real_data_comes_in_whole_and_its_figures_are_right(crm: Path, tenant: Tenant) -> None:
    said = import_file(crm / "sales_teams.csv", "partners", "--value", "manager:*=!")
    assert "35 created, 0 changed, 0 unchanged, 0 refused" in said
    said = import_file(
        crm / "accounts.csv", "customers", "--value", "country:Philipines=PH", "--value", "country:Korea=KR"
    )
    assert "85 created, 0 changed, 0 unchanged, 0 refused" in said
    assert "industry “technolgy” in 12 rows: like technology" in said
    assert "7 created" in import_file(crm / "products.csv", "products")

    said = import_file(crm / "sales_pipeline.csv", "deals", "--dry-run")
    assert "7320 to create, 0 to change, 0 to skip, 1480 to refuse" in said
    assert "product “GTXPro” in 1480 rows: like GTX Pro (100%)" in said
    assert "1425 rows name no customer; they are kept without one" in import_file(
        crm / "sales_pipeline.csv", "deals", "--value", "product:GTXPro=GTX Pro"
    )

    with tenant_scope(tenant.pk):
        assert Partner.objects.count() == 35
        assert Membership.objects.filter(tenant=tenant, role=Role.CHANNEL_MANAGER).count() == 6
        assert Partner.objects.filter(manager__user__name="Melvin Marxen").count() == 6
        assert Customer.objects.count() == 85
        assert Product.objects.count() == 7
        assert ProductFamily.objects.count() == 3
        deals = Deal.objects.all()
        assert deals.count() == 8800
        assert deals.filter(stage=SalesStage.WON).count() == 4238
        assert deals.filter(stage=SalesStage.LOST).count() == 2473
        assert deals.filter(closed_on=None).count() == 2089
        assert deals.aggregate(Sum("revenue"))["revenue__sum"] == 10_005_534_00
        assert deals.aggregate(Sum("revenue_base"))["revenue_base__sum"] == 10_005_534_00
        assert deals.filter(product__name="GTX Pro").count() == 1480
        assert deals.filter(customer=None).count() == 1425
        assert deals.filter(origin=DealOrigin.IMPORTED, status="").count() == 8800
        assert deals.filter(engaged_on=None).count() == 500
        first = deals.get(external_id="1C1I7A6R")
        assert (str(first.engaged_on), str(first.closed_on)) == ("2016-10-20", "2017-03-01")
        pairs = deals.exclude(customer=None).values_list("customer", "partner").distinct().count()
        assert CustomerPartner.objects.count() == pairs


def test_the_same_files_again_change_nothing(crm: Path, tenant: Tenant) -> None:
    steps = [
        ("sales_teams.csv", "partners", "--value", "manager:*=!"),
        ("accounts.csv", "customers", "--accept-suggestions", "--value", "country:Korea=KR"),
        ("products.csv", "products"),
        ("sales_pipeline.csv", "deals", "--accept-suggestions"),
    ]
    for name, *options in steps:
        import_file(crm / name, *options)
    with tenant_scope(tenant.pk):
        before = list(Deal.objects.order_by("pk").values_list("pk", "updated_at", "version", "number"))
        assert len(before) == 8800
    for name, *options in steps:
        said = import_file(crm / name, *options)
        assert " 0 to create, 0 to change, " in said
        assert said.endswith("Nothing to write.\n")
    with tenant_scope(tenant.pk):
        assert (
            list(Deal.objects.order_by("pk").values_list("pk", "updated_at", "version", "number")) == before
        )
        assert Membership.objects.filter(tenant=tenant, role=Role.CHANNEL_MANAGER).count() == 6
