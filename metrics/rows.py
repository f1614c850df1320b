"""Scorecard rows as a frame: facts of partners, their sums over groups, KPIs, scores. No row is handled by itself.

What is of the programme and of no partner stands in a `house` row a period, which counts in the programme alone.

Columns on the way: `subject_kind`, `subject_key`, `partner_id`, `partner_type`, `region`, `manager_id` (texts, the
last three empty for groups), `period_kind`, `period_start` (text), `key` (of the period), and one Int64 per fact of the
sources that the tenant has records of.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import polars as pl
from django.db import connection

from metrics.catalogue import RANK_CODES, formulas_of, peer_ranks, with_facts, with_kpis
from metrics.models import SubjectKind, TemplateVersion
from metrics.periods import Calendar, Period
from metrics.scoring import PEERS, Shape, breakdown, given_frame, score_given
from metrics.sources import FACTS
from metrics.sources.reading import (
    are_few,
    fact_names,
    facts_of_some,
    fetch_frame,
    parameters,
    read_facts,
    read_house_facts,
)
from metrics.sources.shape import Source
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
# What decides by which version a row is scored.
AUDIENCE = ["key", "partner_type", "region"]
# What a row is of; the other columns are its facts, `partners` the last.
KEYS = [*SUBJECT, *OWN, *PERIOD]
PARTNERS = "partners"
# By which column of a partner's row it belongs to a group; to the programme belong all.
GROUP_COLUMNS = {
    SubjectKind.PORTFOLIO: "manager_id",
    SubjectKind.REGION: "region",
    SubjectKind.TYPE: "partner_type",
}
PROGRAMME = (SubjectKind.PROGRAMME.value, "")
_NO_PARTNER = [pl.lit("").alias(name) for name in OWN]

_PARTNERS = """SELECT id::text AS partner_id, type, region, COALESCE(manager_id::text, '') AS manager_id,
    COALESCE(joined_on, (created_at AT TIME ZONE %(zone)s)::date)::text AS joined,
    COALESCE(left_on, 'infinity')::text AS "left"
    FROM directory_partner WHERE tenant_id = %(tenant)s AND status = ANY(%(statuses)s)"""
# With the facts in one statement: for one partner, coming and going takes longer than the reading.
_SOME_PARTNERS = f"""SELECT p.*, s.period_kind, s.period_start, s.key, s."end"{{names}}
    FROM ({_PARTNERS} AND id = ANY(%(partners)s)) AS p
    CROSS JOIN unnest(%(kinds)s::text[], %(starts)s::text[], %(keys)s::text[], %(ends)s::text[])
        WITH ORDINALITY AS s(period_kind, period_start, key, "end", n)
    LEFT JOIN ({{facts}}) AS f ON f.partner_id = p.partner_id::uuid AND f.n = s.n"""
_PARTNER_COLUMNS = [*OWN, "joined", "left"]


def partner_rows(
    periods: Collection[Period],
    calendar: Calendar,
    today: dt.date,
    sources: Sequence[Source],
    partner_ids: Collection[UUID] | None = None,
) -> pl.DataFrame:
    """One row for each partner and period in which it was in the programme or has any fact of the sources."""
    names = fact_names(sources)
    values = {
        "tenant": current_tenant_id(),
        "zone": calendar.zone.key,
        "statuses": [status.value for status in IN_PROGRAMME],
    }
    windows = [period.window() for period in periods]
    spans = {
        "period_kind": [period.kind.value for period in periods],
        "period_start": [str(period.start) for period in periods],
        "key": [period.key for period in periods],
        "end": [str(period.end) for period in periods],
    }
    if partner_ids is None:
        partners = fetch_frame(_PARTNERS, values, dict.fromkeys(_PARTNER_COLUMNS, pl.String()))
        facts = read_facts(windows, calendar, today, sources=sources)
        found = (
            partners.lazy()
            .join(pl.LazyFrame(spans), how="cross")
            .join(facts.lazy(), on=["key", "partner_id"], how="left")
        )
    else:
        values |= parameters(sources, windows, calendar, today, partner_ids)
        values |= {f"{name.removeprefix('period_')}s": texts for name, texts in spans.items()}
        schema = {
            **dict.fromkeys([*_PARTNER_COLUMNS, *spans], pl.String()),
            **dict.fromkeys(names, pl.Int64()),
        }
        sql = _SOME_PARTNERS.format(
            facts=facts_of_some(sources), names="".join(f", f.{name}" for name in names)
        )
        found = fetch_frame(sql, values, schema, few=are_few(partner_ids, periods)).lazy()
    in_programme = (pl.col("joined") < pl.col("end")) & (
        (pl.col("left") == "infinity") | (pl.col("left") > pl.col("period_start"))
    )
    moving = [pl.col(name) != 0 for name in names if not FACTS[name].standing]
    return (
        found.with_columns(
            pl.col(OWN).fill_null(""),
            *(pl.col(name).fill_null(0) for name in names),
            partners=pl.lit(1, pl.Int64),
            subject_kind=pl.lit(SubjectKind.PARTNER.value),
            subject_key=pl.col("partner_id"),
        )
        .filter(pl.any_horizontal(in_programme, *moving))
        .select(pl.col([*KEYS, *names, PARTNERS]))
        .collect(optimizations=AS_WRITTEN)
    )


def house_rows(
    periods: Collection[Period], calendar: Calendar, today: dt.date, sources: Sequence[Source]
) -> pl.DataFrame:
    """One row for each period with facts that are of the programme and of no partner."""
    names = fact_names(sources)
    schema = {**dict.fromkeys(KEYS, pl.String()), **dict.fromkeys([*names, PARTNERS], pl.Int64())}
    if not any(source.of_no_partner for source in sources):
        return pl.DataFrame(schema=schema)
    found = read_house_facts([period.window() for period in periods], calendar, today, sources)
    present = found.columns
    spans = pl.DataFrame(
        {
            "key": [period.key for period in periods],
            "period_kind": [period.kind.value for period in periods],
            "period_start": [str(period.start) for period in periods],
        }
    )
    kept = [name for name in names if name in present]
    return (
        found.filter(pl.any_horizontal(pl.col(kept) != 0))
        .join(spans, on="key")
        .with_columns(
            *_NO_PARTNER,
            *(pl.lit(0, pl.Int64).alias(name) for name in [*names, PARTNERS] if name not in present),
            subject_kind=pl.lit(SubjectKind.HOUSE.value),
            subject_key=pl.lit(""),
        )
        .select(pl.col(list(schema)))
    )


def group_rows(
    partners: pl.DataFrame, *, without: pl.DataFrame | None = None, onto: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The facts of partner and house rows added up for each portfolio, region, partner type and the programme.

    Those `without` are taken off, and the group rows `onto` are what it is added to. A group that no partner is
    left in is not among them.
    """
    names = facts_in(partners)
    of_groups = pl.col([*PERIOD, *names])
    added = [partners.lazy()]
    if without is not None:
        added.append(without.lazy().select(pl.col(KEYS), -pl.col(names)))
    of_partner = pl.col("subject_kind") == SubjectKind.PARTNER.value
    by_group = pl.concat(added).select(
        *(
            pl.when(of_partner).then(pl.col(column)).alias(kind.value)
            for kind, column in GROUP_COLUMNS.items()
        ),
        pl.lit(PROGRAMME[1]).alias(PROGRAMME[0]),
        of_groups,
    )
    parts = [
        by_group.unpivot(
            on=[*(kind.value for kind in GROUP_COLUMNS), PROGRAMME[0]],
            index=[*PERIOD, *names],
            variable_name="subject_kind",
            value_name="subject_key",
        )
        .filter(pl.col("subject_key").is_not_null())
        .select(pl.col(SUBJECT), of_groups)
    ]
    if onto is not None:
        parts.append(onto.lazy().select(pl.col(SUBJECT), of_groups))
    return (
        pl.concat(parts)
        .group_by(pl.col([*SUBJECT, *PERIOD]))
        .agg(pl.col(names).sum())
        .filter(pl.col(PARTNERS) > 0)
        .with_columns(_NO_PARTNER)
        .select(pl.col([*KEYS, *names]))
        .collect(optimizations=AS_WRITTEN)
    )


