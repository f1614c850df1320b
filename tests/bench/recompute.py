"""Recomputing scores: all partners of a vendor, and one partner after one event."""

from collections.abc import Iterable
from datetime import date
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction

from metrics.actions import mark_dirty, recompute_dirty, recompute_periods
from metrics.catalogue import FORMULA_CODES
from metrics.catalogues import BUILT_IN
from metrics.defaults import MIN_COVERAGE, template_lines
from metrics.defining import define_kpi
from metrics.evaluation import evaluate_facts
from metrics.models import DirtyPartner, OwnKpi, Scorecard, ScorecardTemplate
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.publishing import publish_version
from metrics.sources.reading import read_facts
from partners.deals.models import Deal
from portal.tenancy.scope import tenant_scope
from tests.bench.data import Vendor, bare_table, quiet, tidy
from tests.bench.measure import Figure, figure, timed

if TYPE_CHECKING:
    from tests.bench.run import Bench

CARDS = Scorecard._meta.db_table
BARE = "bench_scorecard"
SAMPLE = 25
# KPIs of the template that is measured as a wide one.
WIDE = 100

# One pass over a partner's or a tenant's deals for one window. Won, lost and previous by the day they closed,
# the rest by the day of their own; what is open is looked at on the last day.
_SUMS = """
    count(*) FILTER (WHERE d.stage = 'won' AND d.closed_on >= w.first AND d.closed_on < w.last) AS deals_won,
    count(*) FILTER (WHERE d.stage = 'lost' AND d.closed_on >= w.first AND d.closed_on < w.last) AS deals_lost,
    count(*) FILTER (WHERE d.stage = 'won' AND d.status = 'won' AND d.closed_on >= w.first AND d.closed_on < w.last),
    sum(d.revenue_base) FILTER (WHERE d.stage = 'won' AND d.closed_on >= w.first AND d.closed_on < w.last),
    sum(d.cost_base) FILTER (WHERE d.stage = 'won' AND d.closed_on >= w.first AND d.closed_on < w.last),
    sum(d.revenue_base) FILTER (WHERE d.stage = 'won' AND d.cost_base IS NOT NULL AND d.closed_on >= w.first
        AND d.closed_on < w.last),
    sum(d.revenue_base) FILTER (WHERE d.stage = 'won' AND d.origin = 'registered' AND d.closed_on >= w.first
        AND d.closed_on < w.last),
    sum(d.revenue_base) FILTER (WHERE d.stage = 'won' AND d.origin <> 'registered' AND d.closed_on >= w.first
        AND d.closed_on < w.last),
    sum(d.revenue_base) FILTER (WHERE d.stage = 'won' AND d.customer_id IS NOT NULL AND d.closed_on >= w.first
        AND d.closed_on < w.last),
    sum(d.closed_on - d.engaged_on) FILTER (WHERE d.stage = 'won' AND d.closed_on >= w.first AND d.closed_on < w.last),
    sum(d.revenue_base) FILTER (WHERE d.stage = 'won' AND d.closed_on >= w.before AND d.closed_on < w.first),
    count(*) FILTER (WHERE d.engaged_on >= w.first AND d.engaged_on < w.last
        AND d.status NOT IN ('draft', 'rejected', 'withdrawn')),
    count(*) FILTER (WHERE d.engaged_on >= w.first AND d.engaged_on < w.last AND d.origin = 'registered'
        AND d.status NOT IN ('draft', 'rejected', 'withdrawn')),
    count(*) FILTER (WHERE d.first_submitted_at >= w.first AND d.first_submitted_at < w.last),
    count(*) FILTER (WHERE d.decided_at >= w.first AND d.decided_at < w.last AND d.status <> 'rejected'),
    count(*) FILTER (WHERE d.decided_at >= w.first AND d.decided_at < w.last AND d.status = 'rejected'),
    sum(extract(epoch FROM d.decided_at - d.submitted_at)) FILTER (WHERE d.decided_at >= w.first
        AND d.decided_at < w.last),
    count(*) FILTER (WHERE d.status = 'expired' AND upper(d.protection) >= w.first AND upper(d.protection) < w.last),
    count(*) FILTER (WHERE d.stage NOT IN ('won', 'lost') AND d.status IN ('', 'approved', 'submitted', 'in_review')),
    sum(d.amount_base) FILTER (WHERE d.stage NOT IN ('won', 'lost')
        AND d.status IN ('', 'approved', 'submitted', 'in_review')),
    sum(d.amount_base * CASE d.stage WHEN 'prospecting' THEN 10 WHEN 'engaging' THEN 30 WHEN 'proposal' THEN 50
        ELSE 75 END / 100) FILTER (WHERE d.stage NOT IN ('won', 'lost')
        AND d.status IN ('', 'approved', 'submitted', 'in_review'))"""
_WINDOWS = """(SELECT * FROM unnest(%(first)s::date[], %(last)s::date[], %(before)s::date[]) AS w(first, last, before)) AS w"""
_DEALS = f"SELECT d.partner_id, w.first, w.last, {_SUMS} FROM {Deal._meta.db_table} d CROSS JOIN {_WINDOWS}"
_COLUMNS = [field.column for field in Scorecard._meta.fields]
_KEY = ["tenant_id", "subject_kind", "subject_key", "period_kind", "period_start"]


