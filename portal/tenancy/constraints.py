"""Isolation as model constraints, so that `makemigrations` writes and reverses the SQL.

Policies read the session's settings through a sub-select, which PostgreSQL evaluates once a query, and
through NULLIF, because a setting reads '' after the first committed SET LOCAL. They use only `=` on uuid
and IN over a sub-select: an OR or CASE would lose the index condition.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps as live_apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.tenancy.scope import PARTNER_ROLE

APP_ROLE = "portal_app"
IN_TENANT = "tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid)"
SESSION_PARTNER = "(SELECT NULLIF(current_setting('app.partner_id', true), '')::uuid)"


class IsolationConstraint(models.BaseConstraint):
    """A constraint that is a list of SQL statements. Violations are refused by the database alone."""

    def statements(self, model: type[models.Model]) -> list[str]:
        raise NotImplementedError

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        raise NotImplementedError

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
        schema_editor.deferred_sql.extend(self.statements(model))

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return ";\n".join(self.statements(model))

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return ";\n".join(self.reverse_statements(model))

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        """The database enforces isolation; there is nothing to check in Python."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IsolationConstraint):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    __hash__ = models.BaseConstraint.__hash__


class TenantIsolation(IsolationConstraint):
    """Row-level security, enabled and forced, and the unique key that composite foreign keys point to."""

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        # The unique key stands in CREATE TABLE, before other tables' deferred composite keys need it.
        schema_editor.deferred_sql.extend(self._policies(model))
        return f'CONSTRAINT "{self.name}" UNIQUE (tenant_id, id)'

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        unique = f'ALTER TABLE "{table}" ADD CONSTRAINT "{self.name}" UNIQUE (tenant_id, id)'
        return [unique, *self._policies(model)]

    def _policies(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY "{self.name}" ON "{table}" USING ({IN_TENANT}) WITH CHECK ({IN_TENANT})',
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'DROP POLICY "{self.name}" ON "{table}"',
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{self.name}"',
        ]


class SameTenant(IsolationConstraint):
    """The composite foreign key `(tenant_id, x_id) -> (tenant_id, id)` of a `TenantForeignKey`.

    `to` names the target (`"directory.Partner"`) for a plain UUID column of a lower floor's table.
    """

    def __init__(self, field: str, *, name: str):
        super().__init__(name=name)
        self.field = field

    def statements(self, model: type[models.Model]) -> list[str]:
        field = model._meta.get_field(self.field)
        target = field.remote_field.model._meta.db_table
        return [
            f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT "{self.name}"'
            f' FOREIGN KEY (tenant_id, "{field.column}") REFERENCES "{target}" (tenant_id, id)'
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        return [f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"']

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, (self.field, *args), kwargs


class PartnerReadable(IsolationConstraint):
    """A grant to partner sessions on a table without a partner column (products, tiers, templates)."""

    def __init__(self, privileges: str = "SELECT", *, name: str):
        super().__init__(name=name)
        self.privileges = privileges

    def statements(self, model: type[models.Model]) -> list[str]:
        return [f'GRANT {self.privileges} ON "{model._meta.db_table}" TO {PARTNER_ROLE}']

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        return [f'REVOKE ALL ON "{model._meta.db_table}" FROM {PARTNER_ROLE}']

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, (self.privileges, *args), kwargs


class PartnerIsolation(IsolationConstraint):
    """The second wall: partner sessions reach only the rows of their own partner."""

    def __init__(self, column: str = "partner_id", *, privileges: str = "SELECT, INSERT, UPDATE", name: str):
        super().__init__(name=name)
        self.column = column
        self.privileges = privileges

    def condition(self) -> str:
        return f'"{self.column}" = {SESSION_PARTNER}'

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'CREATE POLICY "{self.name}" ON "{table}" AS RESTRICTIVE TO {PARTNER_ROLE}'
            f" USING ({self.condition()}) WITH CHECK ({self.condition()})",
            f'GRANT {self.privileges} ON "{table}" TO {PARTNER_ROLE}',
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'DROP POLICY "{self.name}" ON "{table}"',
            f'REVOKE ALL ON "{table}" FROM {PARTNER_ROLE}',
        ]

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "column": self.column, "privileges": self.privileges}


class PartnerIsolationThrough(PartnerIsolation):
    """The second wall for rows that several partners may share: those that a link table gives them.

    `link` is the model that ties a row to a partner (it has its own `PartnerIsolation`), `column` the
    link's foreign-key column to this table.
    """

    def __init__(self, link: str, column: str, *, privileges: str = "SELECT", name: str):
        super().__init__(column, privileges=privileges, name=name)
        self.link = link

    def condition(self) -> str:
        table = live_apps.get_model(self.link)._meta.db_table
        return f'id IN (SELECT "{self.column}" FROM "{table}")'

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "link": self.link}


class AppendOnly(IsolationConstraint):
    """No UPDATE (but of the mutable columns) and no DELETE, held by the application role's privileges."""

    def __init__(self, mutable: Sequence[str] = (), *, name: str):
        super().__init__(name=name)
        self.mutable = tuple(mutable)

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        statements = [f'REVOKE UPDATE, DELETE ON "{table}" FROM {APP_ROLE}']
        if self.mutable:
            columns = ", ".join(f'"{column}"' for column in self.mutable)
            statements.append(f'GRANT UPDATE ({columns}) ON "{table}" TO {APP_ROLE}')
        return statements

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        return [f'GRANT UPDATE, DELETE ON "{model._meta.db_table}" TO {APP_ROLE}']

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "mutable": self.mutable}


class NeverChanged(IsolationConstraint):
    """No row is updated or deleted by anybody who stands under row-level security, the tables' owner among them.

    Goes with `AppendOnly`, which refuses the application's role with an error.
    """

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'CREATE POLICY "{self.name}_{verb.lower()}" ON "{table}" AS RESTRICTIVE FOR {verb} USING (false)'
            for verb in ("UPDATE", "DELETE")
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [f'DROP POLICY "{self.name}_{verb}" ON "{table}"' for verb in ("update", "delete")]


def tenant_constraints(table: str, *foreign_keys: str) -> list[IsolationConstraint]:
    """What every tenant table declares: its walls and one composite key for each `TenantForeignKey`.

    `table` is `app_model` (`"deals_deal"`) and starts the constraints' names.
    """
    return [
        TenantIsolation(name=f"{table}_tenant"),
        *(SameTenant(field, name=f"{table}_{field}_same_tenant") for field in foreign_keys),
    ]
