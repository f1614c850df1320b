"""What is wrong with the isolation of the tables, as a list of sentences; empty when nothing is."""

from django.apps import apps
from django.db import connection, models

from portal.tenancy.models import TenantModel

# Tables of our own apps that stand outside the walls on purpose, each with its reason.
OUTSIDE = {
    "tenancy_tenant": "read to find the tenant",
    "accounts_user": "one person may be a member of several tenants",
    "accounts_user_groups": "platform staff only, for Django's admin",
    "accounts_user_user_permissions": "platform staff only, for Django's admin",
    "accounts_membership": "read to find the tenant",
    "events_pendingtenant": "says which tenants have events waiting, so that a sweep need not visit them all",
    "jobs_activejob": "says which tenants have jobs running, so that a sweep need not visit them all",
    "notifications_alarm": "says when a tenant's letters are due, so that a sweep need not visit them all",
    "reports_reportsdue": "says when a tenant's reports are due, so that a sweep need not visit them all",
    "webhooks_webhooksdue": "says when a tenant's webhooks are due, so that a sweep need not visit them all",
    "metrics_dirtytenant": "says which tenants have scores to recompute, so that a sweep need not visit them all",
}
OUR_APPS = ("portal.", "partners.", "metrics", "incentives")
# The only way past FORCE ROW LEVEL SECURITY's policies is one of these roles.
PARTNER = "portal_partner"


def our_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_config.name.startswith(OUR_APPS) and model._meta.managed and not model._meta.proxy
    ]


def tenant_models() -> list[type[models.Model]]:
    return [model for model in our_models() if issubclass(model, TenantModel)]


def problems() -> list[str]:
    return [*_unclassified(), *_walls(), *_keys(), *_partner_walls()]


def _rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _unclassified() -> list[str]:
    tenant_tables = {model._meta.db_table for model in tenant_models()}
    return [
        f"{model._meta.db_table} is neither a tenant table nor known to stand outside"
        for model in our_models()
        if model._meta.db_table not in tenant_tables | OUTSIDE.keys()
    ]


def _walls() -> list[str]:
    security = {
        name: (enabled, forced)
        for name, enabled, forced in _rows(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    }
    policies = _rows(
        "SELECT tablename, permissive, roles::text[], cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
    )
    found = []
    for model in tenant_models():
        table = model._meta.db_table
        enabled, forced = security[table]
        if not enabled:
            found.append(f"{table} has row-level security disabled")
        if not forced:
            found.append(f"{table} does not FORCE row-level security")
        permissive = [policy for policy in policies if policy[0] == table and policy[1] == "PERMISSIVE"]
        if len(permissive) != 1:
            found.append(f"{table} has {len(permissive)} permissive policies instead of one")
        for _table, _kind, roles, command, using, check in permissive:
            if roles != ["public"] or command != "ALL" or "app.tenant_id" not in using or using != check:
                found.append(f"{table} has a tenant policy that lets something through")
    return found


def _keys() -> list[str]:
    constraints = _rows(
        """
        SELECT con.conrelid::regclass::text, con.conname, con.contype::text, con.confrelid::regclass::text,
               (SELECT array_agg(a.attname ORDER BY k.n)::text[] FROM unnest(con.conkey) WITH ORDINALITY k(attnum, n)
                JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum)
        FROM pg_constraint con WHERE con.connamespace = 'public'::regnamespace AND con.contype IN ('u', 'f', 'x')
        """
    )
    indexes = _rows(
        """
        SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, i.indisunique,
               (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0])
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary
        """
    )
    tables = {model._meta.db_table for model in tenant_models()}
    inside = tables | {"accounts_membership"}
    found = []
    for table in tables:
        own = [constraint for constraint in constraints if constraint[0] == table]
        if not any(kind == "u" and columns == ["tenant_id", "id"] for _t, _n, kind, _to, columns in own):
            found.append(f"{table} lacks the unique key (tenant_id, id)")
        for _table, name, kind, target, columns in own:
            if kind in "ux" and columns[0] != "tenant_id":
                found.append(f"{table}: the constraint {name} does not start with tenant_id")
            if kind == "f" and target in inside and (columns[0] != "tenant_id" or len(columns) != 2):
                found.append(f"{table}: the foreign key {name} is not composite")
        for _table, name, _unique, first in (index for index in indexes if index[0] == table):
            if first != "tenant_id":
                found.append(f"{table}: the index {name} does not start with tenant_id")
    for model in tenant_models():
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            target = field.remote_field.model._meta.db_table if field.remote_field else None
            keyed = any(
                kind == "f" and columns == ["tenant_id", field.column]
                for name, _n, kind, _to, columns in constraints
                if name == table
            )
            if target in inside and not keyed:
                found.append(f"{table}.{field.column} has no composite foreign key")
    return found


def _partner_walls() -> list[str]:
    """A partner's session has no grant on a table, or a policy of its own there, or the table names no partner."""
    granted = {
        table
        for (table,) in _rows(
            "SELECT DISTINCT table_name::text FROM information_schema.role_table_grants WHERE grantee = %s",
            PARTNER,
        )
    }
    restricted = {
        table
        for table, roles in _rows(
            "SELECT tablename, roles::text[] FROM pg_policies WHERE permissive = 'RESTRICTIVE' OR %s = ANY(roles)",
            PARTNER,
        )
        if PARTNER in roles
    }
    tables = {model._meta.db_table: model for model in our_models()}
    found = [f"partner sessions may touch {table}, which is not ours" for table in granted - tables.keys()]
    for table in granted & tables.keys():
        names_partner = any(
            field.column == "partner_id" or field.column == "customer_id"
            for field in tables[table]._meta.concrete_fields
        )
        if names_partner and table not in restricted:
            found.append(f"partner sessions see other partners' rows of {table}")
    return found
