"""Days as a tenant counts them."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.utils import timezone

from partners.deals.approvals.models import Holiday
from portal.tenancy.models import Tenant

SATURDAY = 5


def local_day(moment: datetime, tenant: Tenant) -> date:
    """The calendar day of `moment` in the tenant's time zone."""
    return moment.astimezone(tenant.zone).date()


def today(tenant: Tenant) -> date:
    """Today in the tenant's time zone."""
    return local_day(timezone.now(), tenant)


def add_business_days(
    start: datetime, days: int, tenant: Tenant, holidays: Collection[date] | None = None
) -> datetime:
    """The moment `days` working days after `start`, at the same local time.

    Saturdays, Sundays and the tenant's holidays do not count; what arrives on one counts from the next working
    day on. The holidays are read unless they are given.
    """
    moment = start.astimezone(tenant.zone)
    off = holidays_from(moment.date()) if holidays is None else holidays
    if _is_off(moment, off):
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        while _is_off(moment, off):
            moment += timedelta(days=1)
    while days:
        moment += timedelta(days=1)
        if not _is_off(moment, off):
            days -= 1
    return moment


def holidays_from(day: date) -> frozenset[date]:
    """The tenant's holidays from a day on."""
    return frozenset(Holiday.objects.filter(day__gte=day).values_list("day", flat=True))


def _is_off(moment: datetime, holidays: Collection[date]) -> bool:
    return moment.weekday() >= SATURDAY or moment.date() in holidays
