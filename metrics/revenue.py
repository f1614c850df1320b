"""Whether a tenant's revenue is what deals were won for, or what was ordered.

The choice is a version of the KPI `revenue` in the tenant's catalogue: it holds from a day on, and all that measures,
compares or explains revenue goes by it. What the fact `revenue_won` says and what plans pay for stays as it is.
"""

import datetime as dt

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.actions import start_full_recompute
from metrics.defining import version_of_built_in
from metrics.models import PeriodLock
from metrics.own import catalogue_now, forget_own_kpis
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.jobs.models import Job
from portal.shell.formats import short_date
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

CODE = "revenue"


class RevenueBase(models.TextChoices):
    """By the fact that it is."""

    DEALS = "revenue_won", gettext_lazy("What deals were won for")
    ORDERS = "order_revenue", gettext_lazy("What was ordered")


def revenue_base() -> RevenueBase:
    """What counts by the newest choice."""
    return RevenueBase(catalogue_now()[CODE].formula)


@transaction.atomic
def change_revenue_base(base: RevenueBase, *, by: Membership, valid_from: dt.date) -> Job:
    """Count revenue in another way in the periods that end after a day; those that are locked stay as they are."""
    check(by, "metrics.define_kpis")
    lock("metrics.kpis", current_tenant_id())
    forget_own_kpis()
    before = revenue_base()
    if base == before:
        raise ActionRefused(_("Revenue counts in this way already."), field="base")
    locked = max((each.period.end for each in PeriodLock.objects.all()), default=None)
    if locked is not None and valid_from < locked:
        raise ActionRefused(
            _("Periods until %(day)s are locked. Choose that day or a later one.")
            % {"day": short_date(locked)},
            field="valid_from",
        )
    version = version_of_built_in(CODE, base.value, by=by, valid_from=valid_from)
    data = {"old": {"base": before.value}, "new": {"base": base.value, "valid_from": str(valid_from)}}
    record("kpi.revenue_changed", subject=version.kpi, by=by, data=data)
    return start_full_recompute(since=valid_from)
