"""Training, participation and engagement against figures worked out by hand, for a partner and for groups."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import Mock

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from metrics import actions, defining, weights
from metrics.evaluation import evaluate_facts
from metrics.formulas import FormulaError
from metrics.kpis.engagement import PARTS, weighted_mean
from metrics.models import OwnKpi, Scorecard, SubjectKind
from metrics.own import catalogue_at, choosable
from metrics.periods import Window, calendar_of
from metrics.records import records_behind
from metrics.sources.reading import read_facts
from partners.directory.models import Partner
from partners.engagement.actions import log_interaction, note_presence, record_attendance
from partners.engagement.enums import Answer, GatheringKind, GatheringStatus, InteractionKind
from partners.engagement.models import ActiveDay, Gathering, Guest, Interaction
from partners.training.actions import record_completion, revoke_completion
from partners.training.enums import CompletedVia, CourseKind, CourseStatus, SeatStatus
from partners.training.models import Completion, Course, Duty, Enrolment, Seat, Session
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.discussion.actions import post
from portal.discussion.models import Comment
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member

TODAY = dt.date(2026, 11, 20)
QUARTER = Window.of(dt.date(2026, 10, 1), dt.date(2027, 1, 1))
MORNING = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
NAMES = [
    "people_trained",
    "people_active",
    "people_certified",
    "completions",
    "required_courses",
    "required_courses_done",
    "sessions_held",
    "member_logins",
    "members_active",
    "members_total",
    "interactions",
    "events_attended",
    "events_offered",
]


@dataclass
class Programme:
    """North has four people, South two and East, which no manager of theirs looks after, one."""

    north: Partner
    south: Partner
    east: Partner
    people: dict[str, list[Membership]]


@pytest.fixture
def programme(scoped: Tenant) -> Programme:
    partners = {name: PartnerFactory(name=name) for name in ("North", "South", "East")}
    people = {
        name: [make_member(Role.PARTNER_MEMBER, partner=partners[name]) for _number in range(count)]
        for name, count in {"North": 4, "South": 2, "East": 1}.items()
    }
    Membership.objects.filter(pk__in=[m.pk for group in people.values() for m in group]).update(
        created_at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    )
    return Programme(partners["North"], partners["South"], partners["East"], people)


def a_completion(
    course: Course,
    member: Membership,
    day: dt.date,
    until: dt.date | None = None,
    number: str = "",
    **more: object,
) -> Completion:
    return Completion.objects.create(
        course=course,
        member=member,
        partner_id=member.partner_id,
        completed_on=day,
        valid_until=until,
        via=CompletedVia.HAND,
        certificate=number,
        **more,
    )


def train(programme: Programme) -> None:
    """North: two of four trained, three certified (one of them long ago), one whose certificate ran out."""
    course = Course.objects.create(title="Basics", status=CourseStatus.PUBLISHED)
    other = Course.objects.create(title="More", status=CourseStatus.PUBLISHED)
    one, two, three, four = programme.people["North"]
    Enrolment.objects.create(course=course, member=one, partner=programme.north)
    a_completion(course, one, dt.date(2026, 10, 1), number="C-1")
    a_completion(other, one, dt.date(2026, 11, 19))
    a_completion(course, two, dt.date(2026, 11, 1), dt.date(2027, 11, 1), number="C-2")
    a_completion(course, three, dt.date(2025, 1, 1), number="C-3")
    a_completion(course, four, dt.date(2025, 1, 1), dt.date(2026, 11, 19), number="C-4")
    south = programme.people["South"][0]
    a_completion(
        course, south, dt.date(2026, 12, 1)
    )  # after today, but within the period: it counts when it is
    a_completion(other, south, dt.date(2026, 10, 8), number="C-5", revoked_at=MORNING)
    for member, since, ended in (
        (one, dt.date(2026, 1, 5), None),  # held
        (four, dt.date(2026, 1, 5), None),  # ran out
        (two, dt.date(2026, 1, 5), dt.date(2026, 11, 1)),  # no longer asked for
        (south, dt.date(2026, 11, 20), None),  # missing
    ):
        Duty.objects.create(
            course=course,
            member=member,
            partner_id=member.partner_id,
            since=since,
            due_on=since,
            ended_on=ended,
        )
    workshop = Course.objects.create(title="Workshop", kind=CourseKind.SESSION, status=CourseStatus.PUBLISHED)
    session = Session.objects.create(
        course=workshop, starts_at=MORNING, ends_at=MORNING + dt.timedelta(hours=2), held_at=MORNING
    )
    for member in (one, two, south):
        Seat.objects.create(
            session=session, member=member, partner_id=member.partner_id, status=SeatStatus.ATTENDED
        )


def engage(programme: Programme) -> None:
    """North came to one of two events, South to none of its one, East was not invited."""
    for number, came in enumerate((True, False)):
        gathering = a_gathering(f"Summit {number}")
        for member in programme.people["North"][:2]:
            invite(gathering, member, attended=came)
        if number == 0:
            invite(gathering, programme.people["South"][0], attended=False)
    invite(
        a_gathering("Called off", status=GatheringStatus.CANCELLED),
        programme.people["North"][0],
        attended=None,
    )
    for partner, count in ((programme.north, 2), (programme.south, 6)):
        for _number in range(count):
            talk(partner, partner.pk)
    talk(programme.east, None)  # internal
    for member, days in ((programme.people["North"][0], 3), (programme.people["North"][1], 1)):
        for day in range(days):
            ActiveDay.objects.create(
                member=member, partner_id=member.partner_id, day=dt.date(2026, 10, 5 + day)
            )


def a_gathering(title: str, status: str = GatheringStatus.PUBLISHED) -> Gathering:
    return Gathering.objects.create(
        title=title,
        kind=GatheringKind.WEBINAR,
        status=status,
        starts_at=MORNING,
        ends_at=MORNING + dt.timedelta(hours=1),
        place="Online",
    )


def invite(gathering: Gathering, member: Membership, *, attended: bool | None) -> None:
    Guest.objects.create(
        gathering=gathering,
        member=member,
        partner_id=member.partner_id,
        answer=Answer.ACCEPTED,
        attended=attended,
    )


def talk(about: Partner, reader: object) -> None:
    Interaction.objects.create(
        about=about, partner_id=reader, kind=InteractionKind.CALL, happened_at=MORNING, subject="Hello"
    )


def facts_of(scoped: Tenant, *partners: Partner) -> dict[str, int]:
    """The sum over partners: what a portfolio or the programme is."""
    frame = read_facts([QUARTER], calendar_of(scoped), TODAY, [partner.pk for partner in partners])
    sums = {name: int(frame[name].sum()) for name in NAMES if name in frame.columns}
    return {**sums, "partners": len(partners)}


def test_facts_of_training_and_activity(scoped: Tenant, programme: Programme) -> None:
    train(programme)
    engage(programme)
    north = facts_of(scoped, programme.north)
    assert {name: north[name] for name in NAMES} == {
        "people_trained": 2,
        "people_active": 4,
        "people_certified": 3,
        "completions": 3,
        "required_courses": 2,
        "required_courses_done": 1,
        "sessions_held": 1,
        "member_logins": 4,
        "members_active": 2,
        "members_total": 4,
        "interactions": 2,
        "events_attended": 1,
        "events_offered": 2,
    }
    south = facts_of(scoped, programme.south)
    assert (south["sessions_held"], south["required_courses"], south["required_courses_done"]) == (0, 1, 0)
    assert (south["people_certified"], south["interactions"]) == (0, 6)
    assert facts_of(scoped, programme.east)["interactions"] == 0


@pytest.mark.parametrize(
    ("names", "participation", "certified", "training", "active", "score"),
    [
        # No campaign was co-branded, which counts as 0: (2/4 + 1/2 + 2/3 + 2/4 + 0) / 5
        (["north"], 1 / 2, 3, 2 / 4, 2 / 4, 100 * (1 / 2 + 1 / 2 + 2 / 3 + 1 / 2) / 5),
        # (1/2 + 0/1 + 6/3, at most 1, + 0/2 + 0) / 5
        (["south"], 0, 0, 1 / 2, 0, 100 * (1 / 2 + 0 + 1 + 0) / 5),
        # East was offered no event, so that part leaves its mean: (0/1 + 0/3 + 0/1 + 0) / 4
        (["east"], None, 0, 0, 0, 0),
        # The portfolio: (3/6 + 1/3 + 8/6, at most 1, + 2/6 + 0) / 5
        (["north", "south"], 1 / 3, 3, 3 / 6, 2 / 6, 100 * (3 / 6 + 1 / 3 + 1 + 2 / 6) / 5),
        # The programme: (3/7 + 1/3 + 8/9 + 2/7 + 0) / 5
        (["north", "south", "east"], 1 / 3, 3, 3 / 7, 2 / 7, 100 * (3 / 7 + 1 / 3 + 8 / 9 + 2 / 7) / 5),
    ],
)
def test_participation_certified_people_and_the_engagement_score(
    scoped: Tenant,
    programme: Programme,
    names: list[str],
    participation: float | None,
    certified: int,
    training: float,
    active: float,
    score: float,
) -> None:
    train(programme)
    engage(programme)
    facts = facts_of(scoped, *[getattr(programme, name) for name in names])
    values = evaluate_facts(
        facts,
        ["participation", "certified_people", "training_participation", "active_members", "engagement_score"],
    )
    assert values["participation"] == (None if participation is None else pytest.approx(participation))
    assert values["certified_people"] == certified
    assert values["training_participation"] == pytest.approx(training)
    assert values["active_members"] == pytest.approx(active)
    assert values["engagement_score"] == pytest.approx(score)


def test_comments_stand_among_the_records_and_lead_to_what_they_are_about(
    scoped: Tenant, programme: Programme, client_as: Callable[[Membership], Client]
) -> None:
    manager = make_member(Role.CHANNEL_MANAGER)
    actions.ensure_default_template(scoped)
    call = log_interaction(programme.north, by=manager, kind="call", happened_at=MORNING, subject="Renewal")
    deal = DealFactory(partner=programme.north)
    comment = post(deal, "They ask for an offer.", by=programme.people["North"][0])
    Comment.objects.filter(pk=comment.pk).update(created_at=MORNING)
    actions.recompute_everything(TODAY)
    (card,) = [card for card in of_month(dt.date(2026, 11, 1)) if card.partner_id == programme.north.pk]
    kpi = choosable()["interactions"]
    (table,) = records_behind(card, [kpi], calendar_of(scoped), TODAY, "EUR")["interactions"]
    assert (table.total, table.unseen, table.has_more) == (2, 0, False)
    assert {line.title: line.page for line in table.lines} == {
        str(call): ("engagement:interaction", call.pk),
        "They ask for an offer.": ("deals:detail", deal.pk),
    }
    page = client_as(manager).get(f"/acme/scorecards/cards/{card.pk}/interactions/").content.decode()
    assert f'<a href="/acme/deals/{deal.pk}/">They ask for an offer.</a>' in page


def test_without_any_data_there_is_no_score_but_interactions() -> None:
    assert evaluate_facts({}, ["engagement_score"]) == {"engagement_score": None}
    assert evaluate_facts({"partners": 1}, ["engagement_score"]) == {"engagement_score": 0}


def test_weights_weigh() -> None:
    heavy = weighted_mean((("events_attended / events_offered", 3), ("members_active / members_total", 1)))
    assert heavy.startswith("100 * (3 * ")


def test_what_people_do_reaches_the_scorecards_of_partner_portfolio_and_programme(
    scoped: Tenant, programme: Programme
) -> None:
    """Through the events alone, as a full run finds it."""
    manager = make_member(Role.CHANNEL_MANAGER)
    Partner.objects.filter(pk__in=[programme.north.pk, programme.south.pk]).update(manager=manager)
    actions.ensure_default_template(scoped)
    course = Course.objects.create(title="Basics", status=CourseStatus.PUBLISHED, gives_certificate=True)
    log_interaction(programme.east, by=manager, kind="call", happened_at=MORNING, subject="First of all")
    note_presence(programme.people["East"][0], dt.date(2026, 11, 3))
    record_completion(
        course, programme.people["East"][0], by=manager, completed_on=dt.date(2026, 11, 3), note="Seen"
    )
    dispatch_pending(scoped.pk)
    actions.recompute_everything(TODAY)

    member = programme.people["North"][0]
    log_interaction(programme.north, by=manager, kind="call", happened_at=MORNING, subject="Renewal")
    note_presence(member, dt.date(2026, 11, 4))
    completion = record_completion(course, member, by=manager, completed_on=dt.date(2026, 11, 4), note="Seen")
    summit = a_gathering("Summit")
    record_attendance(summit, {member.pk: True}, by=manager)
    dispatch_pending(scoped.pk)
    actions.recompute_dirty(TODAY)
    cards = {(card.subject_kind, card.subject_key): card for card in of_month(dt.date(2026, 11, 1))}
    wanted = {"interactions": 1, "member_logins": 1, "people_certified": 1, "events_attended": 1}
    for kind, key, doubled in (
        (SubjectKind.PARTNER, programme.north.pk, 0),
        (SubjectKind.PORTFOLIO, manager.pk, 0),
        (SubjectKind.PROGRAMME, "", 1),
    ):
        facts = cards[kind, str(key)].facts
        expected = {name: 1 + (doubled if name != "events_attended" else 0) for name in wanted}
        assert {name: facts[name] for name in wanted} == expected, kind
    revoke_completion(completion, by=make_member(Role.ADMIN), reason="Somebody else sat there")
    dispatch_pending(scoped.pk)
    actions.recompute_dirty(TODAY)
    card = next(c for c in of_month(dt.date(2026, 11, 1)) if c.partner_id == programme.north.pk)
    assert "people_certified" not in card.facts
    assert actions.recompute_everything(TODAY).changed.rows == 0


def of_month(start: dt.date) -> list[Scorecard]:
    return list(Scorecard.objects.filter(period_kind="month", period_start=start))


def test_a_tenant_weighs_the_parts_of_the_engagement_score_from_a_day_on(
    scoped: Tenant, programme: Programme
) -> None:
    train(programme)
    engage(programme)
    admin = make_member(Role.ADMIN)
    today = calendar_of(scoped).today()
    equal = weights.weights_now()
    assert set(equal.values()) == {1}
    for wrong in (dict.fromkeys(equal, 0), {**equal, "events": 101}, {**equal, "events": -1}):
        with pytest.raises(ActionRefused):
            weights.set_weights(wrong, by=admin, valid_from=today, seen_number=0)
    with pytest.raises(PermissionDenied):
        weights.set_weights(equal, by=make_member(Role.CHANNEL_MANAGER), valid_from=today, seen_number=0)
    chosen = {"training": 10, "assets": 0, "campaigns": 0, "events": 100, "interactions": 30, "members": 0}
    with pytest.raises(ActionRefused, match="today or a later day"):
        weights.set_weights(chosen, by=admin, valid_from=today - dt.timedelta(days=1), seen_number=0)
    weights.set_weights(chosen, by=admin, valid_from=today, seen_number=0)
    assert weights.weights_now() == chosen
    with pytest.raises(ActionRefused, match="meanwhile"):
        weights.set_weights(equal, by=admin, valid_from=today, seen_number=0)

    def score(names: list[str], end: dt.date) -> float:
        facts = facts_of(scoped, *[getattr(programme, name) for name in names])
        return evaluate_facts(facts, [weights.CODE], catalogue_at(end))[weights.CODE]  # type: ignore[return-value]

    # North: training 2/4, events 1/2, interactions 2/3, at 10, 100 and 30.
    assert score(["north"], today + dt.timedelta(days=1)) == pytest.approx(100 * (5 + 50 + 20) / 140)
    # East was offered no event: training 0/1 and interactions 0/3.
    assert score(["east"], today + dt.timedelta(days=1)) == 0
    # The portfolio: 3/6, 1/3 and 8/6, at most 1; the programme: 3/7, 1/3 and 8/9.
    assert score(["north", "south"], today + dt.timedelta(days=1)) == pytest.approx(
        100 * (5 + 100 / 3 + 30) / 140
    )
    assert score(["north", "south", "east"], today + dt.timedelta(days=1)) == pytest.approx(
        100 * (30 / 7 + 100 / 3 + 80 / 3) / 140
    )
    # Periods that had ended keep the mean of all parts.
    assert score(["north"], today) == pytest.approx(100 * (1 / 2 + 1 / 2 + 2 / 3 + 1 / 2) / 5)

    kpi = catalogue_at(today + dt.timedelta(days=1))[weights.CODE]
    assert (kpi.area, str(kpi.name)) == ("engagement", "Partner engagement score")
    assert weights.CODE in choosable()


def test_the_page_of_the_weights_keeps_what_was_typed_and_saves(
    tenant: Tenant,
    admin: Membership,
    client_as: Callable[[Membership], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, address = client_as(admin), "/acme/scorecards/catalogue/engagement/"
    typed = {part.name: 1 for part in PARTS} | {"number": 0, "valid_from": "2099-01-01"}
    nothing = client.post(address, typed | {part.name: 0 for part in PARTS})
    assert nothing.status_code == 422
    assert "At least one part weighs more than 0." in nothing.content.decode()
    wrong = client.post(address, typed | {"events": "many"})
    assert 'value="many"' in wrong.content.decode()
    with monkeypatch.context() as patch:
        # It would make the formula of one of the tenant's KPIs too long.
        patch.setattr(defining, "with_draft", Mock(side_effect=FormulaError("Margin: too long.")))
        refused = client.post(address, typed | {"events": 3})
    assert refused.status_code == 422
    assert "Margin: too long." in refused.content.decode()
    assert client.post(address, typed | {"events": 3}).status_code == 302
    with tenant_scope(tenant.pk):
        assert weights.weights_now()["events"] == 3
        kpi = OwnKpi.objects.get()
    page = client.get(address).content.decode()
    assert "2099" in page
    assert client.get(f"/acme/scorecards/catalogue/own/{kpi.pk}/").status_code == 404
    assert client.get("/acme/scorecards/catalogue/").content.decode().count(address) == 1
