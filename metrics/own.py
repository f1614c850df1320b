"""The KPIs of the tenant in scope: the catalogue's and its own, as they are on a day.

Versions never change, so a process reads each of them once; which there are is asked once a scope.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from uuid import UUID

from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope

from metrics.catalogue import CATALOGUE
from metrics.catalogues import BUILT_IN, Catalogue
from metrics.kpis import AREAS, facts_behind
from metrics.kpis.shape import Kpi
from metrics.models import OwnKpi, OwnKpiVersion
from metrics.units import Unit
from portal.tenancy.scope import current_tenant_id

_IDS = f"SELECT id FROM {OwnKpiVersion._meta.db_table} WHERE tenant_id = %s ORDER BY id"
_KEPT = 10_000
_SEEN = "own_kpis"
# Every code of a tenant's begins with this, so that no KPI that the portal comes to know takes its place. A version of
# one of the portal's own codes is how the tenant measures that one (`metrics.revenue`).
PREFIX = "own_"
OWN_AREA = "own"
# What the portal's own KPIs mean where they are measured by another formula than the catalogue's.
MEANINGS = {"order_revenue": _("The amount of what was ordered in the period.")}


class OwnKpis:
    """All versions of a tenant's own KPIs; `at` gives the catalogue of a day."""

    def __init__(self, versions: Iterable[OwnKpiVersion] = ()):
        self.versions = sorted(
            versions, key=lambda version: (version.kpi.created_at, version.kpi_id, -version.number)
        )
        self._days = sorted({version.valid_from for version in self.versions})
        self._catalogues: dict[int, Catalogue] = {}

    def at(self, end: dt.date) -> Catalogue:
        """The KPIs of a period or window that ends before `end`, as `TemplateVersion` has it for rules."""
        count = sum(day < end for day in self._days)
        if not count:
            return BUILT_IN
        if count not in self._catalogues:
            self._catalogues[count] = catalogue_of(self._valid(end))
        return self._catalogues[count]

    def newest(self) -> Catalogue:
        """With what has been published for days to come."""
        return self.at(dt.date.max)

    def _valid(self, end: dt.date) -> list[OwnKpiVersion]:
        found: dict[UUID, OwnKpiVersion] = {}
        for version in self.versions:
            # The newest comes first.
            if version.valid_from < end:
                found.setdefault(version.kpi_id, version)
        return list(found.values())


def catalogue_of(versions: Collection[OwnKpiVersion]) -> Catalogue:
    """The catalogue with these versions in it, one of each KPI. FormulaError where one comes round to itself."""
    own = {version.kpi.code: kpi_from(version) for version in versions}
    known = {**CATALOGUE, **own}
    return Catalogue(replace(kpi, facts=facts_behind(kpi, known)) for kpi in own.values())


def kpi_from(version: OwnKpiVersion) -> Kpi:
    """A KPI as it is defined, without the facts behind it."""
    if version.kpi.code in CATALOGUE:
        known = CATALOGUE[version.kpi.code]
        meaning = MEANINGS.get(version.formula, known.meaning)
        return replace(known, formula=version.formula, meaning=meaning, facts=())
    return Kpi(
        code=version.kpi.code,
        name=version.name,
        formula=version.formula,
        unit=Unit(version.unit),
        better=version.better,
        kind=version.kind,
        level=version.level,
        meaning=version.meaning,
        area=OWN_AREA,
    )


_read_versions: dict[UUID, OwnKpiVersion] = {}


def own_kpis() -> OwnKpis:
    """The tenant's own KPIs, in at most one query a scope once they have been read."""
    tenant_id = current_tenant_id()
    seen = get_scope().setdefault(_SEEN, {})
    if tenant_id not in seen:
        with connection.cursor() as cursor:
            cursor.execute(_IDS, [tenant_id])
            seen[tenant_id] = of_versions([pk for (pk,) in cursor.fetchall()])
    return seen[tenant_id]


def of_versions(ids: Sequence[UUID]) -> OwnKpis:
    """The KPIs of these versions, all that the tenant in scope has."""
    missing = [pk for pk in ids if pk not in _read_versions]
    if missing:
        if len(_read_versions) > _KEPT:
            _read_versions.clear()
            missing = list(ids)
        found = OwnKpiVersion.objects.select_related("kpi").filter(pk__in=missing)
        _read_versions.update({version.pk: version for version in found})
    return _of_ids(tuple(ids)) if ids else _NONE


_NONE = OwnKpis()


@lru_cache(maxsize=256)
def _of_ids(ids: tuple[UUID, ...]) -> OwnKpis:
    return OwnKpis(_read_versions[pk] for pk in ids)


def forget_own_kpis() -> None:
    """After a change: ask again within this scope."""
    get_scope().get(_SEEN, {}).clear()


def catalogue_at(end: dt.date) -> Catalogue:
    """The KPIs of the tenant in scope for a period or window that ends before `end`."""
    return own_kpis().at(end)


def catalogue_now() -> Catalogue:
    """The KPIs of the tenant in scope with their newest definitions: for choosing and for names."""
    return own_kpis().newest()


def areas() -> list[tuple[str, str | Promise]]:
    """The areas that KPIs are listed by, as (code, label): the tenant's own first."""
    return [(OWN_AREA, _("This programme’s own")), *AREAS.items()]


def area_label(kpi: Kpi) -> str:
    return str(AREAS.get(kpi.area) or _("This programme’s own"))


def grouped(kpis: Iterable[Kpi]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices of KPIs below their areas, the tenant's own first, each area's by name: ninety in a row find nobody."""
    order = {area: place for place, (area, _label) in enumerate(areas())}
    listed = sorted(kpis, key=lambda kpi: (order.get(kpi.area, 0), str(kpi.name).casefold()))
    return [
        (label, [(kpi.code, str(kpi.name)) for kpi in of_area])
        for label, of_area in groupby(listed, key=area_label)
    ]


def kpi_of(code: str) -> Kpi:
    """A KPI of the tenant's by its newest definition; one of the catalogue's costs no query."""
    return BUILT_IN.get(code) or catalogue_now()[code]


def defined_by_tenant() -> models.QuerySet[OwnKpi]:
    """The KPIs that the tenant has made up, without how it measures those of the portal."""
    return OwnKpi.objects.filter(code__startswith=PREFIX)


def choosable(keeping: str = "") -> dict[str, Kpi]:
    """The KPIs that something new may be measured by: all but those of the tenant's that are no longer in use.

    With the one that a record is `keeping`, whose other fields are changed.
    """
    catalogue = catalogue_now()
    if not catalogue.own:
        return dict(catalogue)
    gone = set(OwnKpi.objects.filter(is_active=False).values_list("code", flat=True))
    return {code: kpi for code, kpi in catalogue.items() if code == keeping or code not in gone}
