"""Getting started: plans, steps that the portal sees done, agreements by version, documents that run out, reminders."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from partners.deals import actions as deals
from partners.directory.actions import change_partner_status
from partners.directory.company import actions as profiles
from partners.directory.company.queries import companies_of
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.onboarding.agreements import actions as agreements
from partners.onboarding.agreements.queries import standings, waiting_for
from partners.onboarding.applications import actions as applications
from partners.onboarding.documents import actions as documents
from partners.onboarding.documents.queries import papers
from partners.onboarding.enums import StepKind, StepOwner
from partners.onboarding.funnel.queries import Journey, journeys, stages, stuck
from partners.onboarding.models import (
    Agreement,
    AgreementAcceptance,
    DocumentKind,
    Onboarding,
    OnboardingStep,
    PartnerDocument,
    Plan,
    PlanStep,
)
from partners.onboarding.plans import actions
from partners.onboarding.plans.queries import progress_of
from partners.training.actions import record_completion
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.describe import describe
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.people.actions import invite
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, ProductFactory, make_member, won_deal
from tests.partners.directory.test_company import png
from tests.partners.onboarding.builders import an_application, told
from tests.partners.training.builders import a_course
from tests.portal.files.builders import PDF, PNG, upload

K, VENDOR = StepKind, StepOwner.VENDOR


def a_plan(*steps: dict[str, Any], by: Membership, name: str = "First weeks") -> Plan:
    """A plan whose steps may name earlier ones by their places in `after`."""
    plan = actions.save_plan(Plan(name=name), by=by)
    saved: list[PlanStep] = []
    for fields in steps:
        after = [str(saved[place].pk) for place in fields.pop("after", [])]
        step = PlanStep(plan=plan, **{"title": str(K(fields["kind"]).label), "after": after, **fields})
        saved.append(actions.save_step(step, by=by))
    return plan


@pytest.fixture
def company(tenant: Tenant, manager: Membership) -> Partner:
    with tenant_scope(tenant.pk):
        return PartnerFactory(
            name="Alpha", status=PartnerStatus.ONBOARDING, manager=manager, region="", website=""
        )


@pytest.fixture
def owner(tenant: Tenant, company: Partner) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=company)


def states(partner: Partner) -> list[str]:
    [progress] = progress_of(Onboarding.objects.filter(partner=partner), timezone.localdate())
    return [line.state for line in progress.lines]


def test_every_step_is_done_by_doing_it_and_the_partner_is_active_at_the_end(
    tenant: Tenant, admin: Membership, manager: Membership, company: Partner, owner: Membership
):
    def happened(expected: list[str]) -> None:
        dispatch_pending(tenant.pk)
        dispatch_pending(tenant.pk)
        with tenant_scope(tenant.pk):
            assert states(company) == expected

    with tenant_scope(tenant.pk):
        agreement = agreements.save_agreement(Agreement(name="Partner agreement"), by=admin)
        version = agreements.publish(agreement, by=admin, text="Be fair.")
        kind = documents.save_kind(DocumentKind(name="Tax form"), by=admin)
        course = a_course(admin)
        plan = a_plan(
            {"kind": K.AGREEMENT, "agreement": agreement},
            {"kind": K.PROFILE},
            {"kind": K.DOCUMENT, "document_kind": kind},
            {"kind": K.COURSE, "course": course, "after": [0]},
            {"kind": K.INVITE},
            {"kind": K.MANUAL, "owner": VENDOR, "title": "Welcome call"},
            {"kind": K.DEAL, "after": [3]},
            by=admin,
        )
        actions.start(company, plan, by=manager)
        assert states(company) == ["open", "open", "open", "blocked", "open", "open", "blocked"]
        record_completion(course, owner, by=manager, completed_on=timezone.localdate(), note="Seen")
    # The course is done, but the agreement comes first.
    happened(["open", "open", "open", "blocked", "open", "open", "blocked"])
    with tenant_scope(tenant.pk, company.pk):
        agreements.accept(agreement, by=owner, sha256=version.sha256, address="192.0.2.7")
    happened(["done", "open", "open", "done", "open", "open", "open"])
    with tenant_scope(tenant.pk, company.pk):
        profiles.save_profile(
            company,
            by=owner,
            website="https://alpha.example",
            country="NL",
            description="We look after the networks of two hundred bakeries, day and night, and know each oven.",
            regions=["Benelux"],
        )
        profiles.set_logo(company, SimpleUploadedFile("logo.png", png()), by=owner)
        profiles.save_address(company, by=owner, street="Canal 1", city="Utrecht", country="NL")
        document = documents.send(kind, company, upload(), by=owner)
    # Of the profile only somebody to speak to is missing.
    happened(["done", "open", "open", "done", "open", "open", "open"])
    with tenant_scope(tenant.pk, company.pk):
        profiles.save_contact(company, by=owner, name="Ina Bos", email="ina@alpha.example")
    happened(["done", "done", "open", "done", "open", "open", "open"])
    with tenant_scope(tenant.pk):
        documents.accept_document(document, by=manager)
    with tenant_scope(tenant.pk, company.pk):
        invite(by=owner, email="new@alpha.example", name="", role=Role.PARTNER_MEMBER, partner_id=company.pk)
        deals.register(
            company,
            by=owner,
            customer=CustomerFactory.build(pk=_customer(tenant, company)),
            product=_product(tenant),
            amount=100_00,
            expected_close=timezone.localdate() + timedelta(days=9),
        )
    happened(["done", "done", "done", "done", "done", "open", "done"])
    with tenant_scope(tenant.pk):
        call = OnboardingStep.objects.get(title="Welcome call")
        company.refresh_from_db()
        assert company.status == PartnerStatus.ONBOARDING
    with tenant_scope(tenant.pk, company.pk), pytest.raises(PermissionDenied):
        actions.tick(call, by=owner)
    with tenant_scope(tenant.pk):
        actions.tick(call, by=manager)
        company.refresh_from_db()
        assert company.status == PartnerStatus.ACTIVE
        assert Onboarding.objects.get().finished_at is not None
        with pytest.raises(ActionRefused):
            actions.reopen(call, by=manager)
    dispatch_pending(tenant.pk)
    assert "Alpha has finished getting started" in told(manager)


def test_a_profile_is_complete_without_competences_where_the_programme_lists_none(
    scoped: Tenant, admin: Membership
):
    [company] = companies_of([PartnerFactory()])
    assert not any(point.label == "Your competences" for point in company.points)
    profiles.save_competence(by=admin, name="Backup")
    [company] = companies_of([company.partner])
    assert any(point.label == "Your competences" for point in company.missing)


def test_it_ends_with_the_partnership_and_such_a_partner_was_never_active(
    scoped: Tenant, admin: Membership, manager: Membership
):
    applications.approve(an_application(manager=manager), by=manager)
    company = Partner.objects.get()
    actions.start(
        company, a_plan({"kind": K.MANUAL}, {"kind": K.MANUAL, "due_days": 1}, by=admin), by=manager
    )
    owner = make_member(Role.PARTNER_OWNER, partner=company)
    change_partner_status(company, PartnerStatus.SUSPENDED, by=admin, reason="Has not paid")
    # It may do nothing now, so nobody is told to.
    assert actions.remind(timezone.localdate() + timedelta(days=30)) == 0
    change_partner_status(company, PartnerStatus.TERMINATED, by=admin, reason="Agreed")
    for _time in range(2):
        dispatch_pending(scoped.pk)
        Event.objects.filter(type="partner.terminated").update(dispatched_at=None)
    assert not Onboarding.objects.get().is_running
    assert "Agreed" in describe(Event.objects.get(type="onboarding.stopped"))
    today = timezone.localdate()
    span = {"start": today, "end": today + timedelta(days=1), "zone": scoped.zone}
    assert [row.count for row in stages(journeys(**span))] == [1, 1, 1, 0, 0]
    assert not Membership.objects.get(pk=owner.pk).is_active


def _customer(tenant: Tenant, company: Partner) -> Any:
    with tenant_scope(tenant.pk):
        return CustomerFactory(served_by=company).pk


def _product(tenant: Tenant) -> Any:
    with tenant_scope(tenant.pk):
        return ProductFactory()


def test_approval_starts_the_first_plan_that_fits(scoped: Tenant, admin: Membership):
    a_plan({"kind": K.MANUAL}, by=admin, name="Resellers").partner_types = ["reseller"]
    Plan.objects.filter(name="Resellers").update(partner_types=["reseller"])
    a_plan({"kind": K.MANUAL, "due_days": 7}, by=admin, name="Everybody")
    approved = applications.approve(an_application(), by=admin)
    [onboarding] = Onboarding.objects.all()
    assert onboarding.plan_name == "Everybody"
    assert approved.partner is not None
    assert approved.partner.status == PartnerStatus.ONBOARDING
    assert onboarding.steps.get().due_on == timezone.localdate() + timedelta(days=7)


def test_a_plan_keeps_its_order_sound(scoped: Tenant, admin: Membership):
    plan = a_plan(
        {"kind": K.MANUAL, "title": "A"},
        {"kind": K.MANUAL, "title": "B"},
        {"kind": K.MANUAL, "title": "C", "after": [1]},
        by=admin,
    )
    a, b, c = plan.steps.order_by("position")
    with pytest.raises(ActionRefused):
        actions.move_step(c, up=True, by=admin)
    actions.move_step(a, up=False, by=admin)
    assert [step.title for step in plan.steps.order_by("position")] == ["B", "A", "C"]
    a.refresh_from_db()
    a.after = [str(c.pk)]
    with pytest.raises(ActionRefused) as refusal:
        actions.save_step(a, by=admin)
    assert refusal.value.field == "after"
    actions.remove_step(b, by=admin)
    c.refresh_from_db()
    assert (c.after, c.position) == ([], 1)
    with pytest.raises(ActionRefused) as refusal:
        actions.save_step(PlanStep(plan=plan, title="Course", kind=K.COURSE), by=admin)
    assert refusal.value.field == "course"


def test_a_step_is_left_out_with_a_reason_and_opened_again(
    scoped: Tenant, admin: Membership, manager: Membership, company: Partner, owner: Membership
):
    plan = a_plan({"kind": K.DEAL}, {"kind": K.MANUAL, "after": [0]}, by=admin)
    actions.start(company, plan, by=manager)
    with pytest.raises(ActionRefused):
        actions.start(company, plan, by=manager)
    first, second = OnboardingStep.objects.order_by("position")
    with pytest.raises(ActionRefused) as refusal:
        actions.tick(second, by=owner)
    assert refusal.value.code == "blocked"
    with pytest.raises(ActionRefused):
        actions.tick(first, by=owner)
    with pytest.raises(ActionRefused):
        actions.skip(first, by=manager, reason=" ")
    actions.skip(first, by=manager, reason="They refer only")
    assert states(company) == ["skipped", "open"]
    actions.reopen(first, by=manager)
    assert states(company) == ["open", "blocked"]
    with pytest.raises(PermissionDenied):
        actions.skip(first, by=make_member(Role.CHANNEL_MANAGER), reason="Not mine")
    actions.stop(Onboarding.objects.get(), by=manager, reason="Started twice")
    company.refresh_from_db()
    assert company.status == PartnerStatus.ACTIVE


def test_owners_are_reminded_once_before_and_once_after(
    tenant: Tenant, admin: Membership, manager: Membership, company: Partner, owner: Membership
):
    with tenant_scope(tenant.pk):
        plan = a_plan(
            {"kind": K.MANUAL, "title": "Mine", "due_days": 10},
            {"kind": K.MANUAL, "title": "Yours", "due_days": 10, "owner": VENDOR},
            {"kind": K.MANUAL, "title": "Later", "due_days": 10, "after": [0]},
            by=admin,
        )
        actions.start(company, plan, by=manager)
        today = timezone.localdate()
        counts = [actions.remind(today + timedelta(days=days)) for days in (6, 7, 8, 11, 12)]
    assert counts == [0, 2, 0, 2, 0]
    dispatch_pending(tenant.pk)
    assert told(owner) == ["Overdue: Mine", "Due soon: Mine"]
    assert sorted(told(manager)) == [
        "Alpha: “Mine” is overdue",
        "Alpha: “Yours” is due soon",
        "Alpha: “Yours” is overdue",
    ]


# --- agreements --------------------------------------------------------------------------------


def test_a_new_version_asks_again_and_every_acceptance_stays_on_record(
    tenant: Tenant,
    admin: Membership,
    company: Partner,
    owner: Membership,
    client_as: Callable[[Membership], Client],
):
    text = "Be fair.\n\nPay in time."
    with tenant_scope(tenant.pk):
        agreement = agreements.save_agreement(Agreement(name="Partner agreement"), by=admin)
        first = agreements.publish(agreement, by=admin, text=text)
        assert first.sha256 == hashlib.sha256(text.encode()).hexdigest()
        with pytest.raises(ActionRefused):
            agreements.publish(agreement, by=admin, text=text)
        colleague = make_member(Role.PARTNER_MEMBER, partner=company)
    url = f"/acme/agreements/{agreement.pk}/"
    client = client_as(owner)
    form = {"agreed": "on", "sha256": first.sha256}
    assert client_as(colleague).post(f"{url}accept/", form).status_code == 403
    client.post(f"{url}accept/", {"sha256": first.sha256})
    with tenant_scope(tenant.pk):
        assert not AgreementAcceptance.objects.exists()  # without the tick
    for _click in range(2):
        client.post(f"{url}accept/", form, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox")
    with tenant_scope(tenant.pk):
        accepted = AgreementAcceptance.objects.get()
        assert (accepted.person, accepted.email, accepted.address, accepted.browser, accepted.sha256) == (
            owner.name,
            owner.user.email,
            "192.0.2.7",
            "Firefox",
            first.sha256,
        )
        assert not waiting_for(agreement).exists()
        second = agreements.publish(agreement, by=admin, text="Be fairer.", changes="Fairer")
        assert list(waiting_for(agreement)) == [company]
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            AgreementAcceptance.objects.update(person="Somebody else")
    dispatch_pending(tenant.pk)
    assert told(owner)[-1] == "Please read and accept: Partner agreement"
    page = client.get(url).content.decode()
    assert "You accepted version 1. This is a new one." in page
    assert "Fairer" in page
    client.post(f"{url}accept/", form)  # the page with the old wording
    with tenant_scope(tenant.pk, company.pk):
        [standing] = standings(company)
        assert (standing.version, standing.accepted, standing.earlier) == (second, None, accepted)
        agreements.accept(agreement, by=owner, sha256=second.sha256)
        assert AgreementAcceptance.objects.count() == 2


def test_an_agreement_may_be_a_pdf_that_its_partners_can_read(
    tenant: Tenant,
    admin: Membership,
    company: Partner,
    owner: Membership,
    client_as: Callable[[Membership], Client],
):
    with tenant_scope(tenant.pk):
        agreement = agreements.save_agreement(Agreement(name="Logo rules"), by=admin)
        with pytest.raises(ActionRefused):
            agreements.publish(agreement, by=admin, file=upload("x.png", PNG))
        with pytest.raises(ActionRefused):
            agreements.publish(agreement, by=admin, file=upload("x.pdf", b"<html>"))
        with pytest.raises(ActionRefused):
            agreements.publish(agreement, by=admin, text="Both", file=upload())
        version = agreements.publish(agreement, by=admin, file=upload())
        assert version.sha256 == hashlib.sha256(PDF).hexdigest()
        distributor = make_member(Role.PARTNER_OWNER, partner=PartnerFactory(type="distributor"))
    url = f"/acme/agreements/versions/{version.pk}/file/"
    answer = client_as(owner).get(url)
    assert b"".join(answer.streaming_content) == PDF
    with tenant_scope(tenant.pk):
        agreement.partner_types = ["reseller"]
        agreements.save_agreement(agreement, by=admin)
    assert client_as(distributor).get(url).status_code == 404
    assert client_as(distributor).get(f"/acme/agreements/{agreement.pk}/").status_code == 404
    assert client_as(owner).get(url).status_code == 200


# --- documents ---------------------------------------------------------------------------------


def test_a_document_is_handed_in_checked_and_runs_out(
    tenant: Tenant, admin: Membership, manager: Membership, company: Partner, owner: Membership
):
    today = timezone.localdate()

    def state(day: date = today) -> str:
        with tenant_scope(tenant.pk):
            [paper] = papers(company, day)
            return paper.state

    with tenant_scope(tenant.pk):
        kind = documents.save_kind(DocumentKind(name="Insurance", expires=True, warn_days=30), by=admin)
    assert state() == "missing"
    ends = today + timedelta(days=100)
    with tenant_scope(tenant.pk, company.pk):
        for wrong in (None, today - timedelta(days=1)):
            with pytest.raises(ActionRefused) as refusal:
                documents.send(kind, company, upload(), by=owner, expires_on=wrong)
            assert refusal.value.field == "expires_on"
        first = documents.send(kind, company, upload(), by=owner, expires_on=ends)
    assert state() == "sent"
    with tenant_scope(tenant.pk):
        with pytest.raises(PermissionDenied):
            documents.accept_document(first, by=make_member(Role.CHANNEL_MANAGER))
        with pytest.raises(ActionRefused):
            documents.refuse_document(first, by=manager, reason="")
        documents.refuse_document(first, by=manager, reason="Not signed")
        with pytest.raises(ActionRefused):
            documents.accept_document(first, by=manager)
    assert state() == "refused"
    with tenant_scope(tenant.pk, company.pk):
        second = documents.send(kind, company, upload(), by=owner, expires_on=ends)
    with tenant_scope(tenant.pk):
        documents.accept_document(second, by=manager)
    assert [state(ends + timedelta(days=days)) for days in (-31, -30, 0, 1)] == [
        "valid",
        "expiring",
        "expiring",
        "expired",
    ]
    with tenant_scope(tenant.pk):
        counts = [documents.warn_of_ends(ends + timedelta(days=days)) for days in (-31, -30, -29, 0, 1, 2)]
    assert counts == [0, 1, 0, 0, 1, 0]
    dispatch_pending(tenant.pk)
    # What one person has not read yet comes together.
    assert told(owner) == ["There is news of 4 documents"]
    with tenant_scope(tenant.pk):
        kinds = Event.objects.filter(type__startswith="document.", partner_id=company.pk).order_by("id")
        assert list(kinds.values_list("type", flat=True)) == [
            "document.sent",
            "document.refused",
            "document.sent",
            "document.accepted",
            "document.expiring",
            "document.expired",
        ]


def test_nobody_is_warned_of_a_document_that_has_been_replaced(
    scoped: Tenant, admin: Membership, manager: Membership, company: Partner, owner: Membership
):
    today = timezone.localdate()
    kind = documents.save_kind(DocumentKind(name="Insurance", expires=True), by=admin)
    for days in (10, 400):
        sent = documents.send(kind, company, upload(), by=owner, expires_on=today + timedelta(days=days))
        documents.accept_document(sent, by=manager)
    assert documents.warn_of_ends(today) == 1
    assert PartnerDocument.objects.filter(told=1).count() == 1
    assert not Event.objects.filter(type="document.expiring").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("form.svg", b"<svg><script>alert(1)</script></svg>"),
        ("form.pdf", b"<svg><script>alert(1)</script></svg>"),
        ("form.html", b"<script>alert(1)</script>"),
    ],
)
def test_documents_are_told_by_their_content(
    name: str,
    content: bytes,
    tenant: Tenant,
    admin: Membership,
    owner: Membership,
    client_as: Callable[[Membership], Client],
):
    with tenant_scope(tenant.pk):
        kind = documents.save_kind(DocumentKind(name="Tax form"), by=admin)
    answer = client_as(owner).post(f"/acme/documents/kinds/{kind.pk}/send/", {"file": upload(name, content)})
    assert answer.status_code == 422
    with tenant_scope(tenant.pk):
        assert not PartnerDocument.objects.exists()


def test_a_document_is_its_partners_and_the_vendors(
    tenant: Tenant,
    admin: Membership,
    company: Partner,
    owner: Membership,
    manager: Membership,
    partner_owner: Membership,
    client_as: Callable[[Membership], Client],
):
    with tenant_scope(tenant.pk):
        kind = documents.save_kind(DocumentKind(name="Tax form"), by=admin)
    sent = client_as(owner).post(
        f"/acme/documents/kinds/{kind.pk}/send/", {"file": upload("../../etc/passwd.pdf")}
    )
    assert sent.status_code == 302
    with tenant_scope(tenant.pk):
        document = PartnerDocument.objects.select_related("file").get()
        assert document.file is not None
        assert document.file.name == "passwd.pdf"
    url = f"/acme/files/{document.file_id}/"
    codes = [client_as(member).get(url).status_code for member in (owner, manager, partner_owner)]
    assert codes == [200, 200, 404]
    again = client_as(owner).post(
        f"/acme/files/onboarding.partnerdocument/{document.pk}/", {"uploads": upload()}
    )
    assert again.status_code == 403  # another one is another document


# --- the funnel --------------------------------------------------------------------------------


def test_the_funnel_counts_who_got_how_far_and_in_how_many_days():
    day = date(2026, 3, 1)

    def at(*days: int | None) -> Journey:
        return Journey(*(None if one is None else day + timedelta(days=one) for one in days))

    # Four applied: one waits, one began and is stuck, two are active of whom one has sold. One joined without applying
    # or a plan, and sold after 30 days.
    found = [
        at(0, None, None, None, None),
        at(0, 4, 4, None, None),
        at(0, 2, 2, 22, 42),
        at(0, 6, 6, 16, None),
        at(None, 0, None, 0, 30),
    ]
    rows = stages(found)
    assert [(row.key, row.count) for row in rows] == [
        ("applied", 5),
        ("approved", 4),
        ("onboarding", 3),
        ("active", 3),
        ("activated", 2),
    ]
    assert [row.share for row in rows] == [None, 4 / 5, 3 / 4, 3 / 4, 2 / 4]
    # Approved after 4, 2 and 6 days: 4. Began at once. Active after 20, 10 and 0 days: 10. Sold after 40 and 30: 35.
    assert [row.days for row in rows] == [None, 4.0, 0.0, 10.0, 35.0]


def test_the_funnel_is_read_from_what_happened_per_portfolio_and_shows_where_they_stand(
    tenant: Tenant,
    admin: Membership,
    manager: Membership,
    client_as: Callable[[Membership], Client],
):
    with tenant_scope(tenant.pk):
        plan = a_plan({"kind": K.MANUAL, "title": "Sign", "due_days": 5}, by=admin)
        with time_machine.travel(timezone.now() - timedelta(days=20)):
            for count in range(2):
                one = an_application(company=f"C{count}", normalised_name=f"c{count}", manager=manager)
                applications.approve(one, by=manager)
            an_application(company="Waits")
        first, _second = Partner.objects.order_by("number")
        actions.tick(OnboardingStep.objects.get(partner=first), by=manager)
        won_deal(first, 100_00, timezone.localdate())
        veteran = PartnerFactory(joined_on=date(2020, 1, 1), number="P-90001")
        won_deal(veteran, 100_00, timezone.localdate())
        today = timezone.localdate()
        span = {"start": today - timedelta(days=30), "end": today + timedelta(days=1), "zone": tenant.zone}
        assert [row.count for row in stages(journeys(**span))] == [3, 2, 2, 1, 1]
        assert [row.count for row in stages(journeys(**span, manager_id=manager.pk))] == [2, 2, 2, 1, 1]
        assert [row.count for row in stages(journeys(**span, nobody=True))] == [1, 0, 0, 0, 0]
        assert stages(journeys(**span))[-1].days == 20.0
        [row] = stuck(progress_of(Onboarding.objects.filter(finished_at=None), today), today)
        assert (row.title, row.waiting, row.overdue, row.longest) == ("Sign", 1, 1, 15)
        assert plan.steps.count() == 1
    page = client_as(manager).get("/acme/onboarding/funnel/").content.decode()
    assert "Sign" in page
    assert client_as(manager).get("/acme/onboarding/funnel/?portfolio=x&months=9999999").status_code == 404


def test_pages_cost_the_same_however_many_partners_begin(
    scoped: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
):
    client = client_as(admin)
    plan = a_plan({"kind": K.MANUAL}, {"kind": K.MANUAL, "after": [0]}, by=admin)
    counted: list[str] = []

    def counting(execute: Any, sql: str, *args: Any) -> Any:
        counted.append(sql)
        return execute(sql, *args)

    def cost(url: str) -> int:
        client.get(url)
        with connection.execute_wrapper(counting):
            counted.clear()
            assert client.get(url).status_code == 200
            return len(counted)

    urls = ["/acme/onboarding/partners/", "/acme/onboarding/funnel/", "/acme/", "/acme/documents/"]
    actions.start(PartnerFactory(number="P-80000"), plan, by=admin)
    one = [cost(url) for url in urls]
    for number in range(2):
        actions.start(PartnerFactory(number=f"P-8000{number + 1}"), plan, by=admin)
    assert [cost(url) for url in urls] == one
