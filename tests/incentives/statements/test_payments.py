"""Paying statements: who is paid, by whom it is approved, what the bank gets, and what comes back."""

import csv
import datetime as dt
import io
import threading
from collections.abc import Callable
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from sepaxml import validation

from incentives.earnings import earnings_of, earnings_of_partner
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.statements import actions, queries
from incentives.statements.enums import BatchStatus, Method, PaymentStatus, StatementStatus
from incentives.statements.files import payment_file
from incentives.statements.models import Batch, Payment, PayoutDetails, Statement
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.incentives.statements.conftest import DETAILS, IBAN
from tests.incentives.statements.test_closing import Q2, close, propose

PAYDAY = dt.date(2026, 7, 15)
NAMESPACE = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"}
Earn = Callable[..., Deal]
Payable = Callable[[Partner], PayoutDetails]


def propose_batch(people: SimpleNamespace, method: Method = Method.SEPA, **fields: object) -> Batch:
    return actions.propose_batch("EUR", by=people.manager, execution_on=PAYDAY, method=method, **fields)


@pytest.fixture
def closed(people: SimpleNamespace, earn: Earn, scoped: Tenant) -> SimpleNamespace:
    """Alpha has earned 10.00 and Beta 20.05; both statements are approved, and the vendor pays from an account."""
    earn(people.alpha, 100_00)
    earn(people.beta, 200_50)
    close(people)
    actions.save_terms(
        by=people.admin, payer_name="Acme <NV> & Söhne", payer_iban="DE89370400440532013000", payer_bic=""
    )
    return people


@pytest.mark.usefixtures("scoped")
class TestWhoIsPaid:
    def test_only_those_whose_details_are_verified(self, closed: SimpleNamespace, payable: Payable) -> None:
        with pytest.raises(ActionRefused, match="nobody who can be paid"):
            propose_batch(closed)
        payable(closed.alpha)
        actions.save_details(closed.beta, by=closed.rival, **DETAILS)
        assert queries.payee(closed.beta.pk).obstacle == "not_verified"
        batch = propose_batch(closed)
        assert (batch.count, batch.total) == (1, 10_00)
        assert batch.payments.get().reference == "ST-2026-00001-1"

    def test_a_new_account_has_to_be_verified_again(self, closed: SimpleNamespace, payable: Payable) -> None:
        payable(closed.alpha)
        changed = actions.save_details(
            closed.alpha, by=closed.owner, **DETAILS | {"iban": "DE89370400440532013000"}
        )
        assert queries.payee(closed.alpha.pk).obstacle == "not_verified"
        with pytest.raises(ActionRefused, match="changed meanwhile"):
            actions.verify_payee(closed.alpha, by=closed.admin, fingerprint="old")
        actions.verify_payee(closed.alpha, by=closed.admin, fingerprint=changed.fingerprint)
        assert queries.payee(closed.alpha.pk).obstacle == ""

    def test_one_account_without_an_iban_keeps_no_other_from_being_paid(
        self, closed: SimpleNamespace, payable: Payable
    ) -> None:
        payable(closed.alpha)
        other = DETAILS | {"iban": "000123456789", "bic": "026009593"}
        details = actions.save_details(closed.beta, by=closed.rival, **other)
        actions.verify_payee(closed.beta, by=closed.admin, fingerprint=details.fingerprint)
        batch = propose_batch(closed)
        assert [row.partner_id for row in batch.payments.all()] == [closed.alpha.pk]
        assert actions.approve_batch(batch, by=closed.admin).status == BatchStatus.APPROVED
        rest = propose_batch(closed, Method.CSV)
        assert [row.partner_id for row in rest.payments.all()] == [closed.beta.pk]

    def test_the_trail_does_not_hold_the_account_number(
        self, closed: SimpleNamespace, payable: Payable
    ) -> None:
        payable(closed.alpha)
        trail = [str(event.data) for event in Event.objects.filter(type__startswith="payout.")]
        assert trail
        assert not any(IBAN in text for text in trail)

    def test_nobody_whose_payments_are_held(self, closed: SimpleNamespace, payable: Payable) -> None:
        payable(closed.alpha)
        payable(closed.beta)
        actions.hold_payments(closed.beta, by=closed.admin, reason="Dispute")
        assert [row.partner_id for row in propose_batch(closed).payments.all()] == [closed.alpha.pk]
        with pytest.raises(PermissionDenied):
            actions.hold_payments(closed.alpha, by=closed.manager, reason="x")

    def test_only_the_owner_says_where_to_pay(self, closed: SimpleNamespace) -> None:
        for stranger in (closed.seller, closed.rival, closed.manager, closed.admin):
            with pytest.raises(PermissionDenied):
                actions.save_details(closed.alpha, by=stranger, **DETAILS)


