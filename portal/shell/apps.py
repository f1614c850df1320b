from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell.registry import SETTINGS, navigation, nightly


class ShellConfig(AppConfig):
    name = "portal.shell"
    label = "shell"
    verbose_name = "Shell"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        import_module(f"{self.name}.rules")
        navigation(_("Home"), "shell:home", "home", order=0)
        navigation(_("Jobs"), "jobs:list", "player-play", roles=[Role.ADMIN], order=840, group=SETTINGS)
        nightly("shell.forget_idempotency_keys")
        nightly("events.take_up_again")
