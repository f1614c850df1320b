from django.urls import path

from portal.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.ViewList.as_view(), name="list"),
    path("keep/", views.keep, name="keep"),
    path("<uuid:pk>/", views.open_view, name="open"),
    path("<uuid:pk>/settings/", views.detail, name="detail"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
    path("<uuid:pk>/reports/new/", views.schedule_new, name="schedule_new"),
    path("reports/<uuid:pk>/", views.schedule_edit, name="schedule_edit"),
    path("reports/<uuid:pk>/stop/", views.schedule_stop, name="schedule_stop"),
]
