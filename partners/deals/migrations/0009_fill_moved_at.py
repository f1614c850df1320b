from django.db import connection, migrations

from portal.tenancy.migrations_support import each_tenant

# Open deals around which something happened after their last change.
FILL = """
    WITH live AS (
        SELECT d.id, (
            SELECT max(e.occurred_at) FROM events_event e
            WHERE e.tenant_id = d.tenant_id AND e.subject_id = d.id AND e.partner_id = d.partner_id
        ) AS at
        FROM deals_deal d
        WHERE d.tenant_id = %s AND d.stage NOT IN ('won', 'lost') AND d.status IN ('', 'approved')
    )
    UPDATE deals_deal d SET moved_at = live.at FROM live
    WHERE d.tenant_id = %s AND d.id = live.id AND live.at > d.updated_at + interval '1 second'
"""


def fill(apps, schema_editor):
    for tenant_id in each_tenant(apps):
        with connection.cursor() as cursor:
            cursor.execute(FILL, [tenant_id, tenant_id])


class Migration(migrations.Migration):
    dependencies = [
        ("deals", "0008_moved_at"),
        ("events", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
