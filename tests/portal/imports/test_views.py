"""The pages, as the three roles and a stranger meet them."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from partners.directory.models import Customer
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.imports import actions
from portal.imports.models import ImportRun
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_member

pytestmark = pytest.mark.django_db

ROWS = (
    "name,employees,office\n" + "".join(f"Customer {n},{n},Kenya\n" for n in range(60)) + "=Bad,many,Kenya\n"
)


@pytest.fixture
def site(client_as: object, admin: Membership) -> Client:
    return client_as(admin)


def upload(client: Client, content: str | bytes, name: str = "customers.csv") -> object:
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, data)
    return client.post("/acme/imports/new/", {"target": "customers", "file": file})


def run_of(tenant: Tenant) -> ImportRun:
    with tenant_scope(tenant.pk):
        return ImportRun.objects.get()


def checked(client: Client, tenant: Tenant, content: str = ROWS) -> ImportRun:
    upload(client, content)
    run = run_of(tenant)
    columns = {f"column_{column}": name for name, column in run.options["mapping"].items()}
    assert client.post(f"/acme/imports/{run.pk}/columns/", columns).status_code == 302
    return run_of(tenant)


def test_a_file_goes_through_all_steps(site: Client, tenant: Tenant) -> None:
    assert "No file has been imported yet" in site.get("/acme/imports/").content.decode()
    answer = upload(site, ROWS)
    run = run_of(tenant)
    assert answer.url == f"/acme/imports/{run.pk}/columns/"
    page = site.get(answer.url).content.decode()
    assert "Customer 0" in page
    run_page = f"/acme/imports/{run.pk}/"
    columns = {"column_0": "name", "column_1": "employees", "column_2": ""}
    assert site.post(answer.url, columns).url == run_page
    page = site.get(run_page).content.decode()
    assert "Import 60 rows" in page
    assert "found “many”, expected a number" in page
    assert "Customer 24" in site.get(run_page + "?rows=create").content.decode()
    assert "Customer 59" in site.get(run_page + "?rows=create&page=3").content.decode()
    assert site.post(run_page + "commit/").url == run_page
    with tenant_scope(tenant.pk):
        assert run_of(tenant).state == "importing"
        assert not Customer.objects.exists()


def test_refused_rows_come_back_with_their_reason_and_without_formulas(site: Client, tenant: Tenant) -> None:
    run = checked(site, tenant)
    lines = site.get(f"/acme/imports/{run.pk}/refused.csv").getvalue().decode("utf-8-sig").splitlines()
    assert lines == [
        "name,employees,office,Row,Reason",
        '\'=Bad,many,Kenya,62,"employees: found “many”, expected a number, such as 1054, 1,054.00, 1.054,00 or (500)."',
    ]
    answer = site.get(f"/acme/imports/{run.pk}/refused.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    assert [cell.value for cell in sheet[2]][:2] == ["'=Bad", "many"]
    assert site.get(f"/acme/imports/{run.pk}/refused.exe").status_code == 404


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "This is a PNG picture, not a CSV or XLSX table."),
        (b"name\n", "The file holds a header and no rows."),
        (b"name\nA\0B\n", "Line 2 holds a NUL character"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_its_field(
    site: Client, content: bytes, said: str
) -> None:
    answer = upload(site, content)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_large_file_is_refused_unread(
    site: Client, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IMPORT_MAX_BYTES = 1000
    monkeypatch.setattr(actions, "start_run", None)
    answer = upload(site, b"a" * 2000)
    assert answer.status_code == 422
    assert "can be imported at once" in answer.content.decode()


def test_nothing_chosen_on_the_columns_page_is_lost_when_it_is_refused(site: Client, tenant: Tenant) -> None:
    upload(site, ROWS)
    run = run_of(tenant)
    answer = site.post(
        f"/acme/imports/{run.pk}/columns/", {"column_0": "name", "column_1": "name", "column_2": "industry"}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "choose one of the two columns" in page
    assert '<option value="industry" selected>' in page


def test_unknown_values_are_decided_on_the_page(site: Client, tenant: Tenant) -> None:
    run = checked(site, tenant, "name,country\nA,Philipines\nB,Philipines\n")
    assert run.counts["refuse"] == 2
    page = site.get(f"/acme/imports/{run.pk}/").content.decode()
    assert '<option value="use:PH" selected>Philippines' in page
    site.post(f"/acme/imports/{run.pk}/answers/", {"value_country_0": "use:PH", "all_country": ""})
    assert run_of(tenant).counts["create"] == 2


def test_only_admins_reach_imports_and_other_tenants_find_nothing(
    site: Client,
    tenant: Tenant,
    other_tenant: Tenant,
    client_as: object,
    manager: Membership,
    partner_owner: Membership,
) -> None:
    run = checked(site, tenant)
    with tenant_scope(other_tenant.pk):
        stranger = make_member(Role.ADMIN)
    pages = ["", "new/", *(f"{run.pk}/{page}" for page in ("", "columns/", "refused.csv"))]
    posts = [f"{run.pk}/{page}/" for page in ("answers", "check", "commit", "discard")]
    for member in (manager, partner_owner):
        client = client_as(member)
        assert [client.get(f"/acme/imports/{page}").status_code for page in pages] == [403] * len(pages)
        assert [client.post(f"/acme/imports/{page}").status_code for page in posts] == [403] * len(posts)
    client = client_as(stranger)
    own = [f"/globex/imports/{page}" for page in pages[2:]]
    assert [client.get(page).status_code for page in own] == [404] * len(own)
    assert [client.post(f"/globex/imports/{page}").status_code for page in posts] == [404] * len(posts)
    assert client.get("/acme/imports/").status_code == 404
    assert run_of(tenant).state == "checked"


def test_the_preview_costs_the_same_for_few_rows_and_many(
    site: Client, tenant: Tenant, django_assert_max_num_queries: object
) -> None:
    few = checked(site, tenant, "name,country\nA,Kenya\n")
    with django_assert_max_num_queries(40) as one:
        site.get(f"/acme/imports/{few.pk}/?rows=create")
    with tenant_scope(tenant.pk):
        ImportRun.objects.all().delete()
    many = checked(site, tenant, "name,country\n" + "".join(f"C{n},Kenya\n" for n in range(60)))
    with django_assert_max_num_queries(40) as sixty:
        site.get(f"/acme/imports/{many.pk}/?rows=create")
    assert len(one) == len(sixty)
