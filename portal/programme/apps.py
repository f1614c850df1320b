from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell.registry import SETTINGS, navigation


class ProgrammeConfig(AppConfig):
    name = "portal.programme"
    label = "programme"
    verbose_name = "Programme settings"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        import_module(f"{self.name}.describe")
        admin = [Role.ADMIN]
        navigation(_("Programme"), "programme:settings", "settings", roles=admin, order=810, group=SETTINGS)
        navigation(_("API keys"), "programme:keys", "key", roles=admin, order=820, group=SETTINGS)
        navigation(_("Audit trail"), "programme:audit", "history", roles=admin, order=830, group=SETTINGS)
