"""A programme in which everything that an address can name exists twice: once for each of two partners."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils import timezone
from PIL import Image

from incentives.example import create_example_programme
from incentives.funds.models import Budget, Claim, Fund, FundRequest
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.plans.models import Plan, PlanVersion
from incentives.statements.enums import BatchStatus, ClosingStatus, Method, PaymentStatus, StatementStatus
from incentives.statements.models import Batch, Closing, Payment, Statement, TaxRule
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.enums import Direction
from incentives.tiers.models import (
    CheckMark,
    ManualCheck,
    Tier,
    TierBenefit,
    TierOverride,
    TierProposal,
    TierStanding,
)
from metrics.actions import recompute_periods
from metrics.benchmarks.models import Benchmark
from metrics.closing import lock_period
from metrics.defining import define_kpi
from metrics.models import OwnKpi, Restatement, Scorecard, ScorecardTemplate
from metrics.periods import PeriodKind, calendar_of
from metrics.readings.models import MetricDefinition
from metrics.reviews.models import Alert, AlertRule, Goal, Review, ReviewAction
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
    PlanStep,
    ScoringCriterion,
)
from partners.onboarding.models import Plan as OnboardingPlan
from partners.surveys import actions as surveys
from partners.surveys.models import CustomerContact
from partners.training.actions import put_file, record_completion
from partners.training.enums import CourseKind, CourseStatus
from partners.training.models import Completion, Course, Enrolment, Path, PathCourse, Question, Session
from portal.accounts.enums import Role
from portal.accounts.models import ApiKey, Invitation, Membership
from portal.discussion import actions as comments
from portal.events.record import record
from portal.files import storage
from portal.files.models import Attachment
from portal.imports.actions import start_run
from portal.jobs.actions import create_job
from portal.notifications.enums import Channel
from portal.notifications.models import Letter, Notification
from portal.rates.models import ExchangeRate
from portal.reports.models import Recipient, SavedView, Schedule
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    CostFactory,
    CustomerFactory,
    DealFactory,
    LeadFactory,
    OrderFactory,
    PartnerFactory,
    ReadingFactory,
    VendorLeadFactory,
    make_member,
    won_deal,
)

DEALS_CSV = b"opportunity_id,partner,stage,amount\nX1,Ours,Engaging,100\n"


@dataclass
class House:
    """A programme with two partners, each with one of everything, and somebody in every role."""

    members: dict[str, Membership] = field(default_factory=dict)
    things: dict[str, UUID | str] = field(default_factory=dict)
    theirs: dict[str, UUID | str] = field(default_factory=dict)
    # What only its member may see, by role.
    personal: dict[str, dict[str, UUID | str]] = field(default_factory=dict)


def a_kpi(admin: Membership) -> OwnKpi:
    return define_kpi(
        by=admin,
        name="Deal worth",
        formula="revenue_won / deals_won",
        unit="money",
        better="up",
        kind="lag",
        level="PG",
        meaning="What a deal is worth.",
    )


def a_restatement(admin: Membership) -> dict[str, UUID]:
    """A locked period and a restatement of it."""
    period = calendar_of(admin.tenant).current(PeriodKind.QUARTER).previous()
    lock = lock_period(period, by=admin)
    restatement = Restatement.objects.create(
        period_kind=period.kind, period_start=period.start, reason="Late orders", restated_by=admin
    )
    return {"period_lock": lock.pk, "restatement": restatement.pk}


def things_of(partner: Partner, manager: Membership, colleague: Membership) -> dict[str, UUID | str]:
    customer = CustomerFactory(served_by=partner)
    deal = DealFactory(partner=partner, customer=customer, status=RegistrationStatus.DRAFT)
    won = won_deal(partner, 50_000_00, date(2026, 3, 2), customer=customer)
    invitation = Invitation.objects.create(
        email=f"new@{partner.number.lower()}.example",
        role=Role.PARTNER_MEMBER,
        partner_id=partner.pk,
        digest=partner.number,
        invited_by=manager,
        expires_at=timezone.now() + timedelta(days=1),
    )
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
        "file": a_file(deal, colleague).pk,
        "comment": comments.post(deal, "Hello", by=colleague).pk,
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
        "partner_goal": Goal.objects.create(
            subject_kind="partner",
            subject_key=str(partner.pk),
            partner=partner,
            kpi="revenue",
            period_kind="quarter",
            period_start=date(2026, 1, 1),
            target=1,
        ).pk,
        "customer_contact": CustomerContact.objects.create(
            customer=customer, partner=partner, email="buyer@customer.example"
        ).pk,
        **a_request_for_funds(partner, colleague),
        "step": a_step(partner).pk,
        "document": a_document(partner, colleague).pk,
        "colleague": colleague.pk,
        "invitation": invitation.pk,
    }


def a_dispute(partner: Partner, entry: UUID | str) -> UUID:
    who = make_member(Role.PARTNER_MEMBER, partner=partner)
    return Dispute.objects.create(partner=partner, entry_id=entry, text="Too little", raised_by=who).pk


def furnish(tenant: Tenant) -> House:
    """Partner ours, whose owner and member sign in, and partner theirs, whom they must never meet."""
    with tenant_scope(tenant.pk):
        ours, theirs = PartnerFactory(name="Ours"), PartnerFactory(name="Theirs")
        manager = make_member(Role.CHANNEL_MANAGER)
        Partner.objects.update(manager=manager)
        members = {
            Role.PARTNER_OWNER: make_member(Role.PARTNER_OWNER, partner=ours),
            Role.PARTNER_MEMBER: make_member(Role.PARTNER_MEMBER, partner=ours),
            Role.CHANNEL_MANAGER: manager,
            Role.ADMIN: make_member(Role.ADMIN),
        }
        things = {
            name: things_of(partner, manager, make_member(Role.PARTNER_MEMBER, partner=partner))
            for name, partner in {"ours": ours, "theirs": theirs}.items()
        }
        create_example_programme(by=None, starts_on=date(2026, 1, 1))
        recompute_periods([calendar_of(tenant).current(PeriodKind.QUARTER)])
        evaluate_tiers([ours.pk, theirs.pk])
        post_ledger([ours.pk, theirs.pk])
        reference = ManualCheck.objects.create(name="References")
        for partner, of_partner in [(ours, things["ours"]), (theirs, things["theirs"])]:
            of_partner["entry"] = LedgerEntry.objects.filter(partner=partner).first().pk
            of_partner["dispute"] = a_dispute(partner, of_partner["entry"])
            of_partner["adjustment"] = Adjustment.objects.create(
                partner=partner, amount=100, currency="EUR", reason="Forgotten", proposed_by=manager
            ).pk
            of_partner["mark"] = CheckMark.objects.create(
                partner=partner, item=reference, given_on=date(2026, 1, 1), note="Called", given_by=manager
            ).pk
            of_partner["card"] = Scorecard.objects.filter(partner_id=partner.pk).first().pk
            of_partner["standing"] = TierStanding.objects.get(partner=partner).pk
        paid = pay_out([ours, theirs], manager, members[Role.ADMIN])
        for partner, of_partner in [(ours, things["ours"]), (theirs, things["theirs"])]:
            of_partner |= statement_of(partner)
        deal, session = DealFactory(partner=ours), a_session()
        shared = {
            "course": Course.objects.get(title="Basics").pk,
            "question": Question.objects.get().pk,
            "session": session.pk,
            "workshop": session.course_id,
            "path": a_path().pk,
            "gathering": a_gathering(members).pk,
            "handbook": a_handbook(members[Role.ADMIN]).pk,
            "product": deal.product_id,
            "family": deal.family_id,
            "asset_category": AssetCategory.objects.create(name="Brochures").pk,
            "competence": Competence.objects.create(name="Migration").pk,
            "pooled": VendorLeadFactory(status=LeadStatus.POOL, pooled_at=timezone.now()).pk,
            "lead_rule": LeadRule.objects.create(name="All", position=1).pk,
            "job": create_job("test.idle", title="Idle", by=manager).pk,
            "run": start_run(
                by=members[Role.ADMIN], target="deals", file_name="deals.csv", content=DEALS_CSV
            ).pk,
            "key": ApiKey.objects.create(membership=manager, name="ERP", prefix="abcdefgh", digest="x").pk,
            "rate": ExchangeRate.objects.create(
                currency="USD", rate=Decimal("0.9"), starts_on=date(2026, 1, 1)
            ).pk,
            "template": ScorecardTemplate.objects.first().pk,
            "own_kpi": a_kpi(members[Role.ADMIN]).pk,
            **a_restatement(members[Role.ADMIN]),
            "tier": Tier.objects.first().pk,
            "manual_check": reference.pk,
            "benefit": TierBenefit.objects.create(tier=Tier.objects.first(), name="Training").pk,
            "override": TierOverride.objects.create(
                partner=ours,
                tier=Tier.objects.last(),
                ends_on=date(2030, 1, 1),
                reason="New",
                proposed_by=manager,
            ).pk,
            "plan": Plan.objects.first().pk,
            "approval_rule": ApprovalRule.objects.create(name="Large", position=1).pk,
            "rejection_reason": RejectionReason.objects.create(name="Direct account").pk,
            "holiday": Holiday.objects.create(day=timezone.localdate(), name="Today").pk,
            "version": PlanVersion.objects.first().pk,
            "proposal": propose(ours),
            "account": save_account(by=members[Role.ADMIN], name="Direct").pk,
            "merge": merge_customers(CustomerFactory(), CustomerFactory(), by=manager).pk,
            **agreed(members[Role.ADMIN]),
            "document_kind": DocumentKind.objects.get().pk,
            "onboarding_plan": OnboardingPlan.objects.get().pk,
            "plan_step": PlanStep.objects.create(
                plan=OnboardingPlan.objects.get(), position=0, title="Hello", kind=StepKind.MANUAL
            ).pk,
            "application": an_application().pk,
            "application_question": ApplicationQuestion.objects.create(position=0, text="Why?").pk,
            "criterion": ScoringCriterion.objects.create(position=0, name="Fit").pk,
            **paid,
            "fund": Fund.objects.get().pk,
            "group": "",
            "loss_reason": LossReason.objects.create(name="Price").pk,
            "secret": "no-such-secret",
            "cost": CostFactory().pk,
            "benchmark": Benchmark.objects.create(
                kpi="win_rate",
                period_kind="quarter",
                value=0.3,
                source="A study",
                valid_from=date(2026, 1, 1),
            ).pk,
            **reviewed(ours, members[Role.ADMIN]),
            "reading": ReadingFactory().pk,
            "metric": MetricDefinition.objects.first().pk,
        }
        asked = ask_everybody(members, Membership.objects.get(pk=things["theirs"]["colleague"]))
        shared |= asked.shared
        personal = {
            role: {"notification": tell(member), "asked": asked.invitations[member.pk]}
            for role, member in members.items()
        }
        things["theirs"]["asked"] = asked.theirs
        shared["asked"] = asked.invitations[members[Role.ADMIN].pk]
        for role, member in members.items():
            if member.is_vendor:
                personal[role] |= a_view(member)
        shared |= a_view(members[Role.ADMIN], name="Shared")
        shared["letter"] = Letter.objects.create(member=manager, kind="test", due_at=timezone.now()).pk
        shared["notification"] = personal[Role.ADMIN]["notification"]
        things["theirs"]["notification"] = tell(Membership.objects.get(pk=things["theirs"]["colleague"]))
    return House(members, {**shared, **things["ours"]}, {**shared, **things["theirs"]}, personal)


def a_view(owner: Membership, *, name: str = "Mine") -> dict[str, UUID]:
    """A view that its owner keeps and gets by e-mail."""
    view = SavedView.objects.create(name=name, page="deals:list", query="stage=won", owner=owner)
    schedule = Schedule.objects.create(
        view=view, frequency="weekly", weekday=0, hour=7, next_at=timezone.now() + timedelta(days=7)
    )
    Recipient.objects.create(schedule=schedule, member=owner)
    return {"view": view.pk, "schedule": schedule.pk}


def reviewed(partner: Partner, by: Membership) -> dict[str, UUID]:
    goal = Goal.objects.create(
        subject_kind="programme",
        kpi="revenue",
        period_kind="quarter",
        period_start=date(2026, 1, 1),
        target=1,
    )
    rule = AlertRule.objects.create(name="Low", kpi="revenue", kind="threshold", limit=1)
    alert = Alert.objects.create(
        rule=rule,
        partner=partner,
        period_start=date(2026, 1, 1),
        value=0,
        reference=1,
        opened_at=timezone.now(),
    )
    review = Review.objects.create(
        partner=partner, period_start=date(2026, 1, 1), planned_on=date(2026, 4, 1), prepared_by=by
    )
    action = ReviewAction.objects.create(review=review, text="Call", owner=by, due_on=date(2026, 5, 1))
    return {
        "goal": goal.pk,
        "alert": alert.pk,
        "alert_rule": rule.pk,
        "review": review.pk,
        "review_action": action.pk,
    }


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


def a_session() -> Session:
    workshop = Course.objects.create(title="Workshop", kind=CourseKind.SESSION, status=CourseStatus.PUBLISHED)
    begins = timezone.now() + timedelta(days=1)
    return Session.objects.create(course=workshop, starts_at=begins, ends_at=begins + timedelta(hours=1))


def a_step(partner: Partner) -> OnboardingStep:
    plan, _new = OnboardingPlan.objects.get_or_create(name="First weeks", position=0)
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


def pay_out(partners: list[Partner], manager: Membership, admin: Membership) -> dict[str, UUID]:
    """Both partners have a statement that was paid."""
    today = timezone.localdate()
    closing = Closing.objects.create(
        period_kind="quarter",
        period_start=date(2026, 4, 1),
        status=ClosingStatus.APPROVED,
        proposed_by=manager,
        decided_by=admin,
    )
    batch = Batch.objects.create(
        number="PB-1",
        currency="EUR",
        method=Method.CSV,
        execution_on=today,
        total=2_00,
        count=2,
        proposed_by=manager,
        approved_by=admin,
        status=BatchStatus.SETTLED,
        file=b"paid",
    )
    for number, partner in enumerate(partners):
        statement = Statement.objects.create(
            closing=closing,
            partner=partner,
            number=f"ST-{number}",
            currency="EUR",
            status=StatementStatus.PAID,
            entries=0,
            opening=0,
            earned=1_00,
            withheld=0,
            payable=1_00,
            carried=0,
            paid_on=today,
        )
        Payment.objects.create(
            batch=batch,
            statement=statement,
            partner=partner,
            reference=f"ST-{number}-1",
            amount=1_00,
            currency="EUR",
            holder=partner.name,
            iban="NL91ABNA0417164300",
            status=PaymentStatus.PAID,
            paid_on=today,
        )
    tax = TaxRule.objects.create(country="NL", name="Tax", rate=Decimal("0.1"), starts_on=today)
    return {"closing": closing.pk, "batch": batch.pk, "tax_rule": tax.pk}


def statement_of(partner: Partner) -> dict[str, UUID]:
    payment = Payment.objects.get(partner=partner)
    return {"statement": payment.statement_id, "payment": payment.pk}


def a_share(deal: Deal, by: Membership) -> Share:
    return Share.objects.create(
        deal=deal, partner=deal.partner, email="x@example.com", slice=NumericRange(80, 100), invited_by=by
    )


def a_seat(partner: Partner, by: Membership) -> Seat:
    """At a third partner's deal."""
    deal = DealFactory()
    return Seat.objects.create(share=a_share(deal, by), deal=deal, partner=partner)


