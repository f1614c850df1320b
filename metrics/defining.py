"""What defines the tenant's own KPIs: checking a formula, publishing a version of it, taking one out of use."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.actions import start_full_recompute
from metrics.catalogue import CATALOGUE
from metrics.catalogues import DIVISORS, Catalogue
from metrics.formulas import FormulaError, names_in, refuse_zero_divisor, to_sql
from metrics.kpis import facts_behind
from metrics.kpis.shape import Kpi
from metrics.models import OwnKpi, OwnKpiVersion, TemplateVersion
from metrics.own import OWN_AREA, PREFIX, defined_by_tenant, forget_own_kpis, own_kpis
from metrics.periods import calendar_of
from metrics.sources import FACTS
from metrics.units import Unit
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.jobs.models import Job
from portal.tenancy.db import lock
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id

_CHANGED_MEANWHILE = gettext_lazy(
    "Someone has changed this KPI meanwhile. Look at its newest version before you change it."
)
MOST = 200


@dataclass(frozen=True, slots=True)
class Use:
    """Where a KPI is used: in words, and the page to change that.

    What has `only_unit` has figures in the KPI's unit and asks for no new ones: the KPI may be retired under it.
    """

    words: str
    url_name: str = ""
    pk: UUID | None = None
    only_unit: bool = False


_users: list[Callable[[], Iterable[tuple[str, Use]]]] = []


def uses_kpis(users: Callable[[], Iterable[tuple[str, Use]]]) -> None:
    """Tell where an upper floor uses KPIs: a function that answers with (code, use) in a constant number of queries."""
    _users.append(users)


def uses() -> dict[str, list[Use]]:
    """Where each KPI is used now: in the newest rules of templates, in other KPIs of the tenant's, and above."""
    found: dict[str, list[Use]] = {}
    versions = TemplateVersion.objects.select_related("template").order_by("template_id", "-number")
    for version in versions.distinct("template_id"):
        for line in version.kpis:
            words = _("Template: %(name)s") % {"name": version.template.name}
            use = Use(words, "metrics:template_edit", version.template_id)
            found.setdefault(line["code"], []).append(use)
    for own in newest_versions():
        if not own.kpi.is_active:
            continue
        for name in names_in(own.formula):
            words = _("Formula of: %(name)s") % {"name": own.name}
            found.setdefault(name, []).append(Use(words, "metrics:own_kpi", own.kpi_id))
    for users in _users:
        for code, use in users():
            found.setdefault(code, []).append(use)
    return found


def newest_versions() -> list[OwnKpiVersion]:
    """The newest version of each of the tenant's KPIs, in the order of their making."""
    versions = OwnKpiVersion.objects.select_related("kpi", "published_by__user")
    newest = versions.filter(kpi__code__startswith=PREFIX).order_by("kpi_id", "-number")
    return sorted(newest.distinct("kpi_id"), key=lambda version: (version.kpi.created_at, version.kpi_id))


# --- checking ----------------------------------------------------------------------------------


def with_draft(draft: Kpi, since: dt.date) -> Catalogue:
    """The tenant's KPIs with a draft among them, as they will be in the periods that end after `since`.

    FormulaError, in words for its author, where the formula may not be evaluated, names what there is not, comes round
    to itself, or makes another KPI's formula too long.
    """
    own = own_kpis()
    days = sorted({since, *(version.valid_from for version in own.versions if version.valid_from > since)})
    catalogues = [_drafted(draft, own.at(min(day, _LAST) + dt.timedelta(days=1))) for day in days]
    return catalogues[0]


_LAST = dt.date.max - dt.timedelta(days=1)


def _drafted(draft: Kpi, others: Catalogue) -> Catalogue:
    kpis = {**others.own, draft.code: draft}
    _check_names(draft.formula, {**others, draft.code: draft})
    refuse_zero_divisor(draft.formula)
    formulas = {code: kpi.formula for code, kpi in {**CATALOGUE, **kpis}.items() if not kpi.ranks}
    to_sql(draft.formula, formulas, DIVISORS, code=draft.code)
    known = {**CATALOGUE, **kpis}
    found = Catalogue(replace(kpi, facts=facts_behind(kpi, known)) for kpi in kpis.values())
    for kpi in found.own.values():
        try:
            found.measure(kpi.code)
        except FormulaError as error:
            if kpi.code == draft.code:
                raise
            raise FormulaError(f"{kpi.name}: {error}") from error
    return found


