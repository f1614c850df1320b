from django.urls import path

from portal.files import views

app_name = "files"

urlpatterns = [
    path("<str:subject>/<uuid:pk>/", views.attach, name="attach"),
    path("<uuid:pk>/", views.download, name="download"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
    path("<uuid:pk>/restore/", views.restore, name="restore"),
]
