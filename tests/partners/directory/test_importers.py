"""Partners, customers and products from files."""

import json
from datetime import date

import pytest

from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Customer, Partner, Product, ProductFamily
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.imports.columns import Answer
from portal.imports.enums import Decision
from tests.factories import CustomerFactory, PartnerFactory
from tests.importing import Importer, rows_of

pytestmark = pytest.mark.django_db


def test_a_partner_comes_with_its_manager_who_cannot_sign_in_yet(importer: Importer, scoped: object) -> None:
    run = importer.run(
        "partners",
        "sales_agent,manager,regional_office,type,country\nAnna Snelling,Zoë Brinkmann,Central,VAR,Holland\n",
        answers={"manager": {"*": Answer(Decision.CREATE)}},
    )
    assert run.result["created"] == 1
    partner = Partner.objects.select_related("manager__user").get()
    assert (partner.name, partner.region, partner.country, partner.type, partner.status) == (
        "Anna Snelling",
        "Central",
        "NL",
        PartnerType.RESELLER,
        PartnerStatus.ACTIVE,
    )
    assert partner.number.startswith("P-")
    assert (partner.manager.role, partner.manager.name) == (Role.CHANNEL_MANAGER, "Zoë Brinkmann")
    assert partner.manager.user.email == "zoe.brinkmann@acme.invalid"
    assert not partner.manager.user.has_usable_password()
    assert Event.objects.filter(type="partner.imported", partner_id=partner.pk).count() == 1


def test_a_manager_is_known_by_name_or_address(
    importer: Importer, scoped: object, manager: Membership
) -> None:
    rows = f"name,manager\nOne,{manager.name.upper()}\nTwo,{manager.user.email}\n"
    assert importer.run("partners", rows).result["created"] == 2
    assert Partner.objects.filter(manager=manager).count() == 2


def test_a_partner_made_by_hand_is_recognised_by_name_and_takes_the_id(
    importer: Importer, scoped: object
) -> None:
    mine = PartnerFactory(name="Reseller One", region="EMEA")
    run = importer.run("partners", "id,name,region\nX9,reseller  one,APAC\nX8,Other,\n")
    assert run.result == {"created": 1, "changed": 1, "skipped": 0, "refused": 0}
    mine.refresh_from_db()
    assert (mine.external_id, mine.region) == ("X9", "APAC")
    again = importer.run("partners", "id,name,region\nX9,Renamed,APAC\n")
    assert again.result["changed"] == 1
    mine.refresh_from_db()
    assert mine.name == "Renamed"


def test_a_customer_is_normalised_and_its_web_address_made_a_domain(
    importer: Importer, scoped: object
) -> None:
    importer.run("customers", 'account,website,employees\nAcme B.V.,https://www.acme.example/about,"2,822"\n')
    customer = Customer.objects.get()
    assert (customer.normalised_name, customer.domain, customer.employees) == ("acme", "acme.example", 2822)


def test_countries_are_suggested_and_mapped_once(importer: Importer, scoped: object) -> None:
    rows = "account,office_location\nA,Philipines\nB,Korea\nC,Kenya\n"
    run = importer.check("customers", rows)
    assert run.counts == {"create": 1, "change": 0, "skip": 0, "refuse": 2}
    labels = {u["text"]: u["suggestions"][0][1] for u in run.findings["unknown"]["country"]}
    assert labels["Philipines"] == "Philippines"
    assert labels["Korea"] in ("South Korea", "North Korea")
    answers = {"country": {"Philipines": Answer(Decision.USE, "PH"), "Korea": Answer(Decision.USE, "KR")}}
    importer.run("customers", rows, answers=answers)
    assert set(Customer.objects.values_list("name", "country")) == {("A", "PH"), ("B", "KR"), ("C", "KE")}


def test_a_slip_of_the_pen_is_pointed_out_but_not_refused(importer: Importer, scoped: object) -> None:
    run = importer.check("customers", "account,sector\nA,technolgy\nB,retail\n")
    assert run.counts["create"] == 2
    (unknown,) = run.findings["unknown"]["industry"]
    assert (unknown["text"], unknown["suggestions"][0][0], unknown["hint_only"]) == (
        "technolgy",
        "technology",
        True,
    )
    importer.run(
        "customers",
        "account,sector\nA,technolgy\n",
        answers={"industry": {"technolgy": Answer(Decision.USE, "technology")}},
    )
    assert Customer.objects.get().industry == "technology"


def test_a_bad_web_address_and_dates_that_end_before_they_start_are_refused(
    importer: Importer, scoped: object
) -> None:
    CustomerFactory(name="Other")
    run = importer.check("customers", "name,website,since,until\nA,not a site,,\nB,,2020-02-01,2020-01-01\n")
    found = [(p["column"], p["code"]) for row in rows_of(run, "refuse") for p in json.loads(row["problems"])]
    assert found == [("website", "url"), ("until", "end_before_start")]


def test_an_end_is_refused_before_the_start_that_stands_there_or_ages_ago(
    importer: Importer, scoped: object
) -> None:
    CustomerFactory(name="Initech", started_on=date(2026, 9, 1))
    CustomerFactory(name="Globex", started_on=date(2026, 9, 1), ended_on=date(2026, 9, 30))
    run = importer.check(
        "customers",
        "name,since,until\nInitech,,2026-08-31\nGlobex,2026-10-01,\nHooli,,1900-01-01\nUmbrella,,2026-09-01\n",
    )
    found = [(p["column"], p["code"]) for row in rows_of(run, "refuse") for p in json.loads(row["problems"])]
    assert found == [("until", "end_before_start"), ("until", "end_before_start"), ("until", "long_ago")]
    assert run.counts["create"] == 1


def test_products_bring_their_families(importer: Importer, scoped: object) -> None:
    rows = 'product,series,sales_price,active\nGTX Pro,GTX,"4,821",yes\nGTX Basic,gtx,550,no\nMG,MG,55.5,\n'
    run = importer.run("products", rows)
    assert run.result["created"] == 3
    assert sorted(ProductFamily.objects.values_list("name", flat=True)) == ["GTX", "MG"]
    assert set(Product.objects.values_list("name", "price", "currency", "is_active")) == {
        ("GTX Pro", 482100, "EUR", True),
        ("GTX Basic", 55000, "EUR", False),
        ("MG", 5550, "EUR", True),
    }
    assert importer.check("products", rows).counts["skip"] == 3
