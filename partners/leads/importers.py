"""How leads come in from files: the vendor's own, and those of the partners that a row names."""

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.importers import INDUSTRIES, known_partners, known_products
from partners.leads.actions import distribute_now
from partners.leads.enums import LeadOrigin, LeadStatus
from partners.leads.models import Lead
from partners.leads.qualification import judge
from partners.leads.queries import criteria, policy
from portal.events.record import EventDraft, record_many
from portal.imports.amounts import in_tenant_currency
from portal.imports.records import RecordTarget
from portal.imports.targets import Context, Field, Kind, Lookup, Notice, Problem, Written, register

CHANNELS = {
    "paid": MarketingChannel.PAID,
    "advertising": MarketingChannel.PAID,
    "ads": MarketingChannel.PAID,
    "earned": MarketingChannel.EARNED,
    "referral": MarketingChannel.EARNED,
    "organic": MarketingChannel.EARNED,
    "owned": MarketingChannel.OWNED,
    "website": MarketingChannel.OWNED,
    "event": MarketingChannel.OWNED,
}


class LeadTarget(RecordTarget):
    key = "leads"
    label = _("Leads")
    noun = _("leads")
    permission = "imports.run_import"
    model = Lead
    number_prefix = "L"
    number_by_year = True
    extra = ("origin", "status", "family")
    # Whose a lead is and how far it has come is not for files to change.
    overrides: ClassVar = {name: f't."{name}"' for name in ("origin", "status", "submitted_at")} | {
        "partner": 't."partner_id"'
    }
    update_condition = "{t}.status NOT IN ('converted', 'disqualified')"
    versioned = True
    converts = True
    list_url = "leads:list"
    fields = (
        Field(
            "external_id",
            _("ID in your system"),
            max_length=100,
            synonyms=("lead id", "id", "external id", "record id", "crm id", "lead no", "lead number"),
            help=_("Recognises the lead when the file comes again."),
        ),
        Field(
            "partner",
            _("Partner"),
            Kind.LOOKUP,
            synonyms=("partner name", "reseller", "submitted by", "partner company"),
            lookup=Lookup(known_partners),
            help=_("Whose own lead it is. Empty for yours, which the rules distribute."),
        ),
        Field(
            "company",
            _("Company"),
            synonyms=("company name", "account", "organisation", "organization", "customer"),
        ),
        Field("domain", _("Website"), max_length=253, synonyms=("web", "url", "web domain", "domain")),
        Field(
            "person",
            _("Contact person"),
            max_length=150,
            synonyms=("name", "full name", "contact", "contact name", "lead name"),
        ),
        Field("job_title", _("Job title"), max_length=100, synonyms=("title", "position", "role")),
        Field("email", _("E-mail address"), max_length=254, synonyms=("email", "e-mail", "mail")),
        Field(
            "phone", _("Telephone"), max_length=50, synonyms=("phone", "telephone", "mobile", "phone number")
        ),
        Field("country", _("Country"), Kind.COUNTRY, synonyms=("country code", "land")),
        Field("region", _("Region"), max_length=100, synonyms=("territory", "area")),
        Field(
            "industry", _("Industry"), max_length=100, synonyms=("sector", "branch"), vocabulary=INDUSTRIES
        ),
        Field(
            "employees",
            _("Employees"),
            Kind.INTEGER,
            non_negative=True,
            synonyms=("company size", "size", "headcount", "number of employees"),
        ),
        Field(
            "budget",
            _("Budget"),
            Kind.AMOUNT,
            non_negative=True,
            synonyms=("amount", "value", "estimated value"),
        ),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr")),
        Field(
            "product",
            _("Product"),
            Kind.LOOKUP,
            synonyms=("product name", "interested in", "product interest"),
            lookup=Lookup(known_products),
        ),
        Field("need", _("Need"), max_length=5000, synonyms=("description", "interest", "message", "request")),
        Field("source", _("Source"), max_length=100, synonyms=("lead source", "campaign")),
        Field(
            "channel",
            _("Channel"),
            Kind.CHOICE,
            synonyms=("marketing channel", "medium"),
            choices=CHANNELS,
            labels=dict(MarketingChannel.choices),
        ),
        Field("consent", _("Consent"), max_length=500, synonyms=("opt in", "opt-in", "gdpr")),
        Field(
            "submitted_at",
            _("Submitted on"),
            Kind.DATE,
            synonyms=("created", "created date", "date", "lead date"),
            help=_("For partners’ own leads: the day from which they count."),
        ),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        own = pl.col("partner").is_not_null()
        return frame.with_columns(
            origin=pl.when(own).then(pl.lit(LeadOrigin.OWN.value)).otherwise(pl.lit(LeadOrigin.VENDOR.value)),
            status=pl.when(own)
            .then(pl.lit(LeadStatus.OPEN.value))
            .otherwise(pl.lit(LeadStatus.UNASSIGNED.value)),
            submitted_at=pl.when(own).then("submitted_at"),
            budget=in_tenant_currency(frame, "budget", context),
            currency=pl.lit(context.tenant_currency),
            family=pl.lit(None, pl.String),
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        nobody = pl.col("company").is_null() & pl.col("person").is_null()
        return [Problem(nobody, "company", "required")]

    def warnings(self, frame: pl.DataFrame) -> list[Notice]:
        unreachable = pl.all_horizontal(pl.col(name).is_null() for name in ("email", "phone", "domain"))
        return [
            Notice(unreachable, _("rows have neither e-mail address, telephone nor website; they are kept")),
            Notice(
                pl.col("partner").is_null(), _("rows name no partner; they are yours and get distributed")
            ),
        ]

    def _value_columns(self) -> list[tuple[str, str, pl.DataType]]:
        day = "(\"submitted_at\" AT TIME ZONE 'UTC')::date"
        return [
            (name, day if name == "submitted_at" else sql, dtype)
            for name, sql, dtype in super()._value_columns()
        ]

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        # Noon is the same day in nearly every time zone.
        noon = pl.col("submitted_at").cast(pl.Datetime) + timedelta(hours=12)
        return super().write(frame.with_columns(submitted_at=noon), context)

    def complete(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        own = pl.col("partner").is_not_null()
        now = pl.lit(timezone.now().replace(tzinfo=None), pl.Datetime)
        return new.with_columns(
            submitted_at=pl.when(own).then(pl.coalesce("submitted_at", now)),
            **{name: pl.col(name).fill_null("") for name in ("company", "person")},
        )

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        leads = _judged(rows)
        self._tell(leads, context)
        mine = [lead.pk for lead in leads if lead.status == LeadStatus.UNASSIGNED]
        if mine and policy().automatic:
            distribute_now(mine)

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        self._tell(_judged(rows), context)

    @staticmethod
    def _tell(leads: list[Lead], context: Context) -> None:
        """One event for each partner with own leads, with the days that they count on, and one for the vendor's."""
        counts: Counter[UUID | None] = Counter()
        days: dict[UUID | None, set[str]] = {}
        for lead in leads:
            partner = lead.partner_id if lead.is_own else None
            counts[partner] += 1
            if lead.submitted_at:
                days.setdefault(partner, set()).add(lead.submitted_at.isoformat())
        record_many(
            EventDraft(
                "leads.imported",
                context.source,
                context.by,
                partner,
                {"count": count, "days": sorted(days.get(partner, ()))},
            )
            for partner, count in sorted(counts.items(), key=lambda item: str(item[0]))
        )


def _judged(rows: pl.DataFrame) -> list[Lead]:
    """The leads that were written, with what follows from what they say."""
    leads = list(Lead.objects.filter(pk__in=rows["id"].to_list()).select_related("product").order_by("pk"))
    by_now = criteria()
    changed: list[Any] = []
    for lead in leads:
        family = lead.product.family_id if lead.product else lead.family_id
        moved = family != lead.family_id
        lead.family_id = family
        if judge(lead, by_now) or moved:
            changed.append(lead)
    Lead.objects.bulk_update(
        changed, ["family", "qualified", "marketing_qualified", "verdict"], batch_size=1000
    )
    return leads


register(LeadTarget())
