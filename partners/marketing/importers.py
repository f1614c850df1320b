"""How daily figures of campaigns come in from files: a row a campaign, day, source and channel."""

from uuid import UUID

import polars as pl
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.marketing.models import AMOUNTS, FIGURES, Campaign, DailyFigure
from portal.events.record import EventDraft, record_many
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Target, Written, register
from portal.money import convert

CHANNELS = {
    "paid": MarketingChannel.PAID,
    "advertising": MarketingChannel.PAID,
    "ads": MarketingChannel.PAID,
    "earned": MarketingChannel.EARNED,
    "organic": MarketingChannel.EARNED,
    "referral": MarketingChannel.EARNED,
    "owned": MarketingChannel.OWNED,
    "website": MarketingChannel.OWNED,
}
_KEY = ["campaign", "day", "source", "channel"]


def known_campaigns() -> list[Known]:
    rows = Campaign.objects.order_by("name").values_list("pk", "name", "external_id")
    return [Known(str(pk), name, (external,)) for pk, name, external in rows]


def _count(name: str, label: object, *synonyms: str) -> Field:
    return Field(name, label, Kind.INTEGER, non_negative=True, synonyms=synonyms)  # type: ignore[arg-type]


class FigureTarget(Target):
    key = "campaign_figures"
    label = _("Daily figures of campaigns")
    noun = _("daily figures")
    permission = "imports.run_import"
    converts = True
    list_url = "marketing:list"
    fields = (
        Field(
            "campaign",
            _("Campaign"),
            Kind.LOOKUP,
            required=True,
            synonyms=("campaign name", "name"),
            lookup=Lookup(known_campaigns),
        ),
        Field("day", _("Day"), Kind.DATE, required=True, synonyms=("date", "reported on")),
        Field("source", _("Source"), max_length=60, synonyms=("utm source", "origin", "site")),
        Field(
            "channel",
            _("Channel"),
            Kind.CHOICE,
            required=True,
            synonyms=("medium", "marketing channel", "type"),
            choices=CHANNELS,
            labels=dict(MarketingChannel.choices),
        ),
        _count("impressions", _("Impressions"), "views", "impr"),
        _count("clicks", _("Clicks")),
        _count("visits", _("Visits"), "sessions", "traffic"),
        _count("conversions", _("Conversions"), "goals"),
        _count("new_customers", _("New customers"), "customers"),
        _count("social_engagements", _("Social engagements"), "engagements", "likes"),
        Field("spend", _("Spend"), Kind.AMOUNT, non_negative=True, synonyms=("cost", "spent", "ad spend")),
        Field("revenue", _("Revenue"), Kind.AMOUNT, non_negative=True, synonyms=("sales", "value")),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        own = context.tenant_currency
        amounts = {}
        for name in AMOUNTS:
            amounts[name] = pl.Series(
                name,
                [
                    minor if minor is None or code in (own, None) else _converted(minor, code, context)
                    for minor, code in frame.select(name, "currency").iter_rows()
                ],
                pl.Int64,
            )
        return frame.with_columns(pl.col("source").fill_null(""), currency=pl.lit(None, pl.String), **amounts)

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        asked = frame.select("row", *_KEY)
        found = DailyFigure.objects.filter(
            campaign_id__in=asked["campaign"].drop_nulls().unique().to_list(),
            day__in=asked["day"].drop_nulls().unique().to_list(),
        )
        rows = [
            (str(campaign), day, source, channel, str(pk), *values)
            for campaign, day, source, channel, pk, *values in found.values_list(
                "campaign_id", "day", "source", "channel", "id", *FIGURES
            )
        ]
        schema = {"campaign": pl.String, "day": pl.Date, "source": pl.String, "channel": pl.String}
        schema |= {"id": pl.String, **dict.fromkeys(FIGURES, pl.Int64)}
        stored = pl.DataFrame(rows, schema=schema, orient="row")
        return asked.join(stored, on=_KEY).select("row", "id", *FIGURES)

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        """The last of several rows for one campaign, day, source and channel counts; what it leaves empty stays."""
        last = frame.unique(_KEY, keep="last", maintain_order=True).drop("id", strict=False)
        stored = self.existing(last)
        last = last.join(stored, on="row", how="left", suffix="_now", maintain_order="left")
        campaigns = Campaign.objects.in_bulk([UUID(key) for key in last["campaign"].unique()])
        DailyFigure.objects.bulk_create(
            [
                DailyFigure(
                    campaign_id=UUID(row["campaign"]),
                    partner_id=campaigns[UUID(row["campaign"])].partner_id,
                    day=row["day"],
                    source=row["source"] or "",
                    channel=row["channel"],
                    **{name: _first(row[name], row[f"{name}_now"]) for name in FIGURES},
                )
                for row in last.iter_rows(named=True)
            ],
            update_conflicts=True,
            unique_fields=["tenant", "campaign", "day", "source", "channel"],
            update_fields=[*FIGURES, "updated_at"],
            batch_size=500,
        )
        self._tell(last, campaigns, context)
        return Written(created=last.height - stored.height, changed=stored.height)

    @staticmethod
    def _tell(rows: pl.DataFrame, campaigns: dict[UUID, Campaign], context: Context) -> None:
        """One event for each partner, with the days that changed."""
        days: dict[UUID, list[str]] = {}
        for key, day in rows.select("campaign", "day").iter_rows():
            days.setdefault(campaigns[UUID(key)].partner_id, []).append(str(day))
        record_many(
            EventDraft(
                "campaigns.imported",
                context.source,
                context.by,
                partner,
                {"count": len(each), "days": sorted(set(each))},
            )
            for partner, each in sorted(days.items())
        )


def _first(given: int | None, stored: int | None) -> int:
    return given if given is not None else stored or 0


def _converted(minor: int, code: str, context: Context) -> int | None:
    rate = context.rates.get(code)
    return None if rate is None else convert(minor, rate, code, context.tenant_currency)


register(FigureTarget())
