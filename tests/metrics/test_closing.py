"""Locked periods: final figures, what arrives later, restatement, the groups of then."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from metrics import actions, closing
from metrics.models import PeriodLock, PeriodPolicy, RestatedCard, Scorecard, TemplateVersion
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.publishing import publish_version
from partners.directory.merging.actions import merge_partners
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal
from tests.metrics.test_recompute import snapshot

SignIn = Callable[[Membership], Client]


def last_quarter(tenant: Tenant) -> Period:
    return calendar_of(tenant).current(PeriodKind.QUARTER).previous()


def card(partner: Partner | None, period: Period, kind: str = "partner", key: str = "") -> Scorecard:
    key = str(partner.pk) if partner else key
    return Scorecard.objects.get(
        subject_kind=kind, subject_key=key, period_kind=period.kind, period_start=period.start
    )


@pytest.fixture
def programme(scoped: Tenant) -> Tenant:
    actions.ensure_default_template(scoped)
    return scoped


def test_a_locked_period_is_computed_by_no_run(programme: Tenant, admin: Membership) -> None:
    partner, other = PartnerFactory.create_batch(2, region="North")
    period = last_quarter(programme)
    won_deal(partner, 100_00, period.start)
    actions.recompute_everything()
    lock = closing.lock_period(period, by=admin)
    locked = card(partner, period)
    won_deal(partner, 900_00, period.start)
    actions.mark_dirty([(partner.pk, period.start)])
    assert actions.recompute_dirty().changed.rows
    incremental = snapshot()
    assert actions.recompute_everything().changed.rows == 0
    assert snapshot() == incremental
    again = card(partner, period)
    assert (again.facts, again.score, again.computed_at) == (locked.facts, locked.score, locked.computed_at)
    # The year that it lies in is open and has it.
    year = calendar_of(programme).period(PeriodKind.YEAR, period.start)
    assert card(partner, year).facts["revenue_won"] == 1_000_00
    found = closing.differences(closing.arrived(lock))
    assert {row.key for row in found} == {str(partner.pk), "North", "reseller", ""} | {
        row.key for row in found if row.kind == "portfolio"
    }
    mine = found[0]
    assert mine.facts["revenue_won"] == (100_00, 1_000_00)
    assert mine.before == locked.score
    assert mine.after is not None
    assert mine.after > locked.score  # type: ignore[operator]
    assert closing.differences(closing.arrived(lock, [other.pk])) == []
    alone = closing.differences(closing.arrived(lock, [partner.pk]))
    assert [(row.key, row.after) for row in alone] == [(str(partner.pk), mine.after)]


def test_a_restatement_keeps_what_was_said_and_why(programme: Tenant, admin: Membership) -> None:
    partner = PartnerFactory(region="North")
    period = last_quarter(programme)
    won_deal(partner, 100_00, period.start)
    actions.recompute_everything()
    lock = closing.lock_period(period, by=admin)
    with pytest.raises(ActionRefused, match="Nothing has arrived"):
        closing.restate_period(lock, by=admin, reason="To be sure")
    before = card(partner, period)
    won_deal(partner, 900_00, period.start)
    # It has moved since, and everything of the locked period stays where it was.
    partner.region = "South"
    partner.save()
    actions.mark_dirty([(partner.pk, actions.ALWAYS)])
    actions.recompute_dirty()
    with pytest.raises(ActionRefused, match="Say why"):
        closing.restate_period(lock, by=admin, reason="  ")
    foretold = closing.differences(closing.arrived(lock))[0]
    done = closing.restate_period(lock, by=admin, reason="An order that came late")
    now = card(partner, period)
    assert now.score == foretold.after
    assert (now.region, now.facts["revenue_won"]) == ("North", 1_000_00)
    assert card(None, period, "region", "North").facts["revenue_won"] == 1_000_00
    assert not Scorecard.objects.filter(
        subject_kind="region", subject_key="South", period_kind="quarter", period_start=period.start
    ).exists()
    kept = RestatedCard.objects.get(partner=partner)
    assert kept.restatement == done.restatement
    assert (kept.score, kept.breakdown, kept.facts) == (before.score, before.breakdown, before.facts)
    assert kept.new_score == now.score
    assert closing.restatements_of("partner", str(partner.pk), period) == [kept]
    event = Event.objects.get(type="period.restated")
    assert event.data["reason"] == "An order that came late"
    assert Event.objects.filter(type="scorecards.updated", partner_id=partner.pk).exists()
    with pytest.raises(ActionRefused, match="Nothing has arrived"):
        closing.restate_period(lock, by=admin, reason="Again")
    # Month by month it goes on by itself, in its new region.
    current = calendar_of(programme).current(PeriodKind.QUARTER)
    assert card(partner, current).region == "South"


def test_the_rules_of_then_hold_for_what_was_locked(programme: Tenant, admin: Membership) -> None:
    partner = PartnerFactory()
    period = last_quarter(programme)
    won_deal(partner, 100_00, period.start)
    actions.recompute_everything()
    lock = closing.lock_period(period, by=admin)
    version = card(partner, period).version
    lines = [{"code": "revenue", "weight": 100, "method": "target", "target": 1, "floor": 0}]
    more = actions.create_template(
        by=admin, name="Resellers", period_kind=PeriodKind.QUARTER, partner_type=partner.type
    )
    actions.publish_template(more, by=admin, kpis=lines, min_coverage=Decimal("0.5"))
    won_deal(partner, 900_00, period.start)
    closing.restate_period(lock, by=admin, reason="Late")
    assert card(partner, period).version == version


def test_rules_alone_make_no_difference_to_what_is_locked(programme: Tenant, admin: Membership) -> None:
    """A template for the past that was being published while the period was locked: it was not in force then."""
    partner, peer = PartnerFactory.create_batch(2)
    period = last_quarter(programme)
    won_deal(partner, 100_00, period.start)
    won_deal(peer, 300_00, period.start)
    actions.recompute_everything()
    lock = closing.lock_period(period, by=admin)
    few = actions.create_template(
        by=admin, name="Resellers", period_kind=PeriodKind.QUARTER, partner_type=partner.type
    )
    lines = [{"code": "revenue", "weight": 100, "method": "peer"}]
    late = publish_version(few, lines, Decimal("0.5"), dt.date.min, admin)
    TemplateVersion.objects.filter(pk=late.pk).update(created_at=lock.created_at)
    assert closing.differences(closing.arrived(lock)) == []
    assert closing.differences(closing.arrived(lock, [partner.pk])) == []
    with pytest.raises(ActionRefused, match="Nothing has arrived"):
        closing.restate_period(lock, by=admin, reason="New rules")
    version, score = card(partner, period).version, card(partner, period).score
    won_deal(partner, 900_00, period.start)
    found = {row.key: row for row in closing.differences(closing.arrived(lock))}
    assert found[str(partner.pk)].facts["revenue_won"] == (100_00, 1_000_00)
    assert str(peer.pk) not in found
    closing.restate_period(lock, by=admin, reason="Late")
    assert card(partner, period).version == version
    assert card(partner, period).score == found[str(partner.pk)].after != score


def test_a_restatement_leaves_what_was_said_of_a_company_that_is_another_now(
    programme: Tenant, admin: Membership
) -> None:
    merged, kept = PartnerFactory.create_batch(2)
    period = last_quarter(programme)
    won_deal(merged, 100_00, period.start)
    won_deal(kept, 300_00, period.start)
    actions.recompute_everything()
    lock = closing.lock_period(period, by=admin)
    said = card(merged, period)
    merge_partners(merged, kept, by=admin, reason="Bought")
    won_deal(kept, 900_00, period.start)
    closing.restate_period(lock, by=admin, reason="Late")
    assert card(merged, period) == said
    assert card(merged, period).computed_at == said.computed_at
    assert not RestatedCard.objects.filter(partner=merged).exists()
    assert RestatedCard.objects.filter(partner=kept).exists()


def test_periods_lock_after_their_grace(programme: Tenant, admin: Membership) -> None:
    PartnerFactory()
    calendar = calendar_of(programme)
    today = calendar.today()
    assert closing.lock_due_periods() == []
    closing.change_grace(10, by=admin)
    # What ended before anyone decided stays open.
    assert closing.lock_due_periods() == []
    month = calendar.current(PeriodKind.MONTH)
    ends = month.end + dt.timedelta(days=10)
    assert closing.lock_due_periods(ends - dt.timedelta(days=1)) == []
    locked = closing.lock_due_periods(ends)
    assert month in locked
    assert all(period.end + dt.timedelta(days=10) <= ends for period in locked)
    assert closing.lock_due_periods(ends) == []
    assert PeriodLock.objects.filter(locked_by=None).count() == len(locked)
    closing.change_grace(None, by=admin)
    assert closing.grace_days() is None
    assert closing.lock_due_periods(ends + dt.timedelta(days=400)) == []
    with pytest.raises(ActionRefused, match="once it is over"):
        closing.lock_period(calendar.current(PeriodKind.YEAR), by=admin)
    assert today < month.end


def test_the_page_tells_what_will_become_of_each_period(
    client_as: SignIn, tenant: Tenant, admin: Membership
) -> None:
    """Locked at night are those that ended since it was decided; what ended before waits for a hand."""
    calendar = calendar_of(tenant)
    month = calendar.current(PeriodKind.MONTH)
    closed = [month.previous().previous(), month.previous()]
    with tenant_scope(tenant.pk):
        actions.ensure_default_template(tenant)
        PartnerFactory(joined_on=closed[0].start)
        since = closed[0].end + dt.timedelta(days=1)
        PeriodPolicy.objects.create(grace_days=0, since=since)

    def states() -> dict[str, str]:
        page = client_as(admin).get("/acme/scorecards/periods/").content.decode()
        rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
        return {
            period.label(): next(row for row in rows if f">{period.label()}<" in row) for period in closed
        }

    before, last = states().values()
    assert "over before the days of grace were set" in before
    assert "locks in the coming night" in last
    with tenant_scope(tenant.pk):
        PeriodPolicy.objects.update(grace_days=366)
    before, last = states().values()
    assert "over before the days of grace were set" in before
    assert "days of grace end on" in last
    with tenant_scope(tenant.pk):
        PeriodPolicy.objects.update(grace_days=None)
    assert all("until it is locked by hand" in row for row in states().values())


def test_locks_and_restatements_are_not_undone(programme: Tenant, admin: Membership) -> None:
    PartnerFactory()
    lock = closing.lock_period(last_quarter(programme), by=admin)
    assert closing.lock_period(last_quarter(programme), by=admin) == lock
    for write in (lock.delete, lambda: PeriodLock.objects.update(period_kind="month")):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_the_pages_lock_restate_and_tell_the_partner(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        actions.ensure_default_template(tenant)
        partner = PartnerFactory(name="Harbour Systems")
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        period = last_quarter(tenant)
        won_deal(partner, 100_00, period.start)
        actions.recompute_everything()
    client = client_as(admin)
    assert "Open" in client.get("/acme/scorecards/periods/").content.decode()
    assert client.post("/acme/scorecards/periods/", {"grace_days": "20"}).status_code == 302
    assert client.get("/acme/scorecards/periods/lock/?period=nonsense").status_code == 302
    address = f"/acme/scorecards/periods/lock/?period={period.key}"
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 302
    with tenant_scope(tenant.pk):
        lock = PeriodLock.objects.get()
        won_deal(partner, 900_00, period.start, title="Late cranes")
        key = card(partner, period).pk
    restate = f"/acme/scorecards/periods/{lock.pk}/restate/"
    page = client.get(restate).content.decode()
    assert "Harbour Systems" in page
    assert "1,000" in page
    scorecard = f"/acme/scorecards/mine/?period=quarter&start={period.start}"
    seen = client_as(owner).get(scorecard).content.decode()
    assert "Arrived after the lock" in seen
    assert "its figures are final" in seen
    behind = client_as(owner).get(f"/acme/scorecards/cards/{key}/revenue/").content.decode()
    assert "Of it arrived after the lock" in behind
    asked = client.post(restate, {"reason": "A late order", "action": "preview"})
    assert "Restate the period" in asked.content.decode()
    sent = {"reason": "A late order", "action": "save", "previewed": asked.context["previewed"]}
    done = client.post(restate, sent)
    assert done.status_code == 302
    assert "A late order" in client_as(manager).get(done["Location"]).content.decode()
    seen = client_as(owner).get(scorecard).content.decode()
    assert "A late order" in seen
    assert "Arrived after the lock" not in seen
    assert client_as(owner).get("/acme/scorecards/periods/").status_code == 403
    assert client_as(manager).get(restate).status_code == 403
