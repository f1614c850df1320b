"""Reading KPIs, scores and scorecards. All run in the tenant's scope; a partner's session finds only its own."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import quantiles
from uuid import UUID

import polars as pl
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from metrics.catalogues import Catalogue
from metrics.models import PeriodLock, Restatement, Scorecard, ScorecardTemplate, SubjectKind
from metrics.own import catalogue_at, own_kpis
from metrics.periods import Calendar, Period, PeriodKind, Window, add_months, calendar_of
from metrics.readings.known import Combination, divisor_of
from metrics.readings.models import MetricDefinition
from metrics.sources import FACTS
from metrics.sources.reading import read_facts
from partners.directory.models import Partner, PartnerMerge
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.shell.reporting import LATEST
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

Number = int | float
ENOUGH_PEERS = 5
# Periods that a history shows.
HISTORY = 13
GROUP_KINDS = (SubjectKind.PROGRAMME, SubjectKind.PORTFOLIO, SubjectKind.REGION, SubjectKind.TYPE)


def revenue_fact(end: dt.date) -> str:
    """The fact that is the revenue of a period that ends before `end`: what was won or what was ordered."""
    return catalogue_at(end)["revenue"].formula


# --- figures of any window, live from the records ----------------------------------------------


def fact_values(
    windows: Collection[Window], partner_ids: Iterable[UUID] | None = None, today: dt.date | None = None
) -> dict[tuple[UUID, str], dict[str, int]]:
    """Facts by (partner, window key): of these partners, all of them answered, or of all that have any."""
    frame = _facts(windows, partner_ids, today)
    return {(UUID(row.pop("partner_id")), row.pop("key")): row for row in frame.iter_rows(named=True)}


def kpi_values(
    windows: Collection[Window],
    partner_ids: Iterable[UUID] | None = None,
    codes: Iterable[str] | None = None,
    today: dt.date | None = None,
) -> dict[tuple[UUID, str], dict[str, Number | None]]:
    """KPI values by (partner, window key) and code.

    Money in minor units of the tenant's currency, % as a fraction, None is no data. Ranks among peers are not in it.
    The tenant's own KPIs are measured as they are defined for the window; one that was not yet is no data.
    """
    own = own_kpis()
    wanted = list(own.newest().formula_codes if codes is None else codes)
    facts = _facts(windows, partner_ids, today)
    found = {}
    for catalogue, keys in _by_catalogue(windows):
        known = [code for code in wanted if code in catalogue]
        frame = catalogue.with_values(facts.filter(pl.col("key").is_in(keys)), known)
        columns = ["partner_id", "key", *(f"kpi.{code}" for code in known)]
        for partner_id, key, *values in frame.select(columns).iter_rows():
            found[UUID(partner_id), key] = dict.fromkeys(wanted) | dict(zip(known, values, strict=True))
    return found


def reported_values(
    windows: Collection[Window], partner_ids: Iterable[UUID], codes: Iterable[str]
) -> dict[tuple[UUID, str], dict[str, Decimal]]:
    """Reported metrics by (partner, window key) and code, as `kpi_values` has them. Without a reading there is none."""
    rows = MetricDefinition.objects.filter(code__in=list(codes))
    facts = _facts(windows, partner_ids, None)
    found: dict[tuple[UUID, str], dict[str, Decimal]] = defaultdict(dict)
    for metric in rows:
        columns = ["partner_id", "key", f"{metric.code}_total", f"{metric.code}_readings"]
        if columns[-1] not in facts.columns:
            continue  # defined since this scope has named its facts, so nothing was reported yet
        for partner_id, key, total, count in facts.select(columns).iter_rows():
            if count:
                share = count if metric.combination == Combination.MEAN else 1
                found[UUID(partner_id), key][metric.code] = Decimal(total) / divisor_of(metric.unit) / share
    return found


def _by_catalogue(windows: Collection[Window]) -> list[tuple[Catalogue, list[str]]]:
    """The windows' keys by the KPIs that hold for them: one for all, but for where a definition has changed."""
    found: dict[int, tuple[Catalogue, list[str]]] = {}
    for window in windows:
        catalogue = catalogue_at(window.end)
        found.setdefault(id(catalogue), (catalogue, []))[1].append(window.key)
    return list(found.values())


def _facts(
    windows: Collection[Window], partner_ids: Iterable[UUID] | None, today: dt.date | None
) -> pl.DataFrame:
    calendar = tenant_calendar()
    ids = None if partner_ids is None else list(partner_ids)
    frame = read_facts(windows, calendar, today or calendar.today(), ids)
    if ids is not None:
        asked = pl.DataFrame({"partner_id": [str(key) for key in ids]}, schema={"partner_id": pl.String})
        keys = pl.DataFrame({"key": [window.key for window in windows]}, schema={"key": pl.String})
        frame = asked.join(keys, how="cross").join(frame, on=["partner_id", "key"], how="left")
    names = dict.fromkeys([*FACTS, *(name for name in frame.columns if name not in ("partner_id", "key"))])
    own = {
        name: pl.col(name).fill_null(0) if name in frame.columns else pl.lit(0, pl.Int64) for name in names
    }
    return frame.with_columns(**own | {"partners": pl.lit(1, pl.Int64)})


