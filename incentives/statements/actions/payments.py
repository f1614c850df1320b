"""Paying approved statements: a batch is proposed, approved by someone else, sent, and settled payment by payment."""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from typing import NoReturn
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.statements import queries
from incentives.statements.enums import (
    BATCH_TRANSITIONS,
    LIVE_PAYMENTS,
    WITH_FILE,
    BatchStatus,
    Method,
    PaymentStatus,
    StatementStatus,
)
from incentives.statements.files import payment_file
from incentives.statements.models import Batch, Payment, Statement
from metrics.periods import calendar_of
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.tenancy.models import current_tenant
from portal.tenancy.sequences import next_number

SEPA_CURRENCY = "EUR"
MOST_PAYMENTS = 5000


def propose_batch(
    currency: str,
    *,
    by: Membership,
    execution_on: dt.date,
    method: Method,
    statement_ids: Collection[UUID] | None = None,
) -> Batch:
    """Plan payments of the approved statements in one currency; `statement_ids` narrows them down.

    Left out is who cannot be paid: no verified details, held, or without an IBAN where the file asks for one.
    ActionRefused when nothing is left.
    """
    check(by, "statements.propose")
    if execution_on < calendar_of(current_tenant()).today():
        raise ActionRefused(_("The day of the payment lies in the past."), field="execution_on")
    if method == Method.SEPA and currency != SEPA_CURRENCY:
        raise ActionRefused(_("SEPA credit transfers are in euros. Take the CSV file."), field="method")
    rows = queries.unpaid(currency).select_for_update(of=("self",))
    if statement_ids is not None:
        rows = rows.filter(pk__in=statement_ids)
    found = list(rows[:MOST_PAYMENTS])
    payees = queries.payees({row.partner_id for row in found})
    ready = [row for row in found if _can_be_paid(payees[row.partner_id], method)]
    if not ready:
        raise ActionRefused(_("There is nothing to pay in this currency, or nobody who can be paid."))
    batch = Batch.objects.create(
        number=next_number("PB", year=execution_on.year),
        currency=currency,
        method=method,
        execution_on=execution_on,
        total=sum(row.payable for row in ready),
        count=len(ready),
        proposed_by=by,
    )
    tried = dict(
        Payment.objects.filter(statement_id__in=[row.pk for row in ready])
        .order_by()
        .values_list("statement_id")
        .annotate(Count("id"))
    )
    planned = [_planned(batch, row, payees[row.partner_id], tried.get(row.pk, 0)) for row in ready]
    try:
        with transaction.atomic():
            Payment.objects.bulk_create(planned, batch_size=1000)
    except IntegrityError as error:
        raise ActionRefused(
            _("Some of these statements are in another batch meanwhile. Look again."), code="stale"
        ) from error
    record(
        "batch.proposed",
        subject=batch,
        by=by,
        data={"number": batch.number, "total": batch.total, "currency": currency, "count": batch.count},
    )
    return batch


def approve_batch(batch: Batch, *, by: Membership) -> Batch:
    """Let the payments go, by another admin than proposed them; makes the file for the bank."""
    check(by, "statements.approve")
    batch = _lock(batch, "approve")
    if batch.proposed_by_id == by.pk:
        raise ActionRefused(
            _("You have proposed this yourself: another admin has to approve it."), code="second_person"
        )
    payments = _still_payable(batch)
    content = payment_file(batch, payments, queries.terms(), current_tenant())
    batch.file, batch.sha256 = content, hashlib.sha256(content).hexdigest()
    batch.status, batch.approved_by, batch.approved_at = BatchStatus.APPROVED, by, timezone.now()
    batch.save(update_fields=["file", "sha256", "status", "approved_by", "approved_at"])
    record("batch.approved", subject=batch, by=by, data={"number": batch.number, "sha256": batch.sha256})
    return batch


def send_batch(batch: Batch, *, by: Membership) -> Batch:
    """Note that the bank has the file. Refused where a payment has been held, or an account changed, meanwhile."""
    check(by, "statements.propose")
    batch = _lock(batch, "send")
    _still_payable(batch)
    batch.status = BatchStatus.SENT
    batch.save(update_fields=["status"])
    batch.payments.filter(status=PaymentStatus.PLANNED).update(status=PaymentStatus.SENT)
    record("batch.sent", subject=batch, by=by, data={"number": batch.number})
    return batch


def file_of(batch: Batch) -> bytes:
    """What the bank is given, the same to the byte each time. ActionRefused where it must not be given: the batch was
    cancelled, or before it is sent a payment has been held, or an account changed, since it was approved."""
    if batch.status not in WITH_FILE:
        _refuse_decided(batch)
    if batch.status == BatchStatus.APPROVED:
        _still_payable(batch)
    return bytes(batch.file or b"")


