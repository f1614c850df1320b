"""What an admin sets up through the pages is what applicants and partners meet: questions, scoring sheet, plans."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from partners.onboarding.applications.forms import name_of
from partners.onboarding.enums import QuestionKind, StepKind
from partners.onboarding.models import (
    Application,
    ApplicationQuestion,
    Plan,
    PlanStep,
    ScoringCriterion,
)
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.partners.onboarding.builders import FORM, path_in, post
from tests.portal.files.builders import PDF, upload

K = QuestionKind


def titles(page: str) -> list[str]:
    """What a list that is put in order shows, in its order."""
    rows = re.findall(r'<h2 class="card-title">(.*?)</h2>', page)
    return [re.sub(r"<[^>]*>", "", row) for row in rows]


def test_questions_of_every_kind_are_asked_as_they_were_written(
    tenant: Tenant,
    is_open: None,
    admin: Membership,
    client_as: Callable[[Membership], Client],
    sending: Callable[..., Any],
) -> None:
    desk, address = client_as(admin), "/acme/applications/form/questions/"
    refused = desk.post(f"{address}new/", {"text": "Which?", "kind": K.CHOICE, "choices": "Only one"})
    assert refused.status_code == 422
    assert "Give at least two answers to choose from." in refused.content.decode()
    for kind in K:
        fields = {"text": f"About {kind}", "kind": kind, "is_required": "on", "choices": "Red\nGreen\nBlue"}
        assert desk.post(f"{address}new/", fields).headers["Location"] == address
    with tenant_scope(tenant.pk):
        asked = {K(question.kind): question for question in ApplicationQuestion.objects.all()}
    desk.post(f"{address}{asked[K.CONSENT].pk}/up/")
    desk.post(f"{address}{asked[K.TEXT].pk}/", {"text": "Say more", "kind": K.TEXT, "help": "In a line"})

    page = sending()
    assert page.status_code == 422
    labels = re.findall(r'class="form-(?:check-)?label[^>]*>\s*(About \w+|Say more)', page.content.decode())
    assert [label for label in labels if label in ("About consent", "About file")] == [
        "About consent",
        "About file",
    ]
    assert "Without this we cannot take the application." in page.content.decode()
    answers = {
        K.LONG_TEXT: "Much",
        K.CHOICE: "Green",
        K.CHOICES: ["Red", "Blue"],
        K.NUMBER: "12.50",
        K.COUNTRY: "NL",
        K.CONSENT: "on",
    }
    wrong = sending(**{name_of(asked[K.CHOICE]): "Purple", name_of(asked[K.NUMBER]): "many"})
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.content.decode()
    given: dict[str, Any] = {name_of(asked[kind]): value for kind, value in answers.items()}
    given[name_of(asked[K.FILE])] = upload("profile.pdf", PDF)
    assert sending(**given).headers["Location"] == "/acme/apply/sent/"
    desk.post(f"{address}{asked[K.COUNTRY].pk}/remove/")
    with tenant_scope(tenant.pk):
        kept = {answer["kind"]: answer["value"] for answer in Application.objects.get().answers}
        assert ApplicationQuestion.objects.count() == len(K) - 1
    assert [file["name"] for file in kept.pop("file")] == ["profile.pdf"]
    # What is asked no more stays with what was answered.
    assert kept == {
        "text": "",
        "long_text": "Much",
        "choice": "Green",
        "choices": ["Red", "Blue"],
        "number": "12.5",
        "country": "NL",
        "consent": True,
    }
    assert FORM["company"] not in desk.get("/acme/applications/").content.decode()  # nobody has confirmed it
    post(tenant)
    desk.post(path_in(mail.outbox[-1]))
    assert FORM["company"] in desk.get("/acme/applications/").content.decode()


def test_the_scoring_sheet_is_put_in_order_and_changed(
    tenant: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
) -> None:
    desk, address = client_as(admin), "/acme/applications/form/scoring/"
    for name, weight in (("Market", 3), ("Skills", 1)):
        assert desk.post(f"{address}new/", {"name": name, "weight": weight}).status_code == 302
    assert "Another criterion has this name." in (
        desk.post(f"{address}new/", {"name": "Market", "weight": 1}).content.decode()
    )
    with tenant_scope(tenant.pk):
        market, skills = ScoringCriterion.objects.order_by("position")
    desk.post(f"{address}{skills.pk}/up/")
    page = desk.get(address).content.decode()
    assert titles(page) == ["Skills", "Market"]
    assert "Weight 3 (75%)" in page
    desk.post(f"{address}{market.pk}/remove/")
    with tenant_scope(tenant.pk):
        assert ScoringCriterion.objects.get() == skills


def test_a_plan_is_built_step_by_step(
    tenant: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
) -> None:
    desk = client_as(admin)
    made = desk.post("/acme/onboarding/plans/new/", {"name": "Resellers", "partner_types": "reseller"})
    with tenant_scope(tenant.pk):
        plan = Plan.objects.get()
    address = f"/acme/onboarding/plans/{plan.pk}/"
    assert made.headers["Location"] == address
    new = f"{address}steps/new/"
    step = {"title": "Call", "kind": StepKind.MANUAL, "owner": "vendor", "due_days": 3}
    assert desk.post(new, step).status_code == 302
    nothing = desk.post(new, {**step, "title": "Accept", "kind": StepKind.AGREEMENT})
    assert nothing.status_code == 422 and 'value="Accept"' in nothing.content.decode()
    with tenant_scope(tenant.pk):
        first = PlanStep.objects.get()
    later = {
        "title": "Sell",
        "kind": StepKind.DEAL,
        "owner": "partner",
        "due_days": 30,
        "after": [str(first.pk)],
    }
    assert desk.post(new, later).status_code == 302
    assert titles(desk.get(address).content.decode()) == ["Call", "Sell"]
    assert f'<a href="{address}">Resellers</a>' in desk.get("/acme/onboarding/plans/").content.decode()
    with tenant_scope(tenant.pk):
        second = PlanStep.objects.get(title="Sell")
        assert second.after == [str(first.pk)]
    desk.post(f"/acme/onboarding/plans/steps/{first.pk}/remove/")
    with tenant_scope(tenant.pk):
        assert PlanStep.objects.get().after == []


@pytest.mark.parametrize("address", ["/acme/applications/form/questions/", "/acme/onboarding/plans/"])
def test_an_empty_set_up_says_what_to_do(
    address: str, admin: Membership, client_as: Callable[[Membership], Client]
) -> None:
    assert 'class="empty-state' in client_as(admin).get(address).content.decode()
