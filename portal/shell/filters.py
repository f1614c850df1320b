"""The filter by days that every list and every API route uses."""

from datetime import date, datetime, time
from typing import Any

import django_filters
from django.db import models
from django.utils import timezone
from django_filters.fields import DateRangeField
from django_filters.utils import get_model_field


class DaysField(DateRangeField):
    """Days as they were typed; what they mean is for the column to say."""

    def compress(self, data_list: list[date | None]) -> slice | None:
        return slice(*data_list) if data_list else None


class DaysFilter(django_filters.DateFromToRangeFilter):
    """`<name>_after` and `<name>_before`: the first and the last day, both of them inclusive."""

    field_class = DaysField

    def filter(self, qs: models.QuerySet[Any], value: slice | None) -> models.QuerySet[Any]:
        return qs if value is None else on_days(qs, self.field_name, value)


def on_days(rows: models.QuerySet[Any], name: str, days: slice) -> models.QuerySet[Any]:
    """The rows whose column lies on these days: a date is compared as it is, a moment with the days' ends in
    the active time zone. (A date that is compared with a moment becomes one of UTC, where it may be yesterday.)
    """
    first, last = days.start, days.stop
    if _holds_moments(rows, name):
        first = first and timezone.make_aware(datetime.combine(first, time.min))
        last = last and timezone.make_aware(datetime.combine(last, time.max))
    if first is not None:
        rows = rows.filter(**{f"{name}__gte": first})
    return rows if last is None else rows.filter(**{f"{name}__lte": last})


def _holds_moments(rows: models.QuerySet[Any], name: str) -> bool:
    annotation = rows.query.annotations.get(name)
    field = annotation.output_field if annotation else get_model_field(rows.model, name)
    return isinstance(field, models.DateTimeField)
