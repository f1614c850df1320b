from django.apps import AppConfig


class DealsConfig(AppConfig):
    name = "partners.deals"
    label = "deals"
    verbose_name = "Deals"
