"""The portal refuses to work with a database role that could see over the walls.

Run by `manage.py check --database default` and `migrate`, and by every web process and worker as it starts.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from portal.tenancy.roles import MINIMUM_SERVER_VERSION, PARTNER_ROLE

_ROLE = """
    SELECT current_user, rolsuper, rolbypassrls, rolinherit,
           EXISTS (SELECT FROM pg_roles partner
                   WHERE partner.rolname = %s AND pg_has_role(current_user, partner.oid, 'MEMBER'))
    FROM pg_roles WHERE rolname = current_user
"""
_HINT = "Run manage.py prepare_database, and let DATABASE_URL sign in as portal_app."


def check_database_role(
    app_configs: Sequence[AppConfig] | None = None, *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Errors when the role is a superuser, bypasses row-level security, or cannot act as a partner's."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        with connection.temporary_connection() as cursor:
            cursor.execute(_ROLE, [PARTNER_ROLE])
            name, superuser, bypasses, inherits, is_partner = cursor.fetchone()
            version = cursor.connection.info.server_version
        if version < MINIMUM_SERVER_VERSION:
            found.append(
                Error(f"PostgreSQL {version // 10000} is too old: 15 or newer is needed.", id="tenancy.E001")
            )
        if superuser or bypasses:
            right = "is a superuser" if superuser else "has BYPASSRLS"
            found.append(
                Error(
                    f"The database role {name} {right}, so row-level security would not hold.",
                    hint=_HINT,
                    id="tenancy.E002",
                )
            )
        # The owner of the tables never serves a request; only what serves must be able to act as a partner.
        if not settings.MIGRATING and not superuser and (inherits or not is_partner):
            reason = "is not NOINHERIT" if inherits else f"is not a member of {PARTNER_ROLE}"
            found.append(
                Error(
                    f"The database role {name} {reason}, so partners could not be kept apart.",
                    hint=_HINT,
                    id="tenancy.E003",
                )
            )
    return found


def refuse_unsafe_role() -> None:
    """Raise ImproperlyConfigured when the role of DATABASE_URL must not serve requests or run tasks.

    Raises DatabaseError when the database does not answer.
    """
    errors = check_database_role(databases=["default"])
    if errors:
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint or ''}".strip() for error in errors))
