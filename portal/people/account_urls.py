"""Addresses of a person's own pages, under `/accounts/` beside allauth's."""

from django.urls import path

from portal.people import account_views

app_name = "accounts"
urlpatterns = [
    path("programmes/", account_views.choose, name="choose"),
    path("programmes/menu/", account_views.programmes, name="programmes"),
    path("profile/", account_views.profile, name="profile"),
    path("demo/<uuid:pk>/", account_views.demo_sign_in, name="demo"),
]
