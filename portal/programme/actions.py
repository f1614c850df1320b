"""Writes on the programme itself."""

from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.access import check
from portal.accounts.models import ApiKey, Membership, digest, new_secret
from portal.errors import ActionRefused
from portal.events.record import record
from portal.shell.registry import tenant_has_money
from portal.tenancy.models import Tenant

FIELDS = (
    "name",
    "sender_name",
    "colour",
    "currency",
    "time_zone",
    "language",
    "country",
    "fiscal_year_start",
)
KEY_PREFIX_LENGTH = 12


def change_settings(
    tenant: Tenant,
    *,
    by: Membership,
    values: dict[str, Any],
    logo: tuple[str, bytes] | None = None,
    remove_logo: bool = False,
) -> Tenant:
    """Save the programme's settings; `logo` is (ending, content) of a checked picture.

    The event names what changed, old and new. The currency counts for every figure, so it stays once there is
    money in the programme.
    """
    check(by, "accounts.manage_settings")
    tenant = Tenant.objects.select_for_update(of=("self",)).get(pk=tenant.pk)
    changes = {
        name: {"old": getattr(tenant, name), "new": values[name]}
        for name in FIELDS
        if name in values and values[name] != getattr(tenant, name)
    }
    if "currency" in changes and tenant_has_money():
        raise ActionRefused(_("The currency stays as it is: there are amounts in it."), field="currency")
    for name, change in changes.items():
        setattr(tenant, name, change["new"])
    if logo or (remove_logo and tenant.logo):
        if tenant.logo:
            tenant.logo.delete(save=False)
        changes["logo"] = {"old": "", "new": "removed" if not logo else "uploaded"}
    if logo:
        ending, content = logo
        tenant.logo.save(
            f"{tenant.slug}-{digest(new_secret())[:8]}{ending}", ContentFile(content), save=False
        )
    if changes:
        tenant.save()
        record("programme.settings_changed", subject=tenant, by=by, data=changes)
    return tenant


def create_key(*, by: Membership, name: str) -> tuple[ApiKey, str]:
    """A key that may do what its owner may. The secret is returned this once; only its digest is kept."""
    check(by, "accounts.manage_api_keys")
    secret = new_secret()
    key = ApiKey.objects.create(
        membership=by, name=name.strip(), prefix=secret[:KEY_PREFIX_LENGTH], digest=digest(secret)
    )
    record("api_key.created", subject=key, by=by, data={"name": key.name, "prefix": key.prefix})
    return key, secret


def revoke_key(key: ApiKey, *, by: Membership) -> ApiKey:
    check(by, "accounts.manage_api_keys")
    key = ApiKey.objects.select_for_update(of=("self",)).get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record("api_key.revoked", subject=key, by=by, data={"name": key.name, "prefix": key.prefix})
    return key
