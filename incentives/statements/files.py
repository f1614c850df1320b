"""What the bank is given: a SEPA credit transfer (ISO 20022 pain.001.001.03) or a CSV file."""

import csv
import io
from collections.abc import Collection

from django.utils.translation import gettext as _
from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError, try_valid_xml

from incentives.statements.enums import Method
from incentives.statements.models import Batch, Payment, PayoutTerms
from portal.errors import ActionRefused
from portal.money import to_decimal
from portal.shell.exports import neutral
from portal.tenancy.models import Tenant

SCHEMA = "pain.001.001.03"
HEADER = (
    "reference",
    "partner",
    "account holder",
    "account",
    "bank",
    "amount",
    "currency",
    "execution date",
    "description",
)


def payment_file(batch: Batch, payments: Collection[Payment], terms: PayoutTerms, tenant: Tenant) -> bytes:
    """The batch's file. ActionRefused, in words, where the bank would not take it."""
    if batch.method == Method.SEPA:
        return _sepa(batch, payments, terms, tenant)
    return _csv(batch, payments)


def _sepa(batch: Batch, payments: Collection[Payment], terms: PayoutTerms, tenant: Tenant) -> bytes:
    if not terms.payer_iban:
        raise ActionRefused(_("Say first from which account you pay: under payouts, terms."))
    account = {
        "name": terms.payer_name or tenant.name,
        "IBAN": terms.payer_iban,
        "batch": True,
        "currency": batch.currency,
        **({"BIC": terms.payer_bic} if terms.payer_bic else {}),
    }
    transfer = SepaTransfer(account, schema=SCHEMA, clean=True)
    for payment in payments:
        transfer.add_payment(
            {
                "name": payment.holder,
                "IBAN": payment.iban,
                "amount": payment.amount,
                "execution_date": batch.execution_on,
                "description": _description(payment, tenant),
                "endtoend_id": payment.reference,
                **({"BIC": payment.bic} if payment.bic else {}),
            }
        )
    content = _with_every_bank(bytes(transfer.export(validate=False)))
    try:
        try_valid_xml(content, SCHEMA)
    except ValidationError as error:
        raise ActionRefused(
            _("The bank would not take this file: %(error)s") % {"error": str(error)[:300]}
        ) from error
    return content


def _with_every_bank(content: bytes) -> bytes:
    """The message with the standard's words for a bank that the account number alone says."""
    return content.replace(b"<FinInstnId />", b"<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>")


def _description(payment: Payment, tenant: Tenant) -> str:
    return f"{tenant.name[:60]} {payment.statement.number}"


def _csv(batch: Batch, payments: Collection[Payment]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for payment in payments:
        row = (
            payment.reference,
            payment.partner.name,
            payment.holder,
            payment.iban,
            payment.bic,
            f"{to_decimal(payment.amount, payment.currency):f}",
            payment.currency,
            batch.execution_on.isoformat(),
            payment.statement.number,
        )
        writer.writerow([neutral(value) for value in row])
    return text.getvalue().encode()
