"""A company that became part of another: whoever lists or ranks partners counts what it did once."""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import pytest
from django.db import connection, transaction

from metrics import actions, closing, queries
from metrics.catalogue import CATALOGUE
from metrics.catalogues import BUILT_IN
from metrics.group_lines import members_of
from metrics.models import Scorecard, ScorecardTemplate
from metrics.panels import falling_behind
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.portfolio import queries as analysis
from metrics.portfolio.asked import Choice
from metrics.preview import preview_template
from metrics.reviews.figures import values_of
from metrics.tier_groups import tier_figures
from metrics.trial import try_kpi
from partners.directory.merging.actions import merge_partners
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory, won_deal


class Two(NamedTuple):
    """Companies alike, with a month behind them in which both won something."""

    merged: Partner
    kept: Partner
    period: Period


@pytest.fixture
def two(scoped: Tenant) -> Two:
    actions.ensure_default_template(scoped)
    period = calendar_of(scoped).current(PeriodKind.MONTH).previous()
    kept, merged = (
        PartnerFactory(name=name, type="reseller", region="North", joined_on=period.start)
        for name in ("Kept", "Merged")
    )
    won_deal(merged, 1_000_00, period.start)
    won_deal(kept, 500_00, period.start)
    actions.recompute_everything()
    return Two(merged, kept, period)


