from django.urls import path

from portal.discussion import views

app_name = "discussion"

urlpatterns = [
    path("<str:subject>/<uuid:pk>/", views.post, name="post"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
]