def tenant_calendar() -> Calendar:
    """The calendar of the tenant in scope."""
    return calendar_of(current_tenant())


# --- scores ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartnerScore:
    """A partner's score (0..100, None below the minimum coverage) and coverage (0..1) of one period."""

    score: Decimal | None
    coverage: Decimal
    computed_at: dt.datetime
    scorecard_id: UUID


def scores(period: Period, partner_ids: Iterable[UUID] | None = None) -> dict[UUID, PartnerScore]:
    """The scores of these partners (None: of all) in a period; who has no scorecard is left out."""
    rows = partner_cards().filter(period_kind=period.kind, period_start=period.start)
    if partner_ids is not None:
        rows = rows.filter(partner_id__in=list(partner_ids))
    return {
        partner_id: PartnerScore(score, coverage, computed_at, pk)
        for partner_id, score, coverage, computed_at, pk in rows.values_list(
            "partner_id", "score", "coverage", "computed_at", "id"
        )
    }


def score_history(partner_id: UUID, kind: PeriodKind, count: int = 12) -> list[tuple[Period, Decimal | None]]:
    """The latest `count` periods and their scores, oldest first."""
    rows = partner_cards().filter(partner_id=partner_id, period_kind=kind).order_by("-period_start")[:count]
    return [
        (Period(start, PeriodKind(kind)), score)
        for start, score in reversed(rows.values_list("period_start", "score"))
    ]


def partner_cards() -> models.QuerySet[Scorecard]:
    """The scorecards of partners, without those of groups."""
    return Scorecard.objects.filter(subject_kind=SubjectKind.PARTNER)


def counted_cards() -> models.QuerySet[Scorecard]:
    """The scorecards of partners that add up to those of the groups. Whatever lists or ranks many asks for these.

    A company that has become part of another keeps its scorecards as they were shown, but what it did is in the
    other's figures too; only in what was locked before, and not restated since, it stands for itself."""
    return partner_cards().exclude(stands_in_another())


def stands_in_another() -> Exists:
    """Whether what a partner's scorecard says is in the figures of the company that it has become part of."""
    period = {name: OuterRef(OuterRef(name)) for name in ("period_kind", "period_start")}
    locked_before = PeriodLock.objects.filter(**period, created_at__lt=OuterRef("created_at"))
    restated_since = Restatement.objects.filter(**period, created_at__gt=OuterRef("created_at"))
    merges = PartnerMerge.objects.filter(merged=OuterRef("partner_id"))
    return Exists(merges.filter(~Exists(locked_before) | Exists(restated_since)))


def with_figures(cards: models.QuerySet[Scorecard], end: dt.date) -> models.QuerySet[Scorecard]:
    """Scorecards of one kind of period with `previous_score`, `change`, `revenue`, `deals` and `partner_count`.

    Revenue is what counts as such in a period that ends before `end`."""
    return cards.annotate(
        change=F("score") - _score_before(),
        previous_score=_score_before(),
        revenue=fact_column(revenue_fact(end)),
        deals=fact_column("deals_won"),
        pipeline=fact_column("pipeline_open_amount"),
        partner_count=fact_column("partners"),
    )


def _score_before() -> Subquery:
    before = Scorecard.objects.filter(
        subject_kind=OuterRef("subject_kind"),
        subject_key=OuterRef("subject_key"),
        period_kind=OuterRef("period_kind"),
        period_start__lt=OuterRef("period_start"),
    ).order_by("-period_start")
    return Subquery(before.values("score")[:1])


def fact_column(name: str) -> Coalesce:
    """A fact of a scorecard, 0 where it has none, to select or to sort by."""
    return Coalesce(
        Cast(KeyTextTransform(name, "facts"), models.BigIntegerField()),
        0,
        output_field=models.BigIntegerField(),
    )


def league(period: Period) -> models.QuerySet[Scorecard]:
    """Every partner's scorecard of a period, with figures."""
    cards = counted_cards().filter(period_kind=period.kind, period_start=period.start)
    return with_figures(cards, period.end).select_related("partner", "partner__manager__user")


def groups(kind: SubjectKind, period: Period) -> models.QuerySet[Scorecard]:
    """The scorecards of groups of one kind in a period, with figures."""
    cards = Scorecard.objects.filter(subject_kind=kind, period_kind=period.kind, period_start=period.start)
    return with_figures(cards, period.end)