class BareTable:
    """The floor's own copy of the scorecards: the same columns, indexes, policy and rows."""

    def __init__(self, vendor: Vendor, where: str = ""):
        self.vendor = vendor
        bare_table(
            BARE,
            Scorecard,
            [
                f"ALTER TABLE {BARE} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {BARE} FORCE ROW LEVEL SECURITY",
                f"CREATE POLICY own ON {BARE}"
                " USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid))",
            ],
        )
        with tenant_scope(vendor.tenant.pk), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {BARE} SELECT * FROM {CARDS}")
            content = BytesIO()
            with cursor.copy(f"COPY (SELECT * FROM {BARE}{where}) TO STDOUT") as copy:
                for block in copy:
                    content.write(block)
        self.content = content.getvalue()

    def write(self) -> None:
        """One COPY into a staging table and one upsert of all rows."""
        kept = [column for column in _COLUMNS if column not in {*_KEY, "id"}]
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE staged (LIKE {CARDS}) ON COMMIT DROP")
            with cursor.copy("COPY staged FROM STDIN") as copy:
                copy.write(self.content)
            cursor.execute(
                f"INSERT INTO {BARE} SELECT * FROM staged ON CONFLICT ({', '.join(_KEY)}) DO UPDATE"
                f" SET {', '.join(f'{name} = excluded.{name}' for name in kept)}"
            )
            cursor.execute("DROP TABLE staged")


def full(bench: "Bench") -> Iterable[Figure]:
    """All partners, the current month, quarter and year; every row differs from what is stored, so all are written."""
    vendor = bench.large
    found = _full(vendor, bench.pairs, "recompute_full")
    each = per_partner_seconds(vendor, [calendar_of(vendor.tenant).current(kind) for kind in PeriodKind])
    times = each * vendor.partners / found.ours
    found.notes.append(
        f"{times:.0f} times faster than a query per partner ({each * 1000:.1f} ms each by a sample of {SAMPLE}),"
        f" target>=10 {'reached' if times >= 10 else 'MISSED'}"
    )
    yield found


def wide(bench: "Bench") -> Iterable[Figure]:
    """The same with 100 KPIs in the template of each period, as many of them the tenant's own as it takes."""
    vendor = bench.large
    periods = [calendar_of(vendor.tenant).current(kind) for kind in PeriodKind]
    try:
        with tenant_scope(vendor.tenant.pk):
            lines = _hundred_lines(vendor)
            for kind in PeriodKind:
                _measure_by(kind, lines)
            recompute_periods(periods)
        yield _full(vendor, bench.pairs, "recompute_wide")
    finally:
        with tenant_scope(vendor.tenant.pk):
            for kind in PeriodKind:
                _measure_by(kind, template_lines(kind, vendor.tenant.currency))
            recompute_periods(periods)


def _hundred_lines(vendor: Vendor) -> list[dict[str, Any]]:
    """A line of one point for each of 100 KPIs, in turns by target, by steps and by rank."""
    codes = [code for code in BUILT_IN.formula_codes if "P" in BUILT_IN[code].level][:WIDE]
    for number in range(WIDE - len(codes)):
        code = f"own_bench_{number}"
        if not OwnKpi.objects.filter(code=code).exists():
            define_kpi(
                by=vendor.admin,
                name=code.removeprefix("own_"),
                formula=f"(revenue_won + {number}) / (deals_won + deals_lost)",
                unit="count",
                better="up",
                kind="lag",
                level="PG",
                meaning="For measuring.",
            )
        codes.append(code)
    methods: list[dict[str, Any]] = [
        {"method": "target", "target": 1_000, "floor": 0},
        {"method": "steps", "points": 0.1, "units": 10},
        {"method": "peer"},
    ]
    return [{"code": code, "weight": 1, **methods[at % 3]} for at, code in enumerate(codes)]


def _measure_by(kind: PeriodKind, lines: list[dict[str, Any]]) -> None:
    template = ScorecardTemplate.objects.get(period_kind=kind, partner_type="", region="", segment="")
    publish_version(template, lines, MIN_COVERAGE, date.min, None)


def _full(vendor: Vendor, count: int, name: str) -> Figure:
    calendar = calendar_of(vendor.tenant)
    periods = [calendar.current(kind) for kind in PeriodKind]
    bare = BareTable(vendor)

    def ours() -> None:
        with tenant_scope(vendor.tenant.pk):
            recompute_periods(periods)

    def floor() -> None:
        with tenant_scope(vendor.tenant.pk), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('work_mem', '64MB', true)")
            # The portal's own two statements: a plain pass with a filter for each fact takes longer on a million deals.
            read_facts([period.window() for period in periods], calendar, calendar.today())
            bare.write()

    def change_all() -> None:
        """What a run finds: rows that are out of date, and tables without the dead rows of the run before."""
        with tenant_scope(vendor.tenant.pk):
            Scorecard.objects.update(coverage=0.1)
        quiet(vendor.tenant)
        tidy()

    return figure(
        name,
        ours,
        floor,
        count=count,
        target=1.5,
        floor_is=f"grouped aggregates of {vendor.deals:,} deals of {vendor.partners:,} partners in 3 periods,"
        " one COPY and upsert of the same rows",
        before=change_all,
    )