def settle_batch(batch: Batch, *, by: Membership, paid_on: dt.date, failed: Mapping[UUID, str]) -> Batch:
    """Note what the bank has done: all payments were made but for those in `failed`, each with its reason.

    A statement whose payment failed can be paid again in a later batch.
    """
    check(by, "statements.propose")
    batch = _lock(batch, "settle")
    if paid_on > calendar_of(current_tenant()).today():
        raise ActionRefused(_("This day has not come yet."), field="paid_on")
    payments = list(batch.payments.select_for_update(of=("self",)).select_related("statement"))
    unknown = set(failed) - {payment.pk for payment in payments}
    if unknown:
        raise ActionRefused(_("That payment is not in this batch."))
    for payment in payments:
        if payment.pk in failed:
            reason = failed[payment.pk].strip()
            if not reason:
                raise ActionRefused(_("Say why %(reference)s failed.") % {"reference": payment.reference})
            payment.status, payment.problem = PaymentStatus.FAILED, reason[:300]
        else:
            payment.status, payment.paid_on = PaymentStatus.PAID, paid_on
    Payment.objects.bulk_update(payments, ["status", "problem", "paid_on"], batch_size=1000)
    paid = [payment for payment in payments if payment.status == PaymentStatus.PAID]
    Statement.objects.filter(pk__in=[payment.statement_id for payment in paid]).update(
        status=StatementStatus.PAID, paid_on=paid_on
    )
    batch.status = BatchStatus.SETTLED
    batch.save(update_fields=["status"])
    record(
        "batch.settled",
        subject=batch,
        by=by,
        data={"number": batch.number, "paid": len(paid), "failed": len(failed)},
    )
    record_many(_news(payment, by) for payment in payments)
    return batch


def cancel_batch(batch: Batch, *, by: Membership, reason: str) -> Batch:
    """Before the bank has it. By an admin, or by who proposed it."""
    check(by, "statements.propose" if batch.proposed_by_id == by.pk else "statements.approve")
    batch = _lock(batch, "cancel")
    if not reason.strip():
        raise ActionRefused(_("Say why."), field="reason")
    batch.status = BatchStatus.CANCELLED
    batch.save(update_fields=["status"])
    batch.payments.filter(status__in=LIVE_PAYMENTS).update(status=PaymentStatus.CANCELLED)
    record("batch.cancelled", subject=batch, by=by, data={"number": batch.number, "reason": reason.strip()})
    return batch


# --- the parts ---------------------------------------------------------------------------------


def _lock(batch: Batch, verb: str) -> Batch:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    sources, _target = BATCH_TRANSITIONS[verb]
    if batch.status not in sources:
        _refuse_decided(batch)
    return batch


def _refuse_decided(batch: Batch) -> NoReturn:
    raise ActionRefused(
        _("This has been decided already: %(status)s.") % {"status": batch.get_status_display()}, code="state"
    )


def _can_be_paid(payee: queries.Payee, method: Method) -> bool:
    # One account without an IBAN and the bank would take none of the payments.
    return not payee.obstacle and (method != Method.SEPA or payee.has_iban)


def _planned(batch: Batch, statement: Statement, payee: queries.Payee, tried: int) -> Payment:
    details = payee.details
    assert details is not None
    return Payment(
        batch=batch,
        statement=statement,
        partner_id=statement.partner_id,
        reference=f"{statement.number}-{tried + 1}",
        amount=statement.payable,
        currency=statement.currency,
        holder=details.holder,
        iban=details.iban,
        bic=details.bic,
    )


def _still_payable(batch: Batch) -> list[Payment]:
    """The payments, where each can be made as planned."""
    payments = list(batch.payments.select_related("partner", "statement"))
    changed = no_longer_payable(payments)
    if changed:
        raise ActionRefused(
            _("%(partner)s can no longer be paid as planned. Cancel the batch and propose it again.")
            % {"partner": changed[0].partner.name},
            code="stale",
        )
    return payments


def no_longer_payable(payments: Collection[Payment]) -> list[Payment]:
    """Those whose partner is held, or has other or unverified details by now."""
    payees = queries.payees({payment.partner_id for payment in payments})
    changed = []
    for payment in payments:
        payee = payees[payment.partner_id]
        details = payee.details
        same = details is not None and (details.holder, details.iban, details.bic) == (
            payment.holder,
            payment.iban,
            payment.bic,
        )
        if payee.obstacle or not same:
            changed.append(payment)
    return changed


def _news(payment: Payment, by: Membership) -> EventDraft:
    paid = payment.status == PaymentStatus.PAID
    return EventDraft(
        "statement.paid" if paid else "statement.payment_failed",
        payment.statement,
        by=by,
        partner_id=payment.partner_id,
        data={
            "number": payment.statement.number,
            "amount": payment.amount,
            "currency": payment.currency,
            "payment": str(payment.pk),
            "reason": payment.problem,
        },
    )
