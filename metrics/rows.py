"""Scorecard rows as a frame: facts of partners, their sums over groups, KPIs, scores. No row is handled by itself.

Columns on the way: `subject_kind`, `subject_key`, `partner_id`, `partner_type`, `region`, `manager_id` (texts, the
last three empty for groups), `period_kind`, `period_start` (text), `key` (of the period), one Int64 per fact.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from uuid import UUID

import polars as pl

from metrics.catalogue import RANK_CODES, formulas_of, peer_ranks, with_kpis
from metrics.facts import FACTS, fetch_frame, read_facts
from metrics.models import SubjectKind, TemplateVersion
from metrics.periods import Calendar, Period
from metrics.scoring import PEERS, Shape, breakdown, given_frame, score_given
from partners.directory.enums import PartnerStatus
from portal.tenancy.scope import current_tenant_id

# Who applied, or was turned away, has no figures in the programme.
IN_PROGRAMME = (
    PartnerStatus.APPROVED,
    PartnerStatus.ONBOARDING,
    PartnerStatus.ACTIVE,
    PartnerStatus.SUSPENDED,
    PartnerStatus.TERMINATED,
)
# The steps are few and in a good order already; looking for a better one costs more than a small run takes.
AS_WRITTEN = pl.QueryOptFlags.none()
SUBJECT = ["subject_kind", "subject_key"]
OWN = ["partner_id", "partner_type", "region", "manager_id"]
PERIOD = ["period_kind", "period_start", "key"]
ROW = [*SUBJECT, *OWN, *PERIOD, *FACTS]
GROUPS = {
    SubjectKind.PORTFOLIO: pl.col("manager_id"),
    SubjectKind.REGION: pl.col("region"),
    SubjectKind.TYPE: pl.col("partner_type"),
    SubjectKind.PROGRAMME: pl.lit(""),
}
ROW_SCHEMA = {**dict.fromkeys([*SUBJECT, *OWN, *PERIOD], pl.String()), **dict.fromkeys(FACTS, pl.Int64())}

_PARTNERS = """SELECT id, type, region, COALESCE(manager_id::text, ''),
    COALESCE(joined_on, (created_at AT TIME ZONE %(zone)s)::date), COALESCE(left_on, 'infinity')
    FROM directory_partner WHERE tenant_id = %(tenant)s AND status = ANY(%(statuses)s)"""


def partner_rows(
    periods: Collection[Period],
    calendar: Calendar,
    today: dt.date,
    partner_ids: Collection[UUID] | None = None,
) -> pl.DataFrame:
    """One row for each partner and period in which it was in the programme or has any fact."""
    values: dict[str, object] = {
        "tenant": current_tenant_id(),
        "zone": calendar.zone.key,
        "statuses": [status.value for status in IN_PROGRAMME],
        "partners": None if partner_ids is None else list(partner_ids),
    }
    some = "" if partner_ids is None else " AND id = ANY(%(partners)s)"
    columns = [*OWN, "joined", "left"]
    partners = fetch_frame(_PARTNERS + some, values, dict.fromkeys(columns, pl.String()))
    facts = read_facts([period.window() for period in periods], calendar, today, partner_ids)
    spans = pl.DataFrame(
        [(period.kind.value, str(period.start), period.key, str(period.end)) for period in periods],
        schema=[*PERIOD, "end"],
        orient="row",
    )
    counted = [name for name in FACTS if name != "partners"]
    in_programme = (pl.col("joined") < pl.col("end")) & (
        (pl.col("left") == "infinity") | (pl.col("left") > pl.col("period_start"))
    )
    return (
        partners.lazy()
        .with_columns(pl.col(OWN).fill_null(""))
        .join(spans.lazy(), how="cross")
        .join(facts.lazy(), on=["key", "partner_id"], how="left")
        .with_columns(
            pl.col(counted).fill_null(0),
            partners=pl.lit(1, pl.Int64),
            subject_kind=pl.lit(SubjectKind.PARTNER.value),
            subject_key=pl.col("partner_id"),
        )
        .filter(in_programme | (pl.max_horizontal(counted) > 0))
        .select(ROW)
        .collect(optimizations=AS_WRITTEN)
    )


def group_rows(partners: pl.DataFrame) -> pl.DataFrame:
    """The facts of partner rows added up for each portfolio, region, partner type and the programme."""
    lazy = partners.lazy()
    parts = [
        lazy.group_by([key.alias("subject_key"), *PERIOD], maintain_order=False)
        .agg(pl.col(list(FACTS)).sum())
        .with_columns(pl.lit(kind.value).alias("subject_kind"), *(pl.lit("").alias(name) for name in OWN))
        .select(ROW)
        for kind, key in GROUPS.items()
    ]
    return pl.concat(parts).collect(optimizations=AS_WRITTEN)


def signed(rows: pl.DataFrame, sign: int) -> pl.DataFrame:
    """The rows with every fact times `sign`."""
    return rows.with_columns(pl.col(list(FACTS)) * sign)


def add_up(rows: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Group rows of the same subject and period added up; those that no partner is left in have `partners` 0."""
    lazy = pl.concat(frame.lazy() for frame in rows)
    return (
        lazy.group_by([*SUBJECT, *OWN, *PERIOD])
        .agg(pl.col(list(FACTS)).sum())
        .select(ROW)
        .collect(optimizations=AS_WRITTEN)
    )


