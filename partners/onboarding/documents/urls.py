from django.urls import path

from partners.onboarding.documents import views

urlpatterns = [
    path("documents/", views.DocumentList.as_view(), name="documents"),
    path("documents/kinds/", views.document_kinds, name="document_kinds"),
    path("documents/kinds/new/", views.document_kind_edit, name="document_kind_create"),
    path("documents/kinds/<uuid:pk>/", views.document_kind_edit, name="document_kind_edit"),
    path("documents/kinds/<uuid:pk>/send/", views.document_send, name="document_send"),
    path("documents/<uuid:pk>/", views.document, name="document"),
]