@pytest.mark.usefixtures("scoped")
class TestABatch:
    def test_is_approved_by_somebody_else_sent_and_settled(
        self, closed: SimpleNamespace, payable: Payable
    ) -> None:
        payable(closed.alpha)
        payable(closed.beta)
        batch = actions.propose_batch("EUR", by=closed.admin, execution_on=PAYDAY, method=Method.SEPA)
        with pytest.raises(ActionRefused, match="another admin"):
            actions.approve_batch(batch, by=closed.admin)
        with pytest.raises(PermissionDenied):
            actions.approve_batch(batch, by=closed.manager)
        with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(status=BatchStatus.APPROVED, approved_by=closed.admin)
        with pytest.raises(ActionRefused, match="decided already"):
            actions.send_batch(batch, by=closed.admin)
        actions.approve_batch(batch, by=closed.second)
        actions.send_batch(batch, by=closed.manager)
        with pytest.raises(ActionRefused, match="decided already"):
            actions.cancel_batch(batch, by=closed.admin, reason="Late")
        failed = batch.payments.get(partner=closed.beta)
        actions.settle_batch(
            batch, by=closed.manager, paid_on=dt.date(2026, 7, 10), failed={failed.pk: "Account closed"}
        )
        assert dict(Statement.objects.values_list("partner__name", "status")) == {
            "Alpha": StatementStatus.PAID,
            "Beta": StatementStatus.APPROVED,
        }
        with pytest.raises(ActionRefused, match="decided already"):
            actions.settle_batch(batch, by=closed.manager, paid_on=PAYDAY, failed={})

    def test_a_failed_payment_is_made_again_once(self, closed: SimpleNamespace, payable: Payable) -> None:
        payable(closed.alpha)
        first = _settled(closed, fail=True)
        again = propose_batch(closed)
        assert again.payments.get().reference == "ST-2026-00001-2"
        assert first.payments.get().status == PaymentStatus.FAILED
        with pytest.raises(ActionRefused, match="nothing to pay"):
            propose_batch(closed)

    def test_what_has_been_paid_is_not_payable_any_more(
        self, closed: SimpleNamespace, payable: Payable
    ) -> None:
        payable(closed.alpha)
        [before] = earnings_of_partner(closed.admin, closed.alpha.pk)
        _settled(closed)
        [after] = earnings_of_partner(closed.admin, closed.alpha.pk)
        statement = Statement.objects.get(partner=closed.alpha)
        assert before.paid == 0
        assert after.paid == statement.payable + statement.withheld > 0
        assert after.payable == before.payable - after.paid
        assert after.total == before.total == after.paid + after.payable + after.on_hold
        assert sum(each.paid for each in earnings_of(closed.admin)) == after.paid

    def test_a_cancelled_one_frees_its_statements(self, closed: SimpleNamespace, payable: Payable) -> None:
        payable(closed.alpha)
        actions.cancel_batch(propose_batch(closed), by=closed.manager, reason="Wrong day")
        assert propose_batch(closed).count == 1

    def test_is_refused_when_an_account_changed_meanwhile(
        self, closed: SimpleNamespace, payable: Payable
    ) -> None:
        payable(closed.alpha)
        batch = propose_batch(closed)
        actions.save_details(closed.alpha, by=closed.owner, **DETAILS | {"holder": "Someone else"})
        with pytest.raises(ActionRefused, match="Alpha can no longer be paid as planned"):
            actions.approve_batch(batch, by=closed.admin)

    def test_is_stopped_by_a_hold_until_the_bank_has_it(
        self, closed: SimpleNamespace, payable: Payable, client_as: Callable[[Membership], Client]
    ) -> None:
        payable(closed.alpha)
        batch = actions.approve_batch(propose_batch(closed), by=closed.admin)
        client, address = client_as(closed.admin), f"/acme/payouts/batches/{batch.pk}/"
        assert client.get(f"{address}file/")["Content-Type"] == "application/xml"
        actions.hold_payments(closed.alpha, by=closed.admin, reason="Dispute")
        with pytest.raises(ActionRefused, match="Alpha can no longer be paid as planned"):
            actions.send_batch(batch, by=closed.manager)
        refused = client.get(f"{address}file/", follow=True).content.decode()
        assert "Alpha can no longer be paid as planned" in refused
        assert "Cannot be paid as planned any more: Alpha." in refused
        assert f"{address}file/" not in refused and f"{address}send/" not in refused
        actions.release_payments(closed.alpha, by=closed.admin, reason="Settled")
        actions.send_batch(batch, by=closed.manager)
        actions.hold_payments(closed.alpha, by=closed.admin, reason="Dispute")
        # What the bank was given can be looked at ever after.
        assert client.get(f"{address}file/").status_code == 200

    def test_gives_no_file_once_it_is_cancelled(
        self, closed: SimpleNamespace, payable: Payable, client_as: Callable[[Membership], Client]
    ) -> None:
        """Its statements are paid in another batch: the bank would pay them twice."""
        payable(closed.alpha)
        batch = actions.approve_batch(propose_batch(closed), by=closed.admin)
        batch = actions.cancel_batch(batch, by=closed.admin, reason="Wrong day")
        page = client_as(closed.admin).get(f"/acme/payouts/batches/{batch.pk}/file/", follow=True)
        assert page["Content-Type"].startswith("text/html")
        assert "This has been decided already: Cancelled." in page.content.decode()

    def test_a_statement_has_one_live_payment(self, closed: SimpleNamespace, payable: Payable) -> None:
        payable(closed.alpha)
        payment = propose_batch(closed).payments.get()
        payment.pk, payment.reference = None, "other"
        with pytest.raises(IntegrityError, match="one_live"), transaction.atomic():
            payment.save(force_insert=True)

    def test_in_the_past_or_in_another_currency_is_refused(self, closed: SimpleNamespace) -> None:
        with pytest.raises(ActionRefused, match="in the past"):
            actions.propose_batch(
                "EUR", by=closed.manager, execution_on=dt.date(2026, 7, 9), method=Method.CSV
            )
        with pytest.raises(ActionRefused, match="in euros"):
            actions.propose_batch("USD", by=closed.manager, execution_on=PAYDAY, method=Method.SEPA)


