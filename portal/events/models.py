"""The event table: audit trail, activity timeline and outbox at once."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.tenancy.constraints import AppendOnly, PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel


class Event(TenantModel):
    """What happened. Append-only; the database lets only the dispatcher's columns change."""

    type = models.CharField(_("event"), max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    partner_id = models.UUIDField(null=True)
    actor = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(_("when"), default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        constraints = [
            *tenant_constraints("events_event", "actor"),
            PartnerIsolation(privileges="SELECT, INSERT", name="events_event_partner"),
            AppendOnly(
                ("dispatched_at", "attempts", "retry_at", "last_error"), name="events_event_append_only"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "subject_id", "-id"], name="events_event_subject"),
            models.Index(fields=["tenant", "partner_id", "-id"], name="events_event_partner_ix"),
            models.Index(fields=["tenant", "-id"], name="events_event_newest"),
            models.Index(
                fields=["tenant", "id"],
                condition=models.Q(dispatched_at__isnull=True),
                name="events_event_pending",
            ),
        ]

    def __str__(self) -> str:
        return self.type


class PendingTenant(models.Model):
    """Which tenants have undispatched events, so that a sweep need not visit them all.

    Unscoped, and without a unique key: transactions of one tenant must not wait for each other here.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [PartnerReadable("INSERT", name="events_pendingtenant_partner")]

    def __str__(self) -> str:
        return str(self.tenant_id)
