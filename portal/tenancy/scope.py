"""`tenant_scope`, the one door through which tenant data is reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import connection, transaction
from django_scopes import ScopeError, get_scope, scope

PARTNER_ROLE = "portal_partner"

# A role's name cannot be a parameter of SET, but set_config takes all three settings in one statement.
_ENTER = (
    "SELECT set_config('app.tenant_id', %s, true), set_config('app.partner_id', %s, true),"
    " set_config('role', %s, true)"
)
_LIMITED = (
    ", set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),"
    " set_config('idle_in_transaction_session_timeout', %s, true)"
)


@dataclass(frozen=True)
class Patience:
    """How long the transaction of a scope waits, in seconds: for a statement, for a lock, for its own program."""

    statement: int
    lock: int
    program: int


@contextmanager
def tenant_scope(
    tenant_id: UUID,
    partner_id: UUID | None = None,
    *,
    known: object | None = None,
    patience: Patience | None = None,
) -> Iterator[None]:
    """Open a transaction in which only this tenant's rows (and this partner's) can be reached.

    `known` is the tenant itself where the caller has just read it; `models.current_tenant` then need not.

    With a partner the transaction runs as the role `portal_partner`, whose grants and policies admit
    only what a partner may touch. Scopes nest; the outer one is restored when the inner one ends well. The settings of a
    scope that has opened the transaction end with it.

    `patience` is for the outermost scope of a web request: it holds to the end of the transaction.
    """
    outer = get_scope()
    nested = connection.in_atomic_block
    if known is None and outer.get("tenant") == tenant_id:
        known = outer.get("known")
    with transaction.atomic(), scope(tenant=tenant_id, partner=partner_id, known=known):
        _apply(tenant_id, partner_id, patience)
        with structlog.contextvars.bound_contextvars(tenant=str(tenant_id)):
            yield
        # RELEASE SAVEPOINT keeps the inner settings. After an error the rollback restores them, and SQL
        # in an aborted transaction would hide the real error.
        if nested and not connection.needs_rollback:
            _apply(outer.get("tenant"), outer.get("partner"))


def current_tenant_id() -> UUID:
    """The tenant in scope. Raises ScopeError outside of `tenant_scope`."""
    tenant_id = get_scope().get("tenant")
    if tenant_id is None:
        raise ScopeError("There is no tenant in scope: enter tenant_scope first.")
    return tenant_id


def current_partner_id() -> UUID | None:
    """The partner whose role the transaction runs as, or None for the vendor's side."""
    return get_scope().get("partner")


def _apply(tenant_id: UUID | None, partner_id: UUID | None, patience: Patience | None = None) -> None:
    limits = [patience.statement, patience.lock, patience.program] if patience else []
    with connection.cursor() as cursor:
        cursor.execute(
            _ENTER + (_LIMITED if limits else ""),
            [
                str(tenant_id) if tenant_id else "",
                str(partner_id) if partner_id else "",
                PARTNER_ROLE if partner_id else "none",
                *(f"{seconds}s" for seconds in limits),
            ],
        )
