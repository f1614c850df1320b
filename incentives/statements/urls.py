from django.urls import path

from incentives.statements.views import auditing, closing, payees, paying, reading

app_name = "statements"

urlpatterns = [
    path("statements/", reading.Statements.as_view(), name="list"),
    path("statements/<uuid:pk>/", reading.statement, name="detail"),
    path("statements/<uuid:pk>/pdf/", reading.statement_pdf, name="pdf"),
    path("statements/<uuid:pk>/csv/", reading.statement_csv, name="csv"),
    path("payments/<uuid:pk>/advice/", reading.advice, name="advice"),
    path("payouts/", closing.Closings.as_view(), name="closings"),
    path("payouts/close/", closing.propose, name="propose"),
    path("payouts/closings/<uuid:pk>/", closing.closing, name="closing"),
    path("payouts/closings/<uuid:pk>/approve/", closing.approve, name="approve"),
    path("payouts/closings/<uuid:pk>/cancel/", closing.cancel, name="cancel"),
    path("payouts/check/", auditing.check_ledger, name="check_ledger"),
    path("payouts/batches/", paying.Batches.as_view(), name="batches"),
    path("payouts/batches/new/", paying.batch_create, name="batch_create"),
    path("payouts/batches/<uuid:pk>/", paying.batch, name="batch"),
    path("payouts/batches/<uuid:pk>/approve/", paying.batch_approve, name="batch_approve"),
    path("payouts/batches/<uuid:pk>/send/", paying.batch_send, name="batch_send"),
    path("payouts/batches/<uuid:pk>/settle/", paying.batch_settle, name="batch_settle"),
    path("payouts/batches/<uuid:pk>/cancel/", paying.batch_cancel, name="batch_cancel"),
    path("payouts/batches/<uuid:pk>/file/", paying.batch_file, name="batch_file"),
    path("payouts/payees/", payees.Payees.as_view(), name="payees"),
    path("payouts/payees/<uuid:pk>/", payees.payee, name="payee"),
    path("payouts/payees/<uuid:pk>/verify/", payees.verify, name="verify"),
    path("payouts/payees/<uuid:pk>/hold/", payees.hold, name="hold"),
    path("payouts/terms/", payees.terms, name="terms"),
    path("payouts/terms/tax/<uuid:pk>/remove/", payees.tax_remove, name="tax_remove"),
    path("payout-details/", payees.my_details, name="my_details"),
]