def _check_names(formula: str, known: Mapping[str, Kpi]) -> None:
    names = names_in(formula)
    if not names:
        raise FormulaError(_("A formula names at least one fact or KPI."))
    for name in names:
        if name in FACTS:
            continue
        kpi = known.get(name)
        if kpi is None:
            near = get_close_matches(name, [*FACTS, *known], 1)
            hint = " " + _("Did you mean %(name)s?") % {"name": near[0]} if near else ""
            raise FormulaError(_("There is no fact or KPI “%(name)s”.") % {"name": name} + hint)
        if kpi.ranks:
            raise FormulaError(
                _("“%(name)s” is a place among the peers; it cannot be calculated with.") % {"name": name}
            )


# --- defining ----------------------------------------------------------------------------------


def _check_name(name: str, code: str) -> None:
    """Refuse what another KPI is called, in any language: who reads a scorecard could not tell the two apart."""
    taken = {version.name.casefold() for version in newest_versions() if version.kpi.code != code}
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            taken |= {str(kpi.name).casefold() for kpi in CATALOGUE.values()}
    if name.casefold() in taken:
        raise ActionRefused(_("There is a KPI with this name already."), field="name")


def code_for(name: str) -> str:
    """A code of the tenant's for a name, such as own_margin_per_deal."""
    return (PREFIX + slugify(name).replace("-", "_"))[:50].rstrip("_")


def define_kpi(
    *,
    by: Membership,
    name: str,
    formula: str,
    unit: str,
    better: str,
    kind: str,
    level: str,
    meaning: str,
) -> OwnKpi:
    """A KPI of the tenant's own, which counts for the past as well; nothing is measured by it until it is used."""
    check(by, "metrics.define_kpis")
    lock("metrics.kpis", current_tenant_id())
    code = code_for(name)
    if len(code) <= len(PREFIX):
        raise ActionRefused(_("The name needs at least one letter or digit."), field="name")
    if OwnKpi.objects.filter(code=code).exists():
        raise ActionRefused(_("There is a KPI with this name already."), field="name")
    _check_name(name, code)
    if defined_by_tenant().count() >= MOST:
        raise ActionRefused(_("A programme has at most %(count)s KPIs of its own.") % {"count": MOST})
    draft = Kpi(code, name, formula, Unit(unit), better, kind, level, meaning, area=OWN_AREA)
    _check(draft, dt.date.min)
    kpi = OwnKpi.objects.create(code=code)
    version = _publish(kpi, draft, 1, dt.date.min, by)
    record("kpi.defined", subject=kpi, by=by, data={"name": name, "new": _told(version)})
    return kpi


def change_kpi(
    kpi: OwnKpi,
    *,
    by: Membership,
    seen_number: int,
    name: str,
    formula: str,
    unit: str,
    better: str,
    kind: str,
    level: str,
    meaning: str,
    valid_from: dt.date,
) -> tuple[OwnKpiVersion, Job | None]:
    """Measure it in another way in the periods that end after a day, today or later; what was before stays.

    With a job that recomputes those periods where the KPI is used and any of them is under way.
    """
    check(by, "metrics.define_kpis")
    lock("metrics.kpis", current_tenant_id())
    kpi = OwnKpi.objects.select_for_update(of=("self",)).get(pk=kpi.pk)
    newest = kpi.versions.order_by("-number")[0]
    if seen_number != newest.number:
        raise ActionRefused(str(_CHANGED_MEANWHILE))
    _refuse_past(valid_from)
    if unit != newest.unit and uses().get(kpi.code):
        raise ActionRefused(
            _("The KPI is in use, and its targets are in this unit. Define another KPI instead."),
            field="unit",
        )
    if name != newest.name:
        _check_name(name, kpi.code)
    draft = Kpi(kpi.code, name, formula, Unit(unit), better, kind, level, meaning, area=OWN_AREA)
    _check(draft, valid_from)
    version = _publish(kpi, draft, newest.number + 1, valid_from, by)
    record(
        "kpi.changed", subject=kpi, by=by, data={"name": name, "old": _told(newest), "new": _told(version)}
    )
    return version, _recomputed(kpi.code, valid_from)


