from django.urls import path

from metrics.reviews import views

app_name = "metrics_reviews"

urlpatterns = [
    path("goals/", views.goals, name="goals"),
    path("goals/new/", views.goal_new, name="goal_new"),
    path("goals/<uuid:pk>/hand-down/", views.goal_hand_down, name="goal_hand_down"),
    path("goals/<uuid:pk>/drop/", views.goal_drop, name="goal_drop"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<uuid:pk>/snooze/", views.alert_snooze, name="alert_snooze"),
    path("alerts/<uuid:pk>/close/", views.alert_close, name="alert_close"),
    path("alerts/rules/", views.rules, name="rules"),
    path("alerts/rules/new/", views.rule_new, name="rule_new"),
    path("alerts/rules/<uuid:pk>/", views.rule_edit, name="rule_edit"),
    path("reviews/", views.reviews, name="reviews"),
    path("reviews/new/", views.review_new, name="review_new"),
    path("reviews/<uuid:pk>/", views.review, name="review"),
    path("reviews/<uuid:pk>/minutes/", views.review_minutes, name="review_minutes"),
    path("reviews/<uuid:pk>/actions/", views.review_action, name="review_action"),
    path("reviews/actions/<uuid:pk>/done/", views.action_done, name="action_done"),
]
