from django.urls import path

from metrics.benchmarks import views

app_name = "metrics_benchmarks"

urlpatterns = [
    path("benchmarks/", views.BenchmarkList.as_view(), name="list"),
    path("benchmarks/new/", views.create, name="create"),
    path("benchmarks/<uuid:pk>/", views.detail, name="detail"),
    path("benchmarks/<uuid:pk>/remove/", views.remove, name="remove"),
]
