"""How partners, customers and products come in from files."""

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID

import polars as pl
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory import actions
from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Customer, Partner, Product, ProductFamily
from partners.directory.names import normalise_domain, normalise_name
from portal.accounts.enums import VENDOR_ROLES, Role
from portal.accounts.models import Membership, User
from portal.events.record import EventDraft, record, record_many
from portal.imports.records import RecordTarget
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Problem, register
from portal.tenancy.scope import current_tenant_id

INDUSTRIES = (
    "agriculture",
    "automotive",
    "construction",
    "education",
    "employment",
    "energy",
    "entertainment",
    "finance",
    "government",
    "healthcare",
    "hospitality",
    "insurance",
    "legal",
    "logistics",
    "manufacturing",
    "marketing",
    "media",
    "medical",
    "nonprofit",
    "real estate",
    "retail",
    "services",
    "software",
    "technology",
    "telecommunications",
    "transport",
    "utilities",
)
EXTERNAL_ID = Field(
    "external_id",
    _("ID in your system"),
    max_length=100,
    synonyms=("id", "external id", "code", "key", "reference", "record id", "crm id"),
    help=_("Recognises the record when the file comes again."),
)


# --- what files name ---------------------------------------------------------------------------


def known_managers() -> list[Known]:
    people = Membership.objects.filter(
        role__in=sorted(VENDOR_ROLES), is_active=True, tenant_id=current_tenant_id()
    )
    return [
        Known(str(pk), name or email, (email,))
        for pk, name, email in people.values_list("pk", "user__name", "user__email")
    ]


def known_partners() -> list[Known]:
    """The names of a company that has become part of another lead to the other."""
    rows = Partner.objects.order_by(F("merged_into").asc(nulls_last=True), "name")
    values = rows.values_list("pk", "merged_into", "name", "number", "external_id")
    return [Known(str(kept or pk), name, (number, external)) for pk, kept, name, number, external in values]


def known_customers() -> list[Known]:
    """Not those that a partner has named for itself; a merged one's names lead to the one that stands for it."""
    rows = Customer.objects.filter(named_by=None).order_by(F("merged_into").asc(nulls_last=True), "name")
    values = rows.values_list("pk", "merged_into", "name", "number", "external_id")
    return [Known(str(kept or pk), name, (number, external)) for pk, kept, name, number, external in values]


def known_products() -> list[Known]:
    rows = Product.objects.order_by("name").values_list("pk", "name", "sku", "external_id")
    return [Known(str(pk), name, (sku, external)) for pk, name, sku, external in rows]


def known_families() -> list[Known]:
    rows = ProductFamily.objects.order_by("name").values_list("pk", "name", "external_id")
    return [Known(str(pk), name, (external,)) for pk, name, external in rows]


def create_managers(people: Sequence[tuple[UUID, str]], context: Context) -> None:
    """Channel managers that a file names and the portal does not know. Until an admin gives them their real
    address they have one under `.invalid`, which no mail reaches, and no password, so nobody signs in."""
    taken = set(
        User.objects.filter(email__endswith=_placeholder_domain(context)).values_list("email", flat=True)
    )
    users, members = [], []
    for pk, name in people:
        email = _placeholder_address(name, context, taken)
        taken.add(email)
        user = User(email=email, name=name[:150])
        user.set_unusable_password()
        users.append(user)
        members.append(Membership(pk=pk, tenant_id=context.tenant_id, user=user, role=Role.CHANNEL_MANAGER))
    User.objects.bulk_create(users)
    Membership.objects.bulk_create(members)
    record_many(
        EventDraft("member.joined", member, context.by, data={"name": str(member.user), "imported": True})
        for member in members
    )


def create_customers(names: Sequence[tuple[UUID, str]], context: Context) -> None:
    numbers = context.numbers.take("C", len(names))
    Customer.objects.bulk_create(
        [
            Customer(
                pk=pk,
                name=name,
                normalised_name=normalise_name(name)[:200],
                number=number,
                import_id=context.run_id,
            )
            for (pk, name), number in zip(names, numbers, strict=True)
        ],
        batch_size=2000,
    )


def create_partners(names: Sequence[tuple[UUID, str]], context: Context) -> None:
    numbers = context.numbers.take("P", len(names))
    partners = [
        Partner(pk=pk, name=name, number=number, joined_on=timezone.localdate(), import_id=context.run_id)
        for (pk, name), number in zip(names, numbers, strict=True)
    ]
    Partner.objects.bulk_create(partners, batch_size=2000)
    record_many(
        EventDraft("partner.imported", partner, context.by, partner.pk, {"name": partner.name})
        for partner in partners
    )


def create_families(names: Sequence[tuple[UUID, str]], context: Context) -> None:
    ProductFamily.objects.bulk_create([ProductFamily(pk=pk, name=name) for pk, name in names])


