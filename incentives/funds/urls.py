from django.urls import path

from incentives.funds.views import claims, requests, setup

app_name = "funds"

urlpatterns = [
    path("", requests.Requests.as_view(), name="requests"),
    path("new/", requests.request_create, name="request_create"),
    path("requests/<uuid:pk>/", requests.request_page, name="request"),
    path("requests/<uuid:pk>/edit/", requests.request_edit, name="request_edit"),
    path("requests/<uuid:pk>/submit/", requests.submit, name="submit"),
    path("requests/<uuid:pk>/withdraw/", requests.withdraw, name="withdraw"),
    path("requests/<uuid:pk>/decide/", requests.decide, name="decide"),
    path("requests/<uuid:pk>/campaign/", requests.measure, name="measure"),
    path("requests/<uuid:pk>/claim/", claims.claim_create, name="claim_create"),
    path("claims/<uuid:pk>/", claims.claim_page, name="claim"),
    path("claims/<uuid:pk>/again/", claims.claim_again, name="claim_again"),
    path("claims/<uuid:pk>/decide/", claims.claim_decide, name="claim_decide"),
    path("budgets/", setup.Budgets.as_view(), name="budgets"),
    path("setup/", setup.funds, name="funds"),
    path("setup/new/", setup.fund_create, name="fund_create"),
    path("setup/<uuid:pk>/", setup.fund_edit, name="fund_edit"),
]
