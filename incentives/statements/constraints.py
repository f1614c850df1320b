"""What the database holds of statements by itself."""

from django.db import models

from portal.tenancy.constraints import APP_ROLE, IsolationConstraint, PartnerIsolation


class IssuedToPartner(PartnerIsolation):
    """A partner's session sees its own statements once they have been approved."""

    def condition(self) -> str:
        return f"{super().condition()} AND status <> 'draft'"


class LockedOnceApproved(IsolationConstraint):
    """Only what is or belongs to a draft can be deleted or, for what belongs to one, added; nothing is edited but
    the columns of its life cycle. `draft` is a condition on the row."""

    def __init__(self, draft: str, *, mutable: tuple[str, ...] = (), adds: bool = False, name: str):
        super().__init__(name=name)
        self.draft = draft
        self.mutable = tuple(mutable)
        self.adds = adds

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        statements = [
            f'CREATE POLICY "{self.name}_delete" ON "{table}" AS RESTRICTIVE FOR DELETE USING ({self.draft})',
            f'REVOKE UPDATE ON "{table}" FROM {APP_ROLE}',
        ]
        if self.adds:
            statements.append(
                f'CREATE POLICY "{self.name}_insert" ON "{table}" AS RESTRICTIVE FOR INSERT'
                f" WITH CHECK ({self.draft})"
            )
        if self.mutable:
            columns = ", ".join(f'"{column}"' for column in self.mutable)
            statements.append(f'GRANT UPDATE ({columns}) ON "{table}" TO {APP_ROLE}')
        return statements

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        statements = [
            f'DROP POLICY "{self.name}_delete" ON "{table}"',
            f'GRANT UPDATE ON "{table}" TO {APP_ROLE}',
        ]
        if self.adds:
            statements.append(f'DROP POLICY "{self.name}_insert" ON "{table}"')
        return statements

    def deconstruct(self) -> tuple:
        path, args, kwargs = super().deconstruct()
        return path, (self.draft, *args), {**kwargs, "mutable": self.mutable, "adds": self.adds}
