"""How readings come in from files: one row a metric, day and partner."""

from decimal import Decimal
from uuid import UUID

import polars as pl
from django.utils.translation import gettext_lazy as _

from metrics.imported import tell_by_partner
from metrics.readings.actions import kept_value
from metrics.readings.known import ReadingUnit
from metrics.readings.models import MetricDefinition, Reading, as_written
from metrics.readings.queries import definitions
from partners.directory.importers import known_partners
from portal.errors import ActionRefused
from portal.imports.parsing import Unreadable, decimal_evidence, parse_number
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Problem, Target, Written, register


def known_definitions() -> list[Known]:
    return [Known(str(row.pk), row.name, (row.code,)) for row in definitions()]


class ReadingTarget(Target):
    key = "readings"
    recognised_by = ("definition", "day", "partner")
    label = _("Readings of reported metrics")
    noun = _("readings")
    permission = "imports.run_import"
    list_url = "metrics_readings:readings"
    fields = (
        Field(
            "definition",
            _("Metric"),
            Kind.LOOKUP,
            required=True,
            synonyms=("metric", "name", "kpi", "measure", "code"),
            lookup=Lookup(known_definitions),
        ),
        Field("day", _("Day"), Kind.DATE, required=True, synonyms=("date", "month", "period")),
        Field(
            "number",
            _("Value"),
            required=True,
            max_length=30,
            synonyms=("value", "reading", "amount", "result"),
            help=_("With a point before decimals; a percentage as 12.5."),
        ),
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            synonyms=("partner name", "reseller"),
            lookup=Lookup(known_partners),
            help=_("Empty for the whole programme."),
        ),
        Field("note", _("Note"), max_length=300, synonyms=("comment", "description")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        """`value` as it is kept, and `number` written in one way only, so that equal ones are equal texts."""
        known = {str(row.pk): row for row in MetricDefinition.objects.all()}
        mark = decimal_evidence(frame["number"].drop_nulls()) or "."
        values: list[int | None] = []
        numbers: list[str | None] = []
        for key, text in frame.select("definition", "number").iter_rows():
            value = _value(known.get(key), text, mark, context.tenant_currency)
            values.append(value)
            numbers.append(
                text if value is None else _written(known[key].unit, value, context.tenant_currency)
            )
        return frame.with_columns(
            pl.Series("value", values, pl.Int64), pl.Series("number", numbers, pl.String)
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        wrong = (
            pl.col("number").is_not_null() & pl.col("definition").is_not_null() & pl.col("value").is_null()
        )
        return [Problem(wrong, "number", "number")]

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        asked = frame.select("row", "definition", "day", "partner")
        days = asked["day"].drop_nulls()
        found = (
            Reading.objects.filter(
                definition_id__in=asked["definition"].drop_nulls().unique().to_list(),
                day__range=(days.min(), days.max()),
            )
            if len(days)
            else Reading.objects.none()
        )
        stored = pl.DataFrame(
            [
                (
                    str(one.definition_id),
                    one.day,
                    str(one.partner_id) if one.partner_id else None,
                    str(one.pk),
                    _written(one.definition.unit, one.value, one.currency),
                    one.note,
                )
                for one in found.select_related("definition")
            ],
            schema={
                "definition": pl.String,
                "day": pl.Date,
                "partner": pl.String,
                "id": pl.String,
                "number": pl.String,
                "note": pl.String,
            },
            orient="row",
        )
        return asked.join(stored, on=["definition", "day", "partner"], nulls_equal=True).select(
            "row", "id", "number", "note"
        )

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        """The last of several rows for one metric, day and partner counts.

        Numbers are kept by the unit of now: until there are readings it may have changed since the file was checked.
        """
        last = frame.unique(["definition", "day", "partner"], keep="last", maintain_order=True)
        named = MetricDefinition.objects.filter(pk__in=last["definition"].unique().to_list()).order_by("pk")
        known = {str(row.pk): row for row in named.select_for_update(of=("self",))}
        before = set(self.existing(last)["row"])
        Reading.objects.bulk_create(
            [
                Reading(
                    definition_id=UUID(row["definition"]),
                    day=row["day"],
                    partner_id=UUID(row["partner"]) if row["partner"] else None,
                    value=kept_value(
                        known[row["definition"]], Decimal(row["number"]), context.tenant_currency
                    ),
                    currency=context.tenant_currency,
                    note=row["note"] or "",
                    reported_by=context.by,
                    import_id=context.run_id,
                )
                for row in last.iter_rows(named=True)
            ],
            update_conflicts=True,
            unique_fields=["tenant", "definition", "partner", "day"],
            update_fields=["value", "currency", "note", "reported_by", "import_id", "updated_at"],
            batch_size=1000,
        )
        tell_by_partner("readings.imported", last, "day", context)
        changed = len(before.intersection(last["row"]))
        return Written(created=last.height - changed, changed=changed)


def _value(definition: MetricDefinition | None, text: str | None, mark: str, currency: str) -> int | None:
    """The value as it is kept; None for what is no number. `mark` stands before decimals."""
    if definition is None or text is None:
        return None
    try:
        return kept_value(definition, parse_number(text.strip().removesuffix("%"), mark), currency)
    except (Unreadable, ActionRefused):
        return None


def _written(unit: str, value: int, currency: str) -> str:
    """A kept value as people write it, each in one way only."""
    number = as_written(unit, value, currency)
    return f"{number if unit == ReadingUnit.MONEY else number.normalize():f}"


register(ReadingTarget())
