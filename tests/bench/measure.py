"""Timing in interleaved pairs, and the line that is printed."""

import cProfile
import pstats
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

Run = Callable[[], object]


@dataclass
class Figure:
    """One measurement. Times are seconds, `target` is the most that `value` may be."""

    name: str
    ours: float
    floor: float
    ratio: float
    target: float
    floor_is: str
    notes: list[str] = field(default_factory=list)
    # Says where the time goes; asked when the target is missed.
    explain: Callable[[], str] | None = None

    @property
    def reached(self) -> bool:
        return self.ratio <= self.target

    def line(self) -> str:
        notes = "".join(f" {note}" for note in self.notes)
        return (
            f"{self.name} ratio={self.ratio:.2f} ours={seconds(self.ours)} floor={seconds(self.floor)}"
            f" ({self.floor_is}){notes} target<={self.target:g} {'reached' if self.reached else 'MISSED'}"
        )


def seconds(value: float) -> str:
    return f"{value:.2f}s" if value >= 1 else f"{value * 1000:.1f}ms"


def timed(run: Run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def pairs(
    ours: Run, floor: Run, *, count: int, before: Run | None = None, warm: int = 1
) -> tuple[float, float, float]:
    """Medians of ours and floor, and the median of the pairs' ratios. `before` runs, untimed, ahead of each pair."""
    for _ in range(warm):
        if before:
            before()
        ours()
        floor()
    taken = []
    for _ in range(count):
        if before:
            before()
        taken.append((timed(ours), timed(floor)))
    return (
        median(mine for mine, _ in taken),
        median(bare for _, bare in taken),
        median(m / b for m, b in taken),
    )


def figure(
    name: str,
    ours: Run,
    floor: Run,
    *,
    count: int,
    target: float,
    floor_is: str,
    before: Run | None = None,
    warm: int = 1,
) -> Figure:
    mine, bare, ratio = pairs(ours, floor, count=count, before=before, warm=warm)
    return Figure(
        name,
        mine,
        bare,
        ratio,
        target,
        floor_is,
        explain=partial(where_time_goes, name, ours, before=before, runs=5 if mine < 1 else 1),
    )


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share (0..1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share * 1000) // 1000) - 1)]


# Whose code a function is, by a part of its file's path; the first that fits.
_OWNERS = {
    "/psycopg": "database",
    "/django/db/": "Django's ORM",
    "/django/template": "templates",
    "/polars/": "polars",
    "/celery/": "broker",
    "/kombu/": "broker",
    "/redis/": "broker",
    "/site-packages/": "libraries",
    **{f"/{folder}/": "own code" for folder in ("portal", "partners", "metrics", "incentives", "tests")},
}
_OWN = "own code"
_Function = tuple[str, int, str]


def where_time_goes(name: str, run: Run, *, before: Run | None = None, runs: int = 5) -> str:
    """A short table: whose code the time of a run is spent in, and which of our functions it passes through.

    A profiler counts, so code of many small calls weighs more in it than it does without.
    """
    profiler = cProfile.Profile()
    for _ in range(runs):
        if before:
            before()
        profiler.runcall(run)
    functions = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    shares: dict[str, float] = {}
    passed: dict[str, float] = {}
    for function, (_calls, _all_calls, own, cumulative, callers) in functions.items():
        owner = _owner(function)
        if owner == _OWN:
            label = f"{Path(function[0]).parent.name}/{Path(function[0]).name}:{function[2]}"
            passed[label] = passed.get(label, 0) + cumulative
        if owner:
            shares[owner] = shares.get(owner, 0) + own
            continue
        # What is written in C has no file: it counts for whoever calls it.
        for caller, (_calls, _all_calls, mine, _cumulative) in callers.items():
            shares[_owner(caller) or "other"] = shares.get(_owner(caller) or "other", 0) + mine
    total = sum(shares.values()) or 1
    lines = [f"#   {name}: where {seconds(total / runs)} under the profiler go"]
    lines += [
        f"#     {share / total:4.0%} {owner}"
        for owner, share in sorted(shares.items(), key=lambda item: -item[1])
        if share / total >= 0.01
    ]
    lines += [
        f"#     {spent / total:4.0%} of it within {label}"
        for label, spent in sorted(passed.items(), key=lambda item: -item[1])[:12]
    ]
    return "\n".join(lines)


def _owner(function: _Function) -> str:
    """Empty for what is written in C."""
    path = function[0]
    if path.startswith("~"):
        return ""
    return next((owner for part, owner in _OWNERS.items() if part in path), "other")
