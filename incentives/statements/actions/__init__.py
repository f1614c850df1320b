"""The verbs of statements, payments and payout details."""

from incentives.statements.actions.closing import approve_closing, cancel_closing, propose_closing
from incentives.statements.actions.details import (
    hold_payments,
    release_payments,
    remove_tax_rule,
    save_details,
    save_tax_rule,
    save_terms,
    verify_payee,
)
from incentives.statements.actions.payments import (
    approve_batch,
    cancel_batch,
    file_of,
    propose_batch,
    send_batch,
    settle_batch,
)

__all__ = [
    "approve_batch",
    "approve_closing",
    "cancel_batch",
    "cancel_closing",
    "file_of",
    "hold_payments",
    "propose_batch",
    "propose_closing",
    "release_payments",
    "remove_tax_rule",
    "save_details",
    "save_tax_rule",
    "save_terms",
    "send_batch",
    "settle_batch",
    "verify_payee",
]
