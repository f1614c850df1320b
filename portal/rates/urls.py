from django.urls import path

from portal.rates import views

app_name = "rates"
urlpatterns = [
    path("", views.RateList.as_view(), name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:pk>/", views.detail, name="detail"),
]
