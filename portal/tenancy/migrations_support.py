"""What a data migration needs under forced row-level security."""

from collections.abc import Iterator
from uuid import UUID

from django.apps.registry import Apps
from django.db import connection

from portal.tenancy.scope import tenant_scope


def each_tenant(apps: Apps) -> Iterator[UUID]:
    """Enter each tenant's scope in turn. The migrating connection has row_security off, so that a query
    outside a scope is an error; inside it is switched on."""
    for tenant_id in apps.get_model("tenancy", "Tenant").objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL row_security = on")
            yield tenant_id
