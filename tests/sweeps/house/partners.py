"""One of everything that partner companies have and do."""

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils import timezone
from PIL import Image

from partners.content.branding import digest_of
from partners.content.enums import AssetStatus, CopyState
from partners.content.models import Asset, AssetAudience, AssetCategory, AssetVersion, BrandedCopy
from partners.coselling.models import Seat, Share
from partners.deals.approvals.models import ApprovalRule, Holiday, RejectionReason
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal, LossReason
from partners.directory.enums import PartnerType
from partners.directory.models import CompanyProfile, Competence, Partner, PartnerAddress, PartnerContact
from partners.engagement.enums import GatheringKind, GatheringStatus, InteractionKind
from partners.engagement.models import Gathering, Guest, Interaction
from partners.leads.enums import LeadStatus
from partners.leads.models import LeadRule
from partners.matching.actions import merge_customers, save_account
from partners.onboarding.agreements.actions import publish
from partners.onboarding.enums import ApplicationStatus, StepKind
from partners.onboarding.models import (
    Agreement,
    Application,
    ApplicationQuestion,
    DocumentKind,
    Onboarding,
    OnboardingStep,
    PartnerDocument,
    Plan,
    PlanStep,
    ScoringCriterion,
)
from partners.surveys import actions as surveys
from partners.surveys.models import CustomerContact
from partners.training.actions import put_file, record_completion
from partners.training.enums import CourseKind, CourseStatus
from partners.training.models import Completion, Course, Enrolment, Path, PathCourse, Question, Session
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.files import storage
from tests.factories import (
    CampaignFactory,
    CustomerFactory,
    DealFactory,
    LeadFactory,
    OrderFactory,
    VendorLeadFactory,
    won_deal,
)
from tests.sweeps.house.things import Things


def of_partner(partner: Partner, manager: Membership, colleague: Membership) -> Things:
    """What a partner has of its own."""
    customer = CustomerFactory(served_by=partner)
    deal = DealFactory(partner=partner, customer=customer, status=RegistrationStatus.DRAFT)
    won = won_deal(partner, 50_000_00, date(2026, 3, 2), customer=customer)
    completion = a_completion(colleague, manager)
    CompanyProfile.objects.create(partner=partner, logo=storage.save(deal.tenant_id, BytesIO(b"png"))[0])
    version = an_asset(partner, manager)
    return {
        "partner": partner.pk,
        "asset": version.asset_id,
        "asset_version": version.pk,
        "customer": customer.pk,
        "deal": deal.pk,
        "share": a_share(deal, manager).pk,
        "seat": a_seat(partner, manager).pk,
        "lead": LeadFactory(partner=partner).pk,
        "won": won.pk,
        "completion": completion.pk,
        "interaction": an_interaction(partner, manager).pk,
        "enrolment": Enrolment.objects.get(course=completion.course, member=colleague).pk,
        "address": PartnerAddress.objects.create(
            partner=partner, street="Road 1", city="Ede", country="NL"
        ).pk,
        "contact": PartnerContact.objects.create(partner=partner, name="Jo", email="jo@example.com").pk,
        "order": OrderFactory(partner=partner, customer=customer).pk,
        "campaign": CampaignFactory(partner=partner).pk,
        "customer_contact": CustomerContact.objects.create(
            customer=customer, partner=partner, email="buyer@customer.example"
        ).pk,
        "step": a_step(partner).pk,
        "document": a_document(partner, colleague).pk,
    }


