"""What this floor adds to a table of the floor below."""

from django.db import models

from portal.accounts.models import Membership
from portal.tenancy.constraints import IsolationConstraint


class MembershipPartner(IsolationConstraint):
    """The composite key of `Membership.partner_id`, which the accounts leave for partners to fill."""

    def statements(self, model: type[models.Model]) -> list[str]:
        return [
            f'ALTER TABLE "{Membership._meta.db_table}" ADD CONSTRAINT "{self.name}"'
            f' FOREIGN KEY (tenant_id, partner_id) REFERENCES "{model._meta.db_table}" (tenant_id, id)'
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        return [f'ALTER TABLE "{Membership._meta.db_table}" DROP CONSTRAINT "{self.name}"']