def facts_in(rows: pl.DataFrame) -> list[str]:
    """The fact columns of rows."""
    return [name for name in rows.columns if name not in KEYS and name != "id"]


def groups_of(partners: pl.DataFrame) -> set[tuple[str, str]]:
    """The groups, as (kind, key), that partner rows are part of; the programme always."""
    own = partners.filter(pl.col("partner_id") != "")
    named = {(kind.value, key) for kind, column in GROUP_COLUMNS.items() for key in own[column].unique()}
    return {PROGRAMME, *named}


def _peers() -> pl.Expr:
    """`peers`: the period, type and region of a partner, null for groups."""
    peers = pl.concat_str("key", "partner_type", "region", separator="|")
    return pl.when(pl.col("partner_id") != "").then(peers).alias(PEERS)


_read_versions: dict[UUID, TemplateVersion] = {}
_VERSIONS = f"SELECT id FROM {TemplateVersion._meta.db_table} WHERE tenant_id = %s"
_KEPT_VERSIONS = 10_000


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
        """As published. What a version says, and for whom, never changes, so a process reads each of them once."""
        with connection.cursor() as cursor:
            cursor.execute(_VERSIONS, [current_tenant_id()])
            ids = [pk for (pk,) in cursor.fetchall()]
        known = {pk: version for pk in ids if (version := _read_versions.get(pk))}
        if len(known) < len(ids):
            new = TemplateVersion.objects.select_related("template").filter(pk__in=set(ids) - set(known))
            known |= {version.pk: version for version in new}
            if len(_read_versions) > _KEPT_VERSIONS:
                _read_versions.clear()
            _read_versions.update(known)
        return cls(list(known.values()))

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
    facts = facts_in(rows)
    is_house = pl.col("subject_kind") == SubjectKind.HOUSE.value
    house = rows.filter(is_house)
    rows = rows.filter(~is_house) if house.height else rows
    audiences = sorted(set(zip(*(rows[name].to_list() for name in AUDIENCE), strict=True)))
    chosen = [
        (audience, templates.version_for(Period.parse(audience[0]), *audience[1:])) for audience in audiences
    ]
    by_shape: dict[Shape | None, list[tuple[tuple[str, ...], TemplateVersion | None]]] = {}
    for audience, version in chosen:
        by_shape.setdefault(version.rules.shape if version else None, []).append((audience, version))
    parts = [
        _score(rows.lazy().join(_versions(mine), on=AUDIENCE), facts, shape)
        for shape, mine in by_shape.items()
    ]
    if house.height:
        parts.append(_score(house.lazy().with_columns(version_id=pl.lit("")), facts, None))
    return pl.concat(pl.collect_all(parts, optimizations=AS_WRITTEN))


