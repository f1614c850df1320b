"""Scorecard rows as a frame: facts of partners, their sums over groups, KPIs, scores. No row is handled by itself.

What is of the programme and of no partner stands in a `house` row a period, which counts in the programme alone.

Columns on the way: `subject_kind`, `subject_key`, `partner_id`, `partner_type`, `region`, `manager_id`, `segment` (texts,
the last four empty for groups, the segment also where no template asks for it), `period_kind`, `period_start` (text),
`key` (of the period), and one Int64 per fact of the sources that the tenant has records of.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import add
from types import MappingProxyType
from typing import Any
from uuid import UUID

import polars as pl

from metrics.catalogues import Catalogue, with_facts, with_measures, with_ranks
from metrics.models import OwnKpiVersion, PeriodLock, SubjectKind, TemplateVersion
from metrics.own import OwnKpis, of_versions
from metrics.periods import Calendar, Period
from metrics.scoring import AS_JSON, PEERS, Shape, score_given
from metrics.sources import FACTS
from metrics.sources.reading import (
    are_few,
    fact_names,
    facts_of_some,
    fetch_frame,
    frame_of,
    parameters,
    read_facts,
    read_house_facts,
)
from metrics.sources.shape import Source
from partners.directory.enums import PartnerStatus
from portal.shell.registry import segment_codes
from portal.tenancy.db import run_planned
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
OWN = ["partner_id", "partner_type", "region", "manager_id", "segment"]
PERIOD = ["period_kind", "period_start", "key"]
# What decides by which version a row is scored.
AUDIENCE = ["key", "partner_type", "region", "segment"]
# What a row is of; the other columns are its facts, `partners` the last.
KEYS = [*SUBJECT, *OWN, *PERIOD]
PARTNERS = "partners"
# A row's keys and then its facts, in the order of the columns.
Row = tuple[Any, ...]
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
    FROM directory_partner WHERE tenant_id = %(tenant)s AND status = ANY(%(statuses)s) AND merged_into_id IS NULL"""
# With the facts in one statement: for one partner, coming and going takes longer than the reading.
_SOME_PARTNERS = f"""SELECT '{SubjectKind.PARTNER.value}', p.partner_id, p.partner_id, p.type, p.region, p.manager_id, '',
    s.period_kind, s.period_start, s.key{{names}}, 1
    FROM ({_PARTNERS} AND id = ANY(%(partners)s)) AS p
    CROSS JOIN unnest(%(kinds)s::text[], %(starts)s::text[], %(keys)s::text[], %(ends)s::text[])
        WITH ORDINALITY AS s(period_kind, period_start, key, "end", n)
    LEFT JOIN ({{facts}}) AS f ON f.partner_id = p.partner_id::uuid AND f.n = s.n
    WHERE (p.joined::date < s."end"::date AND p."left"::date > s.period_start::date){{moved}}"""
_PARTNER_COLUMNS = ["partner_id", "partner_type", "region", "manager_id", "joined", "left"]


def partner_rows(
    periods: Collection[Period],
    calendar: Calendar,
    today: dt.date,
    sources: Sequence[Source],
    partner_ids: Collection[UUID] | None = None,
    *,
    segments: bool = False,
) -> pl.DataFrame:
    """One row for each partner and period in which it was in the programme or has any fact of the sources.

    `segments` asks for the tier of each on the period's last day, or today while it runs."""
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
        rows = (
            partners.lazy()
            .join(pl.LazyFrame(spans), how="cross")
            .join(facts.lazy(), on=["key", "partner_id"], how="left")
            .with_columns(
                pl.col(_PARTNER_COLUMNS[:4]).fill_null(""),
                pl.col(names).fill_null(0),
                pl.lit("").alias("segment"),
                partners=pl.lit(1, pl.Int64),
                subject_kind=pl.lit(SubjectKind.PARTNER.value),
                subject_key=pl.col("partner_id"),
            )
            .filter(_present(names))
            .select(pl.col([*KEYS, *names, PARTNERS]))
            .collect(optimizations=AS_WRITTEN)
        )
    else:
        values |= parameters(sources, windows, calendar, today, partner_ids)
        values |= {f"{name.removeprefix('period_')}s": texts for name, texts in spans.items()}
        few = are_few(partner_ids, periods)
        schema = {**dict.fromkeys(KEYS, pl.String()), **dict.fromkeys([*names, PARTNERS], pl.Int64())}
        rows = fetch_frame(_of_some_partners(sources, names), values, schema, few=few)
    return with_segments(rows, periods, today) if segments else rows


