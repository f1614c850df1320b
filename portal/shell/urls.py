"""The shell's pages inside a tenant. `turl` is here for those who look for it among the addresses."""

from django.urls import path

from portal.shell import views
from portal.shell.addresses import turl

__all__ = ["turl"]

app_name = "shell"
urlpatterns = [
    path("", views.home, name="home"),
    path("pulse/", views.pulse, name="pulse"),
]
