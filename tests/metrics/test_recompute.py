"""Incremental and full runs, groups, marks."""

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection

from metrics import actions, consumers, rows, store
from metrics.defaults import MIN_COVERAGE
from metrics.models import DirtyPartner, DirtyTenant, Scorecard, ScorecardTemplate, SubjectKind
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.publishing import publish_version
from metrics.sources.reading import active_sources, fact_names
from partners.deals.enums import DealOrigin, SalesStage
from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.jobs import runner
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.programme.actions import change_settings
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member, won_deal

TODAY = dt.date(2026, 11, 20)
# A partner that only was in the programme.
THERE = {"partners": 1, "partners_at_start": 1, "partners_at_end": 1}


def snapshot() -> dict[tuple, tuple]:
    """Every scorecard, all that is in it but the time at which it was computed."""
    return {
        (row.subject_kind, row.subject_key, row.period_kind, row.period_start): (
            row.partner_id,
            row.partner_type,
            row.region,
            row.manager_id,
            row.version_id,
            row.score,
            row.coverage,
            row.passed,
            row.segment,
            row.facts,
            row.breakdown,
        )
        for row in Scorecard.objects.all()
    }


def row(kind: SubjectKind, key: UUID | str, period: str) -> Scorecard:
    period_kind, start = period.split(":")
    return Scorecard.objects.get(
        subject_kind=kind, subject_key=str(key), period_kind=period_kind, period_start=start
    )


@pytest.fixture
def programme(scoped: Tenant) -> Iterator[Tenant]:
    """A tenant with nothing in it but its default templates."""
    actions.ensure_default_template(scoped)
    return scoped


def test_one_won_deal_shows_in_its_month_quarter_and_year(programme: Tenant) -> None:
    partner = PartnerFactory()
    won_deal(partner, 300_00, dt.date(2026, 11, 3))
    actions.recompute_everything(TODAY)
    for period in ("month:2026-11-01", "quarter:2026-10-01", "year:2026-01-01"):
        assert row(SubjectKind.PARTNER, partner.pk, period).facts["revenue_won"] == 300_00
        assert row(SubjectKind.PROGRAMME, "", period).facts["revenue_won"] == 300_00
        assert row(SubjectKind.REGION, "EMEA", period).facts["partners"] == 1
    assert row(SubjectKind.PARTNER, partner.pk, "month:2026-10-01").facts == THERE


def test_a_mark_brings_partner_and_groups_to_what_a_full_run_finds(programme: Tenant) -> None:
    first, second = PartnerFactory.create_batch(2)
    won_deal(first, 100_00, dt.date(2026, 9, 3))
    actions.recompute_everything(TODAY)
    won_deal(second, 700_00, dt.date(2026, 11, 3))
    actions.mark_dirty([(second.pk, dt.date(2026, 11, 3))])
    result = actions.recompute_dirty(TODAY)
    assert set(result.changed.periods) == {second.pk}
    incremental = snapshot()
    assert actions.recompute_everything(TODAY).changed.rows == 0
    assert snapshot() == incremental
    assert row(SubjectKind.PROGRAMME, "", "year:2026-01-01").facts["revenue_won"] == 800_00


def test_a_partner_that_changes_region_takes_its_figures_along(programme: Tenant) -> None:
    partner, other = PartnerFactory.create_batch(2, region="North")
    won_deal(partner, 100_00, dt.date(2026, 11, 3))
    actions.recompute_everything(TODAY)
    partner.region, partner.type = "South", PartnerType.MSP
    partner.save()
    actions.mark_dirty([(partner.pk, actions.ALWAYS)])
    actions.recompute_dirty(TODAY)
    assert row(SubjectKind.REGION, "South", "month:2026-11-01").facts["revenue_won"] == 100_00
    assert row(SubjectKind.REGION, "North", "month:2026-11-01").facts["partners"] == 1
    incremental = snapshot()
    assert actions.recompute_everything(TODAY).changed.rows == 0
    assert snapshot() == incremental
    other.region = "South"
    other.save()
    actions.mark_dirty([(other.pk, actions.ALWAYS)])
    actions.recompute_dirty(TODAY)
    assert not Scorecard.objects.filter(subject_key="North").exists()


def test_a_partner_that_is_turned_away_leaves_no_rows(programme: Tenant) -> None:
    partner = PartnerFactory(status=PartnerStatus.APPLIED)
    won_deal(partner, 100_00, dt.date(2026, 11, 3))
    actions.recompute_everything(TODAY)
    assert not Scorecard.objects.exists()


