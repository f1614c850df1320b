"""Letters go out once, to those who may be asked, and again as a reminder."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.surveys import actions, audience, consumers
from partners.surveys.actions import sending
from partners.surveys.enums import InvitationStatus, Withheld
from partners.surveys.models import CustomerContact, FollowUp, OptOut, Survey, SurveyInvitation
from partners.surveys.pasting import recipients_in
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import record
from portal.notifications.models import Notification
from portal.shell import registry
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, LeadFactory, PartnerFactory, make_member, won_deal
from tests.partners.surveys.builders import a_survey, an_invitation, answered, for_customers, response_to

START = "2026-06-01 10:00:00+00:00"


@pytest.fixture
def survey(tenant: Tenant, admin: Membership) -> Survey:
    with tenant_scope(tenant.pk):
        return a_survey(admin, **for_customers(title="How was it?"))


def ask(tenant: Tenant, survey: Survey, *emails: str, occasion: str = "x") -> None:
    with tenant_scope(tenant.pk):
        people = [actions.Recipient(email, language="nl") for email in emails]
        actions.ask(survey, people, occasion=occasion, due_at=timezone.now())


def status(tenant: Tenant, email: str = "a@example.com") -> tuple[str, str]:
    with tenant_scope(tenant.pk):
        row = SurveyInvitation.objects.filter(email=email).order_by("-pk")[0]
        return row.status, row.withheld


def test_a_letter_has_a_link_that_works_and_one_that_stops(
    survey: Survey, tenant: Tenant, client: Client
) -> None:
    ask(tenant, survey, "a@example.com")
    sending.send_due(tenant.pk)
    sending.send_due(tenant.pk)
    (letter,) = mail.outbox
    assert letter.to == ["a@example.com"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = next(word for word in letter.body.split() if "/acme/answer/" in word)
    assert (
        client.get(
            link.partition("://")[2].partition("/")[1] + link.partition("://")[2].partition("/")[2]
        ).status_code
        == 200
    )
    assert status(tenant) == (InvitationStatus.SENT, "")


def test_who_wants_none_and_who_was_asked_lately_is_left_out(
    survey: Survey, tenant: Tenant, admin: Membership
) -> None:
    with time_machine.travel(START) as clock:
        ask(tenant, survey, "a@example.com", "out@example.com")
        with tenant_scope(tenant.pk):
            OptOut.objects.create(email="out@example.com")
        sending.send_due(tenant.pk)
        assert status(tenant, "out@example.com") == (InvitationStatus.WITHHELD, Withheld.OPTED_OUT)
        clock.shift(timedelta(days=10))
        ask(tenant, survey, "a@example.com", occasion="too soon")
        sending.send_due(tenant.pk)
        assert status(tenant) == (InvitationStatus.WITHHELD, Withheld.TIRED)
        clock.shift(timedelta(days=15))
        ask(tenant, survey, "a@example.com", occasion="nearly")
        sending.send_due(tenant.pk)
        assert status(tenant) == (InvitationStatus.WAITING, "")
        clock.shift(timedelta(days=5, minutes=1))
        sending.send_due(tenant.pk)
        assert status(tenant) == (InvitationStatus.SENT, "")


def test_two_surveys_of_one_moment_ask_a_person_once(
    survey: Survey, tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        other = a_survey(admin, "csat", **for_customers())
    ask(tenant, survey, "a@example.com")
    ask(tenant, other, "a@example.com")
    sending.send_due(tenant.pk)
    assert len([letter for letter in mail.outbox if letter.to == ["a@example.com"]]) == 1


def test_no_more_than_the_days_number_is_sent(survey: Survey, tenant: Tenant, admin: Membership) -> None:
    with tenant_scope(tenant.pk):
        actions.change_policy(by=admin, daily_limit=2)
    with time_machine.travel(START) as clock:
        ask(tenant, survey, "a@example.com", "b@example.com", "c@example.com")
        sending.send_due(tenant.pk)
        sending.send_due(tenant.pk)
        assert len(mail.outbox) == 2
        clock.shift(timedelta(days=1, minutes=1))
        sending.send_due(tenant.pk)
        assert len(mail.outbox) == 3


def test_a_reminder_comes_once_and_not_after_the_answer(survey: Survey, tenant: Tenant) -> None:
    with time_machine.travel(START) as clock:
        ask(tenant, survey, "a@example.com", "b@example.com")
        sending.send_due(tenant.pk)
        with tenant_scope(tenant.pk):
            actions.answer(SurveyInvitation.objects.get(email="b@example.com").pk, {"q1": 9})
        clock.shift(timedelta(days=8))
        sending.send_due(tenant.pk)
        clock.shift(timedelta(days=8))
        sending.send_due(tenant.pk)
        assert [letter.to for letter in mail.outbox[2:]] == [["a@example.com"]]
        assert mail.outbox[2].subject.startswith(("Reminder", "Herinnering"))


def test_a_worker_that_died_is_made_up_for(
    survey: Survey, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(START) as clock:
        ask(tenant, survey, "a@example.com")
        monkeypatch.setattr(sending, "_send", lambda *args, **kwargs: None)
        sending.send_due(tenant.pk)
        monkeypatch.undo()
        sending.send_due(tenant.pk)
        assert mail.outbox == []
        clock.shift(timedelta(minutes=11))
        sending.send_due(tenant.pk)
        assert len(mail.outbox) == 1
        assert status(tenant) == (InvitationStatus.SENT, "")


def test_a_mail_server_that_refuses_is_asked_again_and_at_last_given_up(
    survey: Survey, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(letter: Any) -> None:
        raise OSError("no route")

    monkeypatch.setattr(sending, "_hand_over", refuse)
    with time_machine.travel(START) as clock:
        ask(tenant, survey, "a@example.com")
        for _attempt in range(sending.MOST_ATTEMPTS):
            assert status(tenant)[0] == InvitationStatus.WAITING
            sending.send_due(tenant.pk)
            clock.shift(timedelta(days=1))
        assert status(tenant)[0] == InvitationStatus.FAILED


def test_a_member_is_told_in_the_portal(
    tenant: Tenant, admin: Membership, partner_member: Membership
) -> None:
    with tenant_scope(tenant.pk):
        survey = a_survey(admin, "partner")
        actions.invite(survey, audience.recipients(survey), by=admin, occasion="x")
    sending.send_due(tenant.pk)
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        told = Notification.objects.filter(member=partner_member, kind="surveys.asked")
        assert told.filter(url_name="surveys:take").exists()
        SurveyInvitation.objects.update(status=InvitationStatus.WAITING, sent_at=None)
        Membership.objects.filter(pk=partner_member.pk).update(is_active=False)
    sending.send_due(tenant.pk)
    assert status(tenant, partner_member.user.email) == (InvitationStatus.WITHHELD, Withheld.GONE)


def test_the_audience_is_who_fits(tenant: Tenant, admin: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    with tenant_scope(tenant.pk):
        fits = PartnerFactory(type=PartnerType.MSP, region="Benelux")
        wrong_type, wrong_region = PartnerFactory(region="Benelux"), PartnerFactory(type=PartnerType.MSP)
        gone = PartnerFactory(type=PartnerType.MSP, region="Benelux", status="terminated")
        owners = {
            p.pk: make_member(Role.PARTNER_OWNER, partner=p) for p in (fits, wrong_type, wrong_region, gone)
        }
        colleague = make_member(Role.PARTNER_MEMBER, partner=fits)
        survey = a_survey(
            admin, "partner", types=["msp"], regions=["Benelux"], roles=[Role.PARTNER_OWNER.value]
        )
        assert [one.member_id for one in audience.recipients(survey)] == [owners[fits.pk].pk]
        monkeypatch.setattr(registry, "_partner_segments", [])
        registry.partner_segments(
            "Tier",
            choices=lambda: [("gold", "Gold"), ("silver", "Silver")],
            codes=lambda standings: {key: "gold" if key[0] == fits.pk else "silver" for key in standings},
        )
        tiered = a_survey(admin, "partner", tiers=["gold"])
        assert {one.member_id for one in audience.recipients(tiered)} == {owners[fits.pk].pk, colleague.pk}


def test_a_customers_contact_is_about_the_partner_that_named_it_or_won_there_last(
    tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        first, last = PartnerFactory(), PartnerFactory()
        customer = CustomerFactory(served_by=first)
        won_deal(first, 100, timezone.localdate() - timedelta(days=90), customer=customer)
        won_deal(last, 100, timezone.localdate(), customer=customer)
        CustomerContact.objects.create(customer=customer, email="vendor@customer.example")
        CustomerContact.objects.create(customer=customer, partner=first, email="own@customer.example")
        survey = a_survey(admin, **for_customers())
        about = {one.email: one.partner_id for one in audience.recipients(survey)}
    assert about == {"vendor@customer.example": last.pk, "own@customer.example": first.pk}


def test_a_won_deal_asks_its_customer_once_after_the_delay(tenant: Tenant, admin: Membership) -> None:
    with tenant_scope(tenant.pk):
        survey = a_survey(admin, **for_customers(trigger="deal_won", delay_days=14))
        partner = PartnerFactory()
        customer = CustomerFactory(served_by=partner)
        deal = DealFactory(partner=partner, customer=customer)
        CustomerContact.objects.create(customer=customer, partner=partner, email="a@customer.example")
        CustomerContact.objects.create(
            customer=customer, partner=PartnerFactory(), email="other@customer.example"
        )
        LeadFactory(
            partner=partner,
            status="converted",
            deal=deal,
            email="lead@customer.example",
            closed_at=timezone.now(),
        )
        event = record("deal.won", subject=deal, partner_id=partner.pk)
        consumers.deals_won([event])
        consumers.deals_won([event])
        rows = SurveyInvitation.objects.filter(survey=survey).order_by("email")
        assert [row.email for row in rows] == ["a@customer.example", "lead@customer.example"]
        assert rows[0].due_at == event.occurred_at + timedelta(days=14)
        assert (rows[0].partner_id, rows[0].customer_id) == (partner.pk, customer.pk)


def test_a_completed_course_asks_who_took_it(
    tenant: Tenant, admin: Membership, partner_member: Membership
) -> None:
    with tenant_scope(tenant.pk):
        survey = a_survey(admin, "partner", trigger="course_done")
        event = record(
            "course.completed",
            subject=survey,
            partner_id=partner_member.partner_id,
            data={"new": {"member": str(partner_member.pk)}},
        )
        consumers.courses_done([event])
        assert SurveyInvitation.objects.get().member_id == partner_member.pk


def test_the_help_desk_tells_of_a_ticket_and_again_and_asks_once(
    tenant: Tenant, admin: Membership, manager: Membership, client_as: Callable[[Membership], Client]
) -> None:
    with tenant_scope(tenant.pk):
        a_survey(admin, "csat", **for_customers(trigger="ticket_closed"))
        partner = PartnerFactory()
        customer = CustomerFactory(served_by=partner)
    body = {
        "event": "ticket_closed",
        "reference": "T-1",
        "email": "a@customer.example",
        "customer": str(customer.pk),
    }

    def post(who: Membership) -> Any:
        return client_as(who).post("/acme/api/v1/survey-events/", body, content_type="application/json")

    assert (post(admin).json()["invitations"], post(admin).json()["invitations"]) == (1, 0)
    assert post(manager).status_code == 403
    body["customer"] = str(UUID(int=1))
    assert post(admin).status_code == 400
    with tenant_scope(tenant.pk):
        assert SurveyInvitation.objects.get().partner_id == partner.pk


def test_a_list_is_read_whole_or_says_line_by_line_what_is_wrong(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        alpha = PartnerFactory(name="Alpha")
        CustomerFactory(name="Zonneveld", served_by=alpha)
        good = recipients_in("name;e-mail;customer\nIris;iris@z.example;zonneveld\nPiet;piet@z.example;\n")
        assert good.errors == []
        assert [(one.email, one.name, one.partner_id) for one in good.recipients] == [
            ("iris@z.example", "Iris", alpha.pk),
            ("piet@z.example", "Piet", None),
        ]
        bad = recipients_in("iris@z.example, Iris, Nobody\nno address\nok@z.example, =1+1, , Alpha")
        assert [error.partition(":")[0] for error in bad.errors] == ["Line 1", "Line 2"]


def test_dissatisfied_answers_become_a_task_of_the_channel_manager(
    survey: Survey, tenant: Tenant, manager: Membership, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(manager=manager)
        low = answered(survey, {"q1": 2, "q2": "Bad", "q3": "x"}, partner=partner)
        answered(survey, {"q1": 9}, partner=partner)
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        task = FollowUp.objects.get()
        assert (task.response, task.owner, task.by_itself) == (response_to(low), manager, True)
        assert Event.objects.filter(type="follow_up.created").count() == 1
        actions.change_policy(by=admin, follow_detractors=False)
        answered(survey, {"q1": 0, "q2": "Bad", "q3": "x"}, partner=partner)
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert FollowUp.objects.count() == 1
        assert Partner.objects.get(pk=partner.pk).manager == manager
        an_invitation(survey)
