"""Every address under a tenant, tried as everybody. A new address that is not classified here fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pytest
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incentives.example import create_example_programme
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.plans.models import Plan, PlanVersion
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.enums import Direction
from incentives.tiers.models import Tier, TierProposal, TierStanding
from metrics.actions import recompute_periods
from metrics.models import Scorecard, ScorecardTemplate
from metrics.periods import PeriodKind, calendar_of
from partners.coselling.models import Seat, Share
from partners.deals.approvals.models import ApprovalRule, Holiday, RejectionReason
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal, LossReason
from partners.directory.models import Partner
from partners.leads.enums import LeadStatus
from partners.leads.models import LeadRule
from partners.matching.actions import merge_customers, save_account
from partners.training.actions import record_completion
from partners.training.enums import CourseKind, CourseStatus
from partners.training.models import Completion, Course, Question, Session
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
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
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CustomerFactory,
    DealFactory,
    LeadFactory,
    PartnerFactory,
    VendorLeadFactory,
    make_member,
    won_deal,
)
from tests.sweeps.routes import Route, tenant_routes

EVERYONE = frozenset(Role)
PARTNER = PARTNER_ROLES
VENDOR = VENDOR_ROLES
OWNERS = frozenset({Role.PARTNER_OWNER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})
PUBLIC = frozenset({"public"})

# What is behind each address: who may open it, and the thing whose key it takes. Things that belong to a partner
# are tried with another partner's as well.
ROUTES: dict[str, tuple[frozenset[str], str]] = {
    "shell:home": (EVERYONE, ""),
    "shell:pulse": (EVERYONE, ""),
    "jobs:list": (VENDOR, ""),
    "jobs:detail": (VENDOR, "job"),
    "jobs:progress": (VENDOR, "job"),
    "jobs:cancel": (ADMIN, "job"),
    "imports:list": (ADMIN, ""),
    "imports:upload": (ADMIN, ""),
    "imports:run": (ADMIN, "run"),
    "imports:columns": (ADMIN, "run"),
    "imports:answers": (ADMIN, "run"),
    "imports:check": (ADMIN, "run"),
    "imports:commit": (ADMIN, "run"),
    "imports:discard": (ADMIN, "run"),
    "imports:refused": (ADMIN, "run"),
    "search:search": (EVERYONE, ""),
    "api:search-list": (EVERYONE, ""),
    "notifications:list": (EVERYONE, ""),
    "notifications:bell": (EVERYONE, ""),
    "notifications:count": (EVERYONE, ""),
    "notifications:read_all": (EVERYONE, ""),
    "notifications:choices": (EVERYONE, ""),
    "notifications:defaults": (ADMIN, ""),
    "notifications:letters": (ADMIN, ""),
    "notifications:send_again": (ADMIN, "letter"),
    "notifications:stop": (PUBLIC, "secret"),
    "notifications:follow": (EVERYONE, "notification"),
    "notifications:read": (EVERYONE, "notification"),
    "people:list": (OWNERS, ""),
    "people:invite": (OWNERS, ""),
    "people:member": (OWNERS, "colleague"),
    "people:activate": (ADMIN, "colleague"),
    "people:remove": (OWNERS, "colleague"),
    "people:resend": (OWNERS, "invitation"),
    "people:revoke": (OWNERS, "invitation"),
    "people:accept": (PUBLIC, "secret"),
    "programme:settings": (ADMIN, ""),
    "programme:keys": (ADMIN, ""),
    "programme:revoke_key": (ADMIN, "key"),
    "programme:audit": (ADMIN, ""),
    "rates:list": (ADMIN, ""),
    "rates:create": (ADMIN, ""),
    "rates:detail": (ADMIN, "rate"),
    "discussion:post": (EVERYONE, "deal"),
    "discussion:edit": (EVERYONE, "comment"),
    "discussion:delete": (EVERYONE, "comment"),
    "files:attach": (EVERYONE, "deal"),
    "files:download": (EVERYONE, "file"),
    "files:delete": (EVERYONE, "file"),
    "files:restore": (EVERYONE, "file"),
    "deals:list": (EVERYONE, ""),
    "coselling:list": (EVERYONE, ""),
    "coselling:invite": (EVERYONE, "deal"),
    "coselling:seat": (EVERYONE, "seat"),
    "coselling:answer_seat": (PARTNER, "seat"),
    "coselling:answer_share": (VENDOR, "share"),
    "coselling:end": (EVERYONE, "share"),
    "deals:board": (EVERYONE, ""),
    "deals:selling": (ADMIN, ""),
    "deals:list_add": (ADMIN, ""),
    "deals:list_offer": (ADMIN, "loss_reason"),
    "deals:move": (EVERYONE, "deal"),
    "deals:inbox": (VENDOR, ""),
    "deals:create": (EVERYONE, ""),
    "deals:decide": (VENDOR, ""),
    "deals:save_draft": (EVERYONE, ""),
    "deals:policy": (ADMIN, ""),
    "deals:rules": (ADMIN, ""),
    "deals:rule_create": (ADMIN, ""),
    "deals:rule_edit": (ADMIN, "approval_rule"),
    "deals:rule_move": (ADMIN, "approval_rule"),
    "deals:rule_remove": (ADMIN, "approval_rule"),
    "deals:reasons": (ADMIN, ""),
    "deals:reason_edit": (ADMIN, "rejection_reason"),
    "deals:reason_switch": (ADMIN, "rejection_reason"),
    "deals:holidays": (ADMIN, ""),
    "deals:holiday_remove": (ADMIN, "holiday"),
    "deals:customer_names": (EVERYONE, ""),
    "deals:detail": (EVERYONE, "deal"),
    "deals:edit": (EVERYONE, "deal"),
    "deals:update": (EVERYONE, "deal"),
    "deals:submit": (EVERYONE, "deal"),
    "deals:withdraw": (EVERYONE, "deal"),
    "deals:win": (EVERYONE, "deal"),
    "deals:lose": (EVERYONE, "deal"),
    "deals:start_review": (VENDOR, "deal"),
    "deals:approve": (VENDOR, "deal"),
    "deals:return": (VENDOR, "deal"),
    "deals:reject": (VENDOR, "deal"),
    "deals:cancel": (VENDOR, "deal"),
    "deals:confirm_win": (VENDOR, "deal"),
    "deals:decline_win": (VENDOR, "deal"),
    "deals:reverse": (ADMIN, "deal"),
    "deals:appeal": (PARTNER, "deal"),
    "deals:ask_extension": (PARTNER, "deal"),
    "deals:grant_appeal": (ADMIN, "deal"),
    "deals:uphold": (ADMIN, "deal"),
    "deals:extend": (VENDOR, "deal"),
    "deals:decline_extension": (VENDOR, "deal"),
    "leads:list": (EVERYONE, ""),
    "leads:create": (EVERYONE, ""),
    "leads:to_distribute": (VENDOR, ""),
    "leads:distribute_all": (VENDOR, ""),
    "leads:pool": (PARTNER, ""),
    "leads:pick": (PARTNER, "pooled"),
    "leads:rules": (ADMIN, ""),
    "leads:rule_create": (ADMIN, ""),
    "leads:rule_edit": (ADMIN, "lead_rule"),
    "leads:rule_move": (ADMIN, "lead_rule"),
    "leads:rule_delete": (ADMIN, "lead_rule"),
    "leads:terms": (ADMIN, ""),
    "leads:criteria": (ADMIN, ""),
    "leads:detail": (EVERYONE, "lead"),
    "leads:edit": (EVERYONE, "lead"),
    "leads:convert": (EVERYONE, "lead"),
    "leads:accept": (EVERYONE, "lead"),
    "leads:decline": (EVERYONE, "lead"),
    "leads:disqualify": (EVERYONE, "lead"),
    "leads:reopen": (EVERYONE, "lead"),
    "leads:offer": (VENDOR, "lead"),
    "leads:distribute": (VENDOR, "lead"),
    "leads:put_in_pool": (VENDOR, "lead"),
    "leads:take_back": (VENDOR, "lead"),
    "directory:partners": (VENDOR, ""),
    "directory:partner_create": (ADMIN, ""),
    "directory:partner": (EVERYONE, "partner"),
    "directory:partner_edit": (VENDOR, "partner"),
    "directory:partner_status": (VENDOR, "partner"),
    "directory:company": (PARTNER, ""),
    "directory:company_edit": (frozenset({Role.PARTNER_OWNER}), ""),
    "directory:customers": (EVERYONE, ""),
    "directory:customer_create": (VENDOR, ""),
    "directory:customer": (EVERYONE, "customer"),
    "directory:customer_edit": (VENDOR, "customer"),
    "directory:products": (EVERYONE, ""),
    "directory:product_create": (ADMIN, ""),
    "directory:product_edit": (ADMIN, "product"),
    "directory:families": (ADMIN, ""),
    "directory:family_create": (ADMIN, ""),
    "directory:family_edit": (ADMIN, "family"),
    "training:list": (EVERYONE, ""),
    "training:team": (EVERYONE, ""),
    "training:completions": (EVERYONE, ""),
    "training:completion": (EVERYONE, "completion"),
    "training:completion_pdf": (EVERYONE, "completion"),
    "training:revoke": (ADMIN, "completion"),
    "training:create": (ADMIN, ""),
    "training:course": (EVERYONE, "course"),
    "training:edit": (ADMIN, "course"),
    "training:status": (ADMIN, "course"),
    "training:enrol": (PARTNER, "course"),
    "training:enrol_others": (VENDOR | {Role.PARTNER_OWNER}, "course"),
    "training:leave": (PARTNER, "course"),
    "training:finish": (PARTNER, "course"),
    "training:quiz": (PARTNER, "course"),
    "training:record": (VENDOR, "course"),
    "training:question_create": (ADMIN, "course"),
    "training:session_create": (VENDOR, "workshop"),
    "training:question_edit": (ADMIN, "question"),
    "training:question_change": (ADMIN, "question"),
    "training:session": (VENDOR, "session"),
    "training:session_edit": (VENDOR, "session"),
    "training:session_cancel": (VENDOR, "session"),
    "training:book": (PARTNER, "session"),
    "training:give_up": (PARTNER, "session"),
    "training:session_ics": (EVERYONE, "session"),
    "training:statements": (ADMIN, ""),
    "training:match_again": (ADMIN, ""),
    "training:xapi_about": (PUBLIC, ""),
    "training:xapi_statements": (VENDOR, ""),
    "training:verify": (PUBLIC, ""),
    "matching:accounts": (VENDOR, ""),
    "matching:account_create": (ADMIN, ""),
    "matching:account_edit": (ADMIN, "account"),
    "matching:account_remove": (ADMIN, "account"),
    "matching:duplicates": (VENDOR, ""),
    "matching:merges": (VENDOR, ""),
    "matching:merge_undo": (VENDOR, "merge"),
    "matching:merge": (VENDOR, "customer"),
    "metrics:scorecards": (VENDOR, ""),
    "metrics:mine": (EVERYONE, ""),
    "metrics:groups": (VENDOR, ""),
    "metrics:group": (VENDOR, "group"),
    "metrics:catalogue": (EVERYONE, ""),
    "metrics:templates": (ADMIN, ""),
    "metrics:template_new": (ADMIN, ""),
    "metrics:template_edit": (ADMIN, "template"),
    "metrics:recompute": (ADMIN, ""),
    "metrics:scorecard": (EVERYONE, "partner"),
    "metrics:kpi": (EVERYONE, "card"),
    "incentives:earnings": (EVERYONE, ""),
    "incentives:entry": (EVERYONE, "entry"),
    "incentives:deal": (EVERYONE, "deal"),
    "incentives:mine": (EVERYONE, ""),
    "incentives:standings": (VENDOR, ""),
    "incentives:standing": (VENDOR, "partner"),
    "incentives:proposals": (VENDOR, ""),
    "incentives:proposal": (VENDOR, "proposal"),
    "incentives:ladder": (ADMIN, ""),
    "incentives:tier_create": (ADMIN, ""),
    "incentives:tier_edit": (ADMIN, "tier"),
    "incentives:tier_move": (ADMIN, "tier"),
    "incentives:policy": (ADMIN, ""),
    "incentives:plans": (VENDOR, ""),
    "incentives:plan_create": (ADMIN, ""),
    "incentives:plan_edit": (ADMIN, "plan"),
    "incentives:version": (VENDOR, "version"),
    "incentives:example": (ADMIN, ""),
    "api:schema": (EVERYONE, ""),
    "api:docs": (EVERYONE, ""),
    "api:deal-list": (EVERYONE, ""),
    "api:deal-detail": (EVERYONE, "deal"),
    "api:deal-submit": (EVERYONE, "deal"),
    "api:deal-withdraw": (EVERYONE, "deal"),
    "api:deal-win": (EVERYONE, "deal"),
    "api:deal-lose": (EVERYONE, "deal"),
    "api:deal-start-review": (VENDOR, "deal"),
    "api:deal-approve": (VENDOR, "deal"),
    "api:deal-return-": (VENDOR, "deal"),
    "api:deal-reject": (VENDOR, "deal"),
    "api:deal-cancel": (VENDOR, "deal"),
    "api:deal-confirm-win": (VENDOR, "deal"),
    "api:deal-decline-win": (VENDOR, "deal"),
    "api:deal-reverse": (ADMIN, "deal"),
    "api:deal-appeal": (PARTNER, "deal"),
    "api:deal-ask-extension": (PARTNER, "deal"),
    "api:deal-grant-appeal": (ADMIN, "deal"),
    "api:deal-uphold": (ADMIN, "deal"),
    "api:deal-extend": (VENDOR, "deal"),
    "api:deal-decline-extension": (VENDOR, "deal"),
    "api:course-list": (EVERYONE, ""),
    "api:course-detail": (EVERYONE, "course"),
    "api:completion-list": (EVERYONE, ""),
    "api:completion-detail": (EVERYONE, "completion"),
    "api:lead-list": (EVERYONE, ""),
    "api:lead-detail": (EVERYONE, "lead"),
    "api:lead-pool": (PARTNER, ""),
    "api:lead-pick": (PARTNER, "pooled"),
    "api:lead-accept": (EVERYONE, "lead"),
    "api:lead-decline": (EVERYONE, "lead"),
    "api:lead-convert": (EVERYONE, "lead"),
    "api:lead-disqualify": (EVERYONE, "lead"),
    "api:lead-reopen": (EVERYONE, "lead"),
    "api:lead-offer": (VENDOR, "lead"),
    "api:lead-distribute": (VENDOR, "lead"),
    "api:lead-put-in-pool": (VENDOR, "lead"),
    "api:lead-take-back": (VENDOR, "lead"),
    "api:partner-list": (EVERYONE, ""),
    "api:partner-detail": (EVERYONE, "partner"),
    "api:customer-list": (EVERYONE, ""),
    "api:customer-detail": (EVERYONE, "customer"),
    "api:product-list": (EVERYONE, ""),
    "api:product-detail": (EVERYONE, "product"),
    "api:scorecard-list": (EVERYONE, ""),
    "api:scorecard-detail": (EVERYONE, "card"),
    "api:kpi-list": (EVERYONE, ""),
    "api:tier-list": (EVERYONE, ""),
    "api:tier-detail": (EVERYONE, "tier"),
    "api:tier-standing-list": (EVERYONE, ""),
    "api:tier-standing-detail": (EVERYONE, "standing"),
    "api:ledger-entry-list": (EVERYONE, ""),
    "api:ledger-entry-detail": (EVERYONE, "entry"),
}
# A plain GET is not all that these want: the standard behind it asks for a header.
NEEDS_MORE = frozenset({"training:xapi_statements"})
# Things of which each partner has its own.
OWN = frozenset(
    {
        "deal",
        "lead",
        "partner",
        "customer",
        "card",
        "entry",
        "standing",
        "colleague",
        "invitation",
        "notification",
        "file",
        "share",
        "seat",
        "completion",
    }
)
# Arguments that do not name a thing.
DEALS_CSV = b"opportunity_id,partner,stage,amount\nX1,Ours,Engaging,100\n"
FIXED = {
    "status": "suspended",
    "form": "csv",
    "code": "revenue",
    "kind": "programme",
    "subject": "deals.deal",
    "state": "published",
    "verb": "up",
    "listed": "reason",
}


@dataclass
class House:
    """A programme with two partners, each with one of everything, and somebody in every role."""

    members: dict[str, Membership] = field(default_factory=dict)
    things: dict[str, UUID | str] = field(default_factory=dict)
    theirs: dict[str, UUID | str] = field(default_factory=dict)
    # What only its member may see, by role.
    personal: dict[str, dict[str, UUID | str]] = field(default_factory=dict)


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
    return {
        "partner": partner.pk,
        "customer": customer.pk,
        "deal": deal.pk,
        "share": a_share(deal, manager).pk,
        "seat": a_seat(partner, manager).pk,
        "lead": LeadFactory(partner=partner).pk,
        "file": a_file(deal, colleague).pk,
        "comment": comments.post(deal, "Hello", by=colleague).pk,
        "won": won.pk,
        "completion": a_completion(colleague, manager).pk,
        "colleague": colleague.pk,
        "invitation": invitation.pk,
    }


@pytest.fixture
def house(tenant: Tenant) -> House:
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
        for partner, of_partner in [(ours, things["ours"]), (theirs, things["theirs"])]:
            of_partner["entry"] = LedgerEntry.objects.filter(partner=partner).first().pk
            of_partner["card"] = Scorecard.objects.filter(partner_id=partner.pk).first().pk
            of_partner["standing"] = TierStanding.objects.get(partner=partner).pk
        deal, session = DealFactory(partner=ours), a_session()
        shared = {
            "course": Course.objects.get(title="Basics").pk,
            "question": Question.objects.get().pk,
            "session": session.pk,
            "workshop": session.course_id,
            "product": deal.product_id,
            "family": deal.family_id,
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
            "tier": Tier.objects.first().pk,
            "plan": Plan.objects.first().pk,
            "approval_rule": ApprovalRule.objects.create(name="Large", position=1).pk,
            "rejection_reason": RejectionReason.objects.create(name="Direct account").pk,
            "holiday": Holiday.objects.create(day=timezone.localdate(), name="Today").pk,
            "version": PlanVersion.objects.first().pk,
            "proposal": propose(ours),
            "account": save_account(by=members[Role.ADMIN], name="Direct").pk,
            "merge": merge_customers(CustomerFactory(), CustomerFactory(), by=manager).pk,
            "group": "",
            "loss_reason": LossReason.objects.create(name="Price").pk,
            "secret": "no-such-secret",
        }
        personal = {role: {"notification": tell(member)} for role, member in members.items()}
        shared["letter"] = Letter.objects.create(member=manager, kind="test", due_at=timezone.now()).pk
        shared["notification"] = personal[Role.ADMIN]["notification"]
        things["theirs"]["notification"] = tell(Membership.objects.get(pk=things["theirs"]["colleague"]))
    return House(members, {**shared, **things["ours"]}, {**shared, **things["theirs"]}, personal)


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


def a_session() -> Session:
    workshop = Course.objects.create(title="Workshop", kind=CourseKind.SESSION, status=CourseStatus.PUBLISHED)
    begins = timezone.now() + timedelta(days=1)
    return Session.objects.create(course=workshop, starts_at=begins, ends_at=begins + timedelta(hours=1))


def a_share(deal: Deal, by: Membership) -> Share:
    return Share.objects.create(
        deal=deal, partner=deal.partner, email="x@example.com", slice=NumericRange(80, 100), invited_by=by
    )


def a_seat(partner: Partner, by: Membership) -> Seat:
    """At a third partner's deal."""
    deal = DealFactory()
    return Seat.objects.create(share=a_share(deal, by), deal=deal, partner=partner)


