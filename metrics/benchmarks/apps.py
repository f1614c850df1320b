from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenchmarksConfig(AppConfig):
    name = "metrics.benchmarks"
    label = "metrics_benchmarks"
    verbose_name = _("Benchmarks")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "places"):
            import_module(f"{self.name}.{module}")
        import_module("metrics.defining").uses_kpis(import_module(f"{self.name}.queries").kpi_uses)
