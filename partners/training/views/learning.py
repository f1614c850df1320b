"""Pages of training for those who learn and those who look after them."""

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
from partners.training import actions, forms, queries
from partners.training.actions.enrolments import attempts_left, next_attempt_at
from partners.training.calendars import calendar_file
from partners.training.certificates import certificate_pdf
from partners.training.enums import SELF_REPORTED, CourseKind, CourseStatus, SeatStatus
from partners.training.filters import CompletionFilter, CourseFilter
from partners.training.models import Completion, Course, Duty, Enrolment, Seat, Session
from partners.training.tables import (
    STATUS_TONES,
    CompletionTable,
    MyCourseTable,
    OwnCompletionTable,
    VendorCourseTable,
)
from portal.accounts.access import can, public_view, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.files.views import send
from portal.shell.addresses import turl
from portal.shell.formats import number, short_date
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class CourseList(ListPage):
    title = gettext_lazy("Training")
    permission = "training.view_course"
    export_name = "courses"
    filterset_class = CourseFilter
    search_fields = ("title", "summary")
    search_label = gettext_lazy("Search by title or subject")
    actions = (
        Action(gettext_lazy("Learning paths"), "training:paths", "route", "training.view_course"),
        Action(gettext_lazy("Required courses"), "training:duties", "checklist", "training.view_team"),
        Action(gettext_lazy("Who holds what"), "training:team", "certificate", "training.view_team"),
        Action(
            gettext_lazy("xAPI statements"),
            "training:statements",
            "database-import",
            "training.view_statements",
        ),
        Action(
            gettext_lazy("Add a course"), "training:create", "plus", "training.change_course", primary=True
        ),
    )
    empty_icon = "school"
    empty_title = gettext_lazy("No courses yet")
    empty_text = gettext_lazy("What partners' people can learn appears here.")

    def adapt_to(self, member: Membership) -> None:
        self.table_class = VendorCourseTable if member.is_vendor else MyCourseTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        if request.membership.is_vendor:
            return queries.vendor_courses().order_by("title", "pk")
        return queries.catalogue(request.membership).order_by("-is_required", "title", "pk")


class CompletionList(ListPage):
    """Who has completed what, the newest first."""

    title = gettext_lazy("Completions")
    permission = "training.view_team"
    filterset_class = CompletionFilter
    search_fields = ("member__user__name", "course__title", "path__title", "certificate")
    search_label = gettext_lazy("Search by person, course, path or certificate")
    export_name = "completions"
    empty_icon = "certificate"
    empty_title = gettext_lazy("Nothing completed yet")
    empty_text = gettext_lazy("Who passes a quiz, attends a session or finishes a course appears here.")

    def adapt_to(self, member: Membership) -> None:
        self.table_class = OwnCompletionTable if member.is_partner else CompletionTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Completion]:
        return queries.visible_completions(request.membership).order_by("-completed_on", "-pk")


@require_safe
@requires("training.view_course")
def course(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    found = _course(member, pk)
    sessions = list(queries.upcoming_sessions(found)) if found.kind == CourseKind.SESSION else []
    taken, mine = queries.seats_taken(sessions), queries.my_seats(member, sessions)
    context = {
        "title": found.title,
        "course": found,
        "tone": STATUS_TONES[CourseStatus(found.status)],
        "facts": _facts(found),
        "file": queries.course_file(found) if found.kind == CourseKind.FILE else None,
        "sessions": [
            {
                "session": session,
                "left": max(0, session.seats - taken.get(session.pk, 0)) if session.seats else None,
                "seat": mine.get(session.pk),
            }
            for session in sessions
        ],
        "back_url": turl(request, "training:list"),
        "back_label": _("Training"),
        **(_learner(member, found) if member.is_partner else _teacher(member, found)),
    }
    return render(request, "training/course.html", context)


def _facts(found: Course) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("Kind"), "value": found.get_kind_display()},
        {"label": _("Takes"), "value": found.minutes and _("%s minutes") % number(found.minutes)},
    ]
    if found.kind == CourseKind.QUIZ:
        facts.append({"label": _("Passed from"), "value": f"{found.pass_mark}%"})
    facts.append(
        {
            "label": _("Certificate"),
            "value": _("Yes") if found.gives_certificate else _("No"),
            "hint": found.validity_months and _("valid for %s months") % found.validity_months,
        }
    )
    return facts


