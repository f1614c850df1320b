"""Pages for those who make surveys."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.pages import form_page
from partners.surveys import actions, queries
from partners.surveys.enums import SurveyStatus
from partners.surveys.filters import SurveyFilter
from partners.surveys.forms import SurveyForm
from partners.surveys.models import Survey
from partners.surveys.question_form import QuestionForm
from partners.surveys.questions import read
from partners.surveys.sheets import sheet
from partners.surveys.tables import STATUS_TONES, SurveyTable
from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused
from portal.shell.registry import segment_choices

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class SurveyList(ListPage):
    title = gettext_lazy("Surveys")
    permission = "surveys.view_survey"
    table_class = SurveyTable
    filterset_class = SurveyFilter
    search_fields = ("title", "introduction")
    search_label = gettext_lazy("Search by title")
    export_name = "surveys"
    actions = (
        Action(gettext_lazy("Follow-ups"), "surveys:follow_ups", "checkbox", "surveys.view_follow_ups"),
        Action(gettext_lazy("How often we ask"), "surveys:policy", "clock-cog", "surveys.change_policy"),
        Action(
            gettext_lazy("Make a survey"), "surveys:create", "plus", "surveys.change_survey", primary=True
        ),
    )
    empty_icon = "message-question"
    empty_title = gettext_lazy("No surveys yet")
    empty_text = gettext_lazy("Ask customers whether they would recommend you, and partners what they miss.")
    empty_action = Action(gettext_lazy("Make a survey"), "surveys:create", permission="surveys.change_survey")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Survey]:
        return queries.surveys().order_by("-created_at", "-pk")


@require_safe
@requires("surveys.list_surveys")
def surveys_page(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """The vendor's list of surveys; for a partner's people those that wait for their answer."""
    if request.membership.is_vendor:
        return SurveyList.as_view()(request, tenant=tenant)
    context = {
        "title": _("Surveys"),
        "subtitle": _("What you are asked. A few minutes each, and you can go on later."),
        "waiting": queries.waiting_for(request.membership),
    }
    return render(request, "surveys/mine.html", context)


@form_methods
@requires("surveys.change_survey")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        SurveyForm(
            request.POST or None, by=request.membership, initial={"ready": "nps", "audience": "customers"}
        ),
        done=lambda survey: (
            turl(request, "surveys:survey", survey.pk),
            _("Made as a draft. Look at its questions, then publish it."),
        ),
        context={
            "title": _("Make a survey"),
            "back_url": turl(request, "surveys:list"),
            "back_label": _("Surveys"),
            "submit_label": _("Make the survey"),
        },
    )


@form_methods
@requires("surveys.change_survey")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Survey, pk=pk)
    return form_page(
        request,
        SurveyForm(request.POST or None, by=request.membership, survey=found),
        done=lambda saved: (turl(request, "surveys:survey", pk), _("Saved.")),
        context=under(request, found, found.title),
    )


@require_safe
@requires("surveys.view_survey")
def survey(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What is asked, whom, and how far it is."""
    found = get_object_or_404(Survey, pk=pk)
    member = request.membership
    newest, published = queries.newest_version(found), queries.published_version(found)
    by_key = {question.key: question for question in read(newest.questions)}
    counts = queries.counts(found)
    context = {
        "title": found.title,
        "survey": found,
        "tone": STATUS_TONES[SurveyStatus(found.status)],
        "version": newest,
        "published": published,
        "questions": [
            {"question": question, "condition": condition_words(question, by_key)}
            for question in by_key.values()
        ],
        "facts": _facts(found),
        "counts": counts,
        "is_changed": newest.is_draft and published is not None,
        "may_change": can(member, "surveys.change_survey") and found.status != SurveyStatus.CLOSED,
        "may_copy": can(member, "surveys.change_survey"),
        "may_send": can(member, "surveys.send_survey") and found.is_open,
        "has_results": published is not None,
        "back_url": turl(request, "surveys:list"),
        "back_label": _("Surveys"),
    }
    return render(request, "surveys/survey.html", context)


