"""The demo vendor's newest: companies that apply, partners that get started, agreements to accept, papers to check."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Partner
from partners.onboarding.agreements import actions as agreements
from partners.onboarding.agreements.models import Agreement
from partners.onboarding.applications import actions as applications
from partners.onboarding.applications.models import (
    ApplicantLetter,
    Application,
    ApplicationQuestion,
    ScoringCriterion,
)
from partners.onboarding.documents import actions as documents
from partners.onboarding.documents.models import DocumentKind
from partners.onboarding.enums import QuestionKind, StepKind, StepOwner
from partners.onboarding.plans import actions as plans
from partners.onboarding.plans.models import OnboardingStep, Plan, PlanStep
from partners.training.enums import CourseStatus
from partners.training.models import Course
from portal.accounts.models import Membership

PDF = b"%PDF-1.4\n% A document of the demonstration.\n"
INTRODUCTION = """Northwind partners sell, run and look after our backup, security and monitoring products.

Tell us about your company. It takes five minutes."""
QUESTIONS: tuple[tuple[str, QuestionKind, list[str], bool], ...] = (
    ("What does your company do, and for whom?", QuestionKind.LONG_TEXT, [], True),
    ("How many people work there?", QuestionKind.NUMBER, [], True),
    ("Which of our products interest you?", QuestionKind.CHOICES, ["Backup", "Security", "Monitoring"], True),
    ("In which country do you sell most?", QuestionKind.COUNTRY, [], False),
    ("A profile of your company", QuestionKind.FILE, [], False),
    (
        "I agree that Northwind keeps these answers to decide on the application.",
        QuestionKind.CONSENT,
        [],
        True,
    ),
)
CRITERIA = (
    ("Market", "Does it reach customers whom no partner of ours reaches?", 3),
    ("Skills", "Certified engineers, references", 2),
    ("Commitment", "A plan, and people for it", 2),
    ("Finances", "Annual accounts, credit rating", 1),
)
# Company, person, country, kind, days ago, and how far it is.
APPLICANTS: tuple[tuple[str, str, str, PartnerType, int, str], ...] = (
    ("Van Dalen Cloud B.V.", "Sanne van Dalen", "NL", PartnerType.MSP, 1, "applied"),
    ("Kestrel Networks Ltd", "Owen Kestrel", "GB", PartnerType.INTEGRATOR, 8, "applied"),
    ("Lindqvist Data AB", "Maja Lindqvist", "SE", PartnerType.RESELLER, 4, "in_review"),
    ("Brouwer & Zn. Automatisering", "Piet Brouwer", "NL", PartnerType.RESELLER, 6, "returned"),
    ("Fjordkraft IT AS", "Nils Berg", "NO", PartnerType.REFERRAL, 20, "rejected"),
    ("Sauer Systemhaus GmbH", "Jana Sauer", "DE", PartnerType.RESELLER, 30, "approved"),
)
AGREEMENT = (
    "This agreement says how we work together.\n\nThe partner sells our products in its own name and advises its"
    " customers honestly.\n\nWe protect registered deals, pay what we owe every quarter and keep each other’s secrets."
)


def welcome(
    admin: Membership,
    managers: list[Membership],
    owners: Iterable[Membership],
    hero: Membership,
    move_to: Callable[[dt.datetime], None],
    until: dt.datetime,
) -> None:
    """All of it, at the times at which it happened; the clock stands at `until` again in the end."""

    def ago(days: int) -> None:
        move_to(until - dt.timedelta(days=days))

    ago(120)
    _ask(admin)
    everybody = [hero, *owners]
    _agree(admin, everybody, ago)
    kinds = _papers(admin)
    ago(100)
    plan = _plan(admin)
    for partner in Partner.objects.filter(status=PartnerStatus.ONBOARDING):
        ago(25)
        plans.start(partner, plan, by=admin)
        ago(22)
        first = (
            OnboardingStep.objects.filter(partner=partner, kind=StepKind.MANUAL).order_by("position").first()
        )
        if first is not None:
            plans.tick(first, by=admin)
    for company, person, country, kind, days, state in APPLICANTS:
        ago(days)
        _apply(company, person, country, kind, state, admin, managers[0], ago, days)
    _hand_in(kinds, hero, everybody[1:], managers[0], until.date(), ago)
    # These people do not exist, and their letters are not posted.
    ApplicantLetter.objects.filter(sent_at=None).update(sent_at=until, due_at=None)
    move_to(until)


def _ask(admin: Membership) -> None:
    applications.change_policy(by=admin, is_open=True, introduction=INTRODUCTION, response_days=5)
    for text, kind, choices, required in QUESTIONS:
        question = ApplicationQuestion(text=text, kind=kind, choices=choices, is_required=required)
        applications.save_question(question, by=admin)
    for name, help_text, weight in CRITERIA:
        applications.save_criterion(ScoringCriterion(name=name, help=help_text, weight=weight), by=admin)


def _agree(admin: Membership, owners: list[Membership], ago: Callable[[int], None]) -> None:
    """One agreement that all have accepted, and a newer wording of it that half of them have."""
    agreement = agreements.save_agreement(
        Agreement(name="Partner agreement", summary="How we work together"), by=admin
    )
    first = agreements.publish(agreement, by=admin, text=AGREEMENT)
    ago(110)
    for owner in owners:
        agreements.accept(agreement, by=owner, sha256=first.sha256, address="192.0.2.10")
    ago(5)
    second = agreements.publish(
        agreement,
        by=admin,
        text=f"{AGREEMENT}\n\nWhat we owe is paid within thirty days after the quarter.",
        changes="Payment within thirty days",
    )
    ago(3)
    for owner in owners[1::2]:
        agreements.accept(agreement, by=owner, sha256=second.sha256, address="192.0.2.10")


def _papers(admin: Membership) -> list[DocumentKind]:
    return [
        documents.save_kind(DocumentKind(name="Tax form", help="Signed, of this year"), by=admin),
        documents.save_kind(
            DocumentKind(name="Liability insurance", help="Covering at least 1,000,000", expires=True),
            by=admin,
        ),
    ]


def _hand_in(
    kinds: list[DocumentKind],
    hero: Membership,
    others: list[Membership],
    manager: Membership,
    today: dt.date,
    ago: Callable[[int], None],
) -> None:
    """The demo's own partner has an insurance that runs out soon; others wait to be checked."""
    tax, insurance = kinds
    ago(90)
    partners = Partner.objects.in_bulk([member.partner_id for member in (hero, *others)])
    for kind, ends in ((tax, None), (insurance, today + dt.timedelta(days=20))):
        sent = documents.send(kind, partners[hero.partner_id], _pdf(kind), by=hero, expires_on=ends)
        manager_of = partners[hero.partner_id].manager or manager
        documents.accept_document(sent, by=manager_of)
    ago(1)
    for member in others[:3]:
        documents.send(tax, partners[member.partner_id], _pdf(tax), by=member)