def publish_built_in(
    code: str, formula: str, *, by: Membership, valid_from: dt.date, seen_number: int
) -> tuple[OwnKpiVersion, Job | None]:
    """Measure a KPI of the catalogue by a formula of the tenant's in the periods that end after a day, today or later.

    For actions that have made the formula themselves. With a job as `change_kpi` has it.
    """
    check(by, "metrics.define_kpis")
    lock("metrics.kpis", current_tenant_id())
    if seen_number != OwnKpiVersion.objects.filter(kpi__code=code).count():
        raise ActionRefused(str(_CHANGED_MEANWHILE))
    _refuse_past(valid_from)
    version = version_of_built_in(code, formula, by=by, valid_from=valid_from)
    record("kpi.changed", subject=version.kpi, by=by, data={"name": version.name, "new": _told(version)})
    return version, _recomputed(code, valid_from)


def version_of_built_in(code: str, formula: str, *, by: Membership, valid_from: dt.date) -> OwnKpiVersion:
    """The next version of a KPI of the catalogue. The caller holds the lock of the KPIs, and has checked the day."""
    kpi, _new = OwnKpi.objects.get_or_create(code=code)
    built_in = CATALOGUE[code]
    draft = replace(built_in, name=str(built_in.name), formula=formula, meaning=str(built_in.meaning))
    _check(draft, valid_from)
    return _publish(kpi, draft, kpi.versions.count() + 1, valid_from, by)


def _refuse_past(valid_from: dt.date) -> None:
    if valid_from < calendar_of(current_tenant()).today():
        raise ActionRefused(
            _("What has been measured stays; a change holds from today or a later day."), field="valid_from"
        )


def _recomputed(code: str, since: dt.date) -> Job | None:
    is_measured = any(use.url_name == "metrics:template_edit" for use in _all_uses(code))
    return start_full_recompute(since=since) if is_measured else None


def _all_uses(code: str) -> list[Use]:
    """Uses of a KPI, and of those whose formulas name it."""
    known, found, waiting, seen = uses(), [], [code], set()
    codes = {kpi.pk: kpi.code for kpi in defined_by_tenant()}
    while waiting:
        this = waiting.pop()
        if this in seen:
            continue
        seen.add(this)
        for use in known.get(this, []):
            found.append(use)
            if use.url_name == "metrics:own_kpi" and use.pk in codes:
                waiting.append(codes[use.pk])
    return found


def retire_kpi(kpi: OwnKpi, *, by: Membership) -> OwnKpi:
    """Take it out of use: nothing new is measured by it. What was, keeps it. ActionRefused while it is used."""
    check(by, "metrics.define_kpis")
    lock("metrics.kpis", current_tenant_id())
    kpi = OwnKpi.objects.select_for_update(of=("self",)).get(pk=kpi.pk)
    if not kpi.is_active:
        return kpi
    if used := [use for use in uses().get(kpi.code, []) if not use.only_unit]:
        listed = "; ".join(use.words for use in used[:5])
        raise ActionRefused(_("The KPI is in use: %(uses)s. Take it out there first.") % {"uses": listed})
    return _set_active(kpi, by, is_active=False)


def revive_kpi(kpi: OwnKpi, *, by: Membership) -> OwnKpi:
    """Let it be chosen again."""
    check(by, "metrics.define_kpis")
    lock("metrics.kpis", current_tenant_id())
    kpi = OwnKpi.objects.select_for_update(of=("self",)).get(pk=kpi.pk)
    return kpi if kpi.is_active else _set_active(kpi, by, is_active=True)


def _set_active(kpi: OwnKpi, by: Membership, *, is_active: bool) -> OwnKpi:
    kpi.is_active = is_active
    kpi.save(update_fields=["is_active"])
    newest = kpi.versions.order_by("-number")[0]
    record("kpi.revived" if is_active else "kpi.retired", subject=kpi, by=by, data={"name": newest.name})
    return kpi


def _check(draft: Kpi, since: dt.date) -> None:
    try:
        with_draft(draft, since)
    except FormulaError as error:
        raise ActionRefused(str(error), field="formula") from error


def _publish(kpi: OwnKpi, draft: Kpi, number: int, valid_from: dt.date, by: Membership) -> OwnKpiVersion:
    version = OwnKpiVersion.objects.create(
        kpi=kpi,
        number=number,
        name=draft.name,
        formula=draft.formula,
        unit=draft.unit.value,
        better=draft.better,
        kind=draft.kind,
        level=draft.level,
        meaning=draft.meaning,
        valid_from=valid_from,
        published_by=by,
    )
    forget_own_kpis()
    return version


def _told(version: OwnKpiVersion) -> dict[str, str | int]:
    names = ("number", "name", "formula", "unit", "better", "kind", "level", "meaning")
    return {name: getattr(version, name) for name in names} | {"valid_from": str(version.valid_from)}