def _of_some_partners(sources: Sequence[Source], names: Sequence[str]) -> str:
    """The statement for the rows of some partners, with those that `_present` would keep."""
    columns = "".join(f", COALESCE(f.{name}, 0)" for name in names)
    moving = ", ".join(f"f.{name}" for name in _moving(names))
    moved = f" OR GREATEST({moving}) <> 0 OR LEAST({moving}) <> 0" if moving else ""
    return _SOME_PARTNERS.format(facts=facts_of_some(sources), names=columns, moved=moved)


def _present(names: Sequence[str]) -> pl.Expr:
    """Whether a partner was in the programme in the period, or has any fact in it that something happened for."""
    moving = _moving(names)
    in_programme = (pl.col("joined") < pl.col("end")) & (
        (pl.col("left") == "infinity") | (pl.col("left") > pl.col("period_start"))
    )
    if not moving:
        return in_programme
    return in_programme | (pl.max_horizontal(moving) != 0) | (pl.min_horizontal(moving) != 0)


def _moving(names: Sequence[str]) -> list[str]:
    return [name for name in names if not FACTS[name].standing]


def with_segments(rows: pl.DataFrame, periods: Collection[Period], today: dt.date) -> pl.DataFrame:
    """Partner rows with the tier of each on its period's last day, or today while it runs."""
    last = {period.key: min(period.end - dt.timedelta(days=1), today) for period in periods}
    standings = [
        (UUID(partner_id), last[key]) for partner_id, key in rows.select("partner_id", "key").iter_rows()
    ]
    codes = segment_codes(standings)
    return rows.with_columns(pl.Series("segment", [codes.get(each, "") for each in standings], pl.String))


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


def group_rows(partners: pl.DataFrame) -> pl.DataFrame:
    """The facts of partner and house rows added up for each portfolio, region, partner type and the programme."""
    names = facts_in(partners)
    of_groups = pl.col([*PERIOD, *names])
    of_partner = pl.col("subject_kind") == SubjectKind.PARTNER.value
    by_group = partners.lazy().select(
        *(
            pl.when(of_partner).then(pl.col(column)).alias(kind.value)
            for kind, column in GROUP_COLUMNS.items()
        ),
        pl.lit(PROGRAMME[1]).alias(PROGRAMME[0]),
        of_groups,
    )
    return (
        by_group.unpivot(
            on=[*(kind.value for kind in GROUP_COLUMNS), PROGRAMME[0]],
            index=[*PERIOD, *names],
            variable_name="subject_kind",
            value_name="subject_key",
        )
        .filter(pl.col("subject_key").is_not_null())
        .group_by(pl.col([*SUBJECT, *PERIOD]))
        .agg(pl.col(names).sum())
        .filter(pl.col(PARTNERS) > 0)
        .with_columns(_NO_PARTNER)
        .select(pl.col([*KEYS, *names]))
        .collect(optimizations=AS_WRITTEN)
    )


def moved_groups(groups: Iterable[Row], fresh: pl.DataFrame, stored: Iterable[Row]) -> pl.DataFrame:
    """The group rows once the `stored` rows of some partners, and of the house, have given way to the `fresh` ones.

    A group that no partner is left in is not among them. Whole numbers, so that it comes to what adding up anew gives.
    """
    before, after = set(stored), set(fresh.rows())
    size = len(SUBJECT) + len(OWN)
    sums: dict[tuple[Any, ...], Sequence[int]] = {
        (*row[: len(SUBJECT)], *row[size : len(KEYS)]): row[len(KEYS) :] for row in groups
    }
    columns = {kind.value: KEYS.index(column) for kind, column in GROUP_COLUMNS.items()}
    for sign, rows in ((1, after - before), (-1, before - after)):
        for row in rows:
            of = [PROGRAMME]
            if row[0] == SubjectKind.PARTNER.value:
                of += [(kind, row[at]) for kind, at in columns.items()]
            facts = [sign * number for number in row[len(KEYS) :]]
            for subject in of:
                key = (*subject, *row[size : len(KEYS)])
                known = sums.get(key)
                sums[key] = list(map(add, known, facts)) if known else facts
    left = [
        (*key[: len(SUBJECT)], *[""] * len(OWN), *key[len(SUBJECT) :], *facts)
        for key, facts in sums.items()
        if facts[-1] > 0
    ]
    return frame_of(left, fresh.schema)


def facts_in(rows: pl.DataFrame) -> list[str]:
    """The fact columns of rows."""
    return [name for name in rows.columns if name not in KEYS and name != "id"]


def groups_of(partners: pl.DataFrame) -> set[tuple[str, str]]:
    """The groups, as (kind, key), that partner rows are part of; the programme always."""
    ids = partners["partner_id"].to_list()
    named = {
        (kind.value, key)
        for kind, column in GROUP_COLUMNS.items()
        for key, partner_id in zip(partners[column].to_list(), ids, strict=True)
        if partner_id
    }
    return {PROGRAMME, *named}