def one(bench: "Bench") -> Iterable[Figure]:
    """One partner after one event, the same with ten times the partners, and the one beside the other."""
    small, large = _One(bench.small), _One(bench.large)
    count = max(bench.pairs, 25)
    for name, each in (("recompute_one", small), ("recompute_one_10x", large)):
        yield figure(
            name,
            each.ours,
            partial(each.floor, each.bare()),
            count=count,
            target=5,
            floor_is="one indexed aggregate of the partner's deals and one upsert of its rows;"
            f" {each.vendor.partners:,} partners",
            before=each.event,
            warm=3,
        )

    def both() -> None:
        small.event()
        large.event()

    yield figure(
        "recompute_one_growth",
        large.ours,
        small.ours,
        count=count,
        target=1.3,
        floor_is=f"the same among {small.vendor.partners:,} partners; ours among {large.vendor.partners:,}",
        before=both,
        warm=3,
    )


class _One:
    """A vendor, one of whose partners' deals has changed."""

    def __init__(self, vendor: Vendor):
        self.vendor = vendor
        self._today = calendar_of(vendor.tenant).today()
        self._values = _values([calendar_of(vendor.tenant).current(kind) for kind in PeriodKind])
        self._deal_id = _won_deal(vendor, self._today)
        self._amounts = iter(range(1, 10**9))

    def event(self) -> None:
        """A won deal's amount changes, so that every row that hangs on it does."""
        with tenant_scope(self.vendor.tenant.pk):
            changed = {"revenue_base": 1_000_000 + next(self._amounts), "closed_on": self._today}
            Deal.objects.filter(pk=self._deal_id).update(**changed)
            DirtyPartner.objects.all().delete()
            mark_dirty([(self.vendor.partner_id, self._today)])

    def ours(self) -> None:
        with tenant_scope(self.vendor.tenant.pk):
            recompute_dirty()

    def bare(self) -> BareTable:
        """The floor's table with a partner's three rows: what one event changes at the least."""
        return BareTable(self.vendor, where=f" WHERE partner_id = '{self.vendor.partner_id}'")

    def floor(self, bare: BareTable) -> None:
        tenant = self.vendor.tenant.pk
        with tenant_scope(tenant), connection.cursor() as cursor:
            cursor.execute(
                f"{_DEALS} WHERE d.tenant_id = %(tenant)s AND d.partner_id = %(partner)s GROUP BY d.partner_id, w.first, w.last",
                {**self._values, "tenant": tenant, "partner": self.vendor.partner_id},
            )
            cursor.fetchall()
            _upsert(bare)


def _upsert(bare: BareTable) -> None:
    kept = [column for column in _COLUMNS if column not in {*_KEY, "id"}]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {BARE} SELECT * FROM {CARDS} WHERE tenant_id = %s AND partner_id = %s"
            f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in kept)}",
            [bare.vendor.tenant.pk, bare.vendor.partner_id],
        )


def _won_deal(vendor: Vendor, today: date) -> UUID:
    with tenant_scope(vendor.tenant.pk):
        recent = Deal.objects.filter(partner_id=vendor.partner_id, stage="won").order_by("-closed_on")
        return recent.values_list("pk", flat=True)[0]


def per_partner_seconds(vendor: Vendor, periods: list[Period]) -> float:
    """Seconds a partner of the loop that is usually written: read one partner's figures, score, save its rows."""
    calendar = calendar_of(vendor.tenant)
    today = calendar.today()
    with tenant_scope(vendor.tenant.pk):
        sample = list(
            Scorecard.objects.filter(subject_kind="partner", period_kind="month").values_list(
                "partner_id", flat=True
            )[:SAMPLE]
        )

    def one_by_one(partner_ids: list[UUID]) -> None:
        with tenant_scope(vendor.tenant.pk):
            for partner_id in partner_ids:
                for period in periods:
                    facts = read_facts([period.window()], calendar, today, [partner_id])
                    row = facts.row(0, named=True) if facts.height else {}
                    evaluate_facts(
                        {key: value for key, value in row.items() if isinstance(value, int)}, FORMULA_CODES
                    )
                    card = Scorecard.objects.get(
                        subject_kind="partner",
                        subject_key=str(partner_id),
                        period_kind=period.kind,
                        period_start=period.start,
                    )
                    card.save()
            transaction.set_rollback(True)

    one_by_one(sample[:2])
    return timed(lambda: one_by_one(sample)) / max(len(sample), 1)


def _values(periods: list[Period]) -> dict[str, object]:
    windows = [period.window() for period in periods]
    return {
        "first": [window.start for window in windows],
        "last": [window.end for window in windows],
        "before": [window.previous_start for window in windows],
    }
