"""What is said before a deadline, at it, and after it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.deals import actions
from partners.deals.approvals.models import Holiday
from partners.deals.enums import Notice
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant

MakeDeal = Callable[..., Deal]
MONDAY = "2026-11-16T09:00:00Z"


# --- reminders ---------------------------------------------------------------------------------


def notices(deal: Deal) -> list[tuple[str, Any]]:
    events = Event.objects.filter(subject_id=deal.pk, type__startswith="deal.decision_").order_by("id")
    return [(event.type, event.data["notice"]) for event in events]


def test_reminders_before_and_at_the_deadline_and_an_escalation_after_it_each_once(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    seen = []
    for hour in range(0, 24 * 5, 3):
        now = datetime(2026, 11, 16, 9, tzinfo=UTC) + timedelta(hours=hour)
        actions.remind(now, scoped)
        actions.remind(now, scoped)
        if len(notices(deal)) > len(seen):
            seen.append((hour, *notices(deal)[-1]))
    assert seen == [
        (24, "deal.decision_due", Notice.BEFORE),  # Tuesday, a business day before
        (48, "deal.decision_due", Notice.DUE),  # Wednesday, two business days after Monday
        (72, "deal.decision_overdue", Notice.ESCALATED),  # Thursday
    ]
    deal.refresh_from_db()
    assert deal.version == 2


def test_an_answer_ends_the_reminders_and_a_new_question_starts_them_again(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    late = datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert (actions.remind(late, scoped), actions.remind(late, scoped)) == (1, 0)
    with time_machine.travel(late, tick=False):
        deal = actions.reject(deal, by=people.manager, reason="No")
    assert actions.remind(late + timedelta(days=9), scoped) == 0
    with time_machine.travel(late, tick=False):
        deal = actions.appeal(deal, by=people.seller, grounds="Yes")
    assert deal.answer_due_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert actions.remind(late + timedelta(days=9), scoped) == 1


def test_holidays_move_the_deadline(scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    actions.add_holiday(date(2026, 11, 17), "Founders’ day", by=people.admin)
    with pytest.raises(ActionRefused):
        actions.add_holiday(date(2026, 11, 17), "Twice", by=people.admin)
    with time_machine.travel(MONDAY, tick=False):
        deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    assert deal.answer_due_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
    actions.remove_holiday(Holiday.objects.get(), by=people.admin)
    assert not Holiday.objects.exists()


def test_protection_is_warned_about_14_and_3_days_before_once_each(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.APPROVED)
    end = deal.protection.upper
    given = []
    for hours in range(24 * 16, -25, -6):
        now = end - timedelta(hours=hours)
        if actions.warn_of_end(now):
            given.append(hours)
    assert given == [14 * 24, 3 * 24]
    events = Event.objects.filter(type="deal.protection_ending").order_by("id")
    assert [event.data["days"] for event in events] == [14, 3]
    missed = deal_in(Status.APPROVED)
    assert actions.warn_of_end(missed.protection.upper - timedelta(days=2)) == 1
    assert actions.warn_of_end(missed.protection.upper - timedelta(days=1)) == 0


def test_an_extended_protection_is_warned_about_again(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.APPROVED)
    assert actions.warn_of_end(deal.protection.upper - timedelta(days=13)) == 1
    deal = actions.ask_extension(deal, by=people.seller, reason="Budget")
    deal = actions.extend(deal, by=people.manager)
    assert actions.warn_of_end(deal.protection.upper - timedelta(days=13)) == 1


def test_the_sweep_costs_the_same_for_one_deal_and_for_three_but_for_the_writes(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    def reads() -> int:
        late = datetime(2030, 1, 7, 12, tzinfo=UTC)
        with CaptureQueriesContext(connection) as queries:
            actions.remind(late, scoped)
        return sum(query["sql"].startswith("SELECT") for query in queries)

    deal_in(Status.SUBMITTED)
    one = reads()
    for _each in range(3):
        deal_in(Status.SUBMITTED)
    assert reads() == one
