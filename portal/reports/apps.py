from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import VENDOR_ROLES
from portal.shell.registry import MEASURING, navigation


class ReportsConfig(AppConfig):
    name = "portal.reports"
    label = "reports"
    verbose_name = _("Views and reports")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "describe", "notices", "tasks"):
            import_module(f"{self.name}.{module}")
        navigation(
            _("Views and reports"), "reports:list", "bookmark", roles=VENDOR_ROLES, order=42, group=MEASURING
        )
