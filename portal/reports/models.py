"""Views that the vendor's people keep of pages, and the reports that are sent of them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.reports.enums import FileKind, Frequency, Weekday
from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel


class SavedView(TenantModel):
    """A page with its filters, columns and period under a name. `query` is the page's query string.

    Without a fixed day in it the period moves along with the calendar. A shared one is every colleague's to open.
    """

    name = models.CharField(_("name"), max_length=100)
    page = models.CharField(max_length=100)
    query = models.CharField(max_length=2000, blank=True)
    owner = TenantForeignKey(Membership, models.CASCADE, related_name="+", verbose_name=_("kept by"))
    shared = models.BooleanField(_("colleagues may open it"), default=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            *tenant_constraints("reports_savedview", "owner"),
            models.UniqueConstraint(fields=["tenant", "owner", "name"], name="reports_savedview_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Schedule(TenantModel):
    """When a view is sent by e-mail, to the minute in the tenant's time zone. `next_at` is the next time."""

    view = TenantForeignKey(SavedView, models.CASCADE, related_name="schedules")
    frequency = models.CharField(_("how often"), max_length=8, choices=Frequency)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday, null=True)
    # The month's last day where it has fewer.
    day = models.PositiveSmallIntegerField(
        _("day of the month"), null=True, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    hour = models.PositiveSmallIntegerField(_("hour"), validators=[MaxValueValidator(23)])
    file_kind = models.CharField(_("file"), max_length=4, choices=FileKind, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    next_at = models.DateTimeField(_("next"))
    last_at = models.DateTimeField(_("last sent"), null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("reports_schedule", "view"),
            models.CheckConstraint(
                name="reports_schedule_day",
                condition=models.Q(frequency=Frequency.WEEKLY, weekday__isnull=False, day__isnull=True)
                | models.Q(frequency=Frequency.MONTHLY, day__isnull=False, weekday__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "next_at"], condition=models.Q(is_active=True), name="reports_schedule_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.hour}"


class Recipient(TenantModel):
    """Whom a report is sent to."""

    schedule = TenantForeignKey(Schedule, models.CASCADE, related_name="recipients")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            *tenant_constraints("reports_recipient", "schedule", "member"),
            models.UniqueConstraint(fields=["tenant", "schedule", "member"], name="reports_recipient_once"),
        ]

    def __str__(self) -> str:
        return str(self.member_id)


class ReportsDue(models.Model):
    """When a tenant's reports are to be looked after next, so that a sweep need not visit them all. Unscoped, and
    without a unique key: transactions of one tenant must not wait for each other here."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.at}"
