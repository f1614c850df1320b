"""The books checked against themselves: every entry computed again, every statement against its entries.

Nothing is calculated from deals here, so what changed since does not matter: an entry must come to the same cents from the
plan version and the numbers that it keeps, and what partners are told and paid must be sums of entries.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from incentives.earnings import earnings
from incentives.ledger.models import LedgerEntry
from incentives.ledger.verify import verify_all
from incentives.plans.terms import Terms
from incentives.statements.enums import LIVE_PAYMENTS, StatementStatus
from incentives.statements.models import Payment, Statement, StatementLine
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs import runner
from portal.jobs.actions import advance, create_job, finish
from portal.jobs.models import Job

JOB_KIND = "statements.audit"
# Partners of one step, and how many findings a result holds.
STEP = 100
KEPT = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not add up. `kind` is `entry`, `statement`, `carried`, `payment` or `shown`, `id` what it is about;
    amounts are minor units of the currency: what stands there, and what it should be (None: nothing)."""

    kind: str
    id: str
    label: str
    currency: str
    stands: int
    expected: int | None

    @property
    def text(self) -> str:
        return {
            "entry": _("An entry comes to another amount when it is computed again."),
            "statement": _("A statement is not the sum of its entries."),
            "carried": _("A statement begins with another amount than the one before it carried forward."),
            "payment": _("A payment is not what its statement says."),
            "shown": _("The earnings shown are not the sum of the entries."),
        }[self.kind]


def audit(partner_ids: Collection[UUID], versions: dict[UUID, Terms] | None = None) -> list[Finding]:
    """Everything about these partners that does not add up. The number of queries hangs on how many plan versions and
    currencies there are, not on how many partners."""
    entries = LedgerEntry.objects.filter(partner_id__in=partner_ids)
    rows = entries.select_related("partner", "plan_version__plan").order_by("id")
    statements = list(
        Statement.objects.filter(partner_id__in=partner_ids).order_by("closing__period_start", "id")
    )
    return [
        *(
            Finding("entry", str(entry.pk), _label(entry), entry.currency, entry.amount, verdict.amount)
            for entry, verdict in verify_all(rows, versions)
        ),
        *_statements(partner_ids, statements),
        *_carried(statements),
        *_payments(partner_ids, statements),
        *_shown(partner_ids),
    ]


def _label(entry: LedgerEntry) -> str:
    return " · ".join(filter(None, [entry.partner.name, entry.label, str(entry.occurred_on)]))


def _statements(partner_ids: Collection[UUID], statements: Iterable[Statement]) -> Iterable[Finding]:
    sums = {
        statement_id: (total, count)
        for statement_id, total, count in StatementLine.objects.filter(partner_id__in=partner_ids)
        .order_by()
        .values_list("statement_id")
        .annotate(Sum("entry__amount"), Count("id"))
    }
    for row in statements:
        total, count = sums.get(row.pk, (0, 0))
        if (row.earned, row.entries) != (total, count):
            yield Finding("statement", str(row.pk), row.name, row.currency, row.earned, total)


def _carried(statements: Iterable[Statement]) -> Iterable[Finding]:
    chains: dict[tuple[UUID, str], list[Statement]] = defaultdict(list)
    for row in statements:
        chains[row.partner_id, row.currency].append(row)
    for rows in chains.values():
        if rows[0].opening:
            yield Finding("carried", str(rows[0].pk), rows[0].name, rows[0].currency, rows[0].opening, 0)
        for before, after in pairwise(rows):
            if after.opening != before.carried:
                yield Finding(
                    "carried", str(after.pk), after.name, after.currency, after.opening, before.carried
                )


def _payments(partner_ids: Collection[UUID], statements: Iterable[Statement]) -> Iterable[Finding]:
    """Live payments against their statements, and paid statements against a payment."""
    live = Payment.objects.filter(partner_id__in=partner_ids, status__in=LIVE_PAYMENTS)
    paid: dict[UUID, int] = defaultdict(int)
    for payment in live.select_related("statement"):
        paid[payment.statement_id] += payment.amount
        if (payment.amount, payment.currency) != (payment.statement.payable, payment.statement.currency):
            yield Finding(
                "payment",
                str(payment.statement_id),
                payment.reference,
                payment.currency,
                payment.amount,
                payment.statement.payable,
            )
    for row in statements:
        if row.status == StatementStatus.PAID and not paid[row.pk]:
            yield Finding("payment", str(row.pk), row.name, row.currency, 0, row.payable)


def _shown(partner_ids: Collection[UUID]) -> Iterable[Finding]:
    """The figures of the earnings page, which are sums by day, against the plain sum."""
    entries = LedgerEntry.objects.filter(partner_id__in=partner_ids)
    plain = dict(entries.order_by().values_list("currency").annotate(Sum("amount")))
    for row in earnings(entries, Statement.objects.filter(partner_id__in=partner_ids)):
        expected = plain.get(row.currency, 0)
        for stands in {row.total, row.on_hold + row.payable + row.paid} - {expected}:
            yield Finding("shown", "", row.currency, row.currency, stands, expected)


def unguarded() -> list[str]:
    """What the session could do to the ledger that nobody may: of UPDATE, DELETE and TRUNCATE."""
    table = LedgerEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT verb FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS verb"
            " WHERE has_table_privilege(%s, verb) ORDER BY verb",
            [table],
        )
        return [verb for (verb,) in cursor.fetchall()]


def start_audit(*, by: Membership | None, send: bool = True) -> Job:
    """Check the books of all partners by a job, whose result says what was found."""
    job = create_job(JOB_KIND, title=_("Check of the ledger"), by=by, total=Partner.objects.count())
    if send:
        runner.start(job)
    return job


@runner.job_handler(JOB_KIND)
def audit_chunk(job: Job) -> bool:
    """Some more partners. Whether there are more."""
    partners = Partner.objects.order_by("id")
    if after := job.cursor.get("after"):
        partners = partners.filter(pk__gt=after)
    ids = list(partners.values_list("id", flat=True)[:STEP])
    cursor: dict[str, Any] = {"entries": 0, "sums": {}, "wrong": 0, "findings": []} | job.cursor
    if not ids:
        finish(job, {"entries": cursor["entries"], "findings": cursor["wrong"]})
        return False
    found = audit(ids)
    rows = LedgerEntry.objects.filter(partner_id__in=ids).order_by().values_list("currency")
    sums = cursor["sums"]
    for currency, total, count in rows.annotate(Sum("amount"), Count("id")):
        sums[currency] = sums.get(currency, 0) + total
        cursor["entries"] += count
    cursor |= {
        "after": str(ids[-1]),
        "sums": sums,
        "wrong": cursor["wrong"] + len(found),
        "findings": [*cursor["findings"], *(asdict(row) for row in found)][:KEPT],
    }
    advance(job, done=job.done + len(ids), cursor=cursor)
    return True


def last_audit() -> Job | None:
    return Job.objects.filter(kind=JOB_KIND).order_by("-id").first()


def findings_of(job: Job) -> list[Finding]:
    return [Finding(**row) for row in job.cursor.get("findings", [])]


def sums_of(job: Job) -> dict[str, int]:
    """The sum of all entries, in minor units by currency."""
    return job.cursor.get("sums", {})
