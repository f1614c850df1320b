"""Runs the measurements by name and prints their lines."""

from argparse import Namespace
from collections.abc import Callable, Iterable

from tests.bench import closing, freshness, importing, matching, pages, recompute
from tests.bench.data import PARTNERS, Vendor, vendor
from tests.bench.measure import Figure

# Partners of each of many small vendors.
TINY = 12


class Bench:
    """What a measurement is given: options, and the data made when it is first asked for."""

    def __init__(self, options: Namespace):
        self.pairs: int = options.pairs
        self.profile: bool = options.profile
        self.scale: float = options.scale
        self._vendors: dict[str, Vendor] = {}

    @property
    def large(self) -> Vendor:
        return self._vendor("bench", PARTNERS)

    @property
    def small(self) -> Vendor:
        """A tenth of the partners, with as many deals each."""
        return self._vendor("bench-small", PARTNERS // 10)

    def tiny(self, number: int) -> Vendor:
        """One of many vendors with a handful of partners."""
        return self._vendor(f"bench-tiny-{number:02}", TINY, scaled=False)

    def _vendor(self, slug: str, partners: int, *, scaled: bool = True) -> Vendor:
        if slug not in self._vendors:
            count = max(10, int(partners * self.scale)) if scaled else partners
            self._vendors[slug] = vendor(slug, count)
        return self._vendors[slug]


MEASUREMENTS: dict[str, Callable[[Bench], Iterable[Figure | matching.Quality]]] = {
    "recompute_full": recompute.full,
    "recompute_wide": recompute.wide,
    "recompute_one": recompute.one,
    "freshness": freshness.freshness,
    "fairness": freshness.fairness,
    "list_page": pages.list_page,
    "home_page": pages.home_page,
    "analysis_pages": pages.analysis_pages,
    "import_rows": importing.import_rows,
    "match_quality": matching.match_quality,
    "match_lookup": matching.match_lookup,
    "close_quarter": closing.close_quarter,
}


def run(names: list[str], options: Namespace) -> list[str]:
    """Print a line for each figure; returns the names of those that were missed."""
    bench = Bench(options)
    if options.scale != 1:
        print(f"# scale {options.scale:g}: the targets are meant for scale 1", flush=True)
    missed = []
    for name in names:
        for figure in MEASUREMENTS[name](bench):
            print(figure.line(), flush=True)
            if not figure.reached:
                missed.append(figure.name)
            if figure.explain and (bench.profile or not figure.reached):
                print(figure.explain(), flush=True)
    return missed