def of_all(ours: Partner, members: dict[str, Membership]) -> Things:
    """What the vendor has, and no partner of its own."""
    deal, session = DealFactory(partner=ours), a_session()
    manager, admin = members[Role.CHANNEL_MANAGER], members[Role.ADMIN]
    return {
        "course": Course.objects.get(title="Basics").pk,
        "question": Question.objects.get().pk,
        "session": session.pk,
        "workshop": session.course_id,
        "path": a_path().pk,
        "gathering": a_gathering(members).pk,
        "handbook": a_handbook(admin).pk,
        "product": deal.product_id,
        "family": deal.family_id,
        "asset_category": AssetCategory.objects.create(name="Brochures").pk,
        "competence": Competence.objects.create(name="Migration").pk,
        "pooled": VendorLeadFactory(status=LeadStatus.POOL, pooled_at=timezone.now()).pk,
        "lead_rule": LeadRule.objects.create(name="All", position=1).pk,
        "approval_rule": ApprovalRule.objects.create(name="Large", position=1).pk,
        "rejection_reason": RejectionReason.objects.create(name="Direct account").pk,
        "holiday": Holiday.objects.create(day=timezone.localdate(), name="Today").pk,
        "loss_reason": LossReason.objects.create(name="Price").pk,
        "account": save_account(by=admin, name="Direct").pk,
        "merge": merge_customers(CustomerFactory(), CustomerFactory(), by=manager).pk,
        **agreed(admin),
        "document_kind": DocumentKind.objects.get().pk,
        "onboarding_plan": Plan.objects.get().pk,
        "plan_step": PlanStep.objects.create(
            plan=Plan.objects.get(), position=0, title="Hello", kind=StepKind.MANUAL
        ).pk,
        "application": an_application().pk,
        "application_question": ApplicationQuestion.objects.create(position=0, text="Why?").pk,
        "criterion": ScoringCriterion.objects.create(position=0, name="Fit").pk,
    }


def an_asset(partner: Partner, by: Membership) -> AssetVersion:
    """A picture for this partner alone, with its logo in it."""
    picture = BytesIO()
    Image.new("RGB", (20, 20)).save(picture, format="PNG")

    def keep() -> str:
        picture.seek(0)
        return storage.save(partner.tenant_id, picture)[0]

    box = {"box_left": 0, "box_top": 0, "box_width": 50, "box_height": 50}
    asset = Asset.objects.create(
        title=f"Flyer of {partner.name}", status=AssetStatus.PUBLISHED, version=1, **box
    )
    asset.refresh_from_db()  # the box as the database writes it
    version = AssetVersion.objects.create(
        asset=asset,
        number=1,
        name="flyer.png",
        content_type="image/png",
        stored_as=keep(),
        preview_as=keep(),
        added_by=by,
    )
    AssetAudience.objects.create(asset=asset, partner=partner, since=date(2026, 1, 1))
    BrandedCopy.objects.create(
        version=version,
        partner=partner,
        digest=digest_of(asset, version, CompanyProfile.objects.get(partner=partner)),
        state=CopyState.READY,
        stored_as=keep(),
        preview_as=keep(),
    )
    return version


def a_completion(colleague: Membership, manager: Membership) -> Completion:
    course, _new = Course.objects.get_or_create(
        title="Basics", kind=CourseKind.QUIZ, status=CourseStatus.PUBLISHED, gives_certificate=True
    )
    Question.objects.get_or_create(
        course=course,
        position=0,
        text="Right?",
        choices=[{"text": "Yes", "correct": True}, {"text": "No", "correct": False}],
    )
    return record_completion(course, colleague, by=manager, completed_on=date(2026, 3, 2), note="Seen")


def a_path() -> Path:
    path = Path.objects.create(title="Start", status=CourseStatus.PUBLISHED)
    PathCourse.objects.create(path=path, course=Course.objects.get(title="Basics"), position=0)
    return path


def a_handbook(by: Membership) -> Course:
    course = Course.objects.create(title="Handbook", kind=CourseKind.FILE, status=CourseStatus.PUBLISHED)
    put_file(course, SimpleUploadedFile("handbook.txt", b"Read me."), by=by)
    return course


def a_session() -> Session:
    workshop = Course.objects.create(title="Workshop", kind=CourseKind.SESSION, status=CourseStatus.PUBLISHED)
    begins = timezone.now() + timedelta(days=1)
    return Session.objects.create(course=workshop, starts_at=begins, ends_at=begins + timedelta(hours=1))


def an_interaction(partner: Partner, by: Membership) -> Interaction:
    return Interaction.objects.create(
        about=partner,
        partner_id=partner.pk,
        kind=InteractionKind.CALL,
        happened_at=timezone.now(),
        subject="Hello",
        follow_up="Send it",
        follow_up_owner=by,
        follow_up_due=timezone.localdate(),
    )