def _placeholder_domain(context: Context) -> str:
    return f"@{context.tenant_slug}.invalid"


def _placeholder_address(name: str, context: Context, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    local = ".".join(re.findall(r"[a-z0-9]+", plain))[:50] or "manager"
    address, number = local + _placeholder_domain(context), 2
    while address in taken:
        address, number = f"{local}.{number}{_placeholder_domain(context)}", number + 1
    return address


# --- targets -----------------------------------------------------------------------------------


class PartnerTarget(RecordTarget):
    key = "partners"
    label = _("Partners")
    noun = _("partners")
    permission = "imports.run_import"
    model = Partner
    natural_key = "name"
    number_prefix = "P"
    # What has become part of another company stays as it is.
    update_condition = "{t}.merged_into_id IS NULL"
    list_url = "directory:partners"
    fields = (
        Field(
            "name",
            _("Name"),
            required=True,
            synonyms=(
                "partner",
                "partner name",
                "company",
                "company name",
                "sales agent",
                "reseller",
                "agent",
            ),
        ),
        EXTERNAL_ID,
        Field(
            "type",
            _("Type"),
            Kind.CHOICE,
            synonyms=("partner type", "kind"),
            choices={
                "var": PartnerType.RESELLER,
                "dealer": PartnerType.RESELLER,
                "referrer": PartnerType.REFERRAL,
                "agent": PartnerType.REFERRAL,
                "managed service provider": PartnerType.MSP,
                "managed services": PartnerType.MSP,
                "distribution": PartnerType.DISTRIBUTOR,
                "disti": PartnerType.DISTRIBUTOR,
                "system integrator": PartnerType.INTEGRATOR,
                "systems integrator": PartnerType.INTEGRATOR,
                "si": PartnerType.INTEGRATOR,
            },
            labels=dict(PartnerType.choices),
        ),
        Field(
            "status",
            _("Status"),
            Kind.CHOICE,
            synonyms=("partner status",),
            choices={
                "live": PartnerStatus.ACTIVE,
                "former": PartnerStatus.TERMINATED,
                "inactive": PartnerStatus.SUSPENDED,
            },
            labels=dict(PartnerStatus.choices),
        ),
        Field(
            "manager",
            _("Channel manager"),
            Kind.LOOKUP,
            synonyms=(
                "manager",
                "account manager",
                "partner manager",
                "channel account manager",
                "cam",
                "owner",
            ),
            help=_("By name or e-mail address. Managers that the portal does not know can be created."),
            max_length=150,
            lookup=Lookup(known_managers, create_managers),
        ),
        Field(
            "region",
            _("Region"),
            max_length=100,
            synonyms=("regional office", "territory", "area", "sales region"),
        ),
        Field(
            "country",
            _("Country"),
            Kind.COUNTRY,
            synonyms=("country code", "land", "country name"),
        ),
        Field("website", _("Website"), synonyms=("url", "web", "homepage", "site", "web site")),
        Field(
            "joined_on",
            _("Partner since"),
            Kind.DATE,
            synonyms=("joined", "join date", "start date", "since", "partner start date", "onboarded"),
        ),
        Field("left_on", _("Left on"), Kind.DATE, synonyms=("left", "end date", "termination date", "until")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        site = pl.col("website")
        bare = site.is_not_null() & ~site.str.contains(r"^[a-zA-Z][a-zA-Z0-9+.-]*://")
        return frame.with_columns(website=pl.when(bare).then("https://" + site).otherwise(site))

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        return [
            Problem(
                ~pl.col("website").str.contains(r"(?i)^https?://[^\s/@]+\.[^\s/@.]{2,}(?:[/?#:]\S*)?$"),
                "website",
                "url",
            ),
            Problem(
                pl.col("left_on") < pl.col("joined_on"),
                "left_on",
                "end_before_start",
                (("other", "joined_on"),),
            ),
        ]

    def complete(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        return new.with_columns(pl.col("joined_on").fill_null(timezone.localdate()))

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        record_many(
            EventDraft("partner.imported", Partner(pk=UUID(pk)), context.by, UUID(pk), {"name": name})
            for pk, name in rows.select("id", "name").iter_rows()
        )

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        self.created(rows, context)


class CustomerTarget(RecordTarget):
    key = "customers"
    label = _("Customers")
    noun = _("customers")
    permission = "imports.run_import"
    model = Customer
    natural_key = "name"
    number_prefix = "C"
    extra = ("normalised_name",)
    # A partner's own record is not the file's to change, and a merged one is no record any more.
    name_condition = "{t}.named_by_id IS NULL AND {t}.merged_into_id IS NULL"
    list_url = "directory:customers"
    fields = (
        Field(
            "name",
            _("Name"),
            required=True,
            synonyms=(
                "account",
                "account name",
                "customer",
                "customer name",
                "company",
                "company name",
                "client",
            ),
        ),
        EXTERNAL_ID,
        Field(
            "country",
            _("Country"),
            Kind.COUNTRY,
            synonyms=(
                "country code",
                "country name",
                "office location",
                "location",
                "billing country",
                "land",
            ),
        ),
        Field(
            "domain",
            _("Web domain"),
            max_length=253,
            synonyms=("website", "url", "web", "web site", "homepage", "e-mail domain", "email domain"),
        ),
        Field(
            "industry",
            _("Industry"),
            max_length=100,
            synonyms=("sector", "branch", "vertical", "market"),
            vocabulary=INDUSTRIES,
        ),
        Field(
            "employees",
            _("Employees"),
            Kind.INTEGER,
            non_negative=True,
            synonyms=("number of employees", "headcount", "staff", "employee count", "fte", "size"),
        ),
        Field(
            "parent_name",
            _("Subsidiary of"),
            synonyms=("parent", "parent account", "parent company", "group", "holding"),
        ),
        Field(
            "started_on",
            _("Customer since"),
            Kind.DATE,
            synonyms=("start date", "since", "customer start date", "first order", "started"),
        ),
        Field(
            "ended_on",
            _("Customer until"),
            Kind.DATE,
            synonyms=("end date", "churn date", "until", "ended", "cancelled on"),
        ),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        names = frame["name"].drop_nulls().unique().to_list()
        domains = frame["domain"].drop_nulls().unique().to_list()
        return frame.with_columns(
            normalised_name=replaced("name", {name: normalise_name(name)[:200] for name in names}),
            domain=replaced("domain", {text: normalise_domain(text) for text in domains}),
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        return [
            Problem(pl.col("domain") == "", "domain", "url"),
            Problem(pl.col("ended_on") < actions.EARLIEST_END, "ended_on", "long_ago"),
        ]

    def contradictions(self, frame: pl.DataFrame) -> list[Problem]:
        other = (("other", "started_on"),)
        backwards = pl.col("ended_on") < pl.col("started_on")
        return [Problem(backwards, "ended_on", "end_before_start", other)]

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        record("customer.imported", subject=context.source, by=context.by, data={"count": len(rows)})

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        data = {"count": len(rows), "customers": rows["id"].to_list()}
        record("customer.imported", subject=context.source, by=context.by, data=data)


class ProductTarget(RecordTarget):
    key = "products"
    label = _("Products")
    noun = _("products")
    permission = "imports.run_import"
    model = Product
    natural_key = "name"
    list_url = "directory:products"
    fields = (
        Field("name", _("Name"), required=True, synonyms=("product", "product name", "item", "title")),
        EXTERNAL_ID,
        Field(
            "sku",
            _("Article number"),
            max_length=60,
            synonyms=(
                "article",
                "article no",
                "part number",
                "item number",
                "product code",
                "product number",
            ),
        ),
        Field(
            "family",
            _("Family"),
            Kind.LOOKUP,
            required=True,
            max_length=100,
            synonyms=(
                "series",
                "product family",
                "group",
                "product group",
                "category",
                "line",
                "product line",
            ),
            help=_("Products that one registration protects together. New families are created."),
            lookup=Lookup(known_families, create_families, unasked=True),
        ),
        Field(
            "price",
            _("Price"),
            Kind.AMOUNT,
            non_negative=True,
            synonyms=("sales price", "list price", "unit price", "amount", "msrp"),
        ),
        Field("currency", _("Currency"), Kind.CURRENCY, synonyms=("currency code", "curr", "valuta")),
        Field(
            "is_active",
            _("Sold now"),
            Kind.CHOICE,
            synonyms=("active", "sold", "available"),
            choices={
                "1": "true",
                "y": "true",
                "active": "true",
                "0": "false",
                "n": "false",
                "inactive": "false",
            },
            labels={"true": _("Yes"), "false": _("No")},
        ),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        # Without a price a row says nothing about the currency.
        return frame.with_columns(
            currency=pl.when(pl.col("price").is_not_null()).then("currency"),
        )

    def complete(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        return new.with_columns(pl.col("currency").fill_null(context.currency))

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        record("product.imported", subject=context.source, by=context.by, data={"count": len(rows)})

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        self.created(rows, context)


def replaced(column: str, values: dict[str, str]) -> pl.Expr:
    """A text column with each value exchanged."""
    return (
        pl.col(column).replace_strict(values, default=None, return_dtype=pl.String)
        if values
        else pl.col(column)
    )


for target in (PartnerTarget(), CustomerTarget(), ProductTarget()):
    register(target)
