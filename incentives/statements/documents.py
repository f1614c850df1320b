"""Statements and remittance advice on paper, and as rows."""

import json
from collections.abc import Sequence
from typing import Any

import typst
from django.utils.translation import gettext as _

from incentives.ledger.models import LedgerEntry
from incentives.statements.models import Payment, Statement
from portal.money import quick_money, to_decimal
from portal.shell.formats import percent, short_date
from portal.tenancy.models import Tenant

# Everything that people have typed comes in as data: Typst never reads it as its own language.
PAGE = b"""
#let it = json(bytes(sys.inputs.data))
#set document(title: it.title, author: it.vendor)
#set page(paper: "a4", margin: (x: 20mm, y: 22mm), footer: context align(center, text(size: 8pt, fill: rgb("#55565e"))[
  #it.title #h(4mm) #counter(page).display("1 / 1", both: true)
]))
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 10pt, fill: rgb("#1a1a1f"))
#grid(columns: (1fr, auto), [
  #text(size: 20pt, weight: "bold")[#it.heading] \\
  #text(fill: rgb("#55565e"))[#it.title]
], align(right)[#text(size: 12pt, weight: "bold", fill: rgb(it.colour))[#it.vendor] \\ #it.day])
#v(6mm)
#grid(columns: (auto, 1fr), column-gutter: 8mm, row-gutter: 2mm,
  ..it.properties.map(row => (text(fill: rgb("#55565e"))[#row.at(0)], [#row.at(1)])).flatten())
#v(6mm)
#if it.rows.len() > 0 [
  #table(columns: (auto, 1fr, 1fr, auto), stroke: none, inset: (x: 2mm, y: 1.6mm),
    align: (left, left, left, right),
    table.header(..it.header.map(label => text(weight: "bold")[#label])),
    table.hline(stroke: 0.6pt),
    ..it.rows.flatten().map(cell => [#cell]),
    table.hline(stroke: 0.6pt))
]
#v(3mm)
#align(right, block(width: 60%, grid(columns: (1fr, auto), row-gutter: 2mm, column-gutter: 6mm,
  ..it.sums.map(row => (align(left)[#row.at(0)], align(right)[#row.at(1)])).flatten())))
#v(2mm)
#align(right, text(size: 13pt, weight: "bold")[#it.total.at(0) #h(6mm) #it.total.at(1)])
#v(6mm)
#text(fill: rgb("#55565e"))[#it.note]
"""


def sums_of(statement: Statement) -> list[tuple[str, int]]:
    """The sums between the entries and what is paid."""
    rows = [(_("Earned"), statement.earned)]
    if statement.opening:
        rows.append((_("Brought forward"), statement.opening))
    if statement.withheld:
        tax = f"{statement.tax_name} ({percent(statement.tax_rate)})"
        rows.append((_("Withheld: %(tax)s") % {"tax": tax}, -statement.withheld))
    if statement.carried:
        rows.append((_("Carried forward to the next statement"), -statement.carried))
    return rows


def statement_pdf_of(statement: Statement, entries: Sequence[LedgerEntry], tenant: Tenant) -> bytes:
    """The statement in the reader's language. Same figures as on its page."""
    currency = statement.currency
    return _compile(
        tenant,
        title=statement.name,
        heading=_("Statement"),
        day=short_date(statement.closing.decided_at),
        properties=[
            (_("Partner"), statement.partner.name),
            (_("Period"), statement.closing.period.label()),
            (_("Currency"), currency),
            (_("Status"), str(statement.get_status_display())),
        ],
        header=[_("Counts on"), _("For"), _("Plan"), _("Amount")],
        rows=[
            (
                short_date(entry.booked_on),
                entry.headline,
                entry.plan.name if entry.plan else entry.kind_label,
                quick_money(entry.amount, currency, whole=False),
            )
            for entry in entries
        ],
        sums=[(label, quick_money(amount, currency, whole=False)) for label, amount in sums_of(statement)],
        total=(_("To be paid"), quick_money(statement.payable, currency, whole=False)),
        note=_("Every amount can be opened in the portal, down to the deal and the rule it came from."),
    )


def advice_pdf(payment: Payment, tenant: Tenant) -> bytes:
    """What a payment was for and where it went; all but the end of the account number is left out."""
    statement, currency = payment.statement, payment.currency
    return _compile(
        tenant,
        title=payment.reference,
        heading=_("Remittance advice"),
        day=short_date(payment.paid_on),
        properties=[
            (_("Partner"), payment.partner.name),
            (_("Account holder"), payment.holder),
            (_("Account"), masked(payment.iban)),
            (_("Reference"), payment.reference),
            (_("Period"), statement.closing.period.label()),
        ],
        header=[],
        rows=[],
        sums=[(label, quick_money(amount, currency, whole=False)) for label, amount in sums_of(statement)],
        total=(_("Paid"), quick_money(payment.amount, currency, whole=False)),
        note=_("Statement %(number)s lists every entry that this payment is for.")
        % {"number": statement.number},
    )


def masked(account: str) -> str:
    """All but the last four characters hidden."""
    return f"•••• {account[-4:]}"


def statement_rows(statement: Statement, entries: Sequence[LedgerEntry]) -> tuple[list[str], list[list[Any]]]:
    """The statement as a table: one row an entry, then its sums."""
    currency = statement.currency
    header = [_("Counts on"), _("For"), _("Plan"), _("Kind"), _("Payable from"), _("Amount"), _("Currency")]
    rows: list[list[Any]] = [
        [
            entry.booked_on,
            entry.headline,
            entry.plan.name if entry.plan else "",
            entry.kind_label,
            entry.payable_on,
            to_decimal(entry.amount, currency),
            currency,
        ]
        for entry in entries
    ]
    for label, amount in [*sums_of(statement), (_("To be paid"), statement.payable)]:
        rows.append([None, label, None, None, None, to_decimal(amount, currency), currency])
    return header, rows


def _compile(tenant: Tenant, **data: Any) -> bytes:
    given = {"vendor": tenant.name, "colour": tenant.colour, **data}
    return typst.compile(PAGE, sys_inputs={"data": json.dumps(given, default=str)})