def a_gathering(members: dict[str, Membership]) -> Gathering:
    """To which everybody of the partner that signs in is invited."""
    begins = timezone.now() + timedelta(days=1)
    gathering = Gathering.objects.create(
        title="Summit",
        kind=GatheringKind.CONFERENCE,
        status=GatheringStatus.PUBLISHED,
        starts_at=begins,
        ends_at=begins + timedelta(hours=1),
        place="Here",
    )
    for member in members.values():
        if member.partner_id is not None:
            Guest.objects.create(gathering=gathering, member=member, partner_id=member.partner_id)
    return gathering


def a_step(partner: Partner) -> OnboardingStep:
    plan, _new = Plan.objects.get_or_create(name="First weeks", position=0)
    today = timezone.localdate()
    onboarding = Onboarding.objects.create(partner=partner, plan_name=plan.name, started_on=today)
    return OnboardingStep.objects.create(
        onboarding=onboarding, partner=partner, position=0, title="Hello", kind=StepKind.MANUAL, due_on=today
    )


def a_document(partner: Partner, by: Membership) -> PartnerDocument:
    kind, _new = DocumentKind.objects.get_or_create(name="Tax form")
    return PartnerDocument.objects.create(kind=kind, partner=partner, sent_by=by)


def agreed(admin: Membership) -> dict[str, UUID]:
    agreement = Agreement.objects.create(name="Partner agreement")
    version = publish(agreement, by=admin, file=SimpleUploadedFile("agreement.pdf", b"%PDF-1.7 agreement"))
    return {"agreement": agreement.pk, "agreement_version": version.pk}


def an_application() -> Application:
    return Application.objects.create(
        number="AP-2026-00001",
        status=ApplicationStatus.APPLIED,
        company="Newcomer",
        normalised_name="newcomer",
        country="NL",
        type=PartnerType.RESELLER,
        person="Jane Doe",
        email="jane@newcomer.example",
        submitted_at=timezone.now(),
    )


def a_share(deal: Deal, by: Membership) -> Share:
    return Share.objects.create(
        deal=deal, partner=deal.partner, email="x@example.com", slice=NumericRange(80, 100), invited_by=by
    )


def a_seat(partner: Partner, by: Membership) -> Seat:
    """At a third partner's deal."""
    deal = DealFactory()
    return Seat.objects.create(share=a_share(deal, by), deal=deal, partner=partner)


@dataclass
class Asked:
    """A survey: its things, and the invitation of each member."""

    shared: dict[str, UUID | str]
    invitations: dict[UUID, UUID]
    theirs: UUID


def ask_everybody(members: dict[str, Membership], them: Membership) -> Asked:
    admin = members[Role.ADMIN]
    survey = surveys.create_survey(by=admin, ready="nps", title="Would you recommend us?")
    surveys.publish(survey, by=admin)
    people = [
        surveys.Recipient(
            email=member.user.email, partner_id=member.partner_id, member_id=member.pk, name=member.name
        )
        for member in [*members.values(), them]
    ]
    surveys.ask(survey, people, occasion="all", due_at=timezone.now())
    survey.invitations.update(
        status="sent", version=survey.versions.first(), expires_at=timezone.now() + timedelta(days=9)
    )
    answering = survey.invitations.create(
        email="a@customer.example",
        occasion="all",
        status="sent",
        due_at=timezone.now(),
        version=survey.versions.first(),
        expires_at=timezone.now() + timedelta(days=9),
    )
    surveys.answer(answering.pk, {"q1": 9, "q2": "Fast"})
    by_member = dict(survey.invitations.exclude(member=None).values_list("member_id", "pk"))
    follow_up = surveys.add_follow_up(
        survey, by=admin, title="Call back", owner=members[Role.CHANNEL_MANAGER], due_on=date(2030, 1, 1)
    )
    shared: dict[str, UUID | str] = {
        "survey": survey.pk,
        "response": survey.responses.get().pk,
        "follow_up": follow_up.pk,
        "theme": surveys.save_theme(survey, by=admin, name="Speed", terms=["fast"]).pk,
    }
    return Asked(shared, by_member, by_member[them.pk])
