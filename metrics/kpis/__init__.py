"""The portal's own KPIs, one module an area. A new KPI is one more entry in the list `KPIS` of its area's module; a new
area one more module and line here."""

from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from metrics.formulas import names_in
from metrics.kpis import coselling, customers, engagement, leads, operations, programme, sales
from metrics.kpis.shape import Kpi
from metrics.sources import FACTS

AREAS = {
    "sales": _("Sales"),
    "leads": _("Leads and marketing"),
    "customers": _("Customers"),
    "operations": _("Operations"),
    "engagement": _("Engagement and enablement"),
    "coselling": _("Co-selling and market expansion"),
    "programme": _("Programme"),
}
_MODULES = {
    "sales": sales,
    "leads": leads,
    "customers": customers,
    "operations": operations,
    "engagement": engagement,
    "coselling": coselling,
    "programme": programme,
}


def facts_behind(kpi: Kpi, known: Mapping[str, Kpi]) -> tuple[str, ...]:
    """The facts that a formula comes down to, those of the other KPIs it names included; FormulaError for a bad one."""
    names = kpi.ranks or names_in(kpi.formula)
    found = [
        fact for name in names for fact in ([name] if name in FACTS else facts_behind(known[name], known))
    ]
    return tuple(dict.fromkeys(found))


def _collect() -> dict[str, Kpi]:
    """All of them by code. A mistake in a formula stops the portal from starting."""
    listed = [replace(kpi, area=area) for area, module in _MODULES.items() for kpi in module.KPIS]
    known = {kpi.code: kpi for kpi in listed}
    # A KPI may be called like the fact that it is.
    clash = [code for code in known.keys() & FACTS.keys() if known[code].formula != code]
    if len(known) < len(listed) or clash:
        raise ValueError("Two KPIs, or a KPI and another fact, have the same name.")
    return {code: replace(kpi, facts=facts_behind(kpi, known)) for code, kpi in known.items()}


KPIS: dict[str, Kpi] = _collect()
