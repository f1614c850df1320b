"""Measure the portal against floors: `python -m tests.bench [NAME...] [--scale 0.05] [--profile]`.

Each figure is a line: `NAME ratio=... ours=... floor=... (what the floor is)`, the median of interleaved pairs
(ours, floor, ours, floor, ...). The database is one of its own, with row-level security on, and is reached as the
plain application role; it is kept for the next run where it was made for this purpose.
"""

import argparse
import os
import sys
import time

from tests.bench.database import BenchDatabaseError, prepare_database

NAMES = [
    "recompute_full",
    "recompute_wide",
    "recompute_one",
    "freshness",
    "fairness",
    "list_page",
    "home_page",
    "analysis_pages",
    "import_rows",
    "match_quality",
    "match_lookup",
    "close_quarter",
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all when none is given"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="size of the data set (1: a million deals)")
    parser.add_argument("--pairs", type=int, default=5, help="interleaved pairs for each figure (at least 5)")
    parser.add_argument(
        "--profile", action="store_true", help="say where the time goes, also of what is reached"
    )
    parser.add_argument("--fresh", action="store_true", help="make the data set anew")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no measurement {unknown[0]}; there are {', '.join(NAMES)}")
    if options.pairs < 5:
        parser.error("a median needs at least 5 pairs")
    try:
        prepare_database(fresh=options.fresh)
    except BenchDatabaseError as error:
        print(error, file=sys.stderr)
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")

    import django  # noqa: PLC0415 (settings read the environment that prepare_database has just changed)

    django.setup()
    from tests.bench.run import run  # noqa: PLC0415

    started = time.monotonic()
    missed = run(options.names or NAMES, options)
    print(f"# {time.monotonic() - started:.0f} s in all", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
