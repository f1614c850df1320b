"""Pages on which an admin says how applications are taken, what is asked, and what they are judged by."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.pages import form_page
from partners.onboarding.applications import actions, forms, queries
from partners.onboarding.applications.models import ApplicationQuestion, ScoringCriterion
from partners.onboarding.enums import QuestionKind
from portal.accounts.access import requires
from portal.shell.addresses import turl
from portal.shell.mail import absolute

form_methods = require_http_methods(["GET", "HEAD", "POST"])
TABS = (
    (gettext_lazy("Taking applications"), "onboarding:policy"),
    (gettext_lazy("Questions"), "onboarding:questions"),
    (gettext_lazy("Scoring sheet"), "onboarding:criteria"),
)


def _tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    return [{"label": label, "url": turl(request, name), "active": name == current} for label, name in TABS]


def _head(request: HttpRequest, current: str) -> dict[str, Any]:
    return {
        "title": _("Application form"),
        "tabs": _tabs(request, current),
        "back_url": turl(request, "onboarding:applications"),
        "back_label": _("Applications"),
    }


@form_methods
@requires("onboarding.change_form")
def policy(request: HttpRequest, tenant: str) -> HttpResponse:
    address = turl(request, "onboarding:policy")
    context = _head(request, "onboarding:policy")
    context["form_url"] = absolute(reverse("onboarding:apply", args=(request.tenant.slug,)))
    return form_page(
        request,
        forms.PolicyForm(request.POST or None, by=request.membership, policy=queries.policy()),
        done=lambda saved: (address, _("Saved.")),
        context=context,
        template="onboarding/policy.html",
    )


@require_safe
@requires("onboarding.change_form")
def questions(request: HttpRequest, tenant: str) -> HttpResponse:
    rows = [
        {
            "pk": question.pk,
            "name": question.text,
            "detail": str(QuestionKind(question.kind).label)
            + (f": {', '.join(question.choices)}" if question.choices else ""),
            "badge": _("Has to be answered") if question.is_required else "",
        }
        for question in queries.questions()
    ]
    context = {
        **_head(request, "onboarding:questions"),
        "subtitle": _("Asked after the company, its country and the contact person."),
        "rows": rows,
        "add_url": turl(request, "onboarding:question_create"),
        "add_label": _("Add a question"),
        "edit": "onboarding:question_edit",
        "change": "onboarding:question_change",
        "empty_title": _("No questions of your own yet"),
        "empty_text": _("The company, its country and the contact person are always asked."),
        "removal": _("Ask this no more? What was answered stays with the applications."),
    }
    return render(request, "onboarding/rows.html", context)


@form_methods
@requires("onboarding.change_form")
def question_edit(request: HttpRequest, tenant: str, pk: UUID | None = None) -> HttpResponse:
    question = get_object_or_404(ApplicationQuestion, pk=pk) if pk else ApplicationQuestion()
    address = turl(request, "onboarding:questions")
    return form_page(
        request,
        forms.QuestionForm(request.POST or None, by=request.membership, question=question),
        done=lambda saved: (address, _("Saved. Applicants are asked this from now on.")),
        context={
            "title": _("Question") if pk else _("Add a question"),
            "back_url": address,
            "back_label": _("Questions"),
        },
    )


@require_POST
@requires("onboarding.change_form")
def question_change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    question = get_object_or_404(ApplicationQuestion, pk=pk)
    if verb == "remove":
        actions.remove_question(question, by=request.membership)
        messages.success(request, _("The question is asked no more."))
    else:
        actions.move_question(question, up=verb == "up", by=request.membership)
    return redirect(turl(request, "onboarding:questions"))


@require_safe
@requires("onboarding.change_form")
def criteria(request: HttpRequest, tenant: str) -> HttpResponse:
    every = queries.criteria()
    whole = sum(criterion.weight for criterion in every)
    rows = [
        {
            "pk": criterion.pk,
            "name": criterion.name,
            "detail": criterion.help,
            "badge": _("Weight %(weight)s (%(share)s%%)")
            % {"weight": criterion.weight, "share": round(100 * criterion.weight / whole)},
        }
        for criterion in every
    ]
    context = {
        **_head(request, "onboarding:criteria"),
        "subtitle": _("Who reviews an application gives 0 to 5 points for each."),
        "rows": rows,
        "add_url": turl(request, "onboarding:criterion_create"),
        "add_label": _("Add a criterion"),
        "edit": "onboarding:criterion_edit",
        "change": "onboarding:criterion_change",
        "empty_title": _("No criteria yet"),
        "empty_text": _("With criteria everybody judges by the same things, and a decision says why."),
        "removal": _("Judge by this no more? Decisions keep the sheet they were taken with."),
    }
    return render(request, "onboarding/rows.html", context)


@form_methods
@requires("onboarding.change_form")
def criterion_edit(request: HttpRequest, tenant: str, pk: UUID | None = None) -> HttpResponse:
    criterion = get_object_or_404(ScoringCriterion, pk=pk) if pk else ScoringCriterion()
    address = turl(request, "onboarding:criteria")
    return form_page(
        request,
        forms.CriterionForm(request.POST or None, by=request.membership, criterion=criterion),
        done=lambda saved: (address, _("Saved.")),
        context={
            "title": criterion.name if pk else _("Add a criterion"),
            "back_url": address,
            "back_label": _("Scoring sheet"),
        },
    )


@require_POST
@requires("onboarding.change_form")
def criterion_change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    criterion = get_object_or_404(ScoringCriterion, pk=pk)
    if verb == "remove":
        actions.remove_criterion(criterion, by=request.membership)
        messages.success(request, _("The criterion has been removed."))
    else:
        actions.move_criterion(criterion, up=verb == "up", by=request.membership)
    return redirect(turl(request, "onboarding:criteria"))
