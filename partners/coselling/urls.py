from django.urls import path

from partners.coselling import views

app_name = "coselling"

urlpatterns = [
    path("", views.shared_list, name="list"),
    path("deals/<uuid:pk>/", views.invite, name="invite"),
    path("seats/<uuid:pk>/", views.seat, name="seat"),
    path("seats/<uuid:pk>/answer/", views.answer_seat, name="answer_seat"),
    path("shares/<uuid:pk>/answer/", views.answer_share, name="answer_share"),
    path("shares/<uuid:pk>/end/", views.end, name="end"),
]
