from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "metrics.reviews"
    label = "metrics_reviews"
    verbose_name = _("Goals, alerts and reviews")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "notices", "tasks", "places"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.consumers").register()
        import_module(f"{self.name}.api").register()
        import_module("metrics.defining").uses_kpis(import_module(f"{self.name}.uses").kpi_uses)
        import_module("metrics.marks").marks_by(import_module(f"{self.name}.effects").marks)