def _peers() -> pl.Expr:
    """`peers`: the period, type and region of a partner, null for groups."""
    peers = pl.concat_str("key", "partner_type", "region", separator="|")
    return pl.when(pl.col("partner_id") != "").then(peers).alias(PEERS)


class Templates:
    """The published versions of the tenant's templates, and which of them is whose."""

    def __init__(self, versions: Collection[TemplateVersion]):
        # Most particular audience first, then the newest.
        self.versions = sorted(
            versions, key=lambda version: (-version.template.particularity, -version.number, str(version.pk))
        )
        self.by_id = {str(version.pk): version for version in versions}

    @classmethod
    def load(cls) -> "Templates":
        return cls(list(TemplateVersion.objects.select_related("template")))

    def version_for(self, period: Period, partner_type: str, region: str) -> TemplateVersion | None:
        """Groups ask with empty type and region, and get a template that is for all partners."""
        for version in self.versions:
            template = version.template
            if (
                template.period_kind == period.kind
                and version.valid_from < period.end
                and template.fits(partner_type, region)
            ):
                return version
        return None

    def among_peers(self, periods: Iterable[Period]) -> bool:
        """Whether in any of the periods one partner's figures may move another's points."""
        kinds = {(period.kind, period.end) for period in periods}
        return any(
            version.rules.among_peers
            and any(version.template.period_kind == kind and version.valid_from < end for kind, end in kinds)
            for version in self.versions
        )


def scored_rows(rows: pl.DataFrame, templates: Templates) -> pl.DataFrame:
    """The rows with their facts as JSON, version, score, coverage and breakdown. Peers must be among the rows."""
    if rows.is_empty():
        return pl.DataFrame(schema=SCORED_SCHEMA)
    audiences = sorted(set(rows.select("key", "partner_type", "region").iter_rows()))
    chosen = [
        (audience, templates.version_for(Period.parse(audience[0]), *audience[1:])) for audience in audiences
    ]
    by_shape: dict[Shape | None, list[tuple[tuple[str, ...], TemplateVersion | None]]] = {}
    for audience, version in chosen:
        by_shape.setdefault(version.rules.shape if version else None, []).append((audience, version))
    parts = [
        _score(rows.lazy().join(_versions(mine), on=["key", "partner_type", "region"]), shape)
        for shape, mine in by_shape.items()
    ]
    return pl.concat(pl.collect_all(parts, optimizations=AS_WRITTEN))


def _versions(chosen: Collection[tuple[tuple[str, ...], TemplateVersion | None]]) -> pl.LazyFrame:
    """Whose rows go by which version, with the numbers of its rules."""
    audiences = pl.LazyFrame(
        [(*audience, str(version.pk) if version else "") for audience, version in chosen],
        schema=dict.fromkeys(["key", "partner_type", "region", "version_id"], pl.String),
        orient="row",
    )
    rules = [version.rules for _audience, version in chosen if version]
    return pl.concat([audiences, given_frame(rules).lazy()], how="horizontal") if rules else audiences


def _score(frame: pl.LazyFrame, shape: Shape | None) -> pl.LazyFrame:
    frame = frame.with_columns(_peers(), _facts_as_json())
    if shape is None:
        unscored = frame.with_columns(
            score=pl.lit(None, pl.Float64), coverage=pl.lit(0.0), breakdown=pl.lit("{}")
        )
        return unscored.select(list(SCORED_SCHEMA))
    codes = [code for code, _method in shape]
    ranks = [code for code in codes if code in RANK_CODES]
    frame = with_kpis(frame, formulas_of(codes))
    if ranks:
        frame = with_ranks(frame, ranks)
    return (
        score_given(frame, shape)
        .with_columns(breakdown(shape).alias("breakdown"))
        .select(list(SCORED_SCHEMA))
    )


def _facts_as_json() -> pl.Expr:
    return pl.struct(list(FACTS)).struct.json_encode().alias("facts")


def with_ranks(frame: pl.LazyFrame, codes: Collection[str]) -> pl.LazyFrame:
    """Add these KPIs that are ranks among peers to a frame that has `peers` and the KPIs in which they rank."""
    return frame.with_columns(
        pl.when(pl.col(PEERS).is_not_null()).then(peer_ranks(code, [PEERS])).alias(f"kpi.{code}")
        for code in codes
    )


SCORED_SCHEMA = {
    **dict.fromkeys([*SUBJECT, *OWN, *PERIOD, "version_id"], pl.String()),
    "score": pl.Float64(),
    "coverage": pl.Float64(),
    "facts": pl.String(),
    "breakdown": pl.String(),
}
