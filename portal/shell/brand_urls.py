"""Style and logo of a tenant, outside its walls: they are shown before anyone has signed in."""

from django.urls import path

from portal.shell import views

urlpatterns = [
    path("brand/<str:colour>.css", views.brand_css, name="brand_css"),
    path("logos/<slug:slug>", views.brand_logo, name="brand_logo"),
]
