"""Closing a period: propose, collect, approve, cancel.

A statement takes every entry that is payable before the period's end and on no statement yet, whatever period it was
earned in. So nothing is left behind: what comes late goes on the next statement, and the unique key of a line
keeps each entry from being on two. While the entries of some partners are collected, their ledger is locked, so that
what is added up is what is on the statement.
"""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.locks import lock_partners
from incentives.statements import queries
from incentives.statements.checklist import Check, checks, may_be_closed
from incentives.statements.enums import CLOSING_TRANSITIONS, ClosingStatus, StatementStatus
from incentives.statements.models import Closing, PayoutTerms, Statement, StatementLine, TaxRule
from metrics.periods import Period, calendar_of
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.jobs import runner
from portal.jobs.actions import advance, create_job
from portal.jobs.models import Job
from portal.money import round_half_up
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import current_tenant_id
from portal.tenancy.sequences import next_numbers

JOB_KIND = "statements.collect"
# Partners of one step, and how many of a programme are collected while the person waits.
STEP = 200
AT_ONCE = 200
UPDATED_AT_ONCE = 2000


def propose_closing(
    period: Period, *, by: Membership, acknowledged: Collection[str] = (), send: bool = True
) -> Closing:
    """Begin to close the next period: statements are made by a job, or at once in a small programme.

    `acknowledged` are the keys of the warnings that the person has read. ActionRefused when it is not the next
    period, when another closing is open, or when something forbids it.
    """
    check(by, "statements.propose")
    calendar = calendar_of(current_tenant())
    if queries.open_closing() is not None:
        raise ActionRefused(_("Another period is being closed. Decide on that first."), code="state")
    if period != queries.next_period(calendar):
        raise ActionRefused(_("This is not the next period to close."), code="state")
    found = checks(period)
    _refuse_unread(found, acknowledged)
    try:
        with transaction.atomic():
            closing = Closing.objects.create(
                period_kind=period.kind,
                period_start=period.start,
                checks=[one.dump() for one in found],
                proposed_by=by,
            )
    except IntegrityError as error:
        raise ActionRefused(_("Somebody else has begun to close this period."), code="state") from error
    record("closing.begun", subject=closing, by=by, data={"period": period.key, "checks": closing.checks})
    partner_ids = list(Partner.objects.order_by("id").values_list("id", flat=True))
    if len(partner_ids) <= AT_ONCE:
        _collect(closing, partner_ids)
        _present(closing)
    else:
        job = create_job(
            JOB_KIND,
            title=_("Statements of %(period)s") % {"period": period.label()},
            by=by,
            total=len(partner_ids),
            payload={"closing": str(closing.pk)},
        )
        closing.job_id = job.pk
        closing.save(update_fields=["job_id"])
        if send:
            runner.start(job)
    return closing


@runner.job_handler(JOB_KIND)
def collect_chunk(job: Job) -> bool:
    """The statements of some more partners. Whether there are more."""
    closing = _lock(UUID(job.payload["closing"]))
    if closing.status != ClosingStatus.COLLECTING:
        raise ActionRefused(_("The closing was cancelled."))
    rows = Partner.objects.order_by("id")
    if after := job.cursor.get("after"):
        rows = rows.filter(pk__gt=after)
    partner_ids = list(rows.values_list("id", flat=True)[:STEP])
    if not partner_ids:
        _present(closing)
        return False
    _collect(closing, partner_ids)
    advance(job, done=job.done + len(partner_ids), cursor={"after": str(partner_ids[-1])})
    return True


