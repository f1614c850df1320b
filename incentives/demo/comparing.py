"""How the managers look at it: benchmarks, views and their reports."""

import datetime as dt
from decimal import Decimal

from metrics.benchmarks.actions import set_benchmark
from metrics.periods import PeriodKind
from metrics.readings.actions import report_reading
from metrics.readings.models import MetricDefinition
from portal.accounts.models import Membership
from portal.reports.actions import keep_view, schedule_report
from portal.reports.enums import FileKind, Frequency, Weekday

STUDY = "European channel study 2026"
# KPI, partner type, and what is usual in a quarter, in the KPI's own unit.
USUAL = (
    ("win_rate", "", 0.47),
    ("sales_cycle", "", 62.0),
    ("average_deal_size", "", 2_900_00.0),
    ("win_rate", "msp", 0.52),
)
DIRECT_LIFETIME = Decimal(41_000)


def compare_and_report(admin: Membership, manager: Membership, today: dt.date) -> None:
    """One of each, as a manager would have left it."""
    _benchmarks(admin, today)
    _views(admin, manager)


def _benchmarks(admin: Membership, today: dt.date) -> None:
    for kpi, partner_type, value in USUAL:
        set_benchmark(
            by=admin,
            kpi=kpi,
            period_kind=PeriodKind.QUARTER,
            value=value,
            source=STUDY,
            valid_from=today.replace(year=today.year - 1, month=1, day=1),
            partner_type=partner_type,
        )
    direct = MetricDefinition.objects.get(code="direct_lifetime_value")
    for back in (0, 90, 180):
        report_reading(
            direct, by=admin, day=today - dt.timedelta(days=back), number=DIRECT_LIFETIME - 9 * back
        )


def _views(admin: Membership, manager: Membership) -> None:
    mine = keep_view(
        by=manager,
        name="My portfolio, last quarter",
        page="metrics_portfolio:analysis",
        query=f"period=quarter&start=latest&manager={manager.pk}&sort=change",
        shared=True,
    )
    keep_view(
        by=manager,
        name="Open deals that need attention",
        page="deals:list",
        query="attention=true&sort=-amount",
    )
    funnel = keep_view(
        by=admin,
        name="Funnel by channel",
        page="metrics_portfolio:funnel",
        query="period=quarter&by=channel",
        shared=True,
    )
    schedule_report(
        mine,
        by=manager,
        frequency=Frequency.WEEKLY,
        weekday=Weekday.MONDAY,
        hour=7,
        recipients=[manager, admin],
        file_kind=FileKind.XLSX,
    )
    schedule_report(
        funnel,
        by=admin,
        frequency=Frequency.MONTHLY,
        day=1,
        hour=8,
        recipients=[admin],
        file_kind=FileKind.CSV,
    )
