from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell.registry import SETTINGS, navigation


class PeopleConfig(AppConfig):
    name = "portal.people"
    label = "people"
    verbose_name = "People"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        import_module(f"{self.name}.describe")
        navigation(_("People"), "people:list", "users-group", roles=[Role.ADMIN], order=800, group=SETTINGS)
        navigation(_("Colleagues"), "people:list", "users", roles=[Role.PARTNER_OWNER], order=800)
