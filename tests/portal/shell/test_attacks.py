"""What a hostile person types into every text field, or sends instead of a form."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from uuid_utils.compat import uuid7

from incentives.statements.models import PayeeCheck
from partners.deals.models import Deal
from partners.directory.models import Customer, Product
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.imports.models import ImportRun
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CustomerFactory,
    DealFactory,
    LeadFactory,
    PartnerFactory,
    ProductFactory,
    make_member,
    won_deal,
)

ClientAs = Callable[[Membership], Client]
SCRIPT = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "＝1+1")
PAGES = (
    *(f"/acme/{name}/" for name in ("", "deals", "partners", "customers", "products", "people", "leads")),
    "/acme/imports/",
    "/acme/scorecards/",
    "/acme/settings/",
)


def named(text: str) -> Deal:
    """Records of every kind whose texts are all that text."""
    partner = PartnerFactory(name=text, region=text[:100])
    customer = CustomerFactory(name=text, industry=text[:100], external_id=text[:100])
    product = ProductFactory(name=text, sku=text[:60])
    LeadFactory(partner=partner, company=text)
    person = make_member(Role.PARTNER_OWNER, partner=partner)
    person.user.name = text
    person.user.save()
    won_deal(partner, 5_000_00, dt.date(2026, 11, 2), title=text, customer=customer, product=product)
    return DealFactory(
        partner=partner, customer=customer, product=product, title=text, notes=text, external_id=text[:100]
    )


def test_a_script_in_every_name_is_text_on_every_page(
    tenant: Tenant, admin: Membership, client_as: ClientAs
) -> None:
    with tenant_scope(tenant.pk):
        deal = named(SCRIPT)
        Tenant.objects.filter(pk=tenant.pk).update(name=SCRIPT[:60])
    client = client_as(admin)
    for page in (*PAGES, f"/acme/deals/{deal.pk}/", f"/acme/partners/{deal.partner_id}/"):
        answer = client.get(page.replace("//", "/"))
        assert answer.status_code == 200, page
        body = answer.content.decode()
        assert "<script>alert" not in body, page
        assert "<img src=x" not in body, page


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_export_holds_a_formula(
    formula: str, tenant: Tenant, admin: Membership, client_as: ClientAs
) -> None:
    with tenant_scope(tenant.pk):
        named(formula)
    client = client_as(admin)
    found = 0
    for name in ("deals", "partners", "customers", "products", "people", "leads"):
        text = b"".join(client.get(f"/acme/{name}/?export=csv")).decode("utf-8-sig")
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if cell.startswith(tuple("=+@\t\r＝")) or cell == "-1+1"], name
            found += sum(formula.strip() in cell for cell in row)
        content = b"".join(client.get(f"/acme/{name}/?export=xlsx"))
        for cells in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows():
            assert not [cell.value for cell in cells if cell.data_type == "f"], name
    assert found >= 6


def test_ids_of_others_in_the_body_of_an_api_call_are_refused(
    tenant: Tenant, other_tenant: Tenant, client_as: ClientAs
) -> None:
    """Another vendor's, another partner's and nobody's ids get one and the same answer, and nothing is made."""
    with tenant_scope(other_tenant.pk):
        theirs = {
            "customer": CustomerFactory().pk,
            "product": ProductFactory().pk,
            "partner": PartnerFactory().pk,
        }
    with tenant_scope(tenant.pk):
        rival = PartnerFactory()
        rivals = DealFactory(partner=rival)
        seller = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
        manager = make_member(Role.CHANNEL_MANAGER)
        before = Deal.objects.count()
    client = client_as(seller)

    def post(client: Client, **body: object) -> tuple[int, str]:
        texts = {name: str(value) for name, value in body.items()}
        answer = client.post("/acme/api/v1/deals/", texts, content_type="application/json")
        return answer.status_code, answer.content.decode().replace(texts.popitem()[1], "ID")

    for field in ("customer", "product"):
        nobody = post(client, **{field: uuid7()})
        assert nobody[0] == 400
        assert post(client, **{field: theirs[field]}) == nobody
    assert post(client, customer=rivals.customer_id) == post(client, customer=uuid7())
    for partner in (theirs["partner"], uuid7()):
        assert post(client_as(manager), partner=partner)[0] == 400
    # A partner's member cannot register for another one: the own company counts, whatever is sent.
    assert post(client, partner=rival.pk)[0] in (201, 400)
    with tenant_scope(tenant.pk):
        assert Deal.objects.filter(partner=rival).count() == 1
        assert Deal.objects.count() <= before + 1


