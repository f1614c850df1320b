"""What the demo vendor's partners learn, which events they come to, and what is talked about with them."""

import datetime as dt
from random import Random
from typing import Any

from incentives.demo.cast import HERO, PARTNERS
from incentives.demo.rows import the_hero
from partners.directory.models import Partner
from partners.engagement import actions as engagement
from partners.engagement.models import ActiveDay, Gathering, Guest
from partners.training import actions as training
from partners.training.enums import CourseKind, CourseStatus, QuestionKind
from partners.training.models import Course, Session
from portal.accounts.enums import Role
from portal.accounts.models import Membership

# Title, kind, months valid, whether it gives a certificate.
COURSES = (
    ("Portfolio basics", CourseKind.VIDEO, None, False),
    ("Selling continuity", CourseKind.LINK, None, False),
    ("Security fundamentals", CourseKind.QUIZ, 12, True),
    ("Design workshop", CourseKind.SESSION, 24, True),
    ("Data protection for partners", CourseKind.QUIZ, 12, False),
)
QUESTIONS: tuple[tuple[str, QuestionKind, tuple[tuple[str, bool], ...]], ...] = (
    (
        "A customer cannot restore last night's backup. What do you look at first?",
        QuestionKind.CHOICE,
        (("The backup's verification log", True), ("The licence", False), ("The firewall", False)),
    ),
    (
        "Which of these protect mail?",
        QuestionKind.CHOICE,
        (("Sentry Mail", True), ("Lumen Logs", False), ("Sentry Endpoint", True)),
    ),
    ("How many copies does the 3-2-1 rule ask for?", QuestionKind.NUMBER, (("3", True),)),
)
EVENTS = ("Roadmap webinar", "Partner council", "Threat briefing", "Partner conference")
TALKS = (
    ("call", "Pipeline of the month"),
    ("meeting", "Account planning"),
    ("mail", "Questions on the price list"),
    ("call", "Help with a quotation"),
    ("meeting", "Joint customer visit"),
    ("note", "New sales engineer has started"),
)
MONTHS_OF_TALK = 15
WORKSHOP_SEATS = 8