def _learner(member: Membership, found: Course) -> dict[str, Any]:
    enrolment = Enrolment.objects.filter(course=found, member=member).select_related("course").first()
    done = Completion.objects.filter(course=found, member=member).order_by("-completed_on", "-pk").first()
    is_quiz = found.kind == CourseKind.QUIZ
    left = attempts_left(enrolment) if enrolment and is_quiz else None
    again = next_attempt_at(enrolment) if enrolment and is_quiz else None
    waits = again is not None and again > timezone.now()
    duty = Duty.objects.filter(course=found, member=member, ended_on=None).first()
    return {
        "enrolment": enrolment,
        "completion": done,
        "is_valid": done is not None and done.is_valid_on(timezone.localdate()),
        "is_required": duty is not None,
        "due_on": duty.due_on if duty else None,
        "next_attempt_at": again if waits else None,
        "attempts": list(enrolment.attempts.order_by("-created_at")[:5]) if enrolment else [],
        "attempts_left": left,
        "may_take": can(member, "training.take_course") and found.is_published,
        "may_finish": enrolment is not None and found.kind in SELF_REPORTED and found.is_published,
        "may_try": is_quiz and found.is_published and left != 0 and not waits,
        "may_enrol_others": can(member, "training.enrol_others") and found.is_published,
    }


def _teacher(member: Membership, found: Course) -> dict[str, Any]:
    return {
        "may_change": can(member, "training.change_course"),
        "may_enrol_others": found.is_published,
        "may_record": can(member, "training.record_completion"),
        "may_run": can(member, "training.run_session") and found.kind == CourseKind.SESSION,
        "stuck": queries.without_attempts(found) if found.kind == CourseKind.QUIZ else [],
        "questions": list(found.questions.all()) if can(member, "training.change_course") else [],
        "past_sessions": list(
            Session.objects.filter(course=found, ends_at__lt=timezone.now()).order_by("-starts_at")[:10]
        ),
    }


