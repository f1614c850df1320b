from django.db import models

from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class IdempotencyKey(TenantModel):
    """What the API answered to a POST that carried an `Idempotency-Key`, so that a repetition gets the same."""

    membership = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    partner_id = models.UUIDField(null=True)
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)

    class Meta:
        constraints = [
            *tenant_constraints("shell_idempotencykey", "membership"),
            PartnerIsolation(privileges="SELECT, INSERT", name="shell_idempotencykey_partner"),
            models.UniqueConstraint(fields=["tenant", "membership", "key"], name="shell_idempotencykey_once"),
        ]
        indexes = [models.Index(fields=["tenant", "created_at"], name="shell_idempotencykey_age")]

    def __str__(self) -> str:
        return self.key