def _peers(shape: Shape) -> pl.Expr:
    """`peers`: whom a partner is ranked among, null for groups. All of them are scored by one version."""
    among = ["key", "version_id"] if shape.own_peers else ["key", "version_id", "partner_type", "region"]
    return pl.when(pl.col("partner_id") != "").then(pl.concat_str(among, separator="|")).alias(PEERS)


_read_versions: dict[UUID, TemplateVersion] = {}
RULES = f"""SELECT 'version', id::text FROM {TemplateVersion._meta.db_table} WHERE tenant_id = %(tenant)s
    UNION ALL SELECT 'kpi', id::text FROM {OwnKpiVersion._meta.db_table} WHERE tenant_id = %(tenant)s
    UNION ALL SELECT 'lock', period_kind || ':' || period_start FROM {PeriodLock._meta.db_table}
    WHERE tenant_id = %(tenant)s"""
_KEPT_VERSIONS = 10_000
_Audience = tuple[str, ...]


class Templates:
    """The published versions of the tenant's templates and which of them is whose; its own KPIs; what is locked."""

    def __init__(
        self,
        versions: Collection[TemplateVersion],
        own: OwnKpis | None = None,
        locked: Collection[str] = (),
        held: Mapping[_Audience, TemplateVersion | None] = MappingProxyType({}),
    ):
        """`held` says by what rows were made already, whatever would fit them now."""
        # Most particular audience first, then the newest.
        self.versions = sorted(
            versions, key=lambda version: (-version.template.particularity, -version.number, str(version.pk))
        )
        self.own = own or OwnKpis()
        self.locked = frozenset(locked)
        self.held = held
        self._shapes: dict[tuple[UUID, dt.date], Shape] = {}

    @classmethod
    def load(cls) -> "Templates":
        """As published."""
        found: dict[str, list[str]] = {}
        for what, key in run_planned(RULES, {"tenant": current_tenant_id()}):
            found.setdefault(what, []).append(key)
        return cls.of(found)

    @classmethod
    def of(cls, found: Mapping[str, Sequence[str]]) -> "Templates":
        """Of what `RULES` finds. What a version says, and for whom, never changes, so a process reads each of them once."""
        own = of_versions([UUID(key) for key in sorted(found.get("kpi", ()))])
        return cls(_versions_of([UUID(key) for key in found.get("version", ())]), own, found.get("lock", ()))

    def open(self, periods: Iterable[Period]) -> list[Period]:
        """Those of the periods that are not locked."""
        return [period for period in periods if period.key not in self.locked]

    def version_for(
        self, period: Period, partner_type: str, region: str, segment: str = ""
    ) -> TemplateVersion | None:
        """Groups ask with empty type, region and segment, and get a template that is for all partners."""
        if (audience := (period.key, partner_type, region, segment)) in self.held:
            return self.held[audience]
        for version in self.versions:
            template = version.template
            if (
                template.period_kind == period.kind
                and version.valid_from < period.end
                and template.fits(partner_type, region, segment)
            ):
                return version
        return None

    def catalogue(self, period: Period) -> Catalogue:
        return self.own.at(period.end)

    def shape(self, version: TemplateVersion, period: Period) -> Shape:
        key = (version.pk, period.end)
        if key not in self._shapes:
            self._shapes[key] = version.rules.shape(self.catalogue(period))
        return self._shapes[key]

    @property
    def by_segment(self) -> bool:
        """Whether any template asks in which tier a partner is."""
        return any(version.template.segment for version in self.versions)

    def among_peers(self, periods: Iterable[Period]) -> bool:
        """Whether in any of the periods one partner's figures may move another's points."""
        return any(
            version.rules.among_peers(self.catalogue(period))
            for period in periods
            for version in self._in_force(period)
        )

    def _in_force(self, period: Period) -> Iterable[TemplateVersion]:
        """Of each template for periods of that kind the version that holds, and none that it has replaced; what is held."""
        found: dict[UUID, TemplateVersion] = {}
        for version in self.versions:
            if version.template.period_kind == period.kind and version.valid_from < period.end:
                found.setdefault(version.template_id, version)
        held = (version for (key, *_of), version in self.held.items() if version and key == period.key)
        return {*found.values(), *held}


def _versions_of(ids: Collection[UUID]) -> list[TemplateVersion]:
    known = {pk: version for pk in ids if (version := _read_versions.get(pk))}
    if len(known) < len(ids):
        new = TemplateVersion.objects.select_related("template").filter(pk__in=set(ids) - set(known))
        known |= {version.pk: version for version in new}
        if len(_read_versions) > _KEPT_VERSIONS:
            _read_versions.clear()
        _read_versions.update(known)
    return list(known.values())


