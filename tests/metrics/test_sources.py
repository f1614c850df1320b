"""What holds for every source of facts."""

import datetime as dt

import pytest

from metrics.periods import Window, calendar_of
from metrics.sources import FACTS, SOURCES, fill
from metrics.sources.reading import active_sources, contributions, fact_names, read_facts
from partners.directory.models import Partner
from partners.engagement.models import ActiveDay, Gathering, Guest, Interaction
from partners.training.enums import CourseStatus
from partners.training.models import Completion, Course, Duty
from portal.accounts.enums import Role
from portal.tenancy.models import Tenant
from tests.factories import CustomerFactory, LeadFactory, PartnerFactory, make_member, won_deal

TODAY = dt.date(2026, 11, 20)
WINDOWS = [
    Window.of(dt.date(2026, 1, 1), dt.date(2027, 1, 1)),
    Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1)),
]


def something_of_everything() -> None:
    """Two partners with some record of each source."""
    for number in range(2):
        partner = PartnerFactory()
        customer = CustomerFactory(served_by=partner, ended_on=dt.date(2026, 11, 10))
        won_deal(partner, 100_00 + number, dt.date(2026, 9, 2), customer=customer, cost_base=50_00)
        won_deal(partner, 300_00 + number, dt.date(2026, 11, 2))
        LeadFactory(partner=partner, submitted_at=dt.datetime(2026, 11, 9, 12, tzinfo=dt.UTC))
        trained_and_engaged(partner)


def trained_and_engaged(partner: Partner) -> None:
    """A person of the partner who learnt, was here, and came to an event."""
    member = make_member(Role.PARTNER_MEMBER, partner=partner)
    course, _new = Course.objects.get_or_create(title="Basics", status=CourseStatus.PUBLISHED)
    day, at = dt.date(2026, 11, 10), dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)
    Completion.objects.create(
        course=course,
        member=member,
        partner=partner,
        completed_on=day,
        via="hand",
        certificate=str(member.pk)[:20],
    )
    Duty.objects.create(course=course, member=member, partner=partner, since=day, due_on=day)
    ActiveDay.objects.create(member=member, partner=partner, day=day)
    Interaction.objects.create(
        about=partner, partner_id=partner.pk, kind="call", happened_at=at, subject="Hello"
    )
    gathering = Gathering.objects.create(
        title="Summit", kind="webinar", status="published", starts_at=at, ends_at=at + dt.timedelta(hours=1)
    )
    Guest.objects.create(gathering=gathering, member=member, partner=partner, attended=True)


def test_a_source_without_records_is_not_read(scoped: Tenant) -> None:
    assert active_sources() == ()
    assert read_facts(WINDOWS, calendar_of(scoped), TODAY).columns == ["partner_id", "key"]
    partner = PartnerFactory()
    assert read_facts(WINDOWS, calendar_of(scoped), TODAY, [partner.pk]).is_empty()
    LeadFactory(partner=partner, submitted_at=dt.datetime(2026, 11, 9, 12, tzinfo=dt.UTC))
    assert [source.name for source in active_sources()] == ["leads"]


def test_the_records_of_every_source_add_up_to_its_facts_and_some_partners_are_as_all(scoped: Tenant) -> None:
    something_of_everything()
    sources, calendar = active_sources(), calendar_of(scoped)
    assert [source.name for source in sources] == [name for name, source in SOURCES.items() if source.sql]
    names = ["partner_id", "key", *fact_names(sources)]
    everyone = read_facts(WINDOWS, calendar, TODAY).select(names).sort("partner_id", "key")
    ids = sorted(set(everyone["partner_id"]))
    some = read_facts(WINDOWS, calendar, TODAY, ids).select(names).sort("partner_id", "key")
    assert some.rows() == everyone.rows()
    for window in WINDOWS:
        for partner_id in ids:
            (facts,) = everyone.filter(partner_id=partner_id, key=window.key).iter_rows(named=True)
            for source in sources:
                frame = contributions(source.name, window, calendar, TODAY, partner_id)
                assert {name: frame[name].sum() for name in source.names} == {
                    name: facts[name] for name in source.names
                }, source.name


def test_every_fact_is_of_one_source_and_constants_do_not_clash() -> None:
    assert len(FACTS) == sum(len(source.facts) for source in SOURCES.values())
    values: dict[str, object] = {}
    for source in SOURCES.values():
        for name, value in source.values.items():
            assert values.setdefault(name, value) == value, name


def test_a_source_is_filled_once() -> None:
    with pytest.raises(ValueError, match="deals"):
        fill(SOURCES["deals"])