def _versions(chosen: Collection[tuple[tuple[str, ...], TemplateVersion | None]]) -> pl.LazyFrame:
    """Whose rows go by which version, with the numbers of its rules."""
    audiences = pl.LazyFrame(
        [(*audience, str(version.pk) if version else "") for audience, version in chosen],
        schema=dict.fromkeys([*AUDIENCE, "version_id"], pl.String),
        orient="row",
    )
    rules = [version.rules for _audience, version in chosen if version]
    return pl.concat([audiences, given_frame(rules).lazy()], how="horizontal") if rules else audiences


def _score(frame: pl.LazyFrame, facts: list[str], shape: Shape | None) -> pl.LazyFrame:
    frame = frame.with_columns(_peers(), _facts_as_json(facts))
    if shape is None:
        unscored = frame.with_columns(
            score=pl.lit(None, pl.Float64), coverage=pl.lit(0.0), breakdown=pl.lit("{}")
        )
        return unscored.select(pl.col(list(SCORED_SCHEMA)))
    codes = [code for code, _method in shape]
    ranks = [code for code in codes if code in RANK_CODES]
    formulas = formulas_of(codes)
    frame = with_kpis(with_facts(frame, formulas, facts), formulas)
    if ranks:
        frame = with_ranks(frame, ranks)
    return (
        score_given(frame, shape)
        .with_columns(breakdown(shape).alias("breakdown"))
        .select(pl.col(list(SCORED_SCHEMA)))
    )


def _facts_as_json(facts: list[str]) -> pl.Expr:
    """Those that are not 0, so that what is stored does not hang on which sources were read. `partners` is the last."""
    whole = pl.struct([*(name for name in facts if name != PARTNERS), PARTNERS]).struct.json_encode()
    return whole.str.replace_all(r'"\w+":0,', "").alias("facts")


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