class School:
    """Carries training and engagement out, a month at a time, once the month's deals are done."""

    def __init__(self, cast: Any, seed: int, until: dt.datetime):
        self.cast, self.until = cast, until
        self.random = Random(f"school-{seed}")
        self.courses: list[Course] = []
        self.planned: Gathering | None = None
        self.workshop: Session | None = None
        self.seating = Random(f"workshops-{seed}")

    def carry_on(self, first: dt.date, now: dt.datetime) -> None:
        """What happened in the month that begins on `first`, written down at its end."""
        if not self.courses:
            self._open()
        trading = set(Partner.objects.filter(status="active").values_list("pk", flat=True))
        teams = [
            (index, people)
            for index, people in sorted(self.cast.people.items())
            if self.cast.partners[index].pk in trading
        ]
        self._learn(teams, first, now)
        self._meet(now)
        self._hold_workshop(teams, now)
        if (self.until - now).days < 31 * MONTHS_OF_TALK:
            self._talk(teams, first, now)
            self._visit(teams, first, now)

    def _open(self) -> None:
        admin = self.cast.admin
        for title, kind, months, certified in COURSES:
            address = (
                "https://learn.northwind.example/" if kind in (CourseKind.VIDEO, CourseKind.LINK) else ""
            )
            course = training.create_course(
                by=admin,
                title=title,
                kind=kind,
                url=address,
                minutes=45,
                validity_months=months,
                gives_certificate=certified,
                is_shuffled=kind == CourseKind.QUIZ,
                retry_hours=1 if kind == CourseKind.QUIZ else 0,
                summary="What a partner's people need to know before they advise customers.",
            )
            for text, form, choices in QUESTIONS if kind == CourseKind.QUIZ else ():
                answers = [{"text": answer, "correct": right} for answer, right in choices]
                training.save_question(course, by=admin, text=text, kind=form, choices=answers)
            self.courses.append(training.change_status(course, CourseStatus.PUBLISHED, by=admin))
        basics, _continuity, security, workshop, privacy = self.courses
        training.update_course(privacy, by=admin, is_required=True, due_days=60)
        for title, courses, fields in (
            (
                "Sales ready",
                self.courses[:2],
                {"is_required": True, "required_roles": [Role.PARTNER_MEMBER], "due_days": 90},
            ),
            (
                "Certified advisor",
                [basics, security, workshop],
                {"gives_certificate": True, "validity_months": 24},
            ),
        ):
            path = training.create_path(
                by=admin, title=title, courses=courses, summary="Step by step, in this order.", **fields
            )
            training.change_path_status(path, CourseStatus.PUBLISHED, by=admin)

    def _learn(self, teams: list[tuple[int, list[Membership]]], first: dt.date, now: dt.datetime) -> None:
        day = min(first + dt.timedelta(days=18), now.date())
        for index, people in teams:
            for place, member in enumerate(people):
                eager = 0.85 if PARTNERS[index].name == HERO else 0.25 + 0.1 * (index % 4)
                if self.random.random() < eager * (0.35 if place else 0.25):
                    course = self.random.choice(self.courses)
                    training.record_completion(
                        course,
                        member,
                        by=self.cast.admin,
                        completed_on=day,
                        note="Learning system",
                        score=self.random.choice((80, 85, 90, 95, 100)),
                    )

    def _hold_workshop(self, teams: list[tuple[int, list[Membership]]], now: dt.datetime) -> None:
        """Who came to the workshop planned a month ago; and the next one, in turns for the demo's partner."""
        admin = self.cast.admin
        if self.workshop is not None and self.workshop.ends_at < now:
            seats = list(self.workshop.taken.order_by("pk"))
            came = {seat.pk: place == 0 or self.seating.random() < 0.8 for place, seat in enumerate(seats)}
            training.record_attendance(self.workshop, came, by=admin)
            self.workshop = None
        if self.workshop is None:
            begins = (now + dt.timedelta(days=12)).replace(hour=9, minute=0, second=0, microsecond=0)
            self.workshop = training.schedule_session(
                self.courses[3],
                by=admin,
                starts_at=begins,
                ends_at=begins + dt.timedelta(hours=6),
                place="Utrecht",
                seats=WORKSHOP_SEATS,
            )
            invited = [people[begins.month % len(people)] for _index, people in teams if people]
            guests = self.seating.sample(invited, k=min(WORKSHOP_SEATS, len(invited)))
            own = [one for one in invited if one.partner_id == self.cast.partners[the_hero()].pk]
            if begins.month % 3 == 2 and own:
                guests = [own[0], *(guest for guest in guests if guest != own[0])][:WORKSHOP_SEATS]
            for guest in guests:
                training.book_seat(self.workshop, guest, by=admin)

    def _meet(self, now: dt.datetime) -> None:
        """Who came to the event planned a month ago; and the next one, which people are invited to."""
        if self.planned is not None and self.planned.ends_at < now:
            came = {
                guest.member_id: guest.answer == "accepted" and self.random.random() < 0.85
                for guest in self.planned.guests.all()
            }
            engagement.record_attendance(self.planned, came, by=self.cast.admin)
            self.planned = None
        if self.planned is None:
            begins = (now + dt.timedelta(days=17)).replace(hour=9, minute=0, second=0, microsecond=0)
            title = EVENTS[begins.month % len(EVENTS)]
            kinds = {"Partner council": "council", "Partner conference": "conference"}
            self.planned = engagement.create_gathering(
                by=self.cast.admin,
                title=f"{title} {begins:%B %Y}",
                kind=kinds.get(title, "webinar"),
                starts_at=begins,
                ends_at=begins + dt.timedelta(hours=2),
                place="" if kinds.get(title) is None else "Utrecht",
                join_url="https://meet.northwind.example/partners",
                summary="News of the programme, and time for questions.",
            )
            engagement.publish(self.planned, by=self.cast.admin)
            self._answer(self.planned, now)

    def _answer(self, gathering: Gathering, now: dt.datetime) -> None:
        guests = list(gathering.guests.all())
        for guest in guests:
            guest.answer = self.random.choice(("accepted", "accepted", "declined", "invited"))
            guest.answered_at = None if guest.answer == "invited" else now
        Guest.objects.bulk_update(guests, ["answer", "answered_at"])

    def _talk(self, teams: list[tuple[int, list[Membership]]], first: dt.date, now: dt.datetime) -> None:
        for index, people in teams:
            manager = PARTNERS[index].manager
            by = self.cast.admin if manager is None else self.cast.managers[manager]
            for number in range(self.random.choice((0, 1, 1, 2)) + (PARTNERS[index].name == HERO)):
                kind, subject = self.random.choice(TALKS)
                at = dt.datetime.combine(first, dt.time(10), dt.UTC) + dt.timedelta(days=4 + 9 * number)
                is_last = (self.until - now).days < 20 and number == 0 and self.random.random() < 0.4
                follow_up = {
                    "follow_up": "Send what was promised",
                    "follow_up_owner": by,
                    "follow_up_due": now.date() + dt.timedelta(days=self.random.choice((-2, 3, 8))),
                }
                engagement.log_interaction(
                    self.cast.partners[index],
                    by=by,
                    internal=self.random.random() < 0.1,
                    kind=kind,
                    happened_at=min(at, now),
                    subject=subject,
                    people=[people[0].name] if people else [],
                    **(follow_up if is_last else {}),
                )

    def _visit(self, teams: list[tuple[int, list[Membership]]], first: dt.date, now: dt.datetime) -> None:
        days = (now.date() - first).days + 1
        ActiveDay.objects.bulk_create(
            ActiveDay(member=member, partner_id=member.partner_id, day=first + dt.timedelta(days=day))
            for index, people in teams
            for member in people
            if self.random.random() < 0.8
            for day in self.random.sample(range(days), min(days, 1 + index % 4))
        )
