"""What the database holds of the ledger by itself."""

from django.db import models

from portal.tenancy.constraints import IsolationConstraint


class FollowsWhatStands(IsolationConstraint):
    """A posting is numbered on from those before it, and says truly what they come to.

    Held as a policy on INSERT: the first posting of a subject, plan, day and part says that nothing stood; of any other
    a function counts and adds up what the company holds, with what one that became part of it had been posted.
    """

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        stood = "COALESCE((explanation ->> 'before_posting')::bigint, 0)"
        # Volatile, to see also the rows that the same statement has inserted; as whoever inserts, inside its tenant.
        function = f"""CREATE FUNCTION "{self.name}"(for_tenant uuid, for_partner uuid, for_subject uuid, for_plan uuid,
            for_day date, for_part text, number integer, stood bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            RETURN (
                SELECT count(*) = number - 1 AND COALESCE(sum(amount), 0) = stood FROM "{table}"
                WHERE tenant_id = for_tenant AND subject = for_subject AND plan_id IS NOT DISTINCT FROM for_plan
                    AND occurred_on = for_day AND part = for_part AND partner_id IN (
                        SELECT id FROM directory_partner
                        WHERE tenant_id = for_tenant AND (id = for_partner OR merged_into_id = for_partner)
                    )
            );
        END $$"""
        return [
            function,
            f'CREATE POLICY "{self.name}" ON "{table}" AS RESTRICTIVE FOR INSERT WITH CHECK ('
            f"sequence = 1 AND {stood} = 0"
            f' OR "{self.name}"(tenant_id, partner_id, subject, plan_id, occurred_on, part, sequence, {stood}))',
        ]

    def reverse_statements(self, model: type[models.Model]) -> list[str]:
        return [f'DROP POLICY "{self.name}" ON "{model._meta.db_table}"', f'DROP FUNCTION "{self.name}"']