def test_ids_of_others_in_a_form_are_refused(
    tenant: Tenant, other_tenant: Tenant, client_as: ClientAs
) -> None:
    with tenant_scope(other_tenant.pk):
        theirs = (CustomerFactory(), ProductFactory(), PartnerFactory())
    with tenant_scope(tenant.pk):
        partner = PartnerFactory()
        manager = make_member(Role.CHANNEL_MANAGER)
        admin = make_member(Role.ADMIN)
    body = {"customer": theirs[0].pk, "product": theirs[1].pk, "partner": theirs[2].pk, "customer_name": "X"}
    answer = client_as(manager).post("/acme/deals/new/", body)
    assert answer.status_code in (200, 400, 422)
    edited = client_as(admin).post(
        f"/acme/partners/{partner.pk}/edit/", {"name": "Renamed", "manager": uuid7(), "type": "reseller"}
    )
    assert edited.status_code in (200, 400, 422)
    with tenant_scope(tenant.pk):
        assert not Deal.objects.exists()
        assert not Customer.objects.exists()
        assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name\n" + b"x" * (50 * 2**20), "at most 25.0"),
        (b"name,employees\nGood,1\nB\0d,2\n", "NUL character"),
        (b"", "empty"),
    ],
    ids=["50 MB", "NUL", "empty"],
)
def test_a_hostile_upload_is_refused_with_a_sentence(
    content: bytes, words: str, admin: Membership, client_as: ClientAs
) -> None:
    upload = SimpleUploadedFile("customers.csv", content)
    answer = client_as(admin).post("/acme/imports/new/", {"target": "customers", "file": upload})
    assert answer.status_code == 422
    assert words in answer.content.decode().replace("\xa0", " ")
    with tenant_scope(admin.tenant_id):
        assert not ImportRun.objects.exists()


@pytest.mark.parametrize("reason", ["a\0b", "x" * 10_000], ids=["NUL", "too long"])
def test_what_the_database_cannot_keep_is_refused_as_a_whole(
    reason: str, admin: Membership, client_as: ClientAs
) -> None:
    with tenant_scope(admin.tenant_id):
        partner = PartnerFactory()
    answer = client_as(admin).post(f"/acme/payouts/payees/{partner.pk}/hold/", {"reason": reason})
    assert answer.status_code == 400
    assert "Go back and try again." in answer.content.decode()
    with tenant_scope(admin.tenant_id):
        assert not PayeeCheck.objects.exists()


def test_a_bomb_is_refused_before_it_unpacks(admin: Membership, client_as: ClientAs) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (400 * 2**20))
    upload = SimpleUploadedFile("customers.xlsx", bomb.getvalue())
    answer = client_as(admin).post("/acme/imports/new/", {"target": "customers", "file": upload})
    assert "refused to protect the portal" in answer.content.decode()


def test_the_same_form_sent_twice_makes_one_import_of_its_rows(
    admin: Membership, client_as: ClientAs
) -> None:
    """A double click on Import: the second is told that it has begun."""
    client = client_as(admin)
    upload = SimpleUploadedFile("customers.csv", b"name,employees\nOne,1\n")
    client.post("/acme/imports/new/", {"target": "customers", "file": upload})
    with tenant_scope(admin.tenant_id):
        run = f"/acme/imports/{ImportRun.objects.get().pk}/"
    client.post(f"{run}columns/", {"column_0": "name", "column_1": "employees"})
    answers = [client.post(f"{run}commit/") for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    with tenant_scope(admin.tenant_id):
        assert ImportRun.objects.get().job is not None