def _pdf(kind: DocumentKind) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{kind.name}.pdf", PDF)


def _plan(admin: Membership) -> Plan:
    plan = plans.save_plan(Plan(name="The first six weeks"), by=admin)
    course = Course.objects.filter(status=CourseStatus.PUBLISHED).order_by("title").first()
    steps: list[dict[str, Any]] = [
        {"title": "Welcome call", "kind": StepKind.MANUAL, "owner": StepOwner.VENDOR, "due_days": 3},
        {
            "title": "Accept the partner agreement",
            "kind": StepKind.AGREEMENT,
            "agreement": Agreement.objects.first(),
            "due_days": 7,
        },
        {"title": "Complete your company's profile", "kind": StepKind.PROFILE, "due_days": 7},
        {
            "title": "Send the tax form",
            "kind": StepKind.DOCUMENT,
            "document_kind": DocumentKind.objects.get(name="Tax form"),
            "due_days": 14,
        },
        {"title": "Invite a colleague", "kind": StepKind.INVITE, "due_days": 14},
    ]
    if course is not None:
        steps.append({"title": "The first course", "kind": StepKind.COURSE, "course": course, "due_days": 21})
    steps.append({"title": "Register your first deal", "kind": StepKind.DEAL, "due_days": 42})
    before: list[str] = []
    for fields in steps:
        after = before[1:2] if fields["kind"] in (StepKind.COURSE, StepKind.DEAL) else []
        saved = plans.save_step(PlanStep(plan=plan, after=after, **fields), by=admin)
        before.append(str(saved.pk))
    return plan


def _apply(
    company: str,
    person: str,
    country: str,
    kind: PartnerType,
    state: str,
    admin: Membership,
    manager: Membership,
    ago: Callable[[int], None],
    days: int,
) -> None:
    domain = company.lower().split(" ")[0].strip(".,&") + ".example"
    values: dict[QuestionKind, Any] = {
        QuestionKind.LONG_TEXT: "We look after the IT of companies of twenty to two hundred people.",
        QuestionKind.NUMBER: "18",
        QuestionKind.CHOICES: ["Backup", "Monitoring"],
        QuestionKind.COUNTRY: country,
        QuestionKind.FILE: [],
        QuestionKind.CONSENT: True,
    }
    application = applications.apply(
        company=company,
        website=f"https://www.{domain}",
        country=country,
        type=kind,
        person=person,
        job_title="Managing director",
        email=f"{person.split(' ')[0].lower()}@{domain}",
        phone="",
        answers=[
            {
                "question": str(question.pk),
                "text": question.text,
                "kind": question.kind,
                "value": values[QuestionKind(question.kind)],
            }
            for question in ApplicationQuestion.objects.all()
        ],
    )
    assert application is not None
    applications.confirm(application)
    if state == "applied":
        return
    ago(days - 1)
    applications.start_review(application, by=manager)
    _score(application, manager, 4 if state != "rejected" else 1)
    ago(days - 2)
    if state == "returned":
        question = "Which of your engineers hold certificates, and of whom?"
        applications.ask_for_more(application, by=manager, question=question)
    elif state == "rejected":
        reason = "We have enough referral partners in Norway at the moment. Please ask again next year."
        applications.reject(application, by=manager, reason=reason)
    elif state == "approved":
        applications.approve(
            application, by=manager, region="DACH", message="We look forward to working with you."
        )


def _score(application: Application, by: Membership, points: int) -> None:
    for place, criterion in enumerate(ScoringCriterion.objects.all()):
        given = max(0, min(5, points + (place % 2)))
        applications.score(application, criterion, points=given, by=by)
