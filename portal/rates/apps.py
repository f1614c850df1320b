from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell.registry import SETTINGS, holds_money, navigation


class RatesConfig(AppConfig):
    name = "portal.rates"
    label = "rates"
    verbose_name = "Exchange rates"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        import_module(f"{self.name}.describe")
        rates = import_module(f"{self.name}.models").ExchangeRate
        holds_money(rates.objects.exists)
        navigation(
            _("Exchange rates"),
            "rates:list",
            "arrows-exchange",
            roles=[Role.ADMIN],
            order=815,
            group=SETTINGS,
        )
