"""From KPI values and a template's rules to points: pure, by columns, one function for all who ask.

Recompute, preview, explanation and what-if end in `score_given`. Points of a KPI are its weight times its attainment
(0..1). A KPI without a value has no weight: its share goes to the others, and the coverage says how much of the
template's weight had a value. Of the tracks of a choice only the one with the most points counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from metrics.catalogue import Frame, add_columns, percentile_rank
from metrics.catalogues import BUILT_IN, Catalogue, Measure

TARGET, PEER, STEPS = "target", "peer", "steps"
METHODS = (TARGET, PEER, STEPS)
PEERS = "peers"
BREAKDOWN = ("value", "target", "floor", "weight", "share", "attainment", "points")
# How `score_given` adds the parts of the working.
COLUMNS, AS_JSON, SCORE_ALONE = "columns", "json", "score"
_DIGITS = 4
_TOTAL, _MIN_COVERAGE, _MIN_SCORE = "given.total", "given.min_coverage", "given.min_score"


class Line(NamedTuple):
    """What is computed for one KPI of a template."""

    measure: Measure
    method: str
    whole: bool
    choice: str
    track: str

    @property
    def code(self) -> str:
        return self.measure.code


class Shape(NamedTuple):
    """What is computed for a template; rules of one shape differ in their numbers only and are scored in one pass."""

    lines: tuple[Line, ...]
    # Whether the gate asks that every KPI that applies has points.
    each: bool = False
    # Whether its partners are ranked among all that it is for, or among those of their type and region.
    own_peers: bool = False

    @property
    def measures(self) -> list[Measure]:
        return [line.measure for line in self.lines]

    @property
    def tracks(self) -> dict[str, dict[str, list[Line]]]:
        """The lines of each track of each choice."""
        found: dict[str, dict[str, list[Line]]] = {}
        for line in self.lines:
            if line.choice:
                found.setdefault(line.choice, {}).setdefault(line.track, []).append(line)
        return found


@dataclass(frozen=True, slots=True)
class KpiRule:
    """One line of a template. Bounds and units are for one partner, in the KPI's unit (money in minor units).

    With the method `target` the attainment is (value - floor) / (target - floor), held to 0..1; where less is
    better the floor is the higher of the two. With `peer` it is the percentile rank among the peers. With `steps`
    there are `points` for every `units`, in proportion or for `whole` ones only, until the weight is reached; where
    less is better they are taken off. Lines with a `choice` and `track` count where their track is the best of it.
    """

    code: str
    weight: float
    method: str = TARGET
    target: float | None = None
    floor: float | None = None
    units: float | None = None
    points: float | None = None
    whole: bool = False
    choice: str = ""
    track: str = ""

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError("A weight is more than 0.")
        if self.method not in METHODS:
            raise ValueError(f"There is no method {self.method!r}.")
        if self.method == TARGET and (self.target is None or self.floor is None or self.target == self.floor):
            raise ValueError(f"{self.code} needs a target that differs from its floor.")
        if self.method == STEPS and not ((self.units or 0) > 0 and (self.points or 0) > 0):
            raise ValueError(f"{self.code} needs points for so many units, both more than 0.")
        if bool(self.choice) != bool(self.track):
            raise ValueError(f"{self.code} needs both a choice and its track, or neither.")

    def among_peers(self, catalogue: Catalogue) -> bool:
        """Whether other partners' figures move this one's points."""
        return self.method == PEER or bool(catalogue[self.code].ranks)

    @property
    def full_at(self) -> float | None:
        """The value that gives all the points; None where that depends on the peers."""
        if self.method == STEPS:
            assert self.units is not None
            assert self.points is not None
            return float(self.units * self.weight / self.points)
        return None if self.target is None or self.method == PEER else float(self.target)

    def given(self) -> dict[str, float | None]:
        """The line's numbers, by the columns that `score_given` finds them in."""
        by_target, by_steps = self.method == TARGET, self.method == STEPS
        return {
            f"{self.code}.given.target": self.full_at,
            f"{self.code}.given.floor": _float(self.floor) if by_target else None,
            f"{self.code}.given.weight": float(self.weight),
            f"{self.code}.given.units": _float(self.units) if by_steps else None,
            f"{self.code}.given.points": _float(self.points) if by_steps else None,
        }


