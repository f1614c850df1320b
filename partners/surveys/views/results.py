"""Pages for those who read what was answered, and do something about it."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.pages import form_page
from partners.surveys import actions, queries, report
from partners.surveys.answers import answers_of
from partners.surveys.enums import FollowUpStatus
from partners.surveys.exporting import export_rows
from partners.surveys.filters import FollowUpFilter, ResponseFilter
from partners.surveys.forms import FollowUpForm, ThemeForm
from partners.surveys.models import FollowUp, Survey, SurveyResponse, Theme
from partners.surveys.questions import read
from partners.surveys.results import Narrowed
from partners.surveys.tables import FOLLOW_UP_TONES, FollowUpTable, ResponseTable
from partners.surveys.views.building import under
from partners.surveys.waves import wave_of
from portal.accounts.access import can, requires
from portal.events.record import record
from portal.shell.addresses import turl
from portal.shell.exports import FORMATS, csv_lines, csv_response, xlsx_response
from portal.shell.formats import short_date
from portal.shell.lists import ListPage

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def narrowed_by(request: HttpRequest, survey: Survey) -> Narrowed:
    """What the page's parameters ask for. Of an anonymous survey they choose whole quarters and nothing else."""
    segments = {
        kind: request.GET.get(kind, "")[:100]
        for kind in ("type", "tier", "region")
        if request.GET.get(kind) and not survey.is_anonymous
    }
    return Narrowed(_wave(request.GET.get("first", "")), _wave(request.GET.get("last", "")), segments)


def _wave(text: str) -> dt.date | None:
    try:
        return wave_of(dt.date.fromisoformat(text))
    except ValueError:
        return None


