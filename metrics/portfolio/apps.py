from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortfolioConfig(AppConfig):
    name = "metrics.portfolio"
    label = "metrics_portfolio"
    verbose_name = _("Portfolio analysis")

    def ready(self) -> None:
        import_module(f"{self.name}.places")
