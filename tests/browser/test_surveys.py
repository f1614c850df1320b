"""A customer answers by link on a phone, without signing in."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from partners.surveys.links import answer_token
from partners.surveys.models import SurveyInvitation, SurveyResponse
from portal.accounts.enums import Role
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import CustomerFactory, PartnerFactory, make_member
from tests.partners.surveys.builders import a_survey, an_invitation, for_customers

PHONE = {"width": 390, "height": 844}


def test_a_customer_answers_by_link_on_a_phone(
    vendor: Tenant, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        admin = make_member(Role.ADMIN)
        survey = a_survey(admin, title="Would you recommend us?", **for_customers())
        partner = PartnerFactory(name="Alpha")
        invitation = an_invitation(survey, partner=partner, customer=CustomerFactory(served_by=partner))
        link = f"/acme/answer/{answer_token(invitation)}/"

    page = as_member(None, viewport=PHONE).new_page()
    page.goto(link)
    better = page.locator("fieldset", has_text="What should we do better?")
    expect(better).to_be_hidden()
    assert_sound(page)
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("Please answer this question.")).to_be_visible()
    page.locator("label", has_text="3").first.click()
    expect(better).to_be_visible()
    page.get_by_label("What is the main reason for your answer?").fill("Slow & <b>late</b>")
    page.get_by_role("button", name="Go on later").click()
    expect(page.get_by_role("heading", name="Kept for you")).to_be_visible()
    assert_sound(page)

    page.goto(link)
    expect(page.get_by_label("What is the main reason for your answer?")).to_have_value("Slow & <b>late</b>")
    expect(better).to_be_visible()
    page.get_by_label("What should we do better?").fill("Answer faster")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert_sound(page)
    page.goto(link)
    expect(page.get_by_role("heading", name="You have answered already")).to_be_visible()

    desk = as_member(admin, viewport={"width": 1440, "height": 900}).new_page()
    desk.goto(f"/acme/surveys/{survey.pk}/results/")
    expect(desk.get_by_text("Slow & <b>late</b>")).to_be_visible()
    assert_sound(desk)
    with tenant_scope(vendor.pk):
        response = SurveyResponse.objects.get()
        assert response.partner_id == partner.pk
        assert response.answers.get(key="q1").number == 3
        assert SurveyInvitation.objects.get().status == "answered"
