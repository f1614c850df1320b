"""Isolation of the two account tables, which stand outside the tenant's walls.

They are read before a tenant is known, so `portal_app` sees them whole. A partner's session sees its own
colleagues and the vendor's people of its tenant, and the users behind those.
"""

from django.db import models

from portal.tenancy.constraints import APP_ROLE, IN_TENANT, PARTNER_ROLE, SESSION_PARTNER, IsolationConstraint


class AccountIsolation(IsolationConstraint):
    """Policies per role. Without FORCE: the owner, who migrates (other packages' migrations read users), is not
    held by them, and a partner's session is never the owner."""

    def partner_policies(self) -> dict[str, str]:
        raise NotImplementedError

    def readable(self, model: type[models.Model]) -> str:
        """The columns that a partner's session may read, as GRANT wants them; empty for all."""
        return ""

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'CREATE POLICY "{self.name}_app" ON "{table}" TO {APP_ROLE} USING (true) WITH CHECK (true)',
            *(
                f'CREATE POLICY "{self.name}_{suffix}" ON "{table}" FOR SELECT TO {PARTNER_ROLE} USING ({condition})'
                for suffix, condition in self.partner_policies().items()
            ),
            f'GRANT SELECT{self.readable(model)} ON "{table}" TO {PARTNER_ROLE}',
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        return [
            f'REVOKE ALL ON "{table}" FROM {PARTNER_ROLE}',
            *(
                f'DROP POLICY "{self.name}_{suffix}" ON "{table}"'
                for suffix in ["app", *self.partner_policies()]
            ),
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
        ]


class MembershipIsolation(AccountIsolation):
    def partner_policies(self) -> dict[str, str]:
        return {
            "own": f"{IN_TENANT} AND partner_id = {SESSION_PARTNER}",
            "vendor": f"{IN_TENANT} AND partner_id IS NULL",
        }


class UserIsolation(AccountIsolation):
    """`hidden` columns cannot be read in a partner's session; their fields are `VendorOnly`. A new column is
    hidden until the constraint is made anew."""

    def __init__(self, *, name: str, hidden: tuple[str, ...] = ()):
        super().__init__(name=name)
        self.hidden = hidden

    def readable(self, model: type[models.Model]) -> str:
        if not self.hidden:
            return ""
        columns = [f'"{f.column}"' for f in model._meta.concrete_fields if f.name not in self.hidden]
        return f" ({', '.join(columns)})"

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "hidden": self.hidden} if self.hidden else kwargs

    def partner_policies(self) -> dict[str, str]:
        return {"known": "id IN (SELECT user_id FROM accounts_membership)"}
