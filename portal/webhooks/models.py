"""Where events are posted to, what is posted, and how it went."""

from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.events.models import Event
from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel
from portal.webhooks.enums import OPEN, DeliveryState, Problem, TurnedOff


class Endpoint(TenantModel):
    """An address of the vendor's own system that events are posted to.

    `events` are the types it wants, as names or patterns (`deal.*`). Its secret stands nowhere: it is derived from its
    key and `secret_version` (see `signing`); until `previous_until` the version before signs as well. While posts
    fail, `failures` counts them, `failing_since` is the first of them, and until `paused_until` none is tried.
    """

    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=200, blank=True)
    events = models.JSONField(_("events"), default=list)
    is_active = models.BooleanField(_("on"), default=True)
    turned_off = models.CharField(max_length=8, choices=TurnedOff, blank=True)
    secret_version = models.PositiveIntegerField(default=1)
    previous_until = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(_("last success"), null=True)
    last_failure_at = models.DateTimeField(_("last failure"), null=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("webhooks_endpoint"),
            models.UniqueConstraint(fields=["tenant", "url"], name="webhooks_endpoint_url_once"),
        ]

    def __str__(self) -> str:
        return self.description or self.host

    def start_afresh(self) -> None:
        """How it fared before says nothing any more; unsaved."""
        self.failures, self.failing_since, self.paused_until = 0, None, None

    @property
    def host(self) -> str:
        """The name of the server alone: the rest of an address may be a secret of its own."""
        return urlsplit(self.url).hostname or self.url


class Delivery(TenantModel):
    """One event for one endpoint, held by the database; without an event it is a test.

    `body` is what is posted, the same at each attempt. A worker claims it (`claim` is the claim's own key), posts it
    without any transaction open, and writes the result if the claim is still its own.
    """

    endpoint = TenantForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    event = TenantForeignKey(Event, models.PROTECT, null=True, related_name="+")
    type = models.CharField(_("event"), max_length=60)
    message_id = models.CharField(max_length=40)
    number = models.CharField(_("about"), max_length=40, blank=True)
    body = models.TextField()
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    due_at = models.DateTimeField(_("due"))
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_at = models.DateTimeField(_("last attempt"), null=True)
    status_code = models.PositiveSmallIntegerField(_("answer"), null=True)
    problem = models.CharField(_("what went wrong"), max_length=12, choices=Problem, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            *tenant_constraints("webhooks_delivery", "endpoint", "event"),
            models.UniqueConstraint(
                fields=["tenant", "endpoint", "event"], name="webhooks_delivery_event_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=models.Q(state__in=sorted(OPEN)),
                name="webhooks_delivery_due",
            ),
            models.Index(
                fields=["tenant", "claimed_at"],
                condition=models.Q(state=DeliveryState.SENDING),
                name="webhooks_delivery_taken",
            ),
            models.Index(fields=["tenant", "endpoint", "-id"], name="webhooks_delivery_newest"),
            models.Index(fields=["tenant", "endpoint", "state"], name="webhooks_delivery_state"),
            models.Index(fields=["tenant", "created_at"], name="webhooks_delivery_age"),
        ]

    def __str__(self) -> str:
        return self.message_id


class Attempt(TenantModel):
    """One post and its answer. `response` is the beginning of the answer's text, `milliseconds` how long it took."""

    delivery = TenantForeignKey(Delivery, models.CASCADE, related_name="tries")
    at = models.DateTimeField(_("when"))
    status_code = models.PositiveSmallIntegerField(_("answer"), null=True)
    problem = models.CharField(_("what went wrong"), max_length=12, choices=Problem, blank=True)
    response = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [*tenant_constraints("webhooks_attempt", "delivery")]
        indexes = [models.Index(fields=["tenant", "delivery", "-at"], name="webhooks_attempt_of")]

    def __str__(self) -> str:
        return str(self.status_code or self.problem)


class WebhooksDue(models.Model):
    """When a tenant's webhooks are to be looked after next, so that a sweep need not visit them all. Unscoped, and
    without a unique key: transactions of one tenant must not wait for each other here."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.at}"
