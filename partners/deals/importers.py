"""How deals come in from files."""

from collections import defaultdict
from datetime import date, timedelta
from typing import ClassVar
from uuid import UUID

import polars as pl
from django.db import connection
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import DealOrigin, SalesStage
from partners.deals.models import Deal
from partners.directory.importers import (
    create_customers,
    create_partners,
    known_customers,
    known_partners,
    known_products,
)
from partners.directory.models import CustomerPartner, Product
from portal.events.record import EventDraft, record_many
from portal.imports.records import STAGE, RecordTarget
from portal.imports.targets import Context, Field, Kind, Lookup, Notice, Problem, register
from portal.money import convert
from portal.tenancy.scope import current_tenant_id

STAGES = {
    "new": SalesStage.PROSPECTING,
    "prospect": SalesStage.PROSPECTING,
    "prospecting": SalesStage.PROSPECTING,
    "lead": SalesStage.PROSPECTING,
    "qualification": SalesStage.PROSPECTING,
    "engaged": SalesStage.ENGAGING,
    "engaging": SalesStage.ENGAGING,
    "qualified": SalesStage.ENGAGING,
    "discovery": SalesStage.ENGAGING,
    "needs analysis": SalesStage.ENGAGING,
    "demo": SalesStage.ENGAGING,
    "open": SalesStage.ENGAGING,
    "proposal": SalesStage.PROPOSAL,
    "proposal/price quote": SalesStage.PROPOSAL,
    "quote": SalesStage.PROPOSAL,
    "quoted": SalesStage.PROPOSAL,
    "negotiation": SalesStage.NEGOTIATION,
    "negotiation/review": SalesStage.NEGOTIATION,
    "commit": SalesStage.NEGOTIATION,
    "won": SalesStage.WON,
    "win": SalesStage.WON,
    "closed won": SalesStage.WON,
    "closed-won": SalesStage.WON,
    "gewonnen": SalesStage.WON,
    "lost": SalesStage.LOST,
    "closed lost": SalesStage.LOST,
    "closed-lost": SalesStage.LOST,
    "verloren": SalesStage.LOST,
}
CLOSED = [SalesStage.WON.value, SalesStage.LOST.value]
AMOUNTS = ("amount", "revenue", "cost")

_WON = f"COALESCE(s.stage, t.stage) = '{SalesStage.WON}'"
_CLOSED = f"COALESCE(s.stage, t.stage) IN ('{SalesStage.WON}', '{SalesStage.LOST}')"


