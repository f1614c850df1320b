from django.urls import path

from portal.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.EndpointList.as_view(), name="list"),
    path("new/", views.create, name="create"),
    path("guide/", views.guide, name="guide"),
    path("<uuid:pk>/", views.EndpointPage.as_view(), name="detail"),
    path("<uuid:pk>/settings/", views.change, name="change"),
    path("<uuid:pk>/secret/", views.rotate, name="rotate"),
    path("<uuid:pk>/on/", views.turn_on, name="turn_on"),
    path("<uuid:pk>/off/", views.turn_off, name="turn_off"),
    path("<uuid:pk>/test/", views.test, name="test"),
    path("<uuid:pk>/missed/", views.send_missed, name="send_missed"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
    path("deliveries/<uuid:pk>/", views.delivery, name="delivery"),
    path("deliveries/<uuid:pk>/result/", views.result, name="result"),
    path("deliveries/<uuid:pk>/again/", views.again, name="again"),
]