@dataclass(frozen=True, slots=True)
class TemplateRules:
    """A template version as the scoring sees it. `min_coverage` is a fraction.

    Weights add up to 100, of each choice those of any one of its tracks. The gate asks for a score of `min_score` and,
    with `each`, for points in every KPI that applies: one without data, or of a track that does not count, is left out.
    """

    kpis: tuple[KpiRule, ...]
    min_coverage: float = 0.5
    min_score: float | None = None
    each: bool = False
    own_peers: bool = False

    def among_peers(self, catalogue: Catalogue) -> bool:
        return any(rule.among_peers(catalogue) for rule in self.kpis)

    @property
    def total(self) -> float:
        """The weight of all that can count at once."""
        tracks = track_weights(self.kpis)
        always = sum(rule.weight for rule in self.kpis if not rule.choice)
        return float(always + sum(max(weights.values()) for weights in tracks.values()))

    def shape(self, catalogue: Catalogue = BUILT_IN) -> Shape:
        return Shape(
            tuple(
                Line(catalogue.measure(rule.code), rule.method, rule.whole, rule.choice, rule.track)
                for rule in self.kpis
            ),
            self.each,
            self.own_peers,
        )

    def given(self) -> dict[str, float | None]:
        """The rules' numbers, by the columns that `score_given` finds them in."""
        numbers = {_TOTAL: self.total, _MIN_COVERAGE: self.min_coverage, _MIN_SCORE: _float(self.min_score)}
        for rule in self.kpis:
            numbers |= rule.given()
        return numbers


def track_weights(kpis: Iterable[KpiRule]) -> dict[str, dict[str, float]]:
    """The weights of each track of each choice added up."""
    found: dict[str, dict[str, float]] = {}
    for rule in kpis:
        if rule.choice:
            tracks = found.setdefault(rule.choice, {})
            tracks[rule.track] = tracks.get(rule.track, 0) + rule.weight
    return found


def _float(bound: float | None) -> float | None:
    return None if bound is None else float(bound)


def given_frame(rules: Iterable[TemplateRules]) -> pl.DataFrame:
    """The numbers of rules of one shape, a row for each of them."""
    numbers = [each.given() for each in rules]
    return pl.DataFrame(numbers, schema=dict.fromkeys(numbers[0], pl.Float64))


def score_rows(frame: Frame, rules: TemplateRules, catalogue: Catalogue = BUILT_IN) -> Frame:
    """Add what the rules make of each row's KPI columns.

    The frame has `kpi.<code>` for every KPI of the rules and `partners`; with rules among peers also `peers`,
    which is the same text for those who are each other's peers (null: has none), and all the peers as rows. Added:
    `<code>.<part>` for each part in BREAKDOWN, `score` (0..100 or null), `coverage` (0..1), rounded to four decimals, and
    `passed` (whether the gate is; null without a gate or a score).
    """
    given = given_frame([rules])
    joined = (
        frame.join(given.lazy(), how="cross")
        if isinstance(frame, pl.LazyFrame)
        else frame.join(given, how="cross")
    )
    return score_given(joined, rules.shape(catalogue)).drop(given.columns)


def score_given(frame: Frame, shape: Shape, *, parts: str = COLUMNS) -> Frame:
    """`score_rows` for a frame in which each row has the numbers of its own rules, all of one shape.

    `parts` says how the parts are added: as COLUMNS, or as one column `breakdown` that is AS_JSON, the whole working as
    `{code: {part: number}}`; with SCORE_ALONE there is nothing but the column `score`.

    They are columns even where they are the same for all rows: a division by a literal may round otherwise than one
    by a column, and rows that are scored together today may be scored apart tomorrow.
    """
    steps = _steps(shape, parts)
    for step in steps.added:
        frame = add_columns(frame, step)
    return frame.select("score") if parts == SCORE_ALONE else frame.drop(steps.helpers)


