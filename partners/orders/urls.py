from django.urls import path

from partners.orders import views

app_name = "orders"

urlpatterns = [
    path("orders/", views.OrderList.as_view(), name="list"),
    path("orders/new/", views.create, name="create"),
    path("orders/<uuid:pk>/", views.detail, name="detail"),
    path("orders/<uuid:pk>/edit/", views.edit, name="edit"),
    path("orders/<uuid:pk>/ship/", views.verb, {"name": "ship"}, name="ship"),
    path("orders/<uuid:pk>/deliver/", views.verb, {"name": "deliver"}, name="deliver"),
    path("orders/<uuid:pk>/cancel/", views.verb, {"name": "cancel"}, name="cancel"),
    path("orders/<uuid:pk>/return/", views.verb, {"name": "return"}, name="return"),
]
