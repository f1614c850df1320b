from django.urls import path

from portal.imports import views

app_name = "imports"

urlpatterns = [
    path("", views.RunList.as_view(), name="list"),
    path("new/", views.upload, name="upload"),
    path("<uuid:pk>/", views.run, name="run"),
    path("<uuid:pk>/columns/", views.columns, name="columns"),
    path("<uuid:pk>/answers/", views.answers, name="answers"),
    path("<uuid:pk>/check/", views.check_again, name="check"),
    path("<uuid:pk>/commit/", views.commit, name="commit"),
    path("<uuid:pk>/discard/", views.discard, name="discard"),
    path("<uuid:pk>/refused.<str:form>", views.refused, name="refused"),
]