@require_POST
@requires("training.take_course")
def enrol(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _course(request.membership, pk)
    return _do(
        request,
        lambda: actions.enrol(found, request.membership, by=request.membership),
        _("You are enrolled."),
        turl(request, "training:course", pk),
    )


@require_POST
@requires("training.take_course")
def leave(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    enrolment = get_object_or_404(_own_enrolments(request.membership), course_id=pk)
    return _do(
        request,
        lambda: actions.leave(enrolment, by=request.membership),
        _("You have left the course."),
        turl(request, "training:list"),
    )


@require_POST
@requires("training.take_course")
def finish(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    enrolment = get_object_or_404(_own_enrolments(request.membership), course_id=pk)
    return _do(
        request,
        lambda: actions.finish(enrolment, by=request.membership),
        _("Well done. It is on your record."),
        turl(request, "training:course", pk),
    )


@form_methods
@requires("training.take_course")
def quiz(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Answer all questions on one page; the answer comes at once."""
    member = request.membership
    found = _course(member, pk)
    if found.kind != CourseKind.QUIZ:
        raise Http404
    address = turl(request, "training:course", pk)
    try:
        enrolment = actions.enrol(found, member, by=member)
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(address)
    form = forms.QuizForm(
        request.POST or None, by=member, enrolment=enrolment, questions=queries.quiz_of(enrolment)
    )

    def done(attempt: Any) -> tuple[str, str]:
        if attempt.passed:
            return address, _("Passed with %s%%. Congratulations!") % attempt.score
        messages.warning(
            request,
            _("%(score)s%% is below the pass mark of %(mark)s%%.")
            % {"score": attempt.score, "mark": found.pass_mark},
        )
        return address, ""

    left = attempts_left(enrolment)
    context = {
        "title": found.title,
        "back_url": address,
        "back_label": found.title,
        "submit_label": _("Hand in"),
        "hint": _("Passed from %(mark)s%% of the questions.") % {"mark": found.pass_mark}
        + (" " + _("Attempts left: %s.") % left if left is not None else ""),
    }
    return form_page(request, form, done=done, context=context)


@form_methods
@requires("training.enrol_others")
def enrol_others(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _course(request.membership, pk)
    address = turl(request, "training:course", pk)
    form = forms.EnrolForm(
        request.POST or None,
        by=request.membership,
        courses=[found],
        people=queries.people(request.membership),
    )
    return form_page(
        request,
        form,
        done=lambda count: (address, _("Enrolled: %s.") % count),
        context={
            "title": _("Enrol people: %s") % found.title,
            "back_url": address,
            "back_label": found.title,
            "submit_label": _("Enrol them"),
        },
    )


@require_safe
@requires("training.view_team")
def completion(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_completions(request.membership), pk=pk)
    facts = [
        {"label": _("Person"), "value": found.member.name},
        {"label": _("Partner"), "value": found.partner.name},
        {"label": _("Completed on"), "value": short_date(found.completed_on)},
        {
            "label": _("Valid until"),
            "value": short_date(found.valid_until) if found.valid_until else _("for ever"),
        },
        {"label": _("How"), "value": found.get_via_display()},
        {"label": _("Score"), "value": f"{found.score} %" if found.score is not None else ""},
        {"label": _("Proof"), "value": found.note},
    ]
    context = {
        "title": found.title,
        "subtitle": found.certificate,
        "completion": found,
        "facts": [fact for fact in facts if fact["value"]],
        "verify_url": request.build_absolute_uri(turl(request, "training:verify", found.code)),
        "may_revoke": can(request.membership, "training.revoke_completion") and not found.revoked_at,
        "back_url": turl(request, "training:completions"),
        "back_label": _("Completions"),
    }
    return render(request, "training/completion.html", context)


@require_safe
@requires("training.view_team")
def completion_pdf(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(
        queries.visible_completions(request.membership).exclude(certificate=""), pk=pk, revoked_at=None
    )
    address = request.build_absolute_uri(turl(request, "training:verify", found.code))
    response = HttpResponse(certificate_pdf(found, address), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.certificate}.pdf"'
    return response


@require_safe
@public_view
def verify(request: HttpRequest, tenant: str, code: str) -> HttpResponse:
    """Whether a certificate is real and counts today, for whoever has been given its address."""
    found = queries.certificate(code)
    if found is None:
        raise Http404
    context = {
        "title": _("Certificate %s") % found.certificate,
        "completion": found,
        "is_valid": found.is_valid_on(timezone.localdate()),
    }
    return render(request, "training/verify.html", context)


@require_POST
@requires("training.take_course")
def book(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    session = get_object_or_404(Session.objects.select_related("course"), pk=pk)
    if queries.find_course(member, session.course_id) is None:
        raise Http404
    address = turl(request, "training:course", session.course_id)
    try:
        seat = actions.book_seat(session, member, by=member)
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(address)
    booked = seat.status == SeatStatus.BOOKED
    messages.success(
        request,
        _("You have a seat.") if booked else _("All seats are taken; you are on the waiting list."),
    )
    return redirect(address)


@require_POST
@requires("training.take_course")
def give_up(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    seat = get_object_or_404(
        Seat.objects.select_related("session", "member__user"), session_id=pk, member=request.membership
    )
    return _do(
        request,
        lambda: actions.give_up_seat(seat, by=request.membership),
        _("Your seat is free for somebody else now."),
        turl(request, "training:course", seat.session.course_id),
    )


@require_safe
@requires("training.view_course")
def course_file(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """The file that a course is, for everybody who may open the course."""
    attachment = queries.course_file(_course(request.membership, pk))
    if attachment is None:
        raise Http404
    return send(request.tenant, attachment)


@require_safe
@requires("training.view_course")
def session_ics(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The session for one's calendar."""
    session = get_object_or_404(Session.objects.select_related("course"), pk=pk)
    if queries.find_course(request.membership, session.course_id) is None:
        raise Http404
    may_join = request.membership.is_vendor or queries.has_seat(request.membership, session)
    response = HttpResponse(
        calendar_file(session, request.tenant, may_join=may_join),
        content_type="text/calendar; charset=utf-8",
    )
    response["Content-Disposition"] = 'attachment; filename="session.ics"'
    return response


def _course(member: Membership, pk: UUID) -> Course:
    found = queries.find_course(member, pk)
    if found is None:
        raise Http404
    return found


def _own_enrolments(member: Membership) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(member=member).select_related("course", "member__user")


def _do(request: HttpRequest, act: Any, said: str, address: str) -> HttpResponse:
    try:
        act()
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, said)
    return redirect(address)
