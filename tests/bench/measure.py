"""Timing in interleaved pairs, and the line that is printed."""

import cProfile
import pstats
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
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
    return Figure(name, mine, bare, ratio, target, floor_is)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share (0..1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share * 1000) // 1000) - 1)]


def profile(name: str, run: Run, *, rows: int = 15) -> str:
    """Where the time of one run goes, by the functions' own time."""
    profiler = cProfile.Profile()
    profiler.runcall(run)
    out = StringIO()
    stats = pstats.Stats(profiler, stream=out).strip_dirs()
    stats.sort_stats("tottime").print_stats(rows)
    stats.sort_stats("cumulative").print_stats(rows)
    kept = [line for line in out.getvalue().splitlines() if line.strip()]
    return "\n".join(f"#   {name}: {line}" for line in kept)
