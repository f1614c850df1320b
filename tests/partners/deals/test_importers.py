"""Deals from files: amounts, stages, unknown names, changes."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from partners.deals.enums import DealOrigin, RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Customer, CustomerPartner
from portal.events.models import Event
from portal.imports import actions
from portal.imports.columns import Answer
from portal.imports.enums import Decision
from portal.imports.parsing import DateOrder
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, ProductFactory
from tests.importing import Importer, rows_of

pytestmark = pytest.mark.django_db

HEAD = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"


@pytest.fixture
def programme(scoped: object) -> None:
    PartnerFactory(name="Reseller One")
    PartnerFactory(name="Reseller Two")
    ProductFactory(name="GTX Pro")
    CustomerFactory(name="Cancity")


def problems(rows: list[dict]) -> list[tuple[str, str, str]]:
    return [(p["column"], p["found"], p["code"]) for row in rows for p in json.loads(row["problems"])]


def test_a_won_deal_has_all_that_the_file_says(importer: Importer, programme: None) -> None:
    run = importer.run(
        "deals",
        HEAD + 'A1,reseller one,GTX Pro,CANCITY,Closed Won,10/20/2016,1 March 2017,"1,054.50"\n',
        currency="EUR",
    )
    assert run.result == {"created": 1, "changed": 0, "skipped": 0, "refused": 0}
    deal = Deal.objects.get()
    assert (deal.external_id, deal.partner.name, deal.customer.name) == ("A1", "Reseller One", "Cancity")
    assert (deal.stage, deal.status, deal.origin) == (SalesStage.WON, "", DealOrigin.IMPORTED)
    assert (deal.revenue, deal.revenue_base, deal.amount, deal.currency) == (105450, 105450, None, "EUR")
    assert (deal.engaged_on, deal.closed_on) == (date(2016, 10, 20), date(2017, 3, 1))
    assert deal.family == deal.product.family
    assert deal.number.startswith("DR-")
    assert deal.import_id == run.pk
    assert CustomerPartner.objects.filter(customer=deal.customer, partner=deal.partner).exists()


def test_an_open_deal_takes_value_and_close_date_as_expected_ones(
    importer: Importer, programme: None
) -> None:
    importer.run("deals", HEAD + "A1,Reseller One,,,Engaging,2016-10-20,2017-03-01,500\n")
    deal = Deal.objects.get()
    assert (deal.amount, deal.revenue, deal.closed_on, deal.expected_close) == (
        50000,
        None,
        None,
        date(2017, 3, 1),
    )


def test_each_partner_has_one_event_with_the_days_that_are_touched(
    importer: Importer, programme: None
) -> None:
    rows = "A1,Reseller One,,,Won,2016-10-20,2017-03-01,5\nA2,Reseller One,,,Lost,2016-10-20,2017-03-02,0\n"
    importer.run("deals", HEAD + rows)
    event = Event.objects.get(type="deals.imported")
    assert event.partner_id == Deal.objects.first().partner_id
    assert event.data == {"count": 2, "days": ["2016-10-20", "2017-03-01", "2017-03-02"]}


def test_the_same_file_again_changes_nothing_and_a_changed_row_one_deal(
    importer: Importer, programme: None
) -> None:
    rows = "A1,Reseller One,GTX Pro,,Won,2016-10-20,2017-03-01,5\nA2,Reseller Two,,,Engaging,2016-10-20,,\n"
    importer.run("deals", HEAD + rows)
    again = importer.check("deals", HEAD + rows)
    assert again.counts == {"create": 0, "change": 0, "skip": 2, "refuse": 0}

    changed = importer.run(
        "deals", HEAD + rows.replace("Engaging,2016-10-20,,", "Won,2016-10-20,2017-04-01,7")
    )
    assert changed.result == {"created": 0, "changed": 1, "skipped": 1, "refused": 0}
    deal = Deal.objects.get(external_id="A2")
    assert (deal.stage, deal.revenue, deal.version) == (SalesStage.WON, 700, 2)
    assert Deal.objects.get(external_id="A1").version == 1


def test_a_deal_that_moves_tells_the_partner_it_leaves(importer: Importer, programme: None) -> None:
    importer.run("deals", HEAD + "A1,Reseller One,,,Won,2016-10-20,2017-03-01,5\n")
    first = Deal.objects.get().partner_id
    importer.run("deals", HEAD + "A1,Reseller Two,,,Won,2016-10-20,2017-04-01,5\n")
    events = Event.objects.filter(type="deals.imported").order_by("id")
    assert [(e.partner_id == first, e.data["count"]) for e in events] in (
        [(True, 1), (True, 0), (False, 1)],
        [(True, 1), (False, 1), (True, 0)],
    )
    left = events.filter(data__count=0).get()
    assert left.data["days"] == ["2016-10-20", "2017-03-01"]


def test_a_deal_that_opens_again_loses_revenue_and_closing_date(importer: Importer, programme: None) -> None:
    importer.run("deals", HEAD + "A1,Reseller One,,,Won,2016-10-20,2017-03-01,5\n")
    importer.run("deals", HEAD + "A1,Reseller One,,,Engaging,2016-10-20,,\n")
    deal = Deal.objects.get()
    assert (deal.stage, deal.revenue, deal.revenue_base, deal.closed_on) == (
        SalesStage.ENGAGING,
        None,
        None,
        None,
    )


def test_empty_cells_leave_what_the_portal_knows(importer: Importer, programme: None) -> None:
    importer.run("deals", HEAD + "A1,Reseller One,GTX Pro,Cancity,Engaging,2016-10-20,,500\n")
    run = importer.check("deals", HEAD + "A1,Reseller One,,,Engaging,,,\n")
    assert run.counts["skip"] == 1


def test_a_registration_cannot_be_changed_by_a_file(importer: Importer, programme: None) -> None:
    DealFactory(external_id="A1", status=RegistrationStatus.SUBMITTED, stage=SalesStage.PROSPECTING)
    run = importer.check("deals", HEAD + "A1,Reseller One,,,Won,2016-10-20,2017-03-01,5\n")
    assert problems(rows_of(run, "refuse")) == [("opportunity_id", "A1", "locked")]


def test_each_refusal_names_row_column_what_was_found_and_what_was_expected(
    importer: Importer, programme: None
) -> None:
    rows = (
        "A1,Reseller One,,,Won,20/13/2016,2017-03-01,5\n"
        "A2,Reseller One,,,Won,2016-10-20,2017-03-01,1.1k\n"
        "A3,,,,Won,2016-10-20,2017-03-01,5\n"
        "A4,Reseller One,,,Won,2016-10-20,,\n"
        "A5,Reseller One,,,Won,2017-03-02,2017-03-01,5\n"
        "A6,Reseller One,,,Won,2016-10-20,2017-03-01,-5\n"
        "A6,Reseller One,,,Lost,2016-10-20,2017-03-01,5\n"
        "A7,Reseller Tree,,,Perhaps,2016-10-20,2017-03-01,5\n"
    )
    refused = rows_of(importer.check("deals", HEAD + rows), "refuse")
    assert [row["row"] for row in refused] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert problems(refused) == [
        ("engage_date", "20/13/2016", "date"),
        ("close_value", "1.1k", "number"),
        ("close_value", "1.1k", "missing_revenue"),
        ("sales_agent", "", "required"),
        ("close_value", "", "missing_revenue"),
        ("close_date", "", "missing_close"),
        ("close_date", "2017-03-01", "close_before_start"),
        ("close_value", "-5", "negative"),
        ("opportunity_id", "A6", "repeated"),
        ("sales_agent", "Reseller Tree", "unknown"),
        ("deal_stage", "Perhaps", "unknown"),
    ]


def test_an_unknown_product_is_mapped_once_for_all_rows_and_for_the_next_file(
    importer: Importer, programme: None
) -> None:
    rows = "".join(f"A{n},Reseller One,GTXPro,,Engaging,2016-10-20,,\n" for n in range(3))
    run = importer.check("deals", HEAD + rows)
    assert run.counts["refuse"] == 3
    (unknown,) = run.findings["unknown"]["product"]
    product_id, label, likeness = unknown["suggestions"][0]
    assert (unknown["text"], unknown["rows"], label, likeness) == ("GTXPro", 3, "GTX Pro", 100)
    run = actions.answer_questions(
        run, by=importer.by, answers={"product": {"GTXPro": Answer(Decision.USE, product_id)}}, inline=True
    )
    assert run.counts == {"create": 3, "change": 0, "skip": 0, "refuse": 0}
    assert importer.check("deals", HEAD + "B1,Reseller One,gtxpro,,Engaging,,,\n").counts["create"] == 1


def test_unknown_customers_can_be_created_left_empty_or_refused(importer: Importer, programme: None) -> None:
    rows = (
        HEAD
        + "A1,Reseller One,,Newco,Engaging,,,\nA2,Reseller One,,Other,Engaging,,,\nA3,Reseller One,,Third,Engaging,,,\n"
    )
    answers = {
        "customer": {
            "newco": Answer(Decision.CREATE),
            "Other": Answer(Decision.EMPTY),
            "*": Answer(Decision.REFUSE),
        }
    }
    run = importer.run("deals", rows, answers=answers)
    assert run.result == {"created": 2, "changed": 0, "skipped": 0, "refused": 1}
    assert Deal.objects.get(external_id="A1").customer.name == "Newco"
    assert Deal.objects.get(external_id="A2").customer is None
    assert set(Customer.objects.values_list("name", flat=True)) == {"Cancity", "Newco"}


def test_ambiguous_dates_are_asked_for_and_nothing_goes_in_before(
    importer: Importer, programme: None
) -> None:
    rows = HEAD + "A1,Reseller One,,,Won,1/2/2017,3/4/2017,5\n"
    run = importer.check("deals", rows)
    assert [(q["field"], q["answer"]) for q in run.findings["dates"]] == [
        ("engaged_on", None),
        ("closed_on", None),
    ]
    assert run.counts["refuse"] == 1
    run = importer.run(
        "deals", rows, orders={"engaged_on": DateOrder.DAY_FIRST, "closed_on": DateOrder.DAY_FIRST}
    )
    assert run.result["created"] == 1
    assert Deal.objects.get().closed_on == date(2017, 4, 3)


def test_another_column_of_the_file_suggests_the_order_of_dates(importer: Importer, programme: None) -> None:
    run = importer.check("deals", HEAD + "A1,Reseller One,,,Won,1/2/2017,10/20/2017,5\n")
    (question,) = run.findings["dates"]
    assert (question["field"], question["suggested"]) == ("engaged_on", "mdy")


def test_other_currencies_need_a_rate_and_are_converted_with_it(importer: Importer, programme: None) -> None:
    rows = (
        HEAD
        + "A1,Reseller One,,,Won,,2017-03-01,USD 100\nA2,Reseller One,,,Won,,2017-03-01,¥ 1000\nA3,Reseller One,,,Won,,2017-03-01,7\n"
    )
    run = importer.check("deals", rows)
    assert sorted(run.findings["missing_rates"]) == ["JPY", "USD"]
    assert run.counts == {"create": 1, "change": 0, "skip": 0, "refuse": 2}
    rates = {"USD": Decimal("0.925"), "JPY": Decimal("0.0061")}
    run = importer.commit(actions.answer_questions(run, by=importer.by, answers={}, rates=rates, inline=True))
    assert run.result["created"] == 3
    found = {d.external_id: (d.currency, d.revenue, d.revenue_base, d.rate) for d in Deal.objects.all()}
    assert found == {
        "A1": ("USD", 10000, 9250, Decimal("0.925")),
        "A2": ("JPY", 1000, 610, Decimal("0.0061")),
        "A3": ("EUR", 700, 700, Decimal(1)),
    }


@pytest.mark.parametrize(
    ("usual", "rest", "currencies", "refused"),
    [
        # Where amounts are in euros a dollar sign can only be dollars, and those of the United States are meant.
        ("EUR", "", {"A1": "USD", "A2": "EUR"}, []),
        # Where they are in a dollar, it is that one.
        ("CAD", "", {"A1": "CAD", "A2": "CAD"}, []),
        # A file that names two dollars does not say which one a bare sign is.
        (
            "EUR",
            "A3,Reseller One,,,Won,,2017-03-01,CA$3\n",
            {"A2": "EUR", "A3": "CAD"},
            [("close_value", "$1", "currency_sign")],
        ),
    ],
)
def test_a_dollar_sign_is_never_another_currency(
    usual: str,
    rest: str,
    currencies: dict[str, str],
    refused: list[tuple[str, str, str]],
    importer: Importer,
    programme: None,
) -> None:
    rows = HEAD + "A1,Reseller One,,,Won,,2017-03-01,$1\nA2,Reseller One,,,Won,,2017-03-01,2\n" + rest
    run = importer.check("deals", rows, currency=usual)
    rates = {code: Decimal(2) for code in run.findings["missing_rates"]}
    run = actions.answer_questions(run, by=importer.by, answers={}, rates=rates, inline=True)
    assert problems(rows_of(run, "refuse")) == refused
    importer.commit(run)
    assert dict(Deal.objects.values_list("external_id", "currency")) == currencies


def test_a_sign_follows_the_currency_of_its_row(importer: Importer, programme: None) -> None:
    head = "opportunity_id,partner,stage,close_date,close_value,currency\n"
    rows = "".join(
        f"A{n},Reseller One,Won,2017-03-01,$1,{code}\n" for n, code in enumerate(["AUD", "EUR", "$", ""])
    )
    run = importer.check("deals", head + rows, currency="AUD")
    assert ("close_value", "$1", "currency_mixed") in problems(rows_of(run, "refuse"))
    rates = {"AUD": Decimal("0.6")}
    importer.commit(actions.answer_questions(run, by=importer.by, answers={}, rates=rates, inline=True))
    assert dict(Deal.objects.values_list("external_id", "currency")) == {
        "A0": "AUD",
        "A2": "AUD",
        "A3": "AUD",
    }


def test_rows_without_an_id_are_recognised_by_all_they_hold(importer: Importer, programme: None) -> None:
    rows = "partner,stage,product\nReseller One,Engaging,GTX Pro\nReseller One,Engaging,GTX Pro\n"
    assert importer.run("deals", rows).result["created"] == 2
    assert importer.check("deals", rows).counts["skip"] == 2


def test_text_that_looks_like_a_formula_stays_text(importer: Importer, programme: None) -> None:
    importer.run("deals", "id,partner,stage,title\nA1,Reseller One,Engaging,\"=cmd|' /C calc'!A0\"\n")
    assert Deal.objects.get().title == "=cmd|' /C calc'!A0"


def test_a_change_of_a_deal_without_a_start_names_the_day_it_was_recorded(
    importer: Importer, programme: None
) -> None:
    importer.run("deals", HEAD + "A1,Reseller One,,,Engaging,,,500\n")
    Deal.objects.update(created_at=datetime(2026, 3, 5, 12, tzinfo=UTC))
    importer.run("deals", HEAD + "A1,Reseller One,,,Engaging,,,900\n")
    event = Event.objects.filter(type="deals.imported").order_by("-id").first()
    assert event is not None
    assert event.data["days"] == ["2026-03-04"]