def _facts(found: Survey) -> list[dict[str, Any]]:
    tiers = dict(segment_choices())
    chosen = [
        *(str(found.get_audience_display()),),
        *(dict(SurveyForm.base_fields["roles"].choices).get(role, role) for role in found.roles),
        *(dict(SurveyForm.base_fields["types"].choices).get(kind, kind) for kind in found.types),
        *(tiers.get(tier, tier) for tier in found.tiers),
        *found.regions,
    ]
    facts: list[dict[str, Any]] = [
        {"label": _("Who is asked"), "value": ", ".join(str(part) for part in chosen)},
        {
            "label": _("By itself when"),
            "value": found.get_trigger_display(),
            "hint": _("%s days later") % found.delay_days if found.trigger and found.delay_days else "",
        },
        {"label": _("A link works"), "value": _("%s days") % found.expires_days},
        {
            "label": _("Reminders"),
            "value": _("%(count)s, after %(days)s days each")
            % {"count": found.reminders, "days": found.remind_days}
            if found.reminders
            else _("None"),
        },
        {
            "label": _("Anonymous"),
            "value": _("Yes") if found.is_anonymous else _("No"),
            "hint": _("split by: %s") % found.get_segment_display().lower() if found.segment else "",
        },
    ]
    return facts


def condition_words(question: Any, by_key: dict[str, Any]) -> str:
    """When a question is asked, in words; empty when always."""
    condition = question.condition
    if condition is None or condition.key not in by_key:
        return ""
    asked = by_key[condition.key]
    if condition.number is not None:
        words = (
            _("Asked only if “%(question)s” is at most %(number)s")
            if condition.comparison == "at_most"
            else _("Asked only if “%(question)s” is at least %(number)s")
        )
        return words % {"question": asked.shown, "number": condition.number}
    labels = {option.code: option.shown for option in asked.choices}
    return _("Asked only if “%(question)s” is: %(answers)s") % {
        "question": asked.shown,
        "answers": ", ".join(labels.get(code, code) for code in condition.values),
    }


SAID = {
    "publish": gettext_lazy("Published. From now on these questions are asked."),
    "close": gettext_lazy("Closed. It takes no more answers."),
    "copy": gettext_lazy("This is the copy. Change it, then publish it."),
    "discard": gettext_lazy("The changes are gone. The published questions stay."),
}


@require_POST
@requires("surveys.change_survey")
def change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    """Publish, close, copy, or give up changed questions."""
    found = get_object_or_404(Survey, pk=pk)
    if verb not in SAID:
        raise Http404
    target = found
    try:
        if verb == "copy":
            target = actions.copy(found, by=request.membership)
        elif verb == "publish":
            actions.publish(found, by=request.membership)
        elif verb == "close":
            actions.close(found, by=request.membership)
        else:
            actions.discard_changes(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, SAID[verb])
    return redirect(turl(request, "surveys:survey", target.pk))


@require_safe
@requires("surveys.view_survey")
def preview(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The newest questions as those who are asked see them."""
    found = get_object_or_404(Survey, pk=pk)
    version = queries.newest_version(found)
    context = {
        "title": found.title,
        "survey": found,
        "sheet": sheet(read(version.questions), {}, {}),
        "is_preview": True,
    }
    return render(request, "surveys/answer.html", context)


@form_methods
@requires("surveys.change_survey")
def question_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _question(request, pk, None)


@form_methods
@requires("surveys.change_survey")
def question_edit(request: HttpRequest, tenant: str, pk: UUID, key: str) -> HttpResponse:
    return _question(request, pk, key)


def _question(request: HttpRequest, pk: UUID, key: str | None) -> HttpResponse:
    found = get_object_or_404(Survey, pk=pk)
    questions = read(queries.newest_version(found).questions)
    question = next((known for known in questions if known.key == key), None)
    if key is not None and question is None:
        raise Http404
    form = QuestionForm(
        request.POST or None, by=request.membership, survey=found, questions=questions, question=question
    )
    return form_page(
        request,
        form,
        done=lambda version: (
            turl(request, "surveys:survey", pk) + "#questions",
            _("Saved in version %s.") % version.number,
        ),
        context={
            **under(request, found, _("Question") if question else _("Add a question")),
            "submit_label": _("Save") if question else _("Add the question"),
        },
        template="surveys/question.html",
    )


@require_POST
@requires("surveys.change_survey")
def question_change(request: HttpRequest, tenant: str, pk: UUID, key: str, verb: str) -> HttpResponse:
    """Move a question up or down, or take it out."""
    found = get_object_or_404(Survey, pk=pk)
    if verb not in {"up", "down", "delete"}:
        raise Http404
    try:
        if verb == "delete":
            actions.delete_question(found, key, by=request.membership)
            messages.success(request, _("The question has been taken out."))
        else:
            actions.move_question(found, key, up=verb == "up", by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "surveys:survey", pk) + "#questions")


def under(request: HttpRequest, found: Survey, title: str) -> dict[str, Any]:
    """The head of a page below a survey."""
    return {
        "title": title,
        "back_url": turl(request, "surveys:survey", found.pk),
        "back_label": found.title,
    }
