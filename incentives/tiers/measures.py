"""What a requirement may look at: the score, KPIs, metrics that are reported, and checks that people make by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django_scopes import get_scope

from incentives.tiers.enums import Comparison
from incentives.tiers.models import ManualCheck
from incentives.tiers.requirements import CHECK, REPORTED, SCORE, is_check, is_reported
from metrics.own import area_label, choosable, kpi_of
from metrics.readings.models import MetricDefinition
from metrics.units import DOWN, UP
from portal.tenancy.scope import current_tenant_id

CHECK_UNIT = "check"
_SEEN = "tier_measures"


@dataclass(frozen=True, slots=True)
class Measure:
    """`unit` is a KPI's unit, `score` or `check`; `group` is the heading that it is chosen under."""

    code: str
    name: str
    unit: str
    better: str
    group: str

    @property
    def comparison(self) -> Comparison:
        """At least where up is better, at most where down is."""
        return Comparison.AT_LEAST if self.better == UP else Comparison.AT_MOST


def check_code(pk: UUID) -> str:
    return f"{CHECK}{pk}"


def measure_of(code: str) -> Measure:
    """A measure by its code, also one that can no longer be chosen. KeyError where there never was one."""
    if code == SCORE:
        return Measure(SCORE, _("Score"), "score", UP, _("Score"))
    if is_reported(code):
        return _reported()[code]
    if is_check(code):
        return _checks()[code]
    return _kpi(code)


def measures() -> dict[str, Measure]:
    """All that a new requirement may look at. KPIs are those that a single partner has a live value for."""
    kpis = [code for code, kpi in choosable().items() if "P" in kpi.level and not kpi.ranks]
    active = {
        check_code(pk) for pk in ManualCheck.objects.filter(is_active=True).values_list("pk", flat=True)
    }
    found = [measure_of(SCORE), *(_kpi(code) for code in kpis), *_reported().values()]
    found += [measure for code, measure in _checks().items() if code in active]
    return {measure.code: measure for measure in found}


def forget_measures() -> None:
    """After a check was added or renamed: ask again within this scope."""
    get_scope().get(_SEEN, {}).clear()


def _kpi(code: str) -> Measure:
    kpi = kpi_of(code)
    down = kpi.better == DOWN
    group = (_("%(area)s: at most") if down else _("%(area)s: at least")) % {"area": area_label(kpi)}
    return Measure(code, str(kpi.name), str(kpi.unit), DOWN if down else UP, group)


def _reported() -> dict[str, Measure]:
    def read() -> dict[str, Measure]:
        rows = MetricDefinition.objects.order_by("name")
        return {
            f"{REPORTED}{row.code}": Measure(
                f"{REPORTED}{row.code}", row.name, row.unit, row.better, _("Reported metrics")
            )
            for row in rows
        }

    return _once("reported", read)


def _checks() -> dict[str, Measure]:
    def read() -> dict[str, Measure]:
        return {
            check_code(row.pk): Measure(check_code(row.pk), row.name, CHECK_UNIT, UP, _("Manual checks"))
            for row in ManualCheck.objects.order_by("name")
        }

    return _once("checks", read)


def _once(kind: str, read: Callable[[], dict[str, Measure]]) -> dict[str, Measure]:
    """Asked once a scope, as names are needed for every line of a page."""
    seen = get_scope().setdefault(_SEEN, {})
    key = (current_tenant_id(), kind)
    if key not in seen:
        seen[key] = read()
    return seen[key]
