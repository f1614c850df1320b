"""How programme costs come in from files."""

import polars as pl
from django.utils.translation import gettext_lazy as _

from metrics.costs.models import Category, Cost
from metrics.imported import tell_by_partner
from partners.directory.importers import EXTERNAL_ID, known_partners
from portal.imports.amounts import in_tenant_currency
from portal.imports.records import RecordTarget
from portal.imports.targets import Context, Field, Kind, Lookup, Problem, register

CATEGORIES = {
    "people": Category.PEOPLE,
    "salaries": Category.PEOPLE,
    "staff": Category.PEOPLE,
    "tools": Category.TOOLS,
    "software": Category.TOOLS,
    "training": Category.TRAINING,
    "events": Category.EVENTS,
    "travel": Category.EVENTS,
    "marketing": Category.MARKETING,
    "support": Category.SUPPORT,
    "other": Category.OTHER,
}


class CostTarget(RecordTarget):
    key = "costs"
    label = _("Programme costs")
    noun = _("costs")
    permission = "imports.run_import"
    model = Cost
    converts = True
    list_url = "metrics_costs:list"
    fields = (
        EXTERNAL_ID,
        Field(
            "spent_on",
            _("Spent on"),
            Kind.DATE,
            required=True,
            synonyms=("date", "month", "day", "period", "booked on"),
        ),
        Field(
            "category",
            _("Category"),
            Kind.CHOICE,
            required=True,
            synonyms=("type", "kind", "cost type", "account"),
            choices=CATEGORIES,
            labels=dict(Category.choices),
        ),
        Field(
            "amount",
            _("Amount"),
            Kind.AMOUNT,
            required=True,
            non_negative=True,
            synonyms=("cost", "costs", "value", "total"),
        ),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr")),
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            synonyms=("partner name", "reseller"),
            lookup=Lookup(known_partners),
            help=_("Empty for costs of the whole programme."),
        ),
        Field("note", _("Note"), max_length=300, synonyms=("description", "text", "comment")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        return frame.with_columns(
            amount=in_tenant_currency(frame, "amount", context), currency=pl.lit(context.tenant_currency)
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        return [Problem(pl.col("amount") == 0, "amount", "required")]

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        tell_by_partner("costs.imported", rows, "spent_on", context)

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        columns = ["partner", "spent_on"]
        tell_by_partner(
            "costs.imported", pl.concat([rows.select(columns), before.select(columns)]), "spent_on", context
        )


register(CostTarget())
