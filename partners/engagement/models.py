"""What vendor and partner do together: interactions that are logged, and events of the programme."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.deals.models import Deal
from partners.directory.models import Partner, once
from partners.engagement.enums import Answer, GatheringKind, GatheringStatus, InteractionKind
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerIsolationThrough, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Interaction(TenantModel):
    """A call, a meeting, a mail or a note. `about` is the partner it was with.

    `partner_id` is the partner who reads it beside the vendor; an internal one has none. `people` are the names of
    those who took part, whether or not they use the portal.
    """

    about = TenantForeignKey(Partner, models.CASCADE, related_name="interactions")
    partner_id = models.UUIDField(null=True)
    kind = models.CharField(_("kind"), max_length=10, choices=InteractionKind)
    happened_at = models.DateTimeField(_("when"))
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("what was said"), max_length=10_000, blank=True)
    people = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    deal = TenantForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="+")
    logged_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    follow_up = models.CharField(_("follow-up"), max_length=300, blank=True)
    follow_up_owner = TenantForeignKey(Membership, models.PROTECT, null=True, blank=True, related_name="+")
    follow_up_due = models.DateField(_("due"), null=True, blank=True)
    follow_up_done_at = models.DateTimeField(null=True)
    reminded_on = models.DateField(null=True)
    removed_at = models.DateTimeField(null=True)
    external_id = models.CharField(max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-happened_at", "-id"]
        constraints = [
            *tenant_constraints("engagement_interaction", "about", "deal", "logged_by", "follow_up_owner"),
            PartnerIsolation(name="engagement_interaction_partner"),
            once("external_id", name="engagement_interaction_external_id"),
            models.CheckConstraint(
                condition=models.Q(follow_up="")
                | models.Q(follow_up_owner__isnull=False, follow_up_due__isnull=False),
                name="engagement_interaction_follow_up_owned",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "about", "-happened_at"], name="engagement_interaction_about"),
            models.Index(fields=["tenant", "-happened_at"], name="engagement_interaction_when"),
            models.Index(
                fields=["tenant", "follow_up_owner", "follow_up_due"],
                condition=models.Q(follow_up_done_at__isnull=True) & ~models.Q(follow_up=""),
                name="engagement_interaction_open",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_internal(self) -> bool:
        return self.partner_id is None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return bool(self.follow_up) and self.follow_up_done_at is None


class Gathering(TenantModel):
    """An event of the programme. An empty list means all of them; `segments` are codes of
    `registry.partner_segments`; `capacity` counts people, 0 for any number."""

    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("what it is about"), max_length=5000, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=GatheringKind)
    status = models.CharField(
        _("status"), max_length=10, choices=GatheringStatus, default=GatheringStatus.DRAFT
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    place = models.CharField(_("place"), max_length=200, blank=True)
    join_url = models.URLField(_("address to join"), blank=True)
    capacity = models.PositiveIntegerField(_("places"), default=0)
    types = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    segments = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    regions = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    reminded_at = models.DateTimeField(null=True)
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)
    external_id = models.CharField(_("id in your system"), max_length=100, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            *tenant_constraints("engagement_gathering"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="engagement_gathering_ends_later",
            ),
            once("external_id", name="engagement_gathering_external_id"),
            PartnerIsolationThrough("engagement.Guest", "gathering_id", name="engagement_gathering_partner"),
        ]
        indexes = [models.Index(fields=["tenant", "starts_at"], name="engagement_gathering_when")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.status == GatheringStatus.PUBLISHED

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= timezone.now()


class Guest(TenantModel):
    """That a partner's person is invited, whether they come, and whether they came. Written by the portal alone,
    which counts the places."""

    gathering = TenantForeignKey(Gathering, models.CASCADE, related_name="guests")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, default=Answer.INVITED)
    answered_at = models.DateTimeField(null=True)
    attended = models.BooleanField(_("attended"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            *tenant_constraints("engagement_guest", "gathering", "member", "partner"),
            PartnerIsolation(privileges="SELECT", name="engagement_guest_partner"),
            models.UniqueConstraint(fields=["tenant", "gathering", "member"], name="engagement_guest_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "member"], name="engagement_guest_member"),
            models.Index(fields=["tenant", "partner"], name="engagement_guest_partner_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} – {self.gathering_id}"


class ActiveDay(TenantModel):
    """That a partner's person used the portal on a day of the tenant. Written by the portal alone."""

    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        constraints = [
            *tenant_constraints("engagement_activeday", "member", "partner"),
            PartnerIsolation(privileges="SELECT", name="engagement_activeday_partner"),
            models.UniqueConstraint(fields=["tenant", "member", "day"], name="engagement_activeday_once"),
        ]
        indexes = [models.Index(fields=["tenant", "partner", "day"], name="engagement_activeday_of")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.day}"