class _Steps(NamedTuple):
    added: tuple[list[pl.Expr], ...]
    helpers: list[str]


@lru_cache(maxsize=512)
def _steps(shape: Shape, parts: str) -> _Steps:
    """The expressions of each step; making them costs more than running them on a few rows."""
    tracks = [
        (_track(choice, at), lines)
        for choice, by_track in shape.tracks.items()
        for at, lines in enumerate(by_track.values())
    ]
    sums = [
        expression
        for name, lines in tracks
        for expression in (
            _present(lines).alias(f"{name}.present"),
            _earned(lines).alias(f"{name}.earned"),
        )
    ]
    coverage = pl.col("weight.present") / pl.col(_TOTAL)
    score = 100 * pl.col("weight.earned") / pl.col("weight.present")
    added = [
        # What a score alone is asked of was scored before.
        [] if parts == SCORE_ALONE else [_number(f"kpi.{line.code}") for line in shape.lines],
        [_attainment(line).alias(f"{line.code}.attainment") for line in shape.lines],
        sums,
        [
            _is_best(choice, len(by_track), at)
            for choice, by_track in shape.tracks.items()
            for at in range(len(by_track))
        ],
        [_chosen(shape, line).alias(f"{line.code}.counts") for line in shape.lines if line.choice],
        [
            _present(shape.lines, chosen=True).alias("weight.present"),
            _earned(shape.lines, chosen=True).alias("weight.earned"),
        ],
        [
            *(
                []
                if parts == SCORE_ALONE
                else [*_ADDED[parts](shape), coverage.round(_DIGITS).alias("coverage")]
            ),
            pl.when(coverage >= pl.col(_MIN_COVERAGE), pl.col("weight.present") > 0)
            .then(score.round(_DIGITS))
            .alias("score"),
        ],
        [] if parts == SCORE_ALONE else [_passed(shape)],
    ]
    helpers = [
        "weight.present",
        "weight.earned",
        *(f"{line.code}.counts" for line in shape.lines if line.choice),
    ]
    for name, _lines in tracks:
        helpers += [f"{name}.present", f"{name}.earned", f"{name}.best"]
    return _Steps(tuple(step for step in added if step), helpers)


def _track(choice: str, at: int) -> str:
    return f"track.{choice}.{at}"


def _present(lines: Iterable[Line], *, chosen: bool = False) -> pl.Expr:
    return pl.sum_horizontal(
        pl.when(_there(line, chosen=chosen)).then(_weight(line)).otherwise(0.0) for line in lines
    )


def _earned(lines: Iterable[Line], *, chosen: bool = False) -> pl.Expr:
    return pl.sum_horizontal(
        pl.when(_there(line, chosen=chosen))
        .then(pl.col(f"{line.code}.attainment") * _weight(line))
        .otherwise(0.0)
        for line in lines
    )


def _there(line: Line, *, chosen: bool) -> pl.Expr:
    """Whether the line has a value and, where it is asked, counts."""
    if chosen and line.choice:
        return pl.col(f"{line.code}.counts")
    return pl.col(f"{line.code}.attainment").is_not_null()


def _is_best(choice: str, count: int, at: int) -> pl.Expr:
    """Whether of a choice's tracks this one counts: the most points, then the most weight with data, then the first."""
    mine = _track(choice, at)
    best = pl.col(f"{mine}.present") > 0
    for other in range(count):
        if other == at:
            continue
        theirs = _track(choice, other)
        equal = pl.col(f"{mine}.earned") == pl.col(f"{theirs}.earned")
        fuller = (
            pl.col(f"{mine}.present") > pl.col(f"{theirs}.present")
            if other < at
            else pl.col(f"{mine}.present") >= pl.col(f"{theirs}.present")
        )
        best &= (pl.col(f"{mine}.earned") > pl.col(f"{theirs}.earned")) | (equal & fuller)
    return best.alias(f"{mine}.best")


