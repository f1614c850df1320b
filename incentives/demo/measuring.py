"""The programme's own way of measuring: KPIs of its own, a template with tracks and a gate, rules to come, a lock."""

from decimal import Decimal

from metrics.actions import create_template, publish_template
from metrics.closing import change_grace, lock_period
from metrics.defining import define_kpi
from metrics.models import ScorecardTemplate
from metrics.periods import PeriodKind, calendar_of
from partners.directory.enums import PartnerType
from portal.accounts.models import Membership
from portal.jobs.models import Job

GRACE_DAYS = 20
MIN_COVERAGE = Decimal("0.4")


def measure_in_its_own_way(admin: Membership) -> list[Job]:
    """Set it up as an admin would; returns the jobs that bring the scorecards up to date."""
    define_kpi(
        by=admin,
        name="Revenue per new customer",
        formula="revenue_won / customers_new",
        unit="money",
        better="up",
        kind="lag",
        level="PG",
        meaning="How much was sold for each customer that was won.",
    )
    define_kpi(
        by=admin,
        name="Lost pipeline",
        formula="deals_lost / (deals_lost + deals_won + pipeline_open_count)",
        unit="%",
        better="down",
        kind="lead",
        level="PG",
        meaning="Of the deals that are open or decided, how many were lost.",
    )
    change_grace(GRACE_DAYS, by=admin)
    quarter = calendar_of(admin.tenant).current(PeriodKind.QUARTER)
    lock_period(quarter.previous().previous(), by=admin)
    services = create_template(
        by=admin,
        name="Managed services",
        period_kind=PeriodKind.QUARTER,
        partner_type=PartnerType.MSP,
    )
    lines = [
        {"code": "win_rate", "weight": 30, "method": "target", "target": 0.6, "floor": 0.1},
        {"code": "own_lost_pipeline", "weight": 20, "method": "target", "target": 0.1, "floor": 0.6},
        {
            "code": "client_acquisition",
            "weight": 20,
            "method": "steps",
            "points": 5,
            "units": 1,
            "whole": True,
        },
        _track("revenue", 30, "Growth", target=4_000_000, floor=0),
        _track("deal_count", 20, "Volume", target=8, floor=0),
        _track("pipeline", 10, "Volume", target=5_000_000, floor=0),
    ]
    jobs = [
        publish_template(
            services,
            by=admin,
            kpis=lines,
            min_coverage=MIN_COVERAGE,
            gate_score=Decimal(50),
            gate_each=True,
        )[1]
    ]
    general = ScorecardTemplate.objects.get(
        period_kind=PeriodKind.QUARTER, partner_type="", region="", segment=""
    )
    newest = general.versions.latest("number")
    # The same rules with a gate, from the coming quarter on.
    publish_template(
        general,
        by=admin,
        kpis=newest.kpis,
        min_coverage=newest.min_coverage,
        gate_score=Decimal(40),
        begins=quarter.next(),
    )
    return [job for job in jobs if job is not None]


def _track(code: str, weight: int, track: str, *, target: int, floor: int) -> dict[str, object]:
    return {
        "code": code,
        "weight": weight,
        "method": "target",
        "target": target,
        "floor": floor,
        "choice": "Direction",
        "track": track,
    }
