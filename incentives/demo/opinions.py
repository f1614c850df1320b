"""What the demo vendor's customers and partners think, quarter by quarter, and what is done about it."""

import datetime as dt
from random import Random
from typing import Any
from uuid import UUID

from django.utils import timezone

from incentives.demo.history import month_back
from incentives.demo.rows import the_hero
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Customer
from partners.surveys import actions as surveys
from partners.surveys.enums import Audience, FollowUpStatus, InvitationStatus, QuestionKind, Trigger
from partners.surveys.models import FollowUp, Survey, SurveyInvitation
from partners.surveys.questions import Option, Question
from portal.accounts.models import Membership

ASKED_A_MONTH = 7
OWN_ASKED = 3
ANSWER = 0.72
PEOPLE = (
    "Iris de Wit",
    "Jonas Weber",
    "Sofie Maes",
    "Liam Walsh",
    "Nora Lind",
    "Pieter Bos",
    "Clara Vogel",
    "Tom Hughes",
)
PRAISE = (
    "The support team answers within the hour.",
    "Installation was quick and without surprises.",
    "Our partner knows our business and thinks along.",
    "Backups just work, and the reports are clear.",
    "De installatie verliep snel en de support is uitstekend.",
    "Good training for our own people.",
)
COMPLAINTS = (
    "Support took three days to answer a simple question.",
    "The invoice was wrong twice, and nobody called back.",
    "Delivery was late and the planning changed every week.",
    "Too expensive for what it does; the price went up again.",
    "De levering was te laat en de factuur klopte niet.",
    "Documentation is hard to find, and training came too late.",
)
WISHES = (
    "Faster answers from technical support.",
    "Clearer price lists, and earlier word of changes.",
    "One contact for quotations instead of three.",
    "More training on the security products.",
    "Leads that have been checked before we get them.",
    "Marketing material in our own language.",
)