def _chosen(shape: Shape, line: Line) -> pl.Expr:
    """Whether a line of a choice counts."""
    at = list(shape.tracks[line.choice]).index(line.track)
    return _there(line, chosen=False) & pl.col(f"{_track(line.choice, at)}.best")


def _number(name: str) -> pl.Expr:
    """A column in which what is no number, or beyond all of them, is no data."""
    return pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name)


def _attainment(line: Line) -> pl.Expr:
    """A fraction 0..1, or null without a value or where target and floor are one, as they are of no partners."""
    value = pl.col(f"kpi.{line.code}")
    if line.method == PEER:
        rank = pl.when(pl.col(PEERS).is_not_null()).then(percentile_rank(value, [PEERS]))
        return rank if line.measure.up else 1 - rank
    if line.method == STEPS:
        units = _scaled(line, "units")
        steps: pl.Expr = pl.when(units > 0).then(value / units)
        if line.whole:
            # 0.3 in steps of 0.1 is three of them, whatever the binary fractions say.
            steps = steps.round(9).floor()
        reached = (steps * pl.col(f"{line.code}.given.points") / _weight(line)).clip(0, 1)
        return reached if line.measure.up else 1 - reached
    floor, target = _scaled(line, "floor"), _scaled(line, "target")
    return pl.when(target != floor).then(((value - floor) / (target - floor)).clip(0, 1))


def _scaled(line: Line, bound: str) -> pl.Expr:
    """A bound for this row: of a plain sum as many times as there are partners in it. Null with the method `peer`."""
    given = pl.col(f"{line.code}.given.{bound}")
    return given * pl.col("partners") if line.measure.additive else given


def _weight(line: Line) -> pl.Expr:
    return pl.col(f"{line.code}.given.weight")


def _parts(line: Line) -> dict[str, pl.Expr]:
    """The line's working, by the parts in BREAKDOWN."""
    attainment = pl.col(f"{line.code}.attainment")
    share = pl.when(_there(line, chosen=True)).then(100 * _weight(line) / pl.col("weight.present"))
    return {
        "value": pl.col(f"kpi.{line.code}"),
        "target": _scaled(line, "target"),
        "floor": _scaled(line, "floor"),
        "weight": _weight(line),
        "share": share.round(_DIGITS),
        "attainment": attainment.round(_DIGITS + 2),
        "points": (share * attainment).round(_DIGITS),
    }


def _columns(shape: Shape) -> list[pl.Expr]:
    return [part.alias(f"{line.code}.{name}") for line in shape.lines for name, part in _parts(line).items()]


def _breakdown(shape: Shape) -> list[pl.Expr]:
    lines = [
        pl.struct(part.alias(name) for name, part in _parts(line).items()).alias(line.code)
        for line in shape.lines
    ]
    return [pl.struct(lines).struct.json_encode().alias("breakdown")]


_ADDED = {COLUMNS: _columns, AS_JSON: _breakdown}


def _passed(shape: Shape) -> pl.Expr:
    enough = pl.col("score") >= pl.col(_MIN_SCORE)
    if shape.each:
        # What has no points at all stands in the way; what does not count stands aside.
        nothing = [
            (_there(line, chosen=True) & (_parts(line)["attainment"] <= 0)).cast(pl.Int32)
            for line in shape.lines
        ]
        enough = enough.fill_null(value=True) & (pl.sum_horizontal(nothing) == 0)
        enough = pl.when(pl.col("score").is_not_null()).then(enough)
    return enough.alias("passed")


def chosen_tracks(kpis: Iterable[KpiRule], working: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Which track of each choice counted, as a breakdown tells; a choice in which nothing had data is left out."""
    return {
        rule.choice: rule.track
        for rule in kpis
        if rule.choice and working.get(rule.code, {}).get("share") is not None
    }
