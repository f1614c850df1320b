from django.urls import path

from portal.programme import views

app_name = "programme"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("keys/", views.keys, name="keys"),
    path("keys/<uuid:pk>/revoke/", views.revoke_key, name="revoke_key"),
    path("audit/", views.AuditTrail.as_view(), name="audit"),
]