class Opinions:
    """Carries surveys out, a month at a time, once the month's deals are done."""

    def __init__(self, cast: Any, seed: int, until: dt.datetime):
        self.cast, self.until = cast, until
        self.random = Random(f"opinions-{seed}")
        self.made: dict[str, Survey] = {}
        self.months = 0
        self.asked: set[UUID] = set()

    def carry_on(self, first: dt.date, now: dt.datetime) -> None:
        """Who is asked in the month that begins on `first`, and what they answer at its end."""
        if not self.made:
            self._make()
        self.months += 1
        self._customers(first, now.date())
        if first.month % 3 == 2:
            self._members("partner", self._satisfaction)
            self._members("pulse", self._pulse)
            self._members("alignment", self._alignment)

    def _make(self) -> None:
        admin = self.cast.admin
        for key, ready, title, audience in (
            ("nps", "nps", "Would you recommend Northwind?", Audience.CUSTOMERS),
            ("csat", "csat", "How was your project?", Audience.CUSTOMERS),
            ("partner", "partner", "Working with Northwind", Audience.MEMBERS),
            ("alignment", "alignment", "Where are we going together?", Audience.MEMBERS),
        ):
            survey = surveys.create_survey(by=admin, ready=ready, title=title, audience=audience)
            self.made[key] = surveys.publish(survey, by=admin)
        pulse = surveys.create_survey(
            by=admin,
            title="What we do not hear otherwise",
            is_anonymous=True,
            segment="type",
            introduction="Four questions, without your name. We read every answer.",
        )
        for question in (
            Question("", QuestionKind.CSAT, "How happy are you as our partner?"),
            Question(
                "",
                QuestionKind.MULTIPLE,
                "What holds you back?",
                choices=tuple(
                    Option(f"o{number}", label)
                    for number, label in enumerate(("Price", "Support", "Training", "Leads", "Nothing"))
                ),
            ),
            Question("", QuestionKind.TEXT, "What should we change?", required=False),
        ):
            surveys.save_question(pulse, question, by=admin)
        self.made["pulse"] = surveys.publish(pulse, by=admin)

    def _customers(self, first: dt.date, today: dt.date) -> None:
        """Customers of the month's won deals: NPS and CSAT in turn. Those of the demo's partner answer."""
        won = (
            Deal.objects.filter(stage=SalesStage.WON, closed_on__lte=today)
            .exclude(customer=None)
            .select_related("customer")
            .order_by("closed_on", "number")
        )
        hero = self.cast.partners[the_hero()].pk
        # The month before as well: deals of the monthly list have come since.
        lately = won.filter(partner_id=hero, closed_on__gte=month_back(first, 1)).exclude(pk__in=self.asked)
        own = list(lately[:OWN_ASKED])
        self.asked |= {deal.pk for deal in own}
        others = list(won.filter(closed_on__gte=first).exclude(partner_id=hero))
        others = self.random.sample(others, min(ASKED_A_MONTH - len(own), len(others)))
        for number, deal in enumerate([*own, *others]):
            assert deal.customer is not None
            key = "csat" if number % 3 == 1 else "nps"
            name = self.random.choice(PEOPLE)
            invitation = self._ask(
                self.made[key],
                surveys.Recipient(
                    email=_address(name, deal.customer),
                    name=name,
                    partner_id=deal.partner_id,
                    customer_id=deal.customer_id,
                ),
                f"deal_won:{deal.pk}",
            )
            if invitation is not None and (deal in own or self.random.random() < ANSWER):
                good = self._mood(deal.partner_id)
                surveys.answer(invitation.pk, self._nps(good) if key == "nps" else self._csat(good))

    def _members(self, key: str, answers: Any) -> None:
        for index, people in self.cast.people.items():
            if not self.cast.partners[index].may_trade:
                continue
            for member in people:
                is_sure = index == the_hero() and member == people[0]
                if is_sure or self.random.random() < 0.6:
                    self._member(self.made[key], member, answers, is_sure=is_sure)

    def _member(self, survey: Survey, member: Membership, answers: Any, *, is_sure: bool) -> None:
        """Asks a member, who mostly answers."""
        invitation = self._ask(
            survey,
            surveys.Recipient(
                email=member.user.email,
                name=member.name,
                partner_id=member.partner_id,
                member_id=member.pk,
            ),
            f"hand:month-{self.months}",
        )
        if invitation is not None and (is_sure or self.random.random() < ANSWER):
            surveys.answer(invitation.pk, answers(self._mood(member.partner_id)))

    def _ask(self, survey: Survey, recipient: Any, occasion: str) -> SurveyInvitation | None:
        """An invitation that was sent just now; nobody writes letters in the demo."""
        now = timezone.now()
        if not surveys.ask(survey, [recipient], occasion=occasion, due_at=now):
            return None
        invitation = SurveyInvitation.objects.get(
            survey=survey, email=recipient.email.lower(), occasion=occasion
        )
        invitation.status = InvitationStatus.SENT
        invitation.version = survey.versions.get(number=1)
        invitation.sent_at = invitation.last_sent_at = now
        invitation.reminded = survey.reminders
        invitation.expires_at = now + dt.timedelta(days=survey.expires_days)
        invitation.save()
        return invitation

    def _mood(self, partner_id: Any) -> float:
        """How content somebody is with a partner, 0 to 1: some partners are better, and all get better with time."""
        places = [index for index, partner in self.cast.partners.items() if partner.pk == partner_id]
        base = 0.45 + 0.05 * ((places[0] if places else 0) * 7 % 8)
        return min(1.0, max(0.0, base + 0.006 * self.months + self.random.gauss(0, 0.2)))

    def _nps(self, good: float) -> dict[str, Any]:
        score = round(2 + 8 * min(1.0, good * 1.15))
        answers: dict[str, Any] = {"q1": score}
        if self.random.random() < 0.7:
            answers["q2"] = self.random.choice(PRAISE if score >= 8 else COMPLAINTS)
        if score <= 6:
            answers["q3"] = self.random.choice(COMPLAINTS)
        return answers

    def _csat(self, good: float) -> dict[str, Any]:
        score = max(1, min(5, round(1 + 4.6 * good)))
        text = self.random.choice(PRAISE if score >= 4 else COMPLAINTS)
        return {"q1": score, "q2" if score <= 3 else "q3": text}

    def _five(self, good: float) -> int:
        return max(1, min(5, round(1 + 4.4 * good + self.random.gauss(0, 0.5))))

    def _satisfaction(self, good: float) -> dict[str, Any]:
        lines = {"response": good - 0.1, "support": good, "communication": good + 0.1}
        answers: dict[str, Any] = {"q1": {line: self._five(value) for line, value in lines.items()}}
        return answers | ({"q2": self.random.choice(WISHES)} if self.random.random() < 0.6 else {})

    def _alignment(self, good: float) -> dict[str, Any]:
        rows = ("innovation", "projects", "initiatives", "brand")
        return {"q1": {row: self._five(good) for row in rows}}

    def _pulse(self, good: float) -> dict[str, Any]:
        held = ["o4"] if good > 0.8 else self.random.sample(["o0", "o1", "o2", "o3"], 2)
        return {"q1": self._five(good), "q2": held, "q3": self.random.choice(WISHES)}

    def finish(self) -> None:
        """What waits today: surveys that follow each won deal, some contacts, a sheet for the hero, work under way."""
        admin = self.cast.admin
        surveys.update_survey(self.made["nps"], by=admin, trigger=Trigger.DEAL_WON, delay_days=14)
        for number, customer in enumerate(self.cast.customers[:12]):
            name = PEOPLE[number % len(PEOPLE)]
            surveys.add_contact(customer, by=admin, email=_address(name, customer), name=name)
        hero = the_hero()
        for key in ("partner", "pulse"):
            owner = self.cast.people[hero][0]
            self._ask(
                self.made[key],
                surveys.Recipient(
                    email=owner.user.email, name=owner.name, partner_id=owner.partner_id, member_id=owner.pk
                ),
                "hand:today",
            )
        surveys.save_theme(self.made["nps"], by=admin, name="Invoices", terms=["invoice", "factuur", "price"])
        self._work_off()

    def _work_off(self) -> None:
        """All but the newest tasks are done."""
        for task in FollowUp.objects.order_by("-due_on", "-pk")[9:]:
            task.status, task.note = FollowUpStatus.DONE, "Called, and agreed what changes."
            task.save(update_fields=["status", "note"])


def _address(name: str, customer: Customer) -> str:
    return f"{name.split()[0].lower()}@{customer.domain or 'customer.example'}"