def scored_rows(
    rows: pl.DataFrame, templates: Templates, *, given: Mapping[str, float | None] | None = None, of: str = ""
) -> pl.DataFrame:
    """The rows with their facts as JSON, version, score, coverage and breakdown. Peers must be among the rows.

    What-if asks with KPI values that are `given` in place of the ones that the facts of partner `of` come to.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=SCORED_SCHEMA)
    facts = facts_in(rows)
    house = rows.clear()
    if (rows["subject_kind"] == SubjectKind.HOUSE.value).any():
        is_house = pl.col("subject_kind") == SubjectKind.HOUSE.value
        house, rows = rows.filter(is_house), rows.filter(~is_house)
    audiences = sorted(set(zip(*(rows[name].to_list() for name in AUDIENCE), strict=True)))
    by_shape: dict[Shape | None, list[tuple[_Audience, TemplateVersion | None]]] = {}
    for audience in audiences:
        period = Period.parse(audience[0])
        version = templates.version_for(period, *audience[1:])
        shape = templates.shape(version, period) if version else None
        by_shape.setdefault(shape, []).append((audience, version))
    parts = [
        _score(rows.lazy().join(_versions(tuple(mine)).lazy(), on=AUDIENCE), facts, shape, given or {}, of)
        for shape, mine in by_shape.items()
    ]
    if house.height:
        parts.append(_score(house.lazy().with_columns(version_id=pl.lit("")), facts, None))
    return pl.concat(pl.collect_all(parts, optimizations=AS_WRITTEN))


@lru_cache(maxsize=128)
def _versions(chosen: tuple[tuple[_Audience, TemplateVersion | None], ...]) -> pl.DataFrame:
    """Whose rows go by which version, with the numbers of its rules."""
    # All of one shape, so either all of them have a version or none has.
    numbers = [version.rules.given() if version else {} for _audience, version in chosen]
    return pl.DataFrame(
        [
            (*audience, str(version.pk) if version else "", *given.values())
            for (audience, version), given in zip(chosen, numbers, strict=True)
        ],
        schema={
            **dict.fromkeys([*AUDIENCE, "version_id"], pl.String()),
            **dict.fromkeys(numbers[0], pl.Float64()),
        },
        orient="row",
    )


def _score(
    frame: pl.LazyFrame,
    facts: list[str],
    shape: Shape | None,
    given: Mapping[str, float | None] = MappingProxyType({}),
    of: str = "",
) -> pl.LazyFrame:
    if shape is None:
        unscored = frame.with_columns(
            _facts_as_json(tuple(facts)),
            score=pl.lit(None, pl.Float64),
            coverage=pl.lit(0.0),
            passed=pl.lit(None, pl.Boolean),
            breakdown=pl.lit("{}"),
        )
        return unscored.select(pl.col(list(SCORED_SCHEMA)))
    # Only what the rules ask for goes on: each step costs by the column.
    needed = {PARTNERS, *(name for measure in shape.measures for name in measure.facts)}
    others = [name for name in facts if name not in needed]
    frame = frame.with_columns(_facts_as_json(tuple(facts)), _peers(shape)).drop(others)
    frame = with_facts(frame, shape.measures, facts)
    frame = with_measures(frame, shape.measures)
    if given:
        formulas = {inner.code for measure in shape.measures for inner in measure.ranks or (measure,)}
        frame = _supposed(frame, given, of, formulas)
    ranked = {measure.code for measure in shape.measures if measure.ranks}
    if ranked:
        frame = _supposed(with_ranks(frame, shape.measures, PEERS), given, of, ranked)
    return score_given(frame, shape, parts=AS_JSON).select(pl.col(list(SCORED_SCHEMA)))


def _supposed(
    frame: pl.LazyFrame, given: Mapping[str, float | None], of: str, codes: Collection[str]
) -> pl.LazyFrame:
    """The frame with the values that are given for these KPIs of one partner."""
    return frame.with_columns(
        pl.when(pl.col("partner_id") == of)
        .then(pl.lit(given[code], pl.Float64))
        .otherwise(pl.col(f"kpi.{code}"))
        .alias(f"kpi.{code}")
        for code in given
        if code in codes
    )


@lru_cache(maxsize=256)
def _facts_as_json(facts: tuple[str, ...]) -> pl.Expr:
    """Those that are not 0, so that what is stored does not hang on which sources were read. `partners` is the last."""
    whole = pl.struct([*(name for name in facts if name != PARTNERS), PARTNERS]).struct.json_encode()
    return whole.str.replace_all(r'"[a-z0-9_]+":0,', "").alias("facts")


SCORED_SCHEMA = {
    **dict.fromkeys([*SUBJECT, *OWN, *PERIOD, "version_id"], pl.String()),
    "score": pl.Float64(),
    "coverage": pl.Float64(),
    "passed": pl.Boolean(),
    "facts": pl.String(),
    "breakdown": pl.String(),
}