@require_safe
@requires("surveys.view_results")
def results_page(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The figures, their trend, each question, and what the texts have in common."""
    survey = get_object_or_404(Survey, pk=pk)
    narrowed = narrowed_by(request, survey)
    theme = request.GET.get("theme", "")[:60]
    context = {
        **under(request, survey, _("Results: %s") % survey.title),
        "survey": survey,
        **report.page(survey, narrowed, theme=theme, exact_answers=not survey.is_anonymous),
        "choices": report.choices(survey, narrowed),
        "theme": theme,
        "may_change": can(request.membership, "surveys.change_survey"),
        "follow_ups": list(queries.follow_ups(request.membership).filter(survey=survey)[:6]),
    }
    return render(request, "surveys/results.html", context)


@require_safe
@requires("surveys.view_results")
def export(request: HttpRequest, tenant: str, pk: UUID, form: str) -> HttpResponseBase:
    """One answer a row; of an anonymous survey what its page shows, and nothing that its page does not."""
    survey = get_object_or_404(Survey, pk=pk)
    if form not in FORMATS:
        raise Http404
    header, rows = export_rows(survey, narrowed_by(request, survey))
    record("survey.exported", subject=survey, by=request.membership, data={"new": {"title": survey.title}})
    name = f"survey-{timezone.localdate():%Y-%m-%d}"
    if form == "csv":
        return csv_response(name, csv_lines(header, rows))
    return xlsx_response(name, header, rows)


class ResponseList(ListPage):
    """Single answers, where the survey is not anonymous."""

    title = gettext_lazy("Answers")
    permission = "surveys.view_results"
    table_class = ResponseTable
    filterset_class = ResponseFilter
    search_fields = ("partner__name", "customer__name", "invitation__email", "invitation__name")
    search_label = gettext_lazy("Search by person, customer or partner")
    empty_icon = "message-off"
    empty_title = gettext_lazy("No answers to show")
    empty_text = gettext_lazy("Answers of an anonymous survey are never shown one by one.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SurveyResponse]:
        self.survey = get_object_or_404(Survey, pk=self.kwargs["pk"])
        return queries.visible_responses(self.survey).order_by("-answered_on", "-pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**under(request, self.survey, str(self.title)), "subtitle": self.survey.title}


@require_safe
@requires("surveys.view_results")
def response(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One answer. Anonymous ones have no page."""
    found = get_object_or_404(queries.visible_responses().select_related("version"), pk=pk)
    answers = answers_of(found)
    context = {
        **under(request, found.survey, found.person),
        "subtitle": short_date(found.answered_on),
        "response": found,
        "lines": report.answer_lines(read(found.version.questions), answers),
        "facts": [
            {"label": _("Partner"), "value": found.partner and found.partner.name},
            {"label": _("Customer"), "value": found.customer and found.customer.name},
            {"label": _("E-mail address"), "value": found.invitation and found.invitation.email},
        ],
        "follow_ups": list(queries.follow_ups(request.membership).filter(response=found)),
        "back_url": turl(request, "surveys:responses", found.survey_id),
    }
    return render(request, "surveys/response.html", context)


@form_methods
@requires("surveys.add_follow_up")
def follow_response(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_responses(), pk=pk)
    address = turl(request, "surveys:response", pk)
    return _new_follow_up(request, found.survey, address, found.person, response=found)


@form_methods
@requires("surveys.add_follow_up")
def follow_survey(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=pk)
    return _new_follow_up(request, survey, turl(request, "surveys:results", pk), survey.title)


def _new_follow_up(
    request: HttpRequest, survey: Survey, address: str, label: str, response: SurveyResponse | None = None
) -> HttpResponse:
    form = FollowUpForm(request.POST or None, by=request.membership, survey=survey, response=response)
    return form_page(
        request,
        form,
        done=lambda saved: (address, _("It is on the list of %s.") % saved.owner.name),
        context={
            "title": _("Add something to do"),
            "back_url": address,
            "back_label": label,
            "submit_label": _("Add it"),
        },
    )


class FollowUpList(ListPage):
    title = gettext_lazy("Follow-ups")
    subtitle = gettext_lazy("What is done about answers: by whom, and until when.")
    permission = "surveys.view_follow_ups"
    table_class = FollowUpTable
    filterset_class = FollowUpFilter
    search_fields = ("title", "partner__name", "survey__title")
    search_label = gettext_lazy("Search by task, partner or survey")
    export_name = "follow-ups"
    empty_icon = "checkbox"
    empty_title = gettext_lazy("Nothing to do")
    empty_text = gettext_lazy("Dissatisfied answers become tasks here, where the programme wants that.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FollowUp]:
        return queries.follow_ups(request.membership).order_by("due_on", "pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"back_url": turl(request, "surveys:list"), "back_label": _("Surveys")}


@form_methods
@requires("surveys.view_follow_ups")
def follow_up(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What is to be done; its owner and admins say how far it is."""
    found = get_object_or_404(queries.follow_ups(request.membership), pk=pk)
    context = {
        "title": found.title,
        "subtitle": found.partner.name if found.partner else "",
        "back_url": turl(request, "surveys:follow_ups"),
        "back_label": _("Follow-ups"),
        "follow_up": found,
        "tone": FOLLOW_UP_TONES[FollowUpStatus(found.status)],
    }
    if not can(request.membership, "surveys.change_follow_up", found):
        if request.method == "POST":
            return HttpResponse(status=403)
        return render(request, "surveys/follow_up.html", context)
    form = FollowUpForm(request.POST or None, by=request.membership, survey=found.survey, follow_up=found)
    return form_page(
        request,
        form,
        done=lambda saved: (turl(request, "surveys:follow_ups"), _("Saved.")),
        context=context,
        template="surveys/follow_up.html",
    )


@form_methods
@requires("surveys.change_survey")
def theme_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Give words of text answers a name; the words can come with the address."""
    survey = get_object_or_404(Survey, pk=pk)
    terms = request.GET.get("terms", "")[:600]
    form = ThemeForm(
        request.POST or None, by=request.membership, survey=survey, initial={"terms": terms, "name": terms}
    )
    return _theme_page(request, survey, form, _("Name a theme"))


@form_methods
@requires("surveys.change_survey")
def theme_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    theme = get_object_or_404(Theme.objects.select_related("survey"), pk=pk)
    form = ThemeForm(request.POST or None, by=request.membership, survey=theme.survey, theme=theme)
    return _theme_page(request, theme.survey, form, theme.name)


def _theme_page(request: HttpRequest, survey: Survey, form: ThemeForm, title: str) -> HttpResponse:
    address = turl(request, "surveys:results", survey.pk)
    return form_page(
        request,
        form,
        done=lambda theme: (f"{address}#texts", _("Saved.")),
        context={
            "title": title,
            "back_url": address,
            "back_label": survey.title,
            "hint": _("Give several words one name to merge them; a name that exists takes them in."),
        },
    )


@require_POST
@requires("surveys.change_survey")
def theme_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    theme = get_object_or_404(Theme.objects.select_related("survey"), pk=pk)
    actions.delete_theme(theme, by=request.membership)
    messages.success(request, _("The words stand by themselves again."))
    return redirect(turl(request, "surveys:results", theme.survey_id) + "#texts")
