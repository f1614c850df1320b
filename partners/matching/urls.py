from django.urls import path

from partners.matching import views

app_name = "matching"

urlpatterns = [
    path("direct-accounts/", views.AccountList.as_view(), name="accounts"),
    path("direct-accounts/new/", views.account_create, name="account_create"),
    path("direct-accounts/<uuid:pk>/", views.account_edit, name="account_edit"),
    path("direct-accounts/<uuid:pk>/remove/", views.account_remove, name="account_remove"),
    path("customers/duplicates/", views.duplicates, name="duplicates"),
    path("customers/merges/", views.MergeList.as_view(), name="merges"),
    path("customers/merges/<uuid:pk>/undo/", views.merge_undo, name="merge_undo"),
    path("customers/<uuid:pk>/merge/", views.merge, name="merge"),
]
