from django.apps import AppConfig
from django.core.checks import Tags, register

from portal.tenancy.checks import check_database_role


class TenancyConfig(AppConfig):
    name = "portal.tenancy"
    label = "tenancy"
    verbose_name = "Tenancy"

    def ready(self) -> None:
        register(check_database_role, Tags.database)
