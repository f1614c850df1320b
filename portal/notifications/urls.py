from django.urls import path

from portal.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.index, name="list"),
    path("bell/", views.bell, name="bell"),
    path("count/", views.count, name="count"),
    path("read/", views.read_all, name="read_all"),
    path("choices/", views.choices, name="choices"),
    path("defaults/", views.defaults, name="defaults"),
    path("letters/", views.LetterList.as_view(), name="letters"),
    path("letters/<uuid:pk>/again/", views.send_again, name="send_again"),
    path("stop/<str:secret>/", views.stop, name="stop"),
    path("<uuid:pk>/", views.follow, name="follow"),
    path("<uuid:pk>/read/", views.read, name="read"),
]
