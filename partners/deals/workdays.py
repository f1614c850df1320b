"""Days as a tenant counts them."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from portal.tenancy.models import Tenant

SATURDAY = 5


def local_day(moment: datetime, tenant: Tenant) -> date:
    """The calendar day of `moment` in the tenant's time zone."""
    return moment.astimezone(tenant.zone).date()


def today(tenant: Tenant) -> date:
    """Today in the tenant's time zone."""
    return local_day(timezone.now(), tenant)


def add_business_days(start: datetime, days: int, tenant: Tenant) -> datetime:
    """The moment `days` working days (Monday to Friday) after `start`, at the same local time.

    What arrives at a weekend counts from the Monday on.
    """
    moment = start.astimezone(tenant.zone)
    if moment.weekday() >= SATURDAY:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        moment += timedelta(days=7 - moment.weekday())
    while days:
        moment += timedelta(days=1)
        if moment.weekday() < SATURDAY:
            days -= 1
    return moment