def test_the_first_mark_of_a_period_computes_it_for_everyone(programme: Tenant) -> None:
    first, second = PartnerFactory.create_batch(2)
    won_deal(first, 100_00, dt.date(2026, 10, 3))
    actions.recompute_everything(dt.date(2026, 10, 31))
    won_deal(second, 100_00, dt.date(2026, 11, 1))
    actions.mark_dirty([(second.pk, dt.date(2026, 11, 1))])
    actions.recompute_dirty(dt.date(2026, 11, 1))
    assert row(SubjectKind.PROGRAMME, "", "month:2026-11-01").facts["partners"] == 2
    assert row(SubjectKind.PARTNER, first.pk, "month:2026-11-01").facts["revenue_won_previous"] == 100_00
    incremental = of_november(snapshot())
    actions.recompute_everything(dt.date(2026, 11, 1))
    assert of_november(snapshot()) == incremental


def of_november(rows: dict[tuple, tuple]) -> dict[tuple, tuple]:
    """What has begun. A day has passed since the rest was computed, which the nightly run counts (customers' months)."""
    return {key: row for key, row in rows.items() if key[3] == dt.date(2026, 11, 1)}


def test_recomputing_says_which_periods_changed_for_whom(programme: Tenant) -> None:
    partner = PartnerFactory()
    actions.recompute_everything(TODAY)
    Event.objects.filter(type="scorecards.updated")
    won_deal(partner, 100_00, dt.date(2026, 11, 3))
    actions.mark_dirty([(partner.pk, dt.date(2026, 11, 3))])
    actions.recompute_dirty(TODAY)
    event = Event.objects.filter(type="scorecards.updated").order_by("-id").first()
    assert event is not None
    assert event.partner_id == event.subject_id == partner.pk
    assert event.data == {"periods": ["month:2026-11-01", "quarter:2026-10-01", "year:2026-01-01"]}


def test_marks_of_one_partner_keep_the_earliest_day_and_are_taken_once(programme: Tenant) -> None:
    partner = PartnerFactory()
    actions.mark_dirty([(partner.pk, dt.date(2026, 11, 3))])
    actions.mark_dirty([(partner.pk, dt.date(2026, 8, 3)), (partner.pk, dt.date(2026, 9, 3))])
    mark = DirtyPartner.objects.get()
    assert mark.since == dt.date(2026, 8, 3)
    assert DirtyTenant.objects.filter(tenant_id=programme.pk).exists()
    assert actions.recompute_dirty(TODAY).partners == 1
    assert not DirtyPartner.objects.exists()
    assert not DirtyTenant.objects.filter(tenant_id=programme.pk).exists()
    assert actions.recompute_dirty(TODAY).partners == 0


def test_a_batch_leaves_the_rest_for_the_next_run(programme: Tenant) -> None:
    partners = PartnerFactory.create_batch(3)
    actions.mark_dirty((partner.pk, TODAY) for partner in partners)
    assert actions.recompute_dirty(TODAY, limit=2).more
    assert DirtyTenant.objects.filter(tenant_id=programme.pk).exists()
    assert not actions.recompute_dirty(TODAY, limit=2).more


def test_the_sum_of_the_partners_is_the_programme(programme: Tenant) -> None:
    for number, region in enumerate(["North", "South", ""]):
        partner = PartnerFactory(region=region)
        won_deal(partner, 100_00 + number, dt.date(2026, 10 + number % 2, 3))
        DealFactory(
            partner=partner,
            origin=DealOrigin.IMPORTED,
            status="",
            stage=SalesStage.ENGAGING,
            engaged_on=TODAY,
        )
    actions.recompute_everything(TODAY)
    calendar = calendar_of(programme)
    for kind in PeriodKind:
        period = calendar.current(kind, TODAY)
        total = row(SubjectKind.PROGRAMME, "", period.key).facts
        for group in (SubjectKind.PARTNER, SubjectKind.REGION, SubjectKind.TYPE, SubjectKind.PORTFOLIO):
            rows = Scorecard.objects.filter(
                subject_kind=group, period_kind=period.kind, period_start=period.start
            )
            assert {name: sum(card.facts.get(name, 0) for card in rows) for name in total} == total


def test_what_is_typed_or_planned_marks_no_early_day(programme: Tenant) -> None:
    deal = DealFactory(engaged_on=dt.date(2026, 10, 5))
    texts = {"notes": "0001-01-01", "title": "0202-03-04", "expected_close": "0202-11-30"}
    event = Event(
        type="deal.updated",
        subject_id=deal.pk,
        partner_id=deal.partner_id,
        occurred_at=dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC),
        data={"old": texts, "new": texts | {"closed_on": "2026-09-30"}},
    )
    consumers.deals_changed([event])
    assert DirtyPartner.objects.get().since == dt.date(2026, 9, 30)


