"""The pages of statements and payouts, as each role walks through them."""

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from incentives.statements import actions
from incentives.statements.models import Batch, Closing, Payment, PayoutDetails, Statement
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.notifications.models import Notification
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.incentives.statements.conftest import DETAILS, IBAN
from tests.incentives.statements.test_closing import close

Earn = Callable[..., Deal]
Payable = Callable[[Partner], PayoutDetails]
As = Callable[[Membership], Client]


@pytest.fixture
def earned(people: SimpleNamespace, earn: Earn, tenant: Tenant) -> SimpleNamespace:
    with tenant_scope(tenant.pk):
        earn(people.alpha, 100_05)
        earn(people.beta, 50_00)
    return people


def test_from_the_check_list_to_the_money(
    earned: SimpleNamespace, tenant: Tenant, client_as: As, payable: Payable
) -> None:
    manager, admin, owner = (client_as(who) for who in (earned.manager, earned.admin, earned.owner))
    page = manager.get("/acme/payouts/close/").content.decode()
    assert "Close Apr – Jun 2026" in page
    period = {"period": "quarter:2026-04-01"}
    unread = manager.post("/acme/payouts/close/", period)
    assert unread.status_code == 422
    assert "Tick that you have read" in unread.content.decode()
    proposed = manager.post("/acme/payouts/close/", {**period, "read": ["payees", "counted"]})
    closing = proposed["Location"]
    assert "wait for approval" in admin.get("/acme/").content.decode()
    assert "another admin has to approve it" in manager.get(closing).content.decode()
    assert "No statements yet" in owner.get("/acme/statements/").content.decode()
    assert admin.post(f"{closing}approve/").status_code == 302

    details = owner.post("/acme/payout-details/", DETAILS | {"iban": "NL91 ABNA 0417 1643 01"})
    assert "is not an IBAN" in details.content.decode()
    assert (
        owner.post("/acme/payout-details/", DETAILS | {"iban": "NL91 ABNA 0417 1643 00"}).status_code == 302
    )
    payee = f"/acme/payouts/payees/{earned.alpha.pk}/"
    assert IBAN not in manager.get(payee).content.decode()
    shown = admin.get(payee).content.decode()
    assert IBAN in shown
    fingerprint = shown.split('name="fingerprint" value="')[1].split('"')[0]
    admin.post(f"{payee}verify/", {"fingerprint": fingerprint})

    form = manager.get("/acme/payouts/batches/new/").content.decode()
    assert "Has not said where to pay" in form  # Beta
    made = manager.post(
        "/acme/payouts/batches/new/", {"currency": "EUR", "execution_on": "2026-07-13", "method": "csv"}
    )
    batch = made["Location"]
    assert admin.get(f"{batch}file/").status_code == 404
    for client, verb in [(admin, "approve"), (manager, "send")]:
        assert client.post(f"{batch}{verb}/").status_code == 302
    assert IBAN.encode() in admin.get(f"{batch}file/").content
    # It holds whole account numbers, which a manager sees nowhere.
    assert manager.get(f"{batch}file/").status_code == 403
    assert f"{batch}file/" not in manager.get(batch).content.decode()
    with tenant_scope(tenant.pk):
        failing = Payment.objects.get().pk
    # What was ticked and typed stays on a refused page, and a reason without its tick is asked about.
    ticked = {"paid_on": "2099-01-01", "failed": str(failing), f"reason-{failing}": "Account closed"}
    for said, answer in [
        (ticked, "This day has not come yet."),
        (ticked | {"failed": [], "paid_on": "2026-07-10"}, "Tick it as failed, or take the reason out."),
    ]:
        refused = manager.post(f"{batch}settle/", said)
        kept = refused.content.decode()
        assert refused.status_code == 422
        assert answer in kept
        assert 'value="Account closed"' in kept
        assert (f'value="{failing}" checked' in kept) == (said is ticked)
    assert manager.post(f"{batch}settle/", {"paid_on": "2026-07-10"}).status_code == 302

    listed = owner.get("/acme/statements/").content.decode()
    assert "ST-2026-00001" in listed
    assert "ST-2026-00002" not in listed
    assert "Apr – Jun 2026" in listed
    exported = b"".join(owner.get("/acme/statements/?export=csv").streaming_content).decode()
    assert "quarter:2026-04-01" in exported
    with tenant_scope(tenant.pk):
        mine = Statement.objects.get(partner=earned.alpha)
        payment = mine.payments.get()
    page = owner.get(f"/acme/statements/{mine.pk}/").content.decode()
    assert "€10.01" in page
    assert "Paid" in page
    assert owner.get(f"/acme/statements/{mine.pk}/pdf/").content.startswith(b"%PDF")
    assert owner.get(f"/acme/payments/{payment.pk}/advice/").content.startswith(b"%PDF")
    assert client_as(earned.rival).get(f"/acme/payments/{payment.pk}/advice/").status_code == 404
    rows = list(
        csv.reader(io.StringIO(b"".join(owner.get(f"/acme/statements/{mine.pk}/csv/")).decode("utf-8-sig")))
    )
    assert [row[5] for row in rows] == ["Amount", "10.01", "10.01", "10.01"]

    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        told = Notification.objects.filter(kind="payouts.statements", member=earned.owner)
        assert told.exists()


