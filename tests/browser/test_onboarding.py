"""A company applies on a phone, is approved and invited, and gets started until its first deal is won."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.onboarding.agreements import actions as agreements
from partners.onboarding.applications import actions as applications
from partners.onboarding.applications import tokens
from partners.onboarding.enums import QuestionKind, StepKind
from partners.onboarding.funnel.queries import journeys, stages
from partners.onboarding.models import (
    Agreement,
    Application,
    ApplicationQuestion,
    OnboardingStep,
    Plan,
    PlanStep,
    ScoringCriterion,
)
from partners.onboarding.plans import actions as plans
from partners.training.models import Completion, Course
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, Membership
from portal.people.letters import secret_of
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import ProductFactory, make_member
from tests.partners.training.builders import a_quiz
from tests.portal.files.builders import PDF
from tests.reliability.processes import Portal, wait_for

PHONE = {"width": 390, "height": 844}
PATIENCE = 60


@pytest.mark.slow
def test_a_stranger_applies_and_becomes_a_partner_that_has_sold(
    vendor: Tenant, running: Portal, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        admin, manager = make_member(Role.ADMIN), make_member(Role.CHANNEL_MANAGER)
        product = ProductFactory(name="Vault Backup")
        quiz = _set_up(admin)
    running.worker("default")

    page = as_member(None, viewport=PHONE).new_page()
    application = _apply(page, vendor)
    desk = as_member(manager).new_page()
    _decide(desk)
    page.reload()
    expect(page.get_by_text("Your application has been approved. Welcome!")).to_be_visible()
    assert_sound(page)

    with tenant_scope(vendor.pk):
        invitation = Invitation.objects.get(email=application.email)
    assert invitation.role == Role.PARTNER_OWNER
    page.goto(f"/acme/join/{secret_of(invitation)}/")
    page.fill("#id_password", "a long and good password 7")
    page.get_by_role("button", name="Join").click()

    _get_started(page, quiz.title)
    _sell(page, desk, str(product.pk), vendor)

    with tenant_scope(vendor.pk):
        company = Partner.objects.get()
        assert company.status == PartnerStatus.ACTIVE
        assert Completion.objects.get(partner=company).certificate
        today = timezone.localdate()
        found = stages(
            journeys(start=today, end=today + timedelta(days=1), zone=vendor.zone, manager_id=manager.pk)
        )
        assert [stage.count for stage in found] == [1, 1, 1, 1, 1]
    desk.goto("/acme/onboarding/funnel/")
    expect(desk.get_by_role("row", name=re.compile("First deal won"))).to_contain_text("1")
    assert_sound(desk)


def _set_up(admin: Membership) -> Course:
    applications.change_policy(by=admin, is_open=True, introduction="Tell us about your company.")
    for fields in (
        {"text": "Why us?", "kind": QuestionKind.LONG_TEXT, "is_required": True},
        {"text": "Company profile", "kind": QuestionKind.FILE},
        {"text": "You may keep this", "kind": QuestionKind.CONSENT, "is_required": True},
    ):
        applications.save_question(ApplicationQuestion(**fields), by=admin)
    applications.save_criterion(ScoringCriterion(name="Market", weight=2), by=admin)
    agreement = agreements.save_agreement(Agreement(name="Partner agreement"), by=admin)
    agreements.publish(agreement, by=admin, text="Be fair.\n\nPay in time.")
    quiz = a_quiz(admin, "Basics", questions=1, gives_certificate=True)
    plan = plans.save_plan(Plan(name="First weeks"), by=admin)
    first = PlanStep(plan=plan, title="Accept the agreement", kind=StepKind.AGREEMENT, agreement=agreement)
    first = plans.save_step(first, by=admin)
    second = PlanStep(
        plan=plan, title="Pass the quiz", kind=StepKind.COURSE, course=quiz, after=[str(first.pk)]
    )
    plans.save_step(second, by=admin)
    plans.save_step(PlanStep(plan=plan, title="Register a deal", kind=StepKind.DEAL), by=admin)
    return quiz


def _apply(page: Page, vendor: Tenant) -> Application:
    page.goto("/acme/apply/")
    assert_sound(page)
    page.get_by_label("Company", exact=False).first.fill("Zonneveld IT")
    page.fill("#id_website", "https://zonneveld-it.example")
    page.select_option("#id_country", "NL")
    page.select_option("#id_type", "reseller")
    page.fill("#id_person", "Iris de Wit")
    page.fill("#id_email", "iris@zonneveld-it.example")
    page.get_by_label("Company profile").set_input_files(
        {"name": "profile.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.wait_for_timeout(3000)  # nobody is quicker
    page.get_by_role("button", name="Send the application").click()
    expect(page.get_by_text("Please look at these points again")).to_be_visible()
    assert_sound(page)
    page.get_by_label("Why us?").fill("We look after two hundred bakeries.")
    page.get_by_label("You may keep this").check()
    page.get_by_role("button", name="Send the application").click()
    expect(page.get_by_text("We have sent you an e-mail with a link")).to_be_visible()
    assert_sound(page)
    with tenant_scope(vendor.pk):
        application = Application.objects.get()
        link = tokens.confirm_link(application, vendor)
    page.goto(urlsplit(link).path)
    assert_sound(page)
    page.get_by_role("button", name="Confirm the application").click()
    expect(page.get_by_text("Your application is with us")).to_be_visible()
    assert_sound(page)
    return application


def _decide(desk: Page) -> None:
    desk.goto("/acme/")
    desk.locator("#panel-applications").get_by_role("link", name=re.compile("Zonneveld IT")).click()
    expect(desk.get_by_text("We look after two hundred bakeries.")).to_be_visible()
    assert_sound(desk)
    desk.get_by_role("button", name="Start the review").click()
    desk.get_by_label("Points for Market").select_option("4")
    desk.get_by_role("button", name="Save the sheet").click()
    expect(desk.get_by_text("80%")).to_be_visible()
    desk.get_by_role("link", name="Approve").click()
    assert_sound(desk)
    desk.fill("#id_region", "Benelux")
    desk.get_by_role("button", name="Approve and invite").click()
    expect(desk.get_by_text("is a partner now, and its owner has been invited.")).to_be_visible()


def _get_started(page: Page, quiz: str) -> None:
    expect(page.locator("#panel-onboarding").get_by_text("Accept the agreement")).to_be_visible()
    assert_sound(page)
    page.goto("/acme/onboarding/")
    assert_sound(page)
    page.get_by_role("link", name="Do it Accept the agreement").first.click()
    assert_sound(page)
    page.get_by_label("I have read this and accept it for my company.").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Accept", exact=True).click()
    wait_for(lambda: _reloaded(page).get_by_role("link", name="Do it Pass the quiz").count() > 0, PATIENCE)
    page.get_by_role("link", name="Do it Pass the quiz").first.click()
    page.get_by_role("link", name="Start the quiz").click()
    page.get_by_label("Right").check()
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("link", name="Your certificate")).to_be_visible()


def _reloaded(page: Page) -> Page:
    page.reload()
    return page


def _sell(page: Page, desk: Page, product: str, vendor: Tenant) -> None:
    page.goto("/acme/deals/new/")
    page.fill("#id_customer_name", "Bakery Ltd")
    page.select_option("#id_product", product)
    page.fill("#id_amount", "10000")
    page.fill("#id_expected_close", (timezone.now() + timedelta(days=30)).date().isoformat())
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_text("has been submitted")).to_be_visible()
    deal = page.url
    wait_for(lambda: _all_done(vendor), PATIENCE)
    desk.goto("/acme/deals/waiting/")
    desk.get_by_role("link", name="Bakery Ltd").first.click()
    desk.get_by_role("link", name="Approve").click()
    desk.get_by_role("button", name="Approve the registration").click()
    expect(desk.get_by_text("holds the customer until").first).to_be_visible()
    page.goto(deal)
    page.get_by_role("link", name="Report as won").click()
    page.fill("#id_revenue", "10000")
    page.get_by_role("button", name="Report the win").click()
    expect(page.get_by_text("Congratulations!").first).to_be_visible()


def _all_done(vendor: Tenant) -> bool:
    """The worker has seen every step done."""
    with tenant_scope(vendor.pk):
        return not OnboardingStep.objects.filter(done_at=None).exists()
