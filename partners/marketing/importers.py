"""How campaigns and their daily figures come in from files: a row a campaign, and a row a campaign, day, source and
channel."""

import datetime as dt
from typing import Any
from uuid import UUID

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.importers import EXTERNAL_ID, known_partners
from partners.marketing.models import AMOUNTS, FIGURES, Campaign, DailyFigure
from portal.events.record import EventDraft, record_many
from portal.imports.amounts import in_tenant_currency
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Problem, Target, Written, register
from portal.tenancy.models import current_tenant

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
_YES, _NO = "yes", "no"
ANSWERS = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "ja"), _YES),
    **dict.fromkeys(("no", "n", "false", "0", "nee"), _NO),
}
_FLAGS = ("is_cobranded", "is_joint")
_NAMED = ("name", "starts_on", "ends_on", "budget", "goal", "external_id")


def _flag(name: str, label: object, *synonyms: str) -> Field:
    return Field(
        name,
        label,  # type: ignore[arg-type]
        Kind.CHOICE,
        synonyms=synonyms,
        choices=ANSWERS,
        labels={_YES: _("Yes"), _NO: _("No")},
    )


class CampaignTarget(Target):
    """A campaign is known by its id in the vendor's system, or by its partner and name."""

    key = "campaigns"
    label = _("Campaigns")
    noun = _("campaigns")
    permission = "imports.run_import"
    converts = True
    list_url = "marketing:list"
    recognised_by = ("partner", "name")
    fields = (
        EXTERNAL_ID,
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            required=True,
            synonyms=("partner name", "reseller"),
            lookup=Lookup(known_partners),
        ),
        Field("name", _("Name"), required=True, max_length=150, synonyms=("campaign", "campaign name")),
        Field(
            "starts_on",
            _("Begins"),
            Kind.DATE,
            required=True,
            synonyms=("start", "start date", "starts", "from", "started on"),
        ),
        Field("ends_on", _("Ends"), Kind.DATE, synonyms=("end", "end date", "until", "ended on", "to")),
        _flag("is_cobranded", _("Co-branded"), "cobranded", "co-brand", "both names"),
        _flag("is_joint", _("Together with the vendor"), "joint", "joint campaign", "shared"),
        Field("budget", _("Budget"), Kind.AMOUNT, non_negative=True, synonyms=("planned spend",)),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr")),
        Field("goal", _("Goal"), max_length=1000, synonyms=("objective", "aim", "description")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        return frame.with_columns(
            pl.col("name").str.replace_all(r"\s+", " "),
            budget=in_tenant_currency(frame, "budget", context),
            currency=pl.lit(None, pl.String),
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        ends_first = pl.col("ends_on") < pl.col("starts_on")
        _matched, taken = self._match(frame)
        twice = pl.col("row").is_in(self._not_first(frame))
        return [
            Problem(ends_first, "ends_on", "end_before_start", (("other", "starts_on"),)),
            Problem(twice | pl.col("row").is_in(taken), "name", "name_taken"),
        ]

    @staticmethod
    def _not_first(frame: pl.DataFrame) -> list[int]:
        """Rows that name another campaign of the same partner's by a name that a row before has given away."""
        rows = frame.filter(pl.struct("partner", "name", "external_id").is_first_distinct())
        return rows.filter(~pl.struct("partner", "name").is_first_distinct())["row"].to_list()

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        names = ("name", "starts_on", "ends_on", *_FLAGS, "budget", "goal")
        rows = [
            {"row": row, "id": str(campaign.pk), **{name: _plain(campaign, name) for name in names}}
            for row, campaign in self._match(frame)[0].items()
        ]
        schema = {"row": pl.UInt32, "id": pl.String, "name": pl.String, "starts_on": pl.Date}
        schema |= {
            "ends_on": pl.Date,
            **dict.fromkeys(_FLAGS, pl.String),
            "budget": pl.Int64,
            "goal": pl.String,
        }
        return pl.DataFrame(rows, schema=schema)

    def _match(self, frame: pl.DataFrame, *, lock: bool = False) -> tuple[dict[int, Campaign], list[int]]:
        """The campaigns that rows name, by row, and the rows whose name is another campaign's. One query."""
        asked = list(frame.select("row", "external_id", "partner", "name").iter_rows())
        campaigns = Campaign.objects.order_by("pk")
        if lock:
            campaigns = campaigns.select_for_update(of=("self",))
        found = campaigns.filter(
            external_id__in=[key for _row, key, *_rest in asked if key]
        ) | campaigns.filter(
            partner_id__in={partner for *_some, partner, _name in asked if partner},
            name__in={name for *_some, name in asked if name},
        )
        by_id, by_name = {}, {}
        for campaign in found:
            if campaign.external_id:
                by_id[campaign.external_id] = campaign
            by_name[str(campaign.partner_id), campaign.name] = campaign
        matched, taken = {}, []
        for row, key, partner, name in asked:
            named = by_name.get((partner, name))
            known = by_id.get(key)
            # One that has another id in the vendor's system is another one.
            if known is None and named is not None and (not key or not named.external_id):
                known = named
            if known is not None:
                matched[row] = known
            if named is not None and named is not known:
                taken.append(row)
        return matched, taken

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        """What the file leaves empty stays, and a campaign stays the partner's whose it is."""
        known, _taken = self._match(frame, lock=True)
        new, changed, days = [], [], _Days()
        for row in frame.iter_rows(named=True):
            campaign = known.get(row["row"])
            if campaign is None:
                campaign = Campaign(
                    partner_id=UUID(row["partner"]),
                    currency=context.tenant_currency,
                    import_id=context.run_id,
                )
                new.append(campaign)
            else:
                days.add(campaign)
                campaign.version += 1
                changed.append(campaign)
            _fill(campaign, row)
            days.add(campaign)
        Campaign.objects.bulk_create(new, batch_size=500)
        Campaign.objects.bulk_update(changed, [*_NAMED, *_FLAGS, "version"], batch_size=500)
        days.tell("campaign.imported", context)
        return Written(created=len(new), changed=len(changed))


def _plain(campaign: Campaign, name: str) -> Any:
    value = getattr(campaign, name)
    if name in _FLAGS:
        return _YES if value else _NO
    return value


def _fill(campaign: Campaign, row: dict[str, Any]) -> None:
    for name in _NAMED:
        if row[name] is not None:
            setattr(campaign, name, row[name])
    for name in _FLAGS:
        if row[name] is not None:
            setattr(campaign, name, row[name] == _YES)


class _Days:
    """Which days changed for which partner."""

    def __init__(self) -> None:
        self.found: dict[UUID, set[dt.date]] = {}
        self.campaigns: dict[UUID, set[UUID]] = {}

    def add(self, campaign: Campaign) -> None:
        self.campaigns.setdefault(campaign.partner_id, set()).add(campaign.pk)
        days = (campaign.starts_on, campaign.ends_on)
        self.found.setdefault(campaign.partner_id, set()).update(day for day in days if day)

    def tell(self, event: str, context: Context) -> None:
        """One event for each partner."""
        record_many(
            EventDraft(
                event,
                context.source,
                context.by,
                partner,
                {"count": len(self.campaigns[partner]), "days": sorted(map(str, days))},
            )
            for partner, days in sorted(self.found.items())
        )


def known_campaigns() -> list[Known]:
    rows = Campaign.objects.order_by("name").values_list("pk", "name", "external_id", "partner_id")
    return [Known(str(pk), name, (external,), str(partner)) for pk, name, external, partner in rows]


def _count(name: str, label: object, *synonyms: str) -> Field:
    return Field(name, label, Kind.INTEGER, non_negative=True, synonyms=synonyms)  # type: ignore[arg-type]


class FigureTarget(Target):
    key = "campaign_figures"
    label = _("Daily figures of campaigns")
    noun = _("daily figures")
    permission = "imports.run_import"
    converts = True
    list_url = "marketing:list"
    recognised_by = ("partner", *_KEY)
    fields = (
        Field(
            "campaign",
            _("Campaign"),
            Kind.LOOKUP,
            required=True,
            synonyms=("campaign name", "name"),
            lookup=Lookup(known_campaigns, within="partner"),
        ),
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            synonyms=("partner name", "reseller"),
            lookup=Lookup(known_partners),
            help=_("Tells campaigns of the same name apart."),
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
        amounts = {name: in_tenant_currency(frame, name, context) for name in AMOUNTS}
        return frame.with_columns(pl.col("source").fill_null(""), currency=pl.lit(None, pl.String), **amounts)

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        today = timezone.localdate(timezone=current_tenant().zone)
        return [Problem(pl.col("day") > today, "day", "future")]

    def contradictions(self, frame: pl.DataFrame) -> list[Problem]:
        seen = pl.col("impressions") > 0
        other = (("other", "impressions"),)
        return [Problem(seen & (pl.col("clicks") > pl.col("impressions")), "clicks", "clicks", other)]

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


register(CampaignTarget())
register(FigureTarget())
