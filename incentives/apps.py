from django.apps import AppConfig


class IncentivesConfig(AppConfig):
    name = "incentives"
    label = "incentives"
    verbose_name = "Incentives"