def approve_closing(closing: Closing, *, by: Membership) -> Closing:
    """Make the statements final: numbered, locked, and shown to their partners.

    By another person than proposed it. ActionRefused otherwise, and where a statement does not add up to the ledger.
    """
    check(by, "statements.approve")
    closing = _lock(closing.pk)
    _refuse_unless(closing, "approve")
    if closing.proposed_by_id == by.pk:
        raise ActionRefused(
            _("You have proposed this yourself: another admin has to approve it."), code="second_person"
        )
    _refuse_unless_adding_up(closing)
    closing.status, closing.decided_by, closing.decided_at = ClosingStatus.APPROVED, by, timezone.now()
    closing.save(update_fields=["status", "decided_by", "decided_at"])
    issued = _issue(closing)
    record(
        "closing.approved",
        subject=closing,
        by=by,
        data={"period": closing.period.key, "statements": len(issued)},
    )
    record_many(
        EventDraft(
            "statement.approved",
            statement,
            by=by,
            partner_id=statement.partner_id,
            data={
                "number": statement.number,
                "period": closing.period.key,
                "currency": statement.currency,
                "payable": statement.payable,
                "carried": statement.carried,
            },
        )
        for statement in issued
    )
    return closing


def cancel_closing(closing: Closing, *, by: Membership, reason: str) -> Closing:
    """Throw the drafts away; their entries are free again. By an admin, or by who proposed it."""
    closing = _lock(closing.pk)
    check(by, "statements.propose" if closing.proposed_by_id == by.pk else "statements.approve")
    _refuse_unless(closing, "cancel")
    if not reason.strip():
        raise ActionRefused(_("Say why."), field="reason")
    StatementLine.objects.filter(statement__closing=closing).delete()
    Statement.objects.filter(closing=closing).delete()
    closing.status, closing.decided_by, closing.decided_at = ClosingStatus.CANCELLED, by, timezone.now()
    closing.reason = reason.strip()
    closing.save(update_fields=["status", "decided_by", "decided_at", "reason"])
    record(
        "closing.cancelled",
        subject=closing,
        by=by,
        data={"period": closing.period.key, "reason": closing.reason},
    )
    return closing


# --- the parts ---------------------------------------------------------------------------------


def _lock(pk: UUID) -> Closing:
    return Closing.objects.select_for_update(of=("self",)).get(pk=pk)


def _refuse_unless(closing: Closing, verb: str) -> None:
    sources, _target = CLOSING_TRANSITIONS[verb]
    if closing.status not in sources:
        raise ActionRefused(
            _("This has been decided already: %(status)s.") % {"status": closing.get_status_display()},
            code="state",
        )


def _refuse_unread(found: list[Check], acknowledged: Collection[str]) -> None:
    if not may_be_closed(found):
        raise ActionRefused(next(one.text for one in found if one.state == "block"), code="checks")
    unread = [one.text for one in found if one.state == "warn" and one.key not in acknowledged]
    if unread:
        raise ActionRefused(_("Tick that you have read: %(text)s") % {"text": unread[0]}, code="checks")


def _present(closing: Closing) -> None:
    """Everything is collected: somebody else decides now."""
    _sources, closing.status = CLOSING_TRANSITIONS["present"]
    closing.save(update_fields=["status"])
    record(
        "closing.proposed",
        subject=closing,
        by=closing.proposed_by,
        data={"period": closing.period.key},
    )


def _collect(closing: Closing, partner_ids: list[UUID]) -> None:
    """The draft statements of some partners."""
    # Posting first: what an event has not told yet belongs to the period all the same.
    post_ledger(partner_ids)
    lock_partners("ledger", partner_ids)
    end = closing.period.end
    earned = _free_entries(partner_ids, end)
    carried = queries.carried_balances(partner_ids)
    countries = queries.tax_countries(partner_ids)
    rules = queries.tax_rules(end - dt.timedelta(days=1))
    terms, tenant = queries.terms(), current_tenant()
    drafts = [
        _draft(
            closing,
            key,
            earned.get(key, (0, 0)),
            carried.get(key, 0),
            rules.get(countries.get(key[0], "")),
            terms,
            tenant,
            # What is to be withheld is not known while nobody has verified the country: it waits.
            waits=bool(rules) and key[0] not in countries,
        )
        for key in sorted({*earned, *carried})
    ]
    Statement.objects.bulk_create(drafts, batch_size=1000)
    _add_lines(closing, partner_ids, end)