def a_request_for_funds(partner: Partner, by: Membership) -> dict[str, UUID]:
    fund, _new = Fund.objects.get_or_create(name="Growth", currency="EUR", starts_on=date(2026, 1, 1))
    budget = Budget.objects.create(fund=fund, partner=partner, period_start=date(2026, 4, 1), amount=1_000_00)
    asked = FundRequest.objects.create(
        budget=budget,
        partner=partner,
        number=f"MF-{partner.number}",
        title="Breakfast",
        kind="event",
        description="Forty people",
        starts_on=date(2026, 4, 9),
        ends_on=date(2026, 4, 9),
        cost=2_00,
        amount=1_00,
    )
    claim = Claim.objects.create(request=asked, partner=partner, cost=2_00, amount=1_00, claimed_by=by)
    return {"fund_request": asked.pk, "claim": claim.pk}


def a_proof(claim: Claim, by: Membership) -> Attachment:
    return a_file(claim, by)


def a_file(thing: Deal | Claim, by: Membership) -> Attachment:
    return Attachment.objects.create(
        partner_id=thing.partner_id,
        subject_type=thing._meta.label_lower,
        subject_id=thing.pk,
        name="offer.txt",
        size=5,
        content_type="text/plain",
        sha256="0" * 64,
        stored_as=storage.save(thing.tenant_id, BytesIO(b"offer"))[0],
        uploaded_by=by,
    )


def tell(member: Membership) -> UUID:
    event = record("test.told", subject=member)
    return Notification.objects.create(
        event=event,
        member=member,
        partner_id=member.partner_id,
        channel=Channel.PORTAL,
        kind="deals.imported",
        words={"count": 3},
    ).pk


def propose(partner: Partner) -> UUID:
    TierProposal.objects.filter(partner=partner).delete()
    lower, upper = Tier.objects.order_by("pk")[:2]
    proposal = TierProposal.objects.create(
        partner=partner,
        direction=Direction.PROMOTION,
        from_tier=lower,
        to_tier=upper,
        period_start=date(2026, 10, 1),
        effective_on=date(2026, 12, 1),
    )
    return proposal.pk
