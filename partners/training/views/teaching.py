"""Pages of training for those who make courses and run sessions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from partners.directory.pages import form_page
from partners.training import actions, forms, queries
from partners.training.enums import CourseKind, CourseStatus
from partners.training.models import Completion, Course, Enrolment, Question, Session
from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])
SAID = {
    CourseStatus.PUBLISHED: gettext_lazy("Published. Partners see the course now."),
    CourseStatus.ARCHIVED: gettext_lazy("Archived. It is no longer offered; what was completed stays."),
}


@form_methods
@requires("training.change_course")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.CourseForm(request.POST or None, request.FILES or None, by=request.membership),
        done=lambda course: (
            turl(request, "training:course", course.pk),
            _("Added as a draft. Publish it when it is ready."),
        ),
        context={
            "title": _("Add a course"),
            "back_url": turl(request, "training:list"),
            "back_label": _("Training"),
            "submit_label": _("Add the course"),
        },
    )


@form_methods
@requires("training.change_course")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    course = get_object_or_404(Course, pk=pk)
    return form_page(
        request,
        forms.CourseForm(request.POST or None, request.FILES or None, by=request.membership, course=course),
        done=lambda saved: (turl(request, "training:course", pk), _("Saved.")),
        context=_context(request, course, course.title),
    )


@require_POST
@requires("training.change_course")
def status(request: HttpRequest, tenant: str, pk: UUID, state: str) -> HttpResponse:
    if state not in SAID:
        raise Http404
    course = get_object_or_404(Course, pk=pk)
    try:
        actions.change_status(course, CourseStatus(state), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, SAID[CourseStatus(state)])
    return redirect(turl(request, "training:course", pk))


@form_methods
@requires("training.change_course")
def question_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    course = get_object_or_404(Course, pk=pk, kind=CourseKind.QUIZ)
    return form_page(
        request,
        forms.QuestionForm(request.POST or None, by=request.membership, course=course),
        done=lambda question: (turl(request, "training:course", pk), _("The question has been added.")),
        context=_context(request, course, _("Add a question"), _("Add the question")),
    )


@form_methods
@requires("training.change_course")
def question_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    question = get_object_or_404(Question.objects.select_related("course"), pk=pk)
    course = question.course
    return form_page(
        request,
        forms.QuestionForm(request.POST or None, by=request.membership, course=course, question=question),
        done=lambda saved: (turl(request, "training:course", course.pk), _("Saved.")),
        context=_context(request, course, _("Question")),
    )


@require_POST
@requires("training.change_course")
def question_change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    """Move a question up or down, or take it out."""
    question = get_object_or_404(Question, pk=pk)
    if verb not in {"up", "down", "delete"}:
        raise Http404
    address = turl(request, "training:course", question.course_id)
    try:
        if verb == "delete":
            actions.delete_question(question, by=request.membership)
            messages.success(request, _("The question has been taken out."))
        else:
            actions.move_question(question, up=verb == "up", by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(f"{address}#questions")


@form_methods
@requires("training.record_completion")
def record(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    course = get_object_or_404(Course, pk=pk)
    return form_page(
        request,
        forms.CompletionForm(
            request.POST or None,
            request.FILES or None,
            by=request.membership,
            course=course,
            people=queries.people(request.membership),
        ),
        done=lambda completion: (
            turl(request, "training:completion", completion.pk),
            _("Recorded for %s.") % completion.member.name,
        ),
        context=_context(request, course, _("Record a completion"), _("Record it")),
    )


@form_methods
@requires("training.revoke_completion")
def revoke(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    completion = get_object_or_404(
        Completion.objects.select_related("course", "path", "member__user"), pk=pk, revoked_at=None
    )
    address = turl(request, "training:completion", pk)
    return form_page(
        request,
        forms.RevokeForm(request.POST or None, by=request.membership, completion=completion),
        done=lambda saved: (address, _("Revoked. It no longer counts.")),
        context={
            "title": _("Revoke: %s") % completion.title,
            "hint": _("It no longer counts, and its certificate no longer verifies. This cannot be undone."),
            "danger": True,
            "submit_label": _("Revoke it"),
            "back_url": address,
            "back_label": completion.title,
        },
    )


@require_POST
@requires("training.record_completion")
def attempt(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One more attempt at a quiz for somebody who has used them all."""
    enrolment = get_object_or_404(Enrolment.objects.select_related("member__user"), pk=pk)
    try:
        actions.give_attempt(enrolment, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("%s can try once more.") % enrolment.member.name)
    return redirect(turl(request, "training:course", enrolment.course_id))


@form_methods
@requires("training.run_session")
def session_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    course = get_object_or_404(Course, pk=pk, kind=CourseKind.SESSION)
    return form_page(
        request,
        forms.SessionForm(request.POST or None, by=request.membership, course=course),
        done=lambda session: (
            turl(request, "training:session", session.pk),
            _("The session is offered now."),
        ),
        context=_context(request, course, _("Offer a session"), _("Offer the session")),
    )


@form_methods
@requires("training.run_session")
def session_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    session = get_object_or_404(Session.objects.select_related("course"), pk=pk, cancelled_at=None)
    address = turl(request, "training:session", pk)
    return form_page(
        request,
        forms.SessionForm(
            request.POST or None, by=request.membership, course=session.course, session=session
        ),
        done=lambda saved: (address, _("Saved.")),
        context={**_context(request, session.course, _("Session")), "back_url": address},
    )


@form_methods
@requires("training.run_session")
def session_cancel(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    session = get_object_or_404(Session.objects.select_related("course"), pk=pk, cancelled_at=None)
    address = turl(request, "training:session", pk)
    return form_page(
        request,
        forms.CancelSessionForm(request.POST or None, by=request.membership, session=session),
        done=lambda saved: (address, _("The session has been cancelled.")),
        context={
            **_context(request, session.course, _("Cancel the session"), _("Cancel the session")),
            "back_url": address,
            "danger": True,
        },
    )


@form_methods
@requires("training.run_session")
def session(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Who comes and, once it has begun, who came."""
    found = get_object_or_404(Session.objects.select_related("course"), pk=pk)
    seats = list(
        found.taken.exclude(status="given_up").select_related("member__user", "partner").order_by("queued_at")
    )
    if request.method == "POST":
        came = set(request.POST.getlist("came"))
        attended = {seat.pk: str(seat.pk) in came for seat in seats}
        try:
            count = actions.record_attendance(found, attended, by=request.membership)
        except ActionRefused as refusal:
            say_refused(request, refusal)
        else:
            messages.success(request, _("Saved. Attended: %s.") % count)
        return redirect(turl(request, "training:session", pk))
    context: dict[str, Any] = {
        **_context(request, found.course, found.course.title),
        "session": found,
        "seats": seats,
    }
    return render(request, "training/session.html", context)


def _context(
    request: HttpRequest, course: Course, title: str, submit_label: str | None = None
) -> dict[str, Any]:
    return {
        "title": title,
        "back_url": turl(request, "training:course", course.pk),
        "back_label": course.title,
        "submit_label": submit_label or _("Save"),
    }