class DealTarget(RecordTarget):
    key = "deals"
    label = _("Deals")
    noun = _("deals")
    permission = "imports.run_import"
    model = Deal
    number_prefix = "DR"
    number_by_year = True
    extra = ("family", "rate", "amount_base", "revenue_base", "cost_base")
    constants: ClassVar = {"origin": DealOrigin.IMPORTED.value, "status": ""}
    # A deal that is open again has no closing date and no revenue.
    overrides: ClassVar = {
        "closed_on": f"CASE WHEN {_CLOSED} THEN COALESCE(s.closed_on, t.closed_on) END",
        "revenue": f"CASE WHEN {_WON} THEN COALESCE(s.revenue, t.revenue) END",
        "revenue_base": f"CASE WHEN {_WON} THEN COALESCE(s.revenue_base, t.revenue_base) END",
    }
    # A registration moves by its own verbs only.
    update_condition = "{t}.status = ''"
    versioned = True
    converts = True
    list_url = "deals:list"
    fields = (
        Field(
            "external_id",
            _("ID in your system"),
            max_length=100,
            synonyms=(
                "opportunity id",
                "deal id",
                "id",
                "external id",
                "opportunity",
                "record id",
                "crm id",
                "deal no",
            ),
            help=_("Recognises the deal when the file comes again."),
        ),
        Field(
            "title",
            _("Title"),
            synonyms=("deal", "deal name", "opportunity name", "name", "subject", "description"),
        ),
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            required=True,
            synonyms=(
                "partner name",
                "sales agent",
                "reseller",
                "agent",
                "partner company",
                "partner account",
                "partner number",
            ),
            lookup=Lookup(known_partners, create_partners, prefix="P"),
        ),
        Field(
            "customer",
            _("Customer"),
            Kind.LOOKUP,
            synonyms=(
                "account",
                "account name",
                "customer name",
                "end customer",
                "client",
                "end user",
                "company",
            ),
            lookup=Lookup(known_customers, create_customers, prefix="C"),
        ),
        Field(
            "product",
            _("Product"),
            Kind.LOOKUP,
            synonyms=("product name", "item", "sku", "article"),
            lookup=Lookup(known_products),
        ),
        Field(
            "stage",
            _("Stage"),
            Kind.CHOICE,
            required=True,
            synonyms=("deal stage", "sales stage", "status", "opportunity stage", "phase"),
            choices=STAGES,
            labels=dict(SalesStage.choices),
        ),
        Field(
            "revenue",
            _("Won amount"),
            Kind.AMOUNT,
            non_negative=True,
            synonyms=("close value", "closed value", "revenue", "won value", "won revenue", "booking value"),
            help=_("Of an open deal it is taken as the expected amount."),
        ),
        Field(
            "amount",
            _("Expected amount"),
            Kind.AMOUNT,
            non_negative=True,
            synonyms=(
                "amount",
                "value",
                "deal value",
                "deal size",
                "expected revenue",
                "estimated value",
                "total",
            ),
            help=_("Of a won deal without a won amount it is taken as that."),
        ),
        Field("cost", _("Cost"), Kind.AMOUNT, non_negative=True, synonyms=("costs", "cogs", "cost of sale")),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr", "valuta")),
        Field(
            "engaged_on",
            _("Entered the pipeline"),
            Kind.DATE,
            synonyms=(
                "engage date",
                "created",
                "created date",
                "create date",
                "open date",
                "start date",
                "engaged",
            ),
        ),
        Field(
            "expected_close",
            _("Expected close"),
            Kind.DATE,
            synonyms=("expected close date", "estimated close date", "forecast date", "expected closing"),
        ),
        Field(
            "closed_on",
            _("Closed on"),
            Kind.DATE,
            synonyms=("close date", "closed date", "closing date", "won date", "date closed", "end date"),
            help=_("Of an open deal it is taken as the expected close."),
        ),
        Field(
            "loss_reason", _("Reason for the loss"), synonyms=("lost reason", "reason lost", "loss reason")
        ),
        Field("competitor", _("Competitor"), synonyms=("lost to", "competition")),
        Field("notes", _("Notes"), max_length=5000, synonyms=("comments", "remarks", "note", "memo")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        won = pl.col("stage") == SalesStage.WON.value
        closed = pl.col("stage").is_in(CLOSED)
        frame = frame.with_columns(
            revenue=pl.when(won).then(pl.coalesce("revenue", "amount")),
            amount=pl.when(closed).then("amount").otherwise(pl.coalesce("amount", "revenue")),
            closed_on=pl.when(closed).then("closed_on"),
            expected_close=pl.when(closed)
            .then("expected_close")
            .otherwise(pl.coalesce("expected_close", "closed_on")),
        )
        # Without an amount a row says nothing about the currency.
        worth = pl.any_horizontal([pl.col(name).is_not_null() for name in AMOUNTS])
        frame = frame.with_columns(currency=pl.when(worth).then("currency"))
        rates = {code: str(rate) for code, rate in context.rates.items()}
        frame = frame.with_columns(
            rate=pl.col("currency").replace_strict(rates, default=None, return_dtype=pl.String),
            **{f"{name}_base": self._base(frame, name, context) for name in AMOUNTS},
        )
        families = {str(pk): str(family) for pk, family in Product.objects.values_list("pk", "family_id")}
        family = pl.col("product").replace_strict(families, default=None, return_dtype=pl.String)
        return frame.with_columns(family=family if families else pl.lit(None, pl.String))

    @staticmethod
    def _base(frame: pl.DataFrame, name: str, context: Context) -> pl.Series:
        """The amount in the tenant's currency; each distinct foreign amount is converted once."""
        own = context.tenant_currency
        base = frame.select(pl.when(pl.col("currency") == own).then(pl.col(name))).to_series()
        foreign = frame.filter((pl.col("currency") != own) & pl.col(name).is_not_null())
        for code in foreign["currency"].unique().to_list():
            if code not in context.rates:
                continue
            minors = foreign.filter(pl.col("currency") == code)[name].unique().to_list()
            values = {minor: convert(minor, context.rates[code], code, own) for minor in minors}
            here = frame.select(
                pl.when(pl.col("currency") == code).then(
                    pl.col(name).replace_strict(values, default=None, return_dtype=pl.Int64)
                )
            ).to_series()
            base = base.zip_with(base.is_not_null(), here)
        return base

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        won = pl.col("stage") == SalesStage.WON.value
        return [
            Problem(won & pl.col("revenue").is_null(), "revenue", "missing_revenue"),
            Problem(
                pl.col("stage").is_in(CLOSED) & pl.col("closed_on").is_null(), "closed_on", "missing_close"
            ),
            Problem(
                pl.col("closed_on") < pl.col("engaged_on"),
                "closed_on",
                "close_before_start",
                (("other", "engaged_on"),),
            ),
        ]

    def warnings(self, frame: pl.DataFrame) -> list[Notice]:
        return [
            Notice(pl.col("customer").is_null(), _("rows name no customer; they are kept without one")),
            Notice(pl.col("product").is_null(), _("rows name no product; they are kept without one")),
            Notice(
                pl.col("engaged_on").is_null(),
                _("rows have no date of entering the pipeline; they are kept without one"),
            ),
        ]

    def complete(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        return new.with_columns(pl.col("currency").fill_null(context.currency))

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        _link_customers()
        _record_imported(rows, rows.clear(), context)

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        _link_customers()
        _record_imported(rows, before, context)


_NEW_PAIRS = f"""
SELECT DISTINCT s.customer_id, s.partner_id FROM {STAGE} s
WHERE s.customer_id IS NOT NULL AND s.partner_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM {CustomerPartner._meta.db_table} link
    WHERE link.tenant_id = %s AND link.partner_id = s.partner_id AND link.customer_id = s.customer_id)
ORDER BY 1, 2
"""


def _link_customers() -> None:
    """A partner that has a deal with a customer serves it."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW_PAIRS, [current_tenant_id()])
        pairs = cursor.fetchall()
    CustomerPartner.objects.bulk_create(
        [CustomerPartner(customer_id=customer, partner_id=partner) for customer, partner in pairs],
        ignore_conflicts=True,
        batch_size=2000,
    )


def _recorded_on(ids: list[str]) -> pl.DataFrame:
    """`partner` and `day` of deals without a day of entering: those entered when they were recorded."""
    rows = Deal.objects.filter(pk__in=ids, engaged_on=None).order_by().values_list("partner_id", "created_at")
    # A day early, so that no time zone makes it late.
    found = {(str(partner), moment.date() - timedelta(days=1)) for partner, moment in rows}
    return pl.DataFrame(sorted(found), schema={"partner": pl.String, "day": pl.Date}, orient="row")


def _record_imported(rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
    """One event for each partner, with the days that are touched: those of the former values as well."""
    columns = ["partner", "engaged_on", "closed_on"]
    counts: dict[str, int] = dict(rows["partner"].value_counts().iter_rows())
    days: dict[str, set[date]] = defaultdict(set)
    touched = pl.concat([rows.select(columns), before.select(columns)])
    touched = touched.unpivot(["engaged_on", "closed_on"], index="partner", value_name="day")
    undated = rows.filter(pl.col("id").is_in(before["id"].to_list()) & pl.col("engaged_on").is_null())
    touched = pl.concat([touched.select("partner", "day"), _recorded_on(undated["id"].to_list())])
    for partner, day in touched.select("partner", "day").drop_nulls().unique().iter_rows():
        days[partner].add(day)
    record_many(
        EventDraft(
            "deals.imported",
            context.source,
            context.by,
            UUID(partner),
            {"count": counts.get(partner, 0), "days": [day.isoformat() for day in sorted(days[partner])]},
        )
        for partner in sorted(counts.keys() | set(before["partner"].drop_nulls().to_list()))
    )


register(DealTarget())