def test_its_scorecards_stay_where_the_merge_ends_while_it_is_computed(
    two: Two, admin: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = actions._take_marks

    def take_and_merge(limit: int) -> dict[UUID | None, dt.date]:
        marks = taken(limit)
        if two.merged.pk in marks:
            merge_partners(two.merged, two.kept, by=admin, reason="Bought")
        return marks

    before = set(Scorecard.objects.filter(partner=two.merged).values_list("pk", flat=True))
    actions.mark_dirty([(two.merged.pk, actions.ALWAYS)])
    monkeypatch.setattr(actions, "_take_marks", take_and_merge)
    actions.recompute_dirty()
    assert Partner.objects.get(pk=two.merged.pk).merged_into_id == two.kept.pk
    assert before
    assert set(Scorecard.objects.filter(partner=two.merged).values_list("pk", flat=True)) == before


def test_a_merge_and_a_lock_of_a_period_wait_for_each_other(two: Two, admin: Membership) -> None:
    held = """SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
        AND objid::bigint = hashtextextended(%s, 0) & 4294967295)"""

    def holds_off_merges(act: Callable[[], object]) -> bool:
        """Until the end of its transaction, which is taken back."""
        with transaction.atomic(), connection.cursor() as cursor:
            act()
            cursor.execute(held, [f"directory.merge:{two.merged.tenant_id}"])
            (found,) = cursor.fetchone()
            transaction.set_rollback(True)
        return found

    assert not holds_off_merges(lambda: None)
    assert holds_off_merges(lambda: merge_partners(two.merged, two.kept, by=admin, reason="Bought"))
    assert holds_off_merges(lambda: closing.lock_period(two.period, by=admin))


def merge(two: Two, by: Membership) -> None:
    merge_partners(two.merged, two.kept, by=by, reason="Bought")
    actions.recompute_everything()


def revenues(period: Period) -> dict[str, int]:
    """What the ranking says that each partner won."""
    return {row.name: row.revenue for row in analysis.league(Choice(), period)}


def assert_adds_up(period: Period) -> None:
    """The partners behind the programme's revenue, by line and by tier, add up to it."""
    card = Scorecard.objects.get(subject_kind="programme", period_kind=period.kind, period_start=period.start)
    members = members_of(card, CATALOGUE["revenue"], "EUR")
    ids = [line.partner_id for line in members.lines]
    cards = Scorecard.objects.filter(partner__in=ids, period_kind=period.kind, period_start=period.start)
    assert sum(each.facts["revenue_won"] for each in cards) == card.facts["revenue_won"]
    assert members.total == card.facts["partners"]
    tiers = tier_figures(period, period.end)
    assert sum(tier.facts["revenue_won"] for tier in tiers) == card.facts["revenue_won"]
    assert sum(tier.facts["partners"] for tier in tiers) == card.facts["partners"]
    assert sum(revenues(period).values()) == card.facts["revenue_won"]


def test_in_an_open_period_its_figures_are_the_others(two: Two, admin: Membership) -> None:
    merged, kept, period = two
    Scorecard.objects.filter(period_kind=PeriodKind.MONTH, period_start=period.start).update(score=50)
    merge(two, admin)
    # It is shown as it was.
    assert Scorecard.objects.filter(partner=merged, period_start=period.start).exists()
    assert revenues(period) == {"Kept": 1_500_00}
    assert_adds_up(period)
    assert [card.partner_id for card in queries.league(period)] == [kept.pk]
    assert queries.peer_figures(kept.pk, period).count == 1
    assert set(values_of(period, ["revenue"])) == {kept.pk}
    (cohort,) = analysis.cohorts(Choice(), calendar_of(admin.tenant).today())
    assert cohort.month == period.start


def test_its_own_page_still_has_it_among_its_peers(two: Two, admin: Membership) -> None:
    merge(two, admin)
    assert queries.peer_figures(two.merged.pk, two.period).count == 2


def test_in_a_period_that_was_locked_before_it_stands_for_itself(two: Two, admin: Membership) -> None:
    merged, kept, period = two
    lock = closing.lock_period(period, by=admin)
    merge(two, admin)
    assert revenues(period) == {"Kept": 500_00, "Merged": 1_000_00}
    assert_adds_up(period)
    assert {card.partner_id for card in queries.league(period)} == {merged.pk, kept.pk}
    assert queries.peer_figures(kept.pk, period).count == 2
    closing.restate_period(lock, by=admin, reason="The merger")
    assert revenues(period) == {"Kept": 1_500_00}
    assert_adds_up(period)


def test_in_a_period_that_was_locked_after_it_is_left_out(two: Two, admin: Membership) -> None:
    merge_partners(two.merged, two.kept, by=admin, reason="Bought")
    closing.lock_period(two.period, by=admin)
    assert revenues(two.period) == {"Kept": 1_500_00}
    assert_adds_up(two.period)


def test_a_cohort_holds_what_it_won_once(two: Two, admin: Membership) -> None:
    first = two.period.previous().previous()
    for partner in (two.merged, two.kept):
        Partner.objects.filter(pk=partner.pk).update(joined_on=first.start)
    merge(two, admin)
    (cohort,) = analysis.cohorts(Choice(), calendar_of(admin.tenant).today())
    assert cohort.revenue[0] == 1_500_00


def test_it_does_not_fall_behind(two: Two, admin: Membership) -> None:
    settled = calendar_of(admin.tenant).latest_settled(PeriodKind.QUARTER)
    for period, score in ((settled.previous(), 90), (settled, 50)):
        Scorecard.objects.filter(
            partner=two.merged, period_kind=period.kind, period_start=period.start
        ).delete()
        Scorecard.objects.create(
            partner=two.merged,
            subject_kind="partner",
            subject_key=str(two.merged.pk),
            period_kind=period.kind,
            period_start=period.start,
            score=score,
            coverage=1,
            facts={},
            breakdown={},
            computed_at=admin.created_at,
        )
    assert [row["partner"] for row in falling_behind(admin)["behind"]] == [two.merged]
    merge_partners(two.merged, two.kept, by=admin, reason="Bought")
    assert falling_behind(admin)["behind"] == []


def test_what_is_tried_out_is_tried_without_it(two: Two, admin: Membership) -> None:
    calendar = calendar_of(admin.tenant)
    template = ScorecardTemplate.objects.get(period_kind=PeriodKind.MONTH)
    version = template.versions.get()

    def asked() -> tuple[int, int]:
        tried = try_kpi(CATALOGUE["revenue"], BUILT_IN, calendar, "EUR")
        preview = preview_template(template, version.kpis, version.min_coverage, calendar)
        return tried.partners, preview.same

    assert asked() == (2, 2)
    merge(two, admin)
    assert asked() == (1, 1)