def test_a_stale_check_list_closes_nothing(earned: SimpleNamespace, tenant: Tenant, client_as: As) -> None:
    page = client_as(earned.manager).post("/acme/payouts/close/", {"period": "quarter:2026-01-01"})
    assert page.status_code == 422
    with tenant_scope(tenant.pk):
        assert not Closing.objects.exists()


def test_a_double_click_closes_once(earned: SimpleNamespace, tenant: Tenant, client_as: As) -> None:
    client = client_as(earned.manager)
    data = {"period": "quarter:2026-04-01", "read": ["payees", "counted"]}
    assert {client.post("/acme/payouts/close/", data)["Location"] for _click in range(2)} == {
        f"/acme/payouts/closings/{_closing(tenant)}/"
    }


def _closing(tenant: Tenant) -> object:
    with tenant_scope(tenant.pk):
        return Closing.objects.get().pk


def test_terms_and_taxes_are_typed_as_people_type(
    earned: SimpleNamespace, tenant: Tenant, client_as: As
) -> None:
    admin = client_as(earned.admin)
    good = {
        "period": "month",
        "minimum": "1.250,50",
        "payer_name": "Acme",
        "payer_iban": "DE89 3704 0044 0532 0130 00",
    }
    assert admin.post("/acme/payouts/terms/", good | {"payer_iban": "DE00"}).status_code == 422
    assert admin.post("/acme/payouts/terms/", good).status_code == 302
    tax = {
        "form": "tax",
        "country": "DE",
        "name": "Quellensteuer",
        "rate": "15,825",
        "starts_on": "2026-01-01",
    }
    assert admin.post("/acme/payouts/terms/", tax).status_code == 302
    again = admin.post("/acme/payouts/terms/", tax)
    assert "There is a rate for this country from that day already." in again.content.decode()
    page = admin.get("/acme/payouts/terms/").content.decode()
    assert "1250.50" in page
    assert "15.83%" in page


def test_what_is_owed_to_no_iban_needs_its_bank(earned: SimpleNamespace, client_as: As) -> None:
    owner = client_as(earned.owner)
    american = DETAILS | {"iban": "0123456789", "country": "US"}
    assert "needs the code of its bank" in owner.post("/acme/payout-details/", american).content.decode()
    assert owner.post("/acme/payout-details/", american | {"bic": "021000021"}).status_code == 302


def test_lists_cost_the_same_for_many(
    earned: SimpleNamespace, tenant: Tenant, client_as: As, django_assert_max_num_queries: Callable
) -> None:
    with tenant_scope(tenant.pk):
        close(earned)
        actions.save_terms(by=earned.admin, payer_iban=IBAN)
        assert Statement.objects.count() == 2
        assert not Batch.objects.exists()
        Partner.objects.update(country="BE")
    admin = client_as(earned.admin)
    assert "Belgium" in admin.get("/acme/payouts/payees/").content.decode()
    for address in ("statements/", "payouts/", "payouts/payees/", "payouts/batches/new/"):
        with django_assert_max_num_queries(22):
            assert admin.get(f"/acme/{address}").status_code == 200


def test_a_page_says_when_nothing_waits(people: SimpleNamespace, client_as: As) -> None:
    admin = client_as(people.admin)
    assert "No period waits to be closed." in admin.get("/acme/payouts/").content.decode()
    assert admin.get("/acme/payouts/close/")["Location"] == "/acme/payouts/"
    assert admin.get("/acme/payouts/batches/new/")["Location"] == "/acme/payouts/batches/"