def a_file(deal: Deal, by: Membership) -> Attachment:
    return Attachment.objects.create(
        partner_id=deal.partner_id,
        subject_type="deals.deal",
        subject_id=deal.pk,
        name="offer.txt",
        size=5,
        content_type="text/plain",
        sha256="0" * 64,
        stored_as=storage.save(deal.tenant_id, BytesIO(b"offer"))[0],
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


def address(route: Route, things: dict[str, UUID | str], slug: str = "acme") -> str:
    thing = ROUTES[route.name][1]
    arguments = {name: things[thing] if name in {"pk", "secret"} else FIXED[name] for name in route.arguments}
    return reverse(route.name, kwargs={"tenant": slug, **arguments})


def answers(client: Client, url: str) -> list[HttpResponse]:
    """What the address says to a GET and to an empty POST."""
    return [client.get(url), client.post(url)]


def statuses(client: Client, url: str) -> set[int]:
    """The statuses without 405, which says nothing about who may."""
    return {response.status_code for response in answers(client, url)} - {405}


def routes() -> list[Route]:
    return [route for route in tenant_routes() if route.name in ROUTES]


def test_every_address_is_classified():
    assert sorted(route.name for route in tenant_routes()) == sorted(ROUTES)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_what_it_may_and_403_for_the_rest(
    role: Role, house: House, client_as: Callable[[Membership], Client]
):
    client = client_as(house.members[role])
    wrong = {}
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        if allowed == PUBLIC:
            continue
        url = address(route, house.things | house.personal[role])
        if role in allowed:
            seen = {client.get(url).status_code} - {405}
            if not seen <= {200, 204, 302} and route.name not in NEEDS_MORE:
                wrong[route.name] = seen
        else:
            seen = statuses(client, url)
            if seen != {403}:
                wrong[route.name] = seen
    assert wrong == {}


@pytest.mark.parametrize("role", sorted(PARTNER))
def test_another_partners_things_do_not_exist(
    role: Role, house: House, client_as: Callable[[Membership], Client]
):
    client = client_as(house.members[role])
    wrong = {}
    for route in routes():
        allowed, thing = ROUTES[route.name]
        if thing not in OWN:
            continue
        seen = statuses(client, address(route, house.theirs))
        if seen - {403, 404} or (role in allowed and seen != {404}):
            wrong[route.name] = seen
    assert wrong == {}


def test_another_tenants_addresses_do_not_exist(
    house: House, other_tenant: Tenant, client_as: Callable[[Membership], Client]
):
    """The administrator of one vendor tries the other's addresses, and the other's keys at home."""
    with tenant_scope(other_tenant.pk):
        stranger = make_member(Role.ADMIN)
    client = client_as(stranger)
    wrong = {}
    for route in routes():
        allowed, thing = ROUTES[route.name]
        if allowed == PUBLIC:
            continue
        abroad = statuses(client, address(route, house.things))
        if abroad != {404}:
            wrong[route.name] = abroad
        if isinstance(house.things.get(thing), UUID) and Role.ADMIN in allowed:
            at_home = statuses(client, address(route, house.things, slug="globex"))
            if at_home != {404}:
                wrong[f"{route.name} at home"] = at_home
    assert wrong == {}


def test_who_has_not_signed_in_is_asked_to(house: House, client: Client):
    wrong = {}
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        url = address(route, house.things)
        expected = {404, 410, 200} if allowed == PUBLIC else {401} if "/api/" in url else {302}
        response = client.get(url)
        if response.status_code not in expected or (
            expected == {302} and not response["Location"].startswith("/accounts/login/")
        ):
            wrong[route.name] = response.status_code
    assert wrong == {}