def group_names(kind: SubjectKind, keys: Iterable[str]) -> dict[str, str]:
    """What managers are called, by the key of their portfolio."""
    if kind != SubjectKind.PORTFOLIO:
        return {}
    members = Membership.objects.filter(pk__in=[key for key in keys if key]).select_related("user")
    return {str(member.pk): member.name for member in members}


def subject_cards(kind: SubjectKind, key: str, period_kind: PeriodKind) -> models.QuerySet[Scorecard]:
    """A subject's scorecards of one kind of period, newest first."""
    return Scorecard.objects.filter(subject_kind=kind, subject_key=key, period_kind=period_kind).order_by(
        "-period_start"
    )


def score_line(kind: SubjectKind, key: str, last: Period) -> list[tuple[Period, Decimal | None]]:
    """The scores of a subject in the latest periods up to this one, oldest first. One query."""
    rows = _scores_up_to(str(kind), key, str(last.kind), last.start)
    return [(Period(start, last.kind), score) for start, score in reversed(rows)]


@prepared
def _scores_up_to(
    kind: str, key: str, period_kind: str, last: dt.date
) -> models.QuerySet[Scorecard, tuple[dt.date, Decimal | None]]:
    cards = Scorecard.objects.filter(subject_kind=kind, subject_key=key, period_kind=period_kind)
    rows = cards.filter(period_start__lte=last).order_by("-period_start")
    return rows.values_list("period_start", "score")[:HISTORY]


def cards_up_to(kind: SubjectKind, key: str, last: Period) -> list[Scorecard]:
    """The figures of a subject in the latest periods up to this one, oldest first. One query."""
    return _figures_up_to(str(kind), key, str(last.kind), last.start)[::-1]


@prepared
def _figures_up_to(kind: str, key: str, period_kind: str, last: dt.date) -> models.QuerySet[Scorecard]:
    cards = Scorecard.objects.filter(subject_kind=kind, subject_key=key, period_kind=period_kind)
    rows = cards.filter(period_start__lte=last).order_by("-period_start")
    return rows.only("period_kind", "period_start", "facts", "breakdown")[:HISTORY]


def card_of(kind: SubjectKind, key: str, period: Period) -> Scorecard | None:
    return card_and_previous(kind, key, period)[0]


def card_and_previous(
    kind: SubjectKind, key: str, period: Period
) -> tuple[Scorecard | None, Scorecard | None]:
    """A subject's scorecard of a period and that of the one before. One query."""
    start, before = period.start, period.previous().start
    found = {card.period_start: card for card in _cards(str(kind), key, str(period.kind), start, before)}
    return found.get(start), found.get(before)


@prepared
def _cards(
    subject: str, key: str, kind: str, start: dt.date, previous: dt.date
) -> models.QuerySet[Scorecard]:
    rows = Scorecard.objects.filter(subject_kind=subject, subject_key=key, period_kind=kind)
    return rows.filter(period_start__in=[start, previous]).select_related("version__template").order_by()


def card_by_id(pk: UUID) -> Scorecard | None:
    """A scorecard with its partner and the version of its template."""
    return next(iter(_card_by_id(pk)), None)


@prepared
def _card_by_id(pk: UUID) -> models.QuerySet[Scorecard]:
    return Scorecard.objects.filter(pk=pk).select_related("partner", "version__template").order_by()


# --- peers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """Quartiles of each KPI among the peers; `quality` is the place among them in deals and revenue."""

    count: int
    medians: dict[str, float]
    quality: float | None = None
    lower: dict[str, float] = field(default_factory=dict)
    upper: dict[str, float] = field(default_factory=dict)
    # The KPIs of further facts that were asked for; none below five peers.
    beside: list[dict[str, Number | None]] = field(default_factory=list)


def peer_figures(
    partner_id: UUID,
    period: Period,
    codes: Collection[str] | None = None,
    beside: Sequence[Mapping[str, int]] = (),
) -> PeerFigures:
    """How a partner's peers (same type and region, itself among them) do in a period, in these KPIs (None: in all).

    Asked beyond the partner's own rows, so it answers with medians alone, and with none below five peers. One query.
    What the KPIs come to for the facts `beside` is found in the same pass: the formulas cost more than the rows.
    """
    with tenant_scope(current_tenant_id()):
        found = _peers(partner_id, str(period.kind), period.start)
    if not found:
        return PeerFigures(0, {})
    catalogue = catalogue_at(period.end)
    wanted = [code for code in (catalogue if codes is None else codes) if code in catalogue.formulas]
    if len(found) < ENOUGH_PEERS:
        wanted = []
    needed = (name for code in wanted for name in catalogue.measure(code).facts)
    ranked = ("deals_won", catalogue["revenue"].formula)
    texts = [*(facts for _id, facts in found), *map(json.dumps, beside)]
    frame = decoded_facts(texts, dict.fromkeys([*needed, *ranked]))
    place, count = [partner for partner, _facts in found].index(partner_id), len(found)
    quality = _quality([frame[name].to_list()[:count] for name in ranked], place)
    if not wanted:
        return PeerFigures(count, {}, quality)
    values = catalogue.with_values(frame, wanted).select_seq([f"kpi.{code}" for code in wanted])
    lower, medians, upper = _quartiles(values.head(count), wanted)
    others = [dict(zip(wanted, row, strict=True)) for row in values.tail(len(beside)).rows()]
    return PeerFigures(count, medians, quality, lower, upper, others)


