from django.urls import path

from metrics.portfolio import views

app_name = "metrics_portfolio"

urlpatterns = [path("analysis/", views.analysis, name="analysis")]
