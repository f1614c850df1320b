"""Registrations from a file: read and checked as imports are, kept as drafts of the partner, which it then submits.

Nothing here needs more than the partner's own session may see.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import polars as pl
from django.utils.translation import gettext_lazy as _

from partners.deals import actions
from partners.deals.enums import OPEN_STAGES, SalesStage
from partners.deals.importers import STAGES
from partners.deals.models import Deal
from partners.deals.registering.customers import customer_meant, domain_typed
from partners.deals.workdays import today
from partners.directory.models import Partner, Product
from partners.directory.queries import products_on_sale
from portal.accounts.models import Membership
from portal.imports.checking import Checked, check_table
from portal.imports.columns import Answer, clear_suggestion
from portal.imports.enums import Decision, Outcome
from portal.imports.guessing import guess_mapping
from portal.imports.limits import Limits
from portal.imports.parsing import DateOrder, key_of
from portal.imports.problems import FileRefused, sentence
from portal.imports.reading import ROW, Table, read_table
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Problem, Target
from portal.tenancy.models import Tenant

# As many as a person looks through; each is matched against all customers when it is submitted.
MOST_ROWS = 100
LIMITS = Limits(max_bytes=2 * 2**20, max_rows=MOST_ROWS, max_columns=30, max_unpacked=20 * 2**20)
_OPEN_STAGES = {text: stage for text, stage in STAGES.items() if stage in OPEN_STAGES}


def _known_products() -> list[Known]:
    rows = products_on_sale().values_list("pk", "name", "sku", "external_id")
    return [Known(str(pk), name, (sku, external)) for pk, name, sku, external in rows]


class RegistrationTarget(Target):
    """What stands in a file of registrations. `currency` is the only one that amounts may be in, and no order
    is expected before `today`."""

    key = "registrations"
    label = _("Registrations")
    noun = _("registrations")
    permission = "deals.add_deal"
    fields = (
        Field(
            "customer",
            _("Customer"),
            required=True,
            synonyms=("customer name", "account", "company", "client", "end customer"),
        ),
        Field(
            "website",
            _("Website"),
            max_length=253,
            synonyms=("customer website", "domain", "web", "url", "customer domain"),
        ),
        Field("country", _("Country"), Kind.COUNTRY, synonyms=("customer country", "country code")),
        Field(
            "product",
            _("Product"),
            Kind.LOOKUP,
            required=True,
            synonyms=("product name", "sku", "item", "article"),
            lookup=Lookup(_known_products),
        ),
        Field(
            "quantity", _("Quantity"), Kind.INTEGER, non_negative=True, synonyms=("qty", "number", "units")
        ),
        Field(
            "unit_price",
            _("Price each"),
            Kind.AMOUNT,
            non_negative=True,
            synonyms=("unit price", "price", "list price"),
        ),
        Field(
            "amount",
            _("Expected amount"),
            Kind.AMOUNT,
            non_negative=True,
            synonyms=("amount", "value", "deal value", "expected revenue", "total"),
        ),
        Field(
            "expected_close",
            _("Expected close"),
            Kind.DATE,
            required=True,
            synonyms=("expected close date", "close date", "closing date", "forecast date"),
        ),
        Field(
            "stage",
            _("Stage"),
            Kind.CHOICE,
            synonyms=("sales stage", "deal stage", "phase"),
            choices=_OPEN_STAGES,
            labels={stage.value: stage.label for stage in OPEN_STAGES},
        ),
        Field("notes", _("Notes"), max_length=5000, synonyms=("comments", "remarks", "note")),
    )

    def __init__(self, currency: str, today: date):
        self.currency, self.today = currency, today

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        lines = pl.col("unit_price") * pl.col("quantity").fill_null(1)
        return frame.with_columns(amount=pl.coalesce("amount", lines), own=pl.lit(self.currency))

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        return [
            Problem(pl.col("amount").is_null(), "amount", "required"),
            Problem(pl.col("quantity") == 0, "quantity", "positive"),
            Problem(pl.col("amount") == 0, "amount", "positive"),
            Problem(pl.col("currency") != self.currency, "amount", "own_currency", (("currency", "own"),)),
            Problem(pl.col("expected_close") < self.today, "expected_close", "passed"),
        ]

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows are recognised by the deals that they were kept as."""
        return pl.DataFrame(schema={ROW: pl.UInt32, "id": pl.String})


@dataclass(frozen=True)
class Kept:
    """A row that is a deal now; `was_there` where the same row came before."""

    row: int
    deal: Deal
    was_there: bool