def _settled(people: SimpleNamespace, *, fail: bool = False, method: Method = Method.SEPA) -> Batch:
    batch = propose_batch(people, method)
    batch = actions.approve_batch(batch, by=people.admin)
    actions.send_batch(batch, by=people.manager)
    failed = {payment.pk: "No such account" for payment in batch.payments.all()} if fail else {}
    return actions.settle_batch(batch, by=people.manager, paid_on=dt.date(2026, 7, 10), failed=failed)


@pytest.mark.usefixtures("scoped")
class TestTheFile:
    def test_is_a_credit_transfer_as_iso_20022_defines_it(
        self, closed: SimpleNamespace, payable: Payable
    ) -> None:
        payable(closed.alpha)
        payable(closed.beta)
        batch = actions.approve_batch(propose_batch(closed), by=closed.admin)
        content = bytes(batch.file)
        folder = validation.__file__.rsplit("/", 1)[0]
        xmlschema.XMLSchema(f"{folder}/schemas/pain.001.001.03.xsd").validate(content.decode())
        tree = ET.fromstring(content)
        assert tree.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=NAMESPACE) == "30.05"
        assert tree.findtext(".//p:GrpHdr/p:NbOfTxs", namespaces=NAMESPACE) == "2"
        assert tree.findtext(".//p:Dbtr/p:Nm", namespaces=NAMESPACE) == "Acme <NV> & Sohne"
        # The account number alone says which bank; an empty element would not.
        bank = ".//p:DbtrAgt/p:FinInstnId"
        assert tree.findtext(f"{bank}/p:Othr/p:Id", namespaces=NAMESPACE) == "NOTPROVIDED"
        actions.save_terms(by=closed.admin, payer_iban=IBAN, payer_bic="ABNANL2A")
        terms = queries.terms()
        named = ET.fromstring(payment_file(batch, list(batch.payments.all()), terms, closed.admin.tenant))
        assert [node.tag.rpartition("}")[2] for node in named.find(bank, NAMESPACE)] == ["BIC"]
        paid = {
            node.findtext("p:PmtId/p:EndToEndId", namespaces=NAMESPACE): (
                node.findtext("p:Amt/p:InstdAmt", namespaces=NAMESPACE),
                node.findtext("p:CdtrAcct/p:Id/p:IBAN", namespaces=NAMESPACE),
            )
            for node in tree.findall(".//p:CdtTrfTxInf", NAMESPACE)
        }
        assert paid == {"ST-2026-00001-1": ("10.00", IBAN), "ST-2026-00002-1": ("20.05", IBAN)}

    def test_needs_the_account_that_pays(self, closed: SimpleNamespace, payable: Payable) -> None:
        actions.save_terms(by=closed.admin, payer_iban="")
        payable(closed.alpha)
        with pytest.raises(ActionRefused, match="from which account"):
            actions.approve_batch(propose_batch(closed), by=closed.admin)

    def test_as_csv_neutralises_formulas(self, closed: SimpleNamespace, payable: Payable) -> None:
        details = actions.save_details(closed.alpha, by=closed.owner, **DETAILS | {"holder": "=HYPERLINK(1)"})
        actions.verify_payee(closed.alpha, by=closed.admin, fingerprint=details.fingerprint)
        batch = actions.approve_batch(propose_batch(closed, Method.CSV), by=closed.admin)
        (row,) = csv.DictReader(io.StringIO(bytes(batch.file).decode()))
        assert (row["account holder"], row["amount"], row["currency"]) == ("'=HYPERLINK(1)", "10.00", "EUR")


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_two_closes_of_one_period(self, people: SimpleNamespace, earn: Earn, tenant: Tenant) -> None:
        with tenant_scope(tenant.pk):
            earn(people.alpha, 100_00)
        results = _at_once(tenant, *[lambda: propose(people)] * 2)
        assert sorted(type(result).__name__ for result in results) == ["ActionRefused", "Closing"]
        with tenant_scope(tenant.pk):
            assert [row.earned for row in Statement.objects.all()] == [10_00]

    def test_a_win_during_the_close_is_on_this_statement_or_the_next(
        self, people: SimpleNamespace, earn: Earn, tenant: Tenant, today: object
    ) -> None:
        with tenant_scope(tenant.pk):
            earn(people.alpha, 100_00)
        _at_once(tenant, lambda: propose(people), lambda: earn(people.alpha, 50_00))
        with tenant_scope(tenant.pk):
            closing = queries.open_closing()
            assert closing is not None
            actions.approve_closing(closing, by=people.admin)
            today.move_to(dt.datetime(2026, 10, 2, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
            close(people, Q2.next())
            assert sum(Statement.objects.values_list("earned", flat=True)) == 15_00

    def test_a_payout_during_a_reversal(
        self, people: SimpleNamespace, earn: Earn, tenant: Tenant, payable: Payable
    ) -> None:
        with tenant_scope(tenant.pk):
            deal = earn(people.alpha, 100_00)
            close(people)
            payable(people.alpha)

        def reverse() -> None:
            Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.LOST)
            post_ledger([people.alpha.pk], today=dt.date(2026, 7, 10))

        _at_once(tenant, lambda: _settled(people, method=Method.CSV), reverse)
        with tenant_scope(tenant.pk):
            assert Payment.objects.get().amount == 10_00
            assert sorted(LedgerEntry.objects.values_list("amount", flat=True)) == [-10_00, 10_00]
            assert Statement.objects.get().earned == 10_00

    def test_two_batches_of_one_statement(
        self, people: SimpleNamespace, earn: Earn, tenant: Tenant, payable: Payable
    ) -> None:
        with tenant_scope(tenant.pk):
            earn(people.alpha, 100_00)
            close(people)
            payable(people.alpha)
        results = _at_once(tenant, *[lambda: propose_batch(people, Method.CSV)] * 2)
        assert sorted(type(result).__name__ for result in results) == ["ActionRefused", "Batch"]
        with tenant_scope(tenant.pk):
            assert Payment.objects.count() == 1


def _at_once(tenant: Tenant, *calls: Callable[[], object]) -> list[object]:
    """Run each call in a scope on a connection of its own, all released together."""
    barrier, results = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            with tenant_scope(tenant.pk):
                results.append(call())
        except ActionRefused as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == len(calls)
    return results
