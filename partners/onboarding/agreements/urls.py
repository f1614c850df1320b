from django.urls import path

from partners.onboarding.agreements import views

urlpatterns = [
    path("agreements/", views.agreements, name="agreements"),
    path("agreements/new/", views.agreement_edit, name="agreement_create"),
    path("agreements/<uuid:pk>/", views.agreement, name="agreement"),
    path("agreements/<uuid:pk>/edit/", views.agreement_edit, name="agreement_edit"),
    path("agreements/<uuid:pk>/versions/new/", views.version_create, name="version_create"),
    path("agreements/<uuid:pk>/accept/", views.accept, name="agreement_accept"),
    path("agreements/versions/<uuid:pk>/file/", views.agreement_file, name="agreement_file"),
]