def test_a_new_fiscal_year_replaces_the_quarters_and_recomputes(programme: Tenant, admin: Membership) -> None:
    won_deal(PartnerFactory(), 300_00, dt.date(2026, 11, 3))
    actions.recompute_everything(TODAY)
    change_settings(programme, by=admin, values={"fiscal_year_start": 2})
    consumers.settings_changed(list(Event.objects.filter(type="programme.settings_changed")))
    runner.run_inline(Job.objects.get(kind=actions.JOB_KIND))
    calendar = calendar_of(Tenant.objects.get(pk=programme.pk))
    assert Scorecard.objects.filter(period_kind=PeriodKind.QUARTER).exists()
    assert all(calendar.owns(card.period) for card in Scorecard.objects.all())


def test_a_full_run_has_the_year_that_began_before_the_first_day(programme: Tenant) -> None:
    partner = PartnerFactory(joined_on=dt.date(2024, 8, 10))
    won_deal(partner, 300_00, dt.date(2024, 8, 12))
    actions.recompute_everything(TODAY)
    assert row(SubjectKind.PARTNER, partner.pk, "year:2024-01-01").facts["revenue_won"] == 300_00
    assert actions.recompute_dirty(TODAY).changed.rows == 0


def test_who_was_in_the_programme_is_the_same_for_some_partners_as_for_all(programme: Tenant) -> None:
    """One statement decides it for some partners, and columns for all."""
    first, after = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
    day = dt.timedelta(days=1)
    stays: dict[str, tuple[dt.date, dt.date | None]] = {
        "there": (first - day, None),
        "joined on the last day": (after - day, None),
        "joined the day after": (after, None),
        "left on the first day": (first - day, first),
        "left the day after": (first - day, first + day),
        "gone": (first - 9 * day, first - day),
        "gone, with a deal": (first - 9 * day, first - day),
    }
    made = {
        name: PartnerFactory(name=name, joined_on=joined, left_on=left)
        for name, (joined, left) in stays.items()
    }
    won_deal(made["gone, with a deal"], 100_00, first)
    calendar, sources = calendar_of(programme), active_sources()
    period = calendar.period(PeriodKind.MONTH, first)
    ids = [partner.pk for partner in made.values()]
    every = rows.partner_rows([period], calendar, TODAY, sources)
    some = rows.partner_rows([period], calendar, TODAY, sources, ids)
    assert sorted(some.rows()) == sorted(every.rows())
    names = {str(partner.pk): name for name, partner in made.items()}
    # Leaving on the first day is something that happened in the period.
    assert {name for key, name in names.items() if key not in set(some["partner_id"])} == {
        "joined the day after",
        "gone",
    }


