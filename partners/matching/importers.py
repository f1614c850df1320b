"""How the vendor's direct accounts come in from files."""

from uuid import UUID

import polars as pl
from django.utils.translation import gettext_lazy as _

from partners.directory.importers import EXTERNAL_ID, replaced
from partners.directory.names import normalise_domain, normalise_name
from partners.matching.actions import index_accounts
from partners.matching.models import DirectAccount
from portal.events.record import record
from portal.imports.records import RecordTarget
from portal.imports.targets import Context, Field, Kind, Problem, register


class DirectAccountTarget(RecordTarget):
    key = "direct_accounts"
    label = _("Direct accounts")
    noun = _("direct accounts")
    permission = "imports.run_import"
    model = DirectAccount
    natural_key = "name"
    extra = ("normalised_name",)
    list_url = "matching:accounts"
    fields = (
        Field("name", _("Name"), required=True, synonyms=("account", "account name", "company", "customer")),
        EXTERNAL_ID,
        Field("country", _("Country"), Kind.COUNTRY, synonyms=("country code", "land", "billing country")),
        Field("domain", _("Web domain"), max_length=253, synonyms=("website", "url", "web", "homepage")),
        Field("note", _("Note"), max_length=500, synonyms=("remark", "comment", "owner", "account manager")),
    )

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        names = frame["name"].drop_nulls().unique().to_list()
        domains = frame["domain"].drop_nulls().unique().to_list()
        return frame.with_columns(
            normalised_name=replaced("name", {name: normalise_name(name)[:200] for name in names}),
            domain=replaced("domain", {text: normalise_domain(text) for text in domains}),
        )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        return [Problem(pl.col("domain") == "", "domain", "url")]

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        index_accounts(UUID(pk) for pk in rows["id"].to_list())
        record("direct_accounts.imported", subject=context.source, by=context.by, data={"count": len(rows)})

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        self.created(rows, context)


register(DirectAccountTarget())
