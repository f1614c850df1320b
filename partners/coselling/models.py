"""Deals that several sell: who has which share.

Two tables, because two partners look at one share and neither may look at the other's rows: a `Share` belongs to the
partner that holds the deal, a `Seat` to the partner that joins. The one who joins never reads the deal itself:
`queries.shared_deal` tells it what co-selling needs and no more.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils.translation import gettext_lazy as _

from partners.coselling.enums import LIVE, ShareStatus
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Share(TenantModel):
    """Part of a deal, offered to somebody: a colleague of the vendor (`member`) or whoever has the `email`.

    `slice` is the part, as per cent from (inclusive) to (exclusive) of the hundred that a deal has. The holder keeps
    what no slice takes, at least the first; so shares add up to a hundred by construction. `partner` is the
    holder. `with_name` is who joined, empty before.
    """

    deal = TenantForeignKey(Deal, models.PROTECT, related_name="shares")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+")
    member = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    email = models.EmailField(_("e-mail address"), blank=True)
    with_name = models.CharField(max_length=200, blank=True)
    slice = IntegerRangeField()
    status = models.CharField(_("status"), max_length=10, choices=ShareStatus, default=ShareStatus.INVITED)
    note = models.CharField(_("note"), max_length=500, blank=True)
    invited_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            *tenant_constraints("coselling_share", "deal", "partner", "member", "invited_by"),
            PartnerIsolation(name="coselling_share_partner"),
            # Nothing of a deal is given twice, however many people share it at the same moment.
            ExclusionConstraint(
                name="coselling_share_once",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("deal", RangeOperators.EQUAL),
                    ("slice", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(status__in=LIVE),
            ),
            models.CheckConstraint(
                name="coselling_share_within",
                condition=models.Q(slice__contained_by=NumericRange(1, 100), slice__isempty=False),
            ),
            models.CheckConstraint(
                name="coselling_share_somebody",
                condition=models.Q(member__isnull=False, email="")
                | models.Q(member__isnull=True) & ~models.Q(email=""),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "member"], name="coselling_share_member")]

    def __str__(self) -> str:
        return f"{self.who} {self.percent}%"

    @property
    def percent(self) -> int:
        return self.slice.upper - self.slice.lower

    @property
    def who(self) -> str:
        """How the holder knows them."""
        return self.with_name or (self.member.name if self.member else self.email)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


class Seat(TenantModel):
    """Another partner's place at a share; all of it that this partner's sessions can read."""

    share = TenantForeignKey(Share, models.PROTECT, related_name="seats")
    deal = TenantForeignKey(Deal, models.PROTECT, related_name="seats")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="seats")

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("coselling_seat", "share", "deal", "partner"),
            PartnerIsolation(privileges="SELECT", name="coselling_seat_partner"),
            models.UniqueConstraint(fields=["tenant", "share"], name="coselling_seat_share"),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "-id"], name="coselling_seat_partner_ix"),
            models.Index(fields=["tenant", "deal"], name="coselling_seat_deal"),
        ]

    def __str__(self) -> str:
        # What news about it calls it; more of the deal its partner may not know.
        return str(_("a shared deal"))