def test_a_run_that_leaves_a_period_out_does_not_stand_for_one_that_has_it(
    programme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    partner = PartnerFactory()
    actions.start_full_recompute(since=dt.date(2026, 11, 1), send=False)
    won_deal(partner, 300_00, dt.date(2025, 11, 3))
    for _again in range(2):
        actions.mark_dirty([(partner.pk, dt.date(2025, 11, 3))])
        actions.recompute_dirty(TODAY)
    assert Job.objects.filter(kind=actions.JOB_KIND).count() == 2
    for job in Job.objects.filter(kind=actions.JOB_KIND).order_by("id"):
        runner.run_inline(job)
    assert row(SubjectKind.PARTNER, partner.pk, "month:2025-11-01").facts["revenue_won"] == 300_00


def test_few_rows_and_many_are_read_alike(programme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful comes as rows, more by COPY: empty texts, partners without figures and groups come out the same."""
    busy, idle = PartnerFactory(region='Nørth, "or" South'), PartnerFactory(region="", manager=None)
    won_deal(busy, 100_00, dt.date(2026, 11, 3))
    actions.recompute_everything(TODAY)
    calendar = calendar_of(programme)
    periods, ids, sources = calendar.every(TODAY, TODAY), [busy.pk, idle.pk], active_sources()

    def read() -> list[list[tuple]]:
        fresh = rows.partner_rows(periods, calendar, TODAY, sources, ids)
        stored, groups = store.read_partners_and_groups(
            periods, ids, rows.groups_of(fresh), fact_names(sources)
        )
        return [sorted(fresh.rows()), sorted(stored.items()), sorted(groups.items())]

    few = read()
    monkeypatch.setattr(rows, "are_few", lambda *_of: False)
    monkeypatch.setattr(store, "are_few", lambda *_of: False)
    assert read() == few
    # Two regions, one type, one portfolio and the programme, in three periods.
    assert [len(found) for found in few] == [6, 6, 15]


def test_rules_that_have_been_replaced_ask_for_no_peers(programme: Tenant) -> None:
    """Ranks of November's rules count in November alone, where December's know none."""
    november = calendar_of(programme).current(PeriodKind.MONTH, TODAY)
    december, october = november.next(), november.previous()
    template = ScorecardTemplate.objects.create(name="Both", period_kind="month", region="North")
    ranked = [{"code": "revenue", "weight": 100, "method": "peer"}]
    plain = [{"code": "revenue", "weight": 100, "target": 100_00, "floor": 0}]
    for kpis, valid_from in ((ranked, november.start), (plain, december.start)):
        publish_version(template, kpis, MIN_COVERAGE, valid_from, None)
    templates = rows.Templates.load()
    assert [templates.among_peers([period]) for period in (october, november, december)] == [
        False,
        True,
        False,
    ]


def test_a_templates_first_version_leaves_what_is_over_as_it_was(
    programme: Tenant, admin: Membership
) -> None:
    """Whom it is for had the general template before: by that they were shown, in open periods as well."""
    partner, peer = PartnerFactory.create_batch(2)
    current = calendar_of(programme).current(PeriodKind.QUARTER)
    earlier = [current.previous().previous(), current.previous()]
    for period in (*earlier, current):
        won_deal(partner, 100_00, period.start)
        won_deal(peer, 300_00, period.start)
    actions.recompute_everything()
    general = {card.period_start: card.version_id for card in _quarters(partner)}
    before = {key: card for key, card in snapshot().items() if key[3] < current.start}
    assert before
    few = actions.create_template(
        by=admin, name="Resellers", period_kind=PeriodKind.QUARTER, partner_type=partner.type
    )
    lines = [{"code": "revenue", "weight": 100, "method": "target", "target": 100_00, "floor": 0}]
    version, job = actions.publish_template(few, by=admin, kpis=lines, min_coverage=Decimal("0.5"))
    assert version.valid_from == current.start
    assert job is not None
    assert all(Period.parse(key).end > current.start for chunk in job.payload["chunks"] for key in chunk)
    actions.recompute_everything()
    assert {key: card for key, card in snapshot().items() if key[3] < current.start} == before
    made_by = {card.period_start: card.version_id for card in _quarters(partner)}
    assert made_by == general | {current.start: version.pk}
    # A coming period is kept as well, and nothing is to be done until then.
    other = actions.create_template(by=admin, name="North", period_kind=PeriodKind.QUARTER, region="North")
    version, job = actions.publish_template(
        other, by=admin, kpis=lines, min_coverage=Decimal("0.5"), begins=current.next()
    )
    assert (version.valid_from, job) == (current.next().start, None)


def _quarters(partner: Partner) -> list[Scorecard]:
    return list(Scorecard.objects.filter(partner=partner, period_kind=PeriodKind.QUARTER))


def test_a_template_for_some_partners_comes_with_the_general_ones(scoped: Tenant, admin: Membership) -> None:
    """So that a tenant that has none yet measures everyone by something before it begins."""
    actions.create_template(by=admin, name="North", period_kind=PeriodKind.QUARTER, region="North")
    general = ScorecardTemplate.objects.filter(partner_type="", region="", segment="")
    assert {template.period_kind for template in general if template.versions.exists()} == set(PeriodKind)


@pytest.mark.django_db(transaction=True)
def test_however_many_ask_at_once_one_full_run_starts(tenant: Tenant) -> None:
    """Two connections, and then a click while the job waits and while it runs; a system's call then has news."""
    jobs: list[object] = []
    barrier = threading.Barrier(2)

    def ask() -> None:
        try:
            with tenant_scope(tenant.pk):
                barrier.wait(10)
                jobs.append(actions.start_full_recompute(send=False).pk)
        finally:
            connection.close()

    with tenant_scope(tenant.pk):
        admin = make_member(Role.ADMIN)
        actions.ensure_default_template(tenant)
        won_deal(PartnerFactory(), 300_00, dt.date(2025, 11, 3))
    threads = [threading.Thread(target=ask) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(jobs) == 2
    with tenant_scope(tenant.pk):
        assert jobs == [actions.start_full_recompute(by=admin, send=False).pk] * 2
        Job.objects.update(state=JobState.RUNNING)
        assert actions.start_full_recompute(by=admin, send=False).pk == jobs[0]
        assert actions.start_full_recompute(send=False).pk != jobs[0]
