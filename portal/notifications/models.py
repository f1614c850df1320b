"""Who has been told what, the letters that tell it by e-mail, and what people want to be told."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.events.models import Event
from portal.notifications.enums import Channel, LetterState, MailChoice
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel

DIGEST = "digest"


class Letter(TenantModel):
    """An e-mail to one member: the news of one kind that came within a short while, or a day's digest.

    It collects until `due_at`. A worker claims it (`claim` is the claim's own key), writes it, and marks it
    handed over before the mail server gets it: a letter that was not yet handed over may be tried again, and
    one whose worker died after that is left as perhaps sent, because nobody gets a letter twice.
    """

    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    state = models.CharField(_("state"), max_length=12, choices=LetterState, default=LetterState.COLLECTING)
    due_at = models.DateTimeField(_("due"))
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("notifications_letter", "member"),
            models.UniqueConstraint(
                fields=["tenant", "member", "kind"],
                condition=models.Q(state=LetterState.COLLECTING),
                name="notifications_letter_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=models.Q(state__in=[LetterState.COLLECTING, LetterState.RETRY]),
                name="notifications_letter_due",
            ),
            models.Index(
                fields=["tenant", "claimed_at"],
                condition=models.Q(state__in=[LetterState.CLAIMED, LetterState.HANDED_OVER]),
                name="notifications_letter_taken",
            ),
            models.Index(fields=["tenant", "member", "kind", "-sent_at"], name="notifications_letter_last"),
            models.Index(fields=["tenant", "state", "-id"], name="notifications_letter_state"),
        ]

    def __str__(self) -> str:
        return self.subject or self.kind


class Notification(TenantModel):
    """That an event is told to a member in a channel: once, held by the database.

    In the portal many of one kind that come together are shown as one: `shown` marks the row that stands for
    `count` of them. By e-mail each belongs to a letter. `words` and the kind make the sentence, in the
    reader's language when it is read.
    """

    event = TenantForeignKey(Event, models.PROTECT, related_name="+")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    partner_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=8, choices=Channel)
    kind = models.CharField(max_length=60)
    words = models.JSONField(default=dict)
    url_name = models.CharField(max_length=80, blank=True)
    url_args = models.JSONField(default=list)
    letter = TenantForeignKey(Letter, models.CASCADE, null=True, related_name="notifications")
    shown = models.BooleanField(default=True)
    count = models.PositiveIntegerField(default=1)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("notifications_notification", "event", "member", "letter"),
            PartnerIsolation(privileges="SELECT, UPDATE", name="notifications_notification_partner"),
            models.UniqueConstraint(
                fields=["tenant", "event", "member", "channel"], name="notifications_notification_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "member", "-id"],
                condition=models.Q(channel=Channel.PORTAL, shown=True),
                name="notifications_shown",
            ),
            models.Index(
                fields=["tenant", "member", "kind"],
                condition=models.Q(channel=Channel.PORTAL, shown=True, read_at=None),
                name="notifications_unread",
            ),
            models.Index(
                fields=["tenant", "letter"],
                condition=models.Q(letter__isnull=False),
                name="notifications_of_letter",
            ),
            models.Index(fields=["tenant", "created_at"], name="notifications_age"),
        ]

    def __str__(self) -> str:
        return self.kind


class Preference(TenantModel):
    """What a member has chosen for one kind."""

    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    partner_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=60)
    portal = models.BooleanField(_("in the portal"))
    mail = models.CharField(_("by e-mail"), max_length=8, choices=MailChoice)

    class Meta:
        constraints = [
            *tenant_constraints("notifications_preference", "member"),
            PartnerIsolation(
                privileges="SELECT, INSERT, UPDATE, DELETE", name="notifications_preference_partner"
            ),
            models.UniqueConstraint(
                fields=["tenant", "member", "kind"], name="notifications_preference_once"
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Default(TenantModel):
    """What the tenant gives its members for one kind until they choose themselves."""

    kind = models.CharField(max_length=60)
    portal = models.BooleanField(_("in the portal"))
    mail = models.CharField(_("by e-mail"), max_length=8, choices=MailChoice)

    class Meta:
        constraints = [
            *tenant_constraints("notifications_default"),
            PartnerReadable(name="notifications_default_readable"),
            models.UniqueConstraint(fields=["tenant", "kind"], name="notifications_default_once"),
        ]

    def __str__(self) -> str:
        return self.kind


class Alarm(models.Model):
    """When a tenant's letters are to be looked after next, so that a sweep need not visit them all. Unscoped,
    and without a unique key: transactions of one tenant must not wait for each other here."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.at}"
