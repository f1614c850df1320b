"""Example programmes after published ones, with what they count as reported metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incentives.example import create_example_programme, refuse_second, save_ladder
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode
from incentives.plans.models import Plan
from incentives.tiers.enums import BadgeColour, Comparison, Join, WindowKind
from incentives.tiers.models import Tier
from incentives.tiers.queries import tenant_in_scope
from incentives.tiers.requirements import REPORTED, Condition, Group, dump
from metrics.periods import PeriodKind, calendar_of
from metrics.readings.actions import define_metric
from metrics.readings.known import Combination, ReadingUnit
from metrics.readings.models import MetricDefinition
from metrics.units import UP
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused


class Example(models.TextChoices):
    """What a programme can start from."""

    REBATE = "rebate", _("Registered, Silver and Gold with a rebate plan")
    SERVICES = (
        "services",
        _("Services: Select, Advanced and Premier by certified people and launched projects"),
    )
    USERS = (
        "users",
        _("Resellers: Ready, Silver and Gold by users and retention, with 10, 15 and 20% commission"),
    )


@dataclass(frozen=True, slots=True)
class _Metric:
    code: str
    name: str | Promise
    unit: str = ReadingUnit.COUNT
    combination: str = Combination.LAST


@dataclass(frozen=True, slots=True)
class _Step:
    """A tier with how much of each metric it asks, in people's units (a percentage as 70)."""

    name: str | Promise
    colour: BadgeColour
    asks: Sequence[int] = ()
    commission: str = "0"


PEOPLE = _Metric("accredited_people", _("Accredited people"))
FOUNDATIONAL = _Metric("foundational_certificates", _("Foundational certificates"))
TECHNICAL = _Metric("technical_certificates", _("Technical certificates"))
PROFESSIONAL = _Metric("professional_certificates", _("Technical certificates of professional level"))
LAUNCHED = _Metric("launched_opportunities", _("Launched opportunities"), combination=Combination.SUM)
NET_USERS = _Metric("net_users", _("Net users"))
CERTIFIED = _Metric("certificates_held", _("Certificates held"))
RETENTION = _Metric("user_retention", _("Retention of users"), ReadingUnit.PERCENT)

PROGRAMMES: dict[str, tuple[Sequence[_Metric], Sequence[_Step]]] = {
    Example.SERVICES: (
        (PEOPLE, FOUNDATIONAL, TECHNICAL, PROFESSIONAL, LAUNCHED),
        (
            _Step(_("Registered"), BadgeColour.BRONZE),
            _Step("Select", BadgeColour.BLUE, (4, 2, 2, 0, 3)),
            _Step("Advanced", BadgeColour.SILVER, (8, 4, 6, 3, 20)),
            _Step("Premier", BadgeColour.GOLD, (20, 10, 25, 10, 50)),
        ),
    ),
    Example.USERS: (
        (NET_USERS, CERTIFIED, RETENTION),
        (
            _Step(_("Learning"), BadgeColour.BRONZE),
            _Step("Ready", BadgeColour.BLUE, (10, 1, 0), "0.10"),
            _Step("Silver", BadgeColour.SILVER, (75, 3, 70), "0.15"),
            _Step("Gold", BadgeColour.GOLD, (300, 6, 80), "0.20"),
        ),
    ),
}


@transaction.atomic
def start_from(example: str, *, by: Membership) -> list[Tier]:
    """Make the tiers, metrics and plan of an example. Refused where there are tiers or plans."""
    check(by, "incentives.change_programme")
    if example not in Example.values:
        raise ActionRefused(str(_("Choose one of the examples.")))
    if example == Example.REBATE:
        return create_example_programme(by=by)[0]
    refuse_second()
    metrics, steps = PROGRAMMES[example]
    for metric in metrics:
        _ensure(metric, by)
    tiers = [_tier(rank, step, metrics) for rank, step in enumerate(steps)]
    save_ladder(tiers, by=by)
    if any(Decimal(step.commission) for step in steps):
        _commission(tiers, steps, by)
    return tiers


def _ensure(metric: _Metric, by: Membership) -> None:
    """The metric, made where it is missing. ActionRefused where its name means something else."""
    found = MetricDefinition.objects.filter(code=metric.code).first()
    if found is None:
        define_metric(
            by=by,
            code=metric.code,
            name=str(metric.name),
            unit=metric.unit,
            better=UP,
            combination=metric.combination,
        )
    elif (found.unit, found.combination) != (metric.unit, metric.combination):
        raise ActionRefused(
            str(_("The reported metric “%(metric)s” is there with another unit or another way of adding up."))
            % {"metric": found.name}
        )


def _tier(rank: int, step: _Step, metrics: Sequence[_Metric]) -> Tier:
    conditions = tuple(
        _condition(metric, asked) for metric, asked in zip(metrics, step.asks, strict=False) if asked
    )
    return Tier(
        name=str(step.name),
        rank=rank,
        colour=step.colour,
        rebate_rate=Decimal(step.commission),
        lead_priority=rank,
        requirements=dump(Group(Join.ALL, conditions)) if conditions else {},
    )


def _condition(metric: _Metric, asked: int) -> Condition:
    # Of what is added up the last four quarters count; otherwise the last reading does.
    window = WindowKind.TRAILING_YEAR if metric.combination == Combination.SUM else WindowKind.QUARTER
    threshold = Decimal(asked) / 100 if metric.unit == ReadingUnit.PERCENT else Decimal(asked)
    return Condition(f"{REPORTED}{metric.code}", window, Comparison.AT_LEAST, threshold)


def _commission(tiers: Sequence[Tier], steps: Sequence[_Step], by: Membership) -> None:
    """A plan that pays each tier's share of a won deal, by the tier held on its day."""
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)
    draft = VersionDraft(
        starts_on=calendar.period(PeriodKind.YEAR, calendar.today()).start,
        ends_on=None,
        mode=BandMode.MARGINAL,
        period=PeriodKind.QUARTER,
        hold_days=30,
        bands={
            tier.pk: (Band(0, None, Decimal(step.commission)),)
            for tier, step in zip(tiers, steps, strict=True)
        },
        note=str(_("Example to start from")),
    )
    publish_version(Plan(name=str(_("Commission")), currency=tenant.currency), draft, by=by)