def _free_entries(partner_ids: list[UUID], end: dt.date) -> dict[tuple[UUID, str], tuple[int, int]]:
    """The sum and number of each partner's and currency's entries that are payable before `end` and on no statement."""
    taken = StatementLine.objects.filter(entry_id=OuterRef("pk"))
    rows = (
        LedgerEntry.objects.filter(partner_id__in=partner_ids, payable_on__lt=end)
        .filter(~Exists(taken))
        .order_by()
        .values_list("partner_id", "currency")
        .annotate(Sum("amount"), Count("id"))
    )
    return {(partner_id, currency): (total, count) for partner_id, currency, total, count in rows}


def _draft(
    closing: Closing,
    key: tuple[UUID, str],
    earned: tuple[int, int],
    opening: int,
    rule: TaxRule | None,
    terms: PayoutTerms,
    tenant: Tenant,
    *,
    waits: bool,
) -> Statement:
    partner_id, currency = key
    amount, entries = earned
    due = opening + amount
    least = terms.minimum if currency == tenant.currency else 0
    is_paid = due > 0 and due >= least and not waits
    withheld = round_half_up(due * queries.rate_of(rule)) if is_paid else 0
    return Statement(
        closing=closing,
        partner_id=partner_id,
        currency=currency,
        entries=entries,
        opening=opening,
        earned=amount,
        tax_name=rule.name if rule and is_paid else "",
        tax_rate=queries.rate_of(rule) if is_paid else 0,
        withheld=withheld,
        payable=due - withheld if is_paid else 0,
        carried=0 if is_paid else due,
    )


# One statement, whatever the number of entries.
_LINES = """INSERT INTO statements_statementline (id, tenant_id, created_at, statement_id, entry_id, partner_id)
SELECT gen_random_uuid(), e.tenant_id, now(), s.id, e.id, e.partner_id
FROM incentives_ledgerentry e
JOIN statements_statement s ON s.tenant_id = e.tenant_id AND s.closing_id = %(closing)s
    AND s.partner_id = e.partner_id AND s.currency = e.currency
WHERE e.tenant_id = %(tenant)s AND e.partner_id = ANY(%(partners)s) AND e.payable_on < %(end)s
    AND NOT EXISTS (SELECT 1 FROM statements_statementline l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id)"""


def _add_lines(closing: Closing, partner_ids: list[UUID], end: dt.date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES,
            {
                "closing": closing.pk,
                "tenant": current_tenant_id(),
                "partners": partner_ids,
                "end": end,
            },
        )


def _refuse_unless_adding_up(closing: Closing) -> None:
    """Each statement against the ledger entries on it, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM statements_statement s LEFT JOIN (
                SELECT l.statement_id, sum(e.amount) AS amount, count(*) AS entries
                FROM statements_statementline l
                JOIN incentives_ledgerentry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id
                WHERE l.tenant_id = %(tenant)s AND l.statement_id IN
                    (SELECT id FROM statements_statement WHERE tenant_id = %(tenant)s AND closing_id = %(closing)s)
                GROUP BY l.statement_id
            ) AS found ON found.statement_id = s.id
            WHERE s.tenant_id = %(tenant)s AND s.closing_id = %(closing)s
                AND (s.earned, s.entries) IS DISTINCT FROM (COALESCE(found.amount, 0), COALESCE(found.entries, 0))""",
            {"tenant": current_tenant_id(), "closing": closing.pk},
        )
        (wrong,) = cursor.fetchone()
    if wrong:
        raise ActionRefused(
            _("%(count)s statements do not add up to the ledger. Cancel the closing and make it again.")
            % {"count": wrong},
            code="sums",
        )


def _issue(closing: Closing) -> list[Statement]:
    """Number the statements without a gap, by partner, and give each its state."""
    rows = list(Statement.objects.filter(closing=closing).order_by("partner__name", "currency"))
    if not rows:
        return []
    numbers = next_numbers("ST", len(rows), year=closing.period.start.year)
    for statement, number in zip(rows, numbers, strict=True):
        statement.number = number
        statement.status = StatementStatus.APPROVED if statement.payable else StatementStatus.CARRIED
    Statement.objects.bulk_update(rows, ["number", "status"], batch_size=UPDATED_AT_ONCE)
    return rows
