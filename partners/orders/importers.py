"""How orders come in from files: a row an order, with its amount, cost and units in all."""

from datetime import timedelta
from typing import ClassVar

import polars as pl
from django.utils.translation import gettext_lazy as _

from partners.directory.importers import known_customers, known_partners
from partners.orders.enums import OrderStatus
from partners.orders.models import Order
from portal.events.record import EventDraft, record_many
from portal.imports.amounts import in_tenant_currency
from portal.imports.records import RecordTarget
from portal.imports.targets import Context, Field, Kind, Lookup, Notice, Problem, Written, register

MOMENTS = ("ordered_at", "shipped_at", "fulfilled_at")


class OrderTarget(RecordTarget):
    key = "orders"
    label = _("Orders")
    noun = _("orders")
    permission = "imports.run_import"
    model = Order
    number_prefix = "O"
    number_by_year = True
    extra = ("rate", "total_base", "cost_base", "status")
    # A cancelled order stays cancelled, and an order's lines say what it amounts to.
    update_condition = (
        "{t}.status <> 'cancelled' AND NOT EXISTS (SELECT FROM orders_orderline l"
        " WHERE l.tenant_id = {t}.tenant_id AND l.order_id = {t}.id)"
    )
    versioned = True
    converts = True
    list_url = "orders:list"
    # What the file leaves out stays, and the status goes by what is then known.
    overrides: ClassVar = {
        "rate": 's."rate"',
        "status": f"""CASE WHEN COALESCE(s.fulfilled_at, t.fulfilled_at) IS NOT NULL THEN '{OrderStatus.DELIVERED.value}'
            WHEN COALESCE(s.shipped_at, t.shipped_at) IS NOT NULL THEN '{OrderStatus.SHIPPED.value}'
            ELSE t.status END""",
    }
    fields = (
        Field(
            "external_id",
            _("ID in your system"),
            max_length=100,
            synonyms=("order id", "id", "order number", "order no", "external id", "reference"),
            help=_("Recognises the order when the file comes again."),
        ),
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            required=True,
            synonyms=("partner name", "reseller", "sold by", "seller"),
            lookup=Lookup(known_partners),
        ),
        Field(
            "customer",
            _("Customer"),
            Kind.LOOKUP,
            synonyms=("customer name", "account", "sold to"),
            lookup=Lookup(known_customers),
        ),
        Field(
            "ordered_at",
            _("Ordered on"),
            Kind.DATE,
            required=True,
            synonyms=("order date", "date", "ordered", "placed on"),
        ),
        Field("shipped_at", _("Shipped on"), Kind.DATE, synonyms=("ship date", "shipped", "shipping date")),
        Field(
            "fulfilled_at",
            _("Delivered on"),
            Kind.DATE,
            synonyms=("delivery date", "delivered", "fulfilled", "fulfilled on"),
        ),
        Field(
            "units",
            _("Units"),
            Kind.INTEGER,
            non_negative=True,
            synonyms=("quantity", "qty", "pieces", "units sold"),
        ),
        Field(
            "total",
            _("Amount"),
            Kind.AMOUNT,
            required=True,
            non_negative=True,
            synonyms=("revenue", "order value", "value", "total", "sales"),
        ),
        Field("cost", _("Cost"), Kind.AMOUNT, non_negative=True, synonyms=("cost of goods", "cogs", "costs")),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr")),
        Field("note", _("Note"), max_length=500, synonyms=("comment", "description")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        frame = frame.with_columns(pl.col("currency").fill_null(context.currency))
        rates = {code: str(rate) for code, rate in context.rates.items()} | {context.tenant_currency: "1"}
        delivered = pl.col("fulfilled_at").is_not_null()
        shipped = pl.col("shipped_at").is_not_null()
        return frame.with_columns(
            rate=pl.col("currency").replace_strict(rates, default=None, return_dtype=pl.String),
            total_base=in_tenant_currency(frame, "total", context),
            cost_base=in_tenant_currency(frame, "cost", context),
            status=pl.when(delivered)
            .then(pl.lit(OrderStatus.DELIVERED.value))
            .when(shipped)
            .then(pl.lit(OrderStatus.SHIPPED.value))
            .otherwise(pl.lit(OrderStatus.PLACED.value)),
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        other = (("other", "ordered_at"),)
        return [
            Problem(pl.col(name) < pl.col("ordered_at"), name, "end_before_start", other)
            for name in ("shipped_at", "fulfilled_at")
        ]

    def warnings(self, frame: pl.DataFrame) -> list[Notice]:
        return [
            Notice(pl.col("units").is_null(), _("rows say no units; they count for no return rate")),
            Notice(pl.col("cost").is_null(), _("rows say no cost; they are kept without one")),
        ]

    def _value_columns(self) -> list[tuple[str, str, pl.DataType]]:
        return [
            (name, f"(\"{name}\" AT TIME ZONE 'UTC')::date" if name in MOMENTS else sql, dtype)
            for name, sql, dtype in super()._value_columns()
        ]

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        # Noon is the same day in nearly every time zone.
        noon = [pl.col(name).cast(pl.Datetime) + timedelta(hours=12) for name in MOMENTS]
        return super().write(frame.with_columns(noon), context)

    def complete(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        return new.with_columns(pl.col("units").fill_null(0))

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        _tell(rows.select("partner", *(pl.col(name).cast(pl.Date) for name in MOMENTS)), context)

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        columns = ["partner", *(pl.col(name).cast(pl.Date) for name in MOMENTS)]
        _tell(pl.concat([rows.select(columns), before.select(columns)]), context)


def _tell(rows: pl.DataFrame, context: Context) -> None:
    """One event for each partner, with the days that changed."""
    days = rows.unpivot(on=list(MOMENTS), index="partner").drop_nulls("value")
    grouped = days.group_by("partner").agg(pl.col("value").unique().sort()).sort("partner")
    counts = dict(rows.group_by("partner").len().iter_rows())
    record_many(
        EventDraft(
            "orders.imported",
            context.source,
            context.by,
            partner,
            {"count": counts[partner], "days": [str(day) for day in each]},
        )
        for partner, each in grouped.iter_rows()
    )


register(OrderTarget())