@prepared
def _peers(partner_id: UUID, kind: str, start: dt.date) -> models.QuerySet[Scorecard, tuple[UUID, str]]:
    """The partner and its peers with their facts as text."""
    cards = partner_cards().filter(period_kind=kind, period_start=start).order_by()
    own = cards.filter(partner_id=partner_id)
    alike = {name: Subquery(own.values(name)[:1]) for name in ("partner_type", "region")}
    peers = cards.filter(~stands_in_another() | Q(partner_id=partner_id), **alike)
    return peers.values_list("partner_id", Cast("facts", models.TextField()))


def decoded_facts(facts: Collection[str], names: Iterable[str]) -> pl.DataFrame:
    """Facts that are JSON as a frame with a column for each of the names; what is not given is 0."""
    schema = pl.Struct(dict.fromkeys(names, pl.Int64))
    frame = pl.Series("facts", facts, pl.String).str.json_decode(schema).struct.unnest()
    return frame.select_seq(pl.all().fill_null(0))


def _quartiles(frame: pl.DataFrame, codes: Iterable[str]) -> list[dict[str, float]]:
    """The three quartiles of each KPI, between two values as far as their places lie; of those that five or more have."""
    found: list[dict[str, float]] = [{}, {}, {}]
    for code in codes:
        values = [value for value in frame[f"kpi.{code}"].to_list() if value is not None]
        if len(values) >= ENOUGH_PEERS:
            for quartile, value in zip(found, quantiles(values, n=4, method="inclusive"), strict=True):
                quartile[code] = value
    return found


def _quality(columns: Iterable[list[int]], place: int) -> float | None:
    """The mean of the percentile ranks in deals and revenue, 0..100, of the partner at that place among the peers."""
    ranks = []
    for values in columns:
        if len(values) < 2:
            return None
        own = values[place]
        below = sum(value < own for value in values)
        same = sum(value == own for value in values) - 1
        ranks.append((below + same / 2) / (len(values) - 1))
    return 100 * sum(ranks) / len(ranks)


def facts_frame(rows: list[dict[str, int]]) -> pl.DataFrame:
    """Facts by name as a frame with a column for each that there is; what is not given is 0."""
    names = dict.fromkeys([*FACTS, *(name for row in rows for name in row)])
    return pl.DataFrame(
        [[row.get(name, 0) for name in names] for row in rows],
        schema=dict.fromkeys(names, pl.Int64),
        orient="row",
    )


# --- templates ---------------------------------------------------------------------------------


def templates() -> models.QuerySet[ScorecardTemplate]:
    return ScorecardTemplate.objects.prefetch_related("versions__published_by__user")


def has_template() -> Exists:
    """Whether someone has published a template of the tenant's own, for the set-up checklist."""
    return Exists(ScorecardTemplate.objects.filter(versions__published_by__isnull=False))


def partner_names(partner_ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Partner.objects.filter(pk__in=list(partner_ids)).values_list("pk", "name"))


def chosen_period(kind: str, start: str, calendar: Calendar, today: dt.date) -> Period:
    """The period that an address asks for; the current quarter where it asks for none or nonsense.

    `start` is its first day, or LATEST for the one before the current."""
    period_kind = PeriodKind(kind) if kind in PeriodKind.values else PeriodKind.QUARTER
    current = calendar.current(period_kind, today)
    if start == LATEST:
        return current.previous()
    try:
        period = Period(dt.date.fromisoformat(start), period_kind)
    except ValueError:
        return current
    earliest = add_months(current.start, -1200)
    return period if calendar.owns(period) and earliest < period.start <= current.start else current


def api_cards() -> models.QuerySet[Scorecard]:
    """What the API lists: a partner's session finds its own, others all partners'."""
    return partner_cards().select_related("partner", "version__template").order_by("-period_start", "-id")


def api_groups() -> models.QuerySet[Scorecard]:
    """The scorecards of groups that the API lists."""
    cards = Scorecard.objects.filter(subject_kind__in=GROUP_KINDS).select_related("version__template")
    return cards.order_by("-period_start", "-id")
