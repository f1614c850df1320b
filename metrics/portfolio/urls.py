from django.urls import path

from metrics.portfolio import funnel_pages, views

app_name = "metrics_portfolio"

urlpatterns = [
    path("analysis/", views.analysis, name="analysis"),
    path("analysis/funnel/", funnel_pages.funnel, name="funnel"),
    path("analysis/channels/", funnel_pages.channels, name="channels"),
]
