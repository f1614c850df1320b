"""Every filter by days means the same: from its first day to its last, both inclusive, in the tenant's zone."""

from collections.abc import Iterator
from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
import pytest
from django.db.models import DateTimeField
from django.http import QueryDict
from django.urls import get_resolver
from django.utils import timezone

from portal.accounts.models import Membership
from portal.shell.filters import DaysFilter
from portal.tenancy.models import Tenant

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


def filter_sets(base: type = django_filters.FilterSet) -> Iterator[type[django_filters.FilterSet]]:
    """All that the portal defines: the pages and the API import theirs."""
    _ = get_resolver().url_patterns
    for one in base.__subclasses__():
        if one.__module__.split(".")[0] in ("portal", "partners", "metrics", "incentives"):
            yield one
        yield from filter_sets(one)


def day_filters() -> list[tuple[type[django_filters.FilterSet], str]]:
    found = {
        (one, name)
        for one in filter_sets()
        for name, given in one.base_filters.items()
        if isinstance(given, DaysFilter) and one._meta.model is not None
    }
    return sorted(found, key=lambda pair: (pair[0].__module__, pair[0].__qualname__, pair[1]))


def test_no_list_filters_by_days_in_another_way():
    ranges = (
        django_filters.DateFromToRangeFilter,
        django_filters.DateTimeFromToRangeFilter,
        django_filters.IsoDateTimeFromToRangeFilter,
        django_filters.DateRangeFilter,
        django_filters.DateTimeFilter,
        django_filters.IsoDateTimeFilter,
    )
    assert [
        f"{one.__qualname__}.{name}"
        for one in filter_sets()
        for name, given in one.base_filters.items()
        if isinstance(given, ranges) and not isinstance(given, DaysFilter)
    ] == []


def conditions(where: Any) -> Iterator[tuple[str, Any, Any]]:
    for child in where.children:
        if hasattr(child, "children"):
            yield from conditions(child)
        else:
            yield child.lookup_name, child.lhs.output_field, child.rhs


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_every_filter_by_days_holds_its_first_and_its_last_day(scoped: Tenant, admin: Membership, zone: str):
    asked = day_filters()
    request: Any = SimpleNamespace(tenant=scoped, membership=admin)
    assert len(asked) > 20
    with timezone.override(zone):
        for filter_set, name in asked:
            rows = filter_set._meta.model.objects.all()
            query = QueryDict(f"{name}_after={FIRST}&{name}_before={LAST}")
            narrowed = filter_set(query, queryset=rows, request=request).qs
            found = [
                given for given in conditions(narrowed.query.where) if given[0] in ("gte", "lte", "range")
            ]
            assert [(how, compared) for how, column, compared in found] == expected(found[0][1], zone), (
                filter_set,
                name,
            )


def expected(column: Any, zone: str) -> list[tuple[str, date]]:
    if isinstance(column, DateTimeField):
        ends = [
            datetime.combine(day, at, ZoneInfo(zone)) for day, at in ((FIRST, time.min), (LAST, time.max))
        ]
        return [("gte", ends[0]), ("lte", ends[1])]
    return [("gte", FIRST), ("lte", LAST)]