@dataclass
class Taken:
    """What became of a file: deals, rows that say the same as an earlier one, refused rows with the reasons, and
    names that were read as others."""

    kept: list[Kept] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    refused: list[tuple[int, list[str]]] = field(default_factory=list)
    read_as: list[tuple[str, str]] = field(default_factory=list)


class OrderUnclear(Exception):
    """Dates that can be read in two ways; `examples` as they stand in the file."""

    def __init__(self, examples: list[str]):
        super().__init__(", ".join(examples))
        self.examples = examples


def take_file(content: bytes, partner: Partner, *, by: Membership, order: DateOrder | None = None) -> Taken:
    """Keep each good row as a draft of the partner. The same row again finds the deal it became.

    Raises FileRefused with a sentence where the file cannot be read, OrderUnclear where its dates cannot.
    """
    table = read_table(content, LIMITS)
    target = RegistrationTarget(by.tenant.currency, today(by.tenant))
    checked = _check(table, target, by.tenant, order)
    products = {str(product.pk): product for product in products_on_sale()}
    taken = Taken(read_as=_read_as(checked))
    for row in checked.frame.iter_rows(named=True):
        digest, _sep, count = row["key"].rpartition(":")
        if row["outcome"] == Outcome.REFUSE:
            taken.refused.append((row[ROW], [_why(each) for each in json.loads(row["problems"])]))
        elif count != "1":
            taken.repeated.append(row[ROW])
        else:
            taken.kept.append(_keep(row, uuid5(partner.pk, digest), partner, products[row["product"]], by))
    return taken


def _why(problem: dict[str, Any]) -> str:
    # Nobody can say here what an unknown name stands for.
    return sentence(problem | {"code": "no_product"} if problem["code"] == "unknown" else problem)


def _check(table: Table, target: RegistrationTarget, tenant: Tenant, order: DateOrder | None) -> Checked:
    samples = [table.frame[column].drop_nulls().head(50).to_list() for column in table.columns]
    mapping = guess_mapping(target, table.headers, samples, {})
    missing = [str(each.label) for each in target.fields if each.required and each.name not in mapping]
    if "amount" not in mapping and "unit_price" not in mapping:
        missing.append(str(target.field("amount").label))
    if missing:
        raise FileRefused(
            _("The file has no column for: %(columns)s. Name the columns as in the template.")
            % {"columns": ", ".join(missing)}
        )
    context = Context(tenant.pk, tenant.slug, tenant.currency, tenant.currency, rates={})
    orders = {each.name: order for each in target.fields if order and each.kind == Kind.DATE}

    def check(answers: Mapping[str, Mapping[str, Answer]]) -> Checked:
        return check_table(table, target, mapping=mapping, answers=answers, orders=orders, context=context)

    checked = check({})
    likely = {
        name: {
            key_of(each.text): Answer(Decision.USE, value)
            for each in unknown
            if (value := clear_suggestion(each.suggestions))
        }
        for name, unknown in checked.unknown.items()
    }
    if any(likely.values()):
        checked = check(likely)
    if unclear := [question for question in checked.dates if not question.answer]:
        raise OrderUnclear(unclear[0].examples)
    return checked


def _read_as(checked: Checked) -> list[tuple[str, str]]:
    """Texts that were taken for a likely name, with that name."""
    return [
        (each.text, label)
        for unknown in checked.unknown.values()
        for each in unknown
        for value, label, _likeness in each.suggestions
        if each.answer and each.answer.value == value
    ]


def _keep(row: dict[str, Any], deal_id: UUID, partner: Partner, product: Product, by: Membership) -> Kept:
    there = Deal.objects.filter(pk=deal_id, partner=partner).select_related("customer", "product").first()
    if there is not None:
        return Kept(row[ROW], there, was_there=True)
    name = " ".join(row["customer"].split())
    domain = domain_typed(name, row["website"] or "")
    deal = actions.create_draft(
        partner,
        by=by,
        deal_id=deal_id,
        customer=customer_meant(partner, name, domain, row["country"] or "", by=by),
        product=product,
        amount=row["amount"],
        expected_close=row["expected_close"],
        stage=SalesStage(row["stage"] or SalesStage.PROSPECTING),
        notes=row["notes"] or "",
    )
    line = actions.Line(product, row["quantity"] or 1, row["unit_price"])
    return Kept(row[ROW], actions.set_lines(deal, [line], by=by), was_there=False)
