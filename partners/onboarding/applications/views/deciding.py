"""Pages on which the vendor's people decide on applications, and partners refer companies."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.fields import country_name
from partners.directory.pages import form_page
from partners.onboarding.applications import actions, forms, queries, tokens
from partners.onboarding.applications.duplicates import Alike, alike
from partners.onboarding.applications.filters import ApplicationFilter, ReferralFilter
from partners.onboarding.applications.models import MOST_POINTS, Application, Referral
from partners.onboarding.applications.scoring import sheet_of, total
from partners.onboarding.applications.tables import STATUS_TONES, ApplicationTable, ReferralTable
from partners.onboarding.enums import APPLICATION_TRANSITIONS, ApplicationStatus, QuestionKind
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.shell.addresses import turl
from portal.shell.formats import number, short_date, short_time
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.mail import absolute
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])
S = ApplicationStatus


class ApplicationList(ListPage):
    title = gettext_lazy("Applications")
    subtitle = gettext_lazy("Companies that want to become partners.")
    permission = "onboarding.view_application"
    table_class = ApplicationTable
    filterset_class = ApplicationFilter
    search_fields = ("company", "number", "person", "email", "domain")
    search_label = gettext_lazy("Search by company, number or person")
    export_name = "applications"
    actions = (Action(gettext_lazy("The form"), "onboarding:policy", "settings", "onboarding.change_form"),)
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("New"), {"status": S.APPLIED}),
        Preset(gettext_lazy("In review"), {"status": S.IN_REVIEW}),
        Preset(gettext_lazy("Waiting for the applicant"), {"status": S.RETURNED}),
        Preset(gettext_lazy("Approved"), {"status": S.APPROVED}),
        Preset(gettext_lazy("Rejected"), {"status": S.REJECTED}),
    )
    empty_icon = "clipboard-list"
    empty_title = gettext_lazy("No applications yet")
    empty_text = gettext_lazy("Who applies on your public page and confirms the address appears here.")
    template_name = "onboarding/applications.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return queries.listed(request.membership).order_by(queries.open_first(), "submitted_at", "pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "is_open": queries.policy().is_open,
            "form_url": absolute(reverse("onboarding:apply", args=(request.tenant.slug,))),
        }


@require_safe
@requires("onboarding.view_application")
def application(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Everything a decision needs: what was answered, the scoring sheet, and who it may be already."""
    return _page(request, _find(request, pk))


def _page(
    request: HttpRequest, found: Application, sheet_form: forms.ScoreForm | None = None
) -> HttpResponse:
    member = request.membership
    decides = can(member, "onboarding.decide_application", found) and found.is_open
    criteria = queries.criteria()
    if decides and criteria and sheet_form is None:
        sheet_form = forms.ScoreForm(by=member, application=found, criteria=criteria)
    lines = sheet_of(found)
    context = {
        "title": found.company,
        "subtitle": found.number,
        "application": found,
        "tone": STATUS_TONES[S(found.status)],
        "company": _company(found),
        "contact": [
            {"label": _("Contact person"), "value": found.person, "hint": found.job_title},
            {"label": _("E-mail address"), "value": found.email, "href": f"mailto:{found.email}"},
            {"label": _("Telephone"), "value": found.phone},
        ],
        "answers": _answers(found),
        "lines": lines,
        "total": total(lines),
        "most_points": MOST_POINTS,
        "sheet_form": sheet_form if decides else None,
        "sides": _sides(request, alike(found)),
        "letters": queries.letters_of(found),
        "events": timeline(found)[:30],
        "buttons": _buttons(request, found) if decides else [],
        "may_decide": decides,
        "back_url": turl(request, "onboarding:applications"),
        "back_label": _("Applications"),
    }
    status = 422 if sheet_form is not None and sheet_form.is_bound else 200
    return render(request, "onboarding/application.html", context, status=status)


def _company(found: Application) -> list[dict[str, Any]]:
    return [
        {"label": _("Kind of partner"), "value": found.get_type_display()},
        {"label": _("Website"), "value": found.website, "href": found.website},
        {"label": _("Country"), "value": country_name(found.country)},
        {"label": _("Applied"), "value": short_time(found.submitted_at)},
        {"label": _("Looked after by"), "value": found.manager.name if found.manager else _("Nobody yet")},
        {"label": _("Referred by"), "value": found.referred_by and found.referred_by.name},
    ]


def _answers(found: Application) -> list[dict[str, Any]]:
    """What was asked then, and the answer in words."""
    return [
        {
            **answer,
            "files": answer["value"] if answer["kind"] == QuestionKind.FILE else [],
            "words": _words(answer),
        }
        for answer in found.answers
    ]


def _words(answer: dict[str, Any]) -> str:
    value, kind = answer["value"], answer["kind"]
    if kind == QuestionKind.CONSENT:
        return _("Yes") if value else _("No")
    if kind == QuestionKind.COUNTRY:
        return country_name(value) if value else ""
    if kind == QuestionKind.CHOICES:
        return ", ".join(value)
    return "" if value is None or kind == QuestionKind.FILE else str(value)


_PAGES = {
    "partner": "directory:partner",
    "application": "onboarding:application",
    "customer": "directory:customer",
}


def _sides(request: HttpRequest, found: list[Alike]) -> list[dict[str, Any]]:
    """Who the applicant may be already, each as a column beside it."""
    kinds = {"partner": _("Partner"), "application": _("Application"), "customer": _("Customer")}
    sides = []
    for one in found:
        thing = one.thing
        sides.append(
            {
                "kind": kinds[one.kind],
                "name": getattr(thing, "company", None) or thing.name,
                "number": thing.number,
                "url": turl(request, _PAGES[one.kind], thing.pk),
                "likeness": one.likeness,
                "grounds": one.grounds,
                "website": getattr(thing, "website", "") or getattr(thing, "domain", ""),
                "country": country_name(thing.country) if thing.country else "",
                "status": thing.get_status_display() if hasattr(thing, "get_status_display") else "",
                "since": short_date(
                    getattr(thing, "joined_on", None)
                    or getattr(thing, "submitted_at", None)
                    or getattr(thing, "started_on", None)
                ),
                "manager": getattr(getattr(thing, "manager", None), "name", ""),
            }
        )
    return sides


def _buttons(request: HttpRequest, found: Application) -> list[dict[str, Any]]:
    possible = APPLICATION_TRANSITIONS[S(found.status)]
    buttons = [
        (S.APPROVED, "onboarding:approve", _("Approve"), "check", False),
        (S.RETURNED, "onboarding:more", _("Ask for more"), "message-question", False),
        (S.REJECTED, "onboarding:reject", _("Reject"), "x", True),
    ]
    return [
        {"url": turl(request, name, found.pk), "label": label, "icon": icon, "danger": danger}
        for status, name, label, icon, danger in buttons
        if status in possible
    ]


@require_POST
@requires("onboarding.decide_application")
def start_review(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _find(request, pk)
    check(request.membership, "onboarding.decide_application", found)
    try:
        actions.start_review(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("You are reviewing it; the applicant has been told."))
    return redirect(turl(request, "onboarding:application", pk))


@require_POST
@requires("onboarding.decide_application")
def score(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Keep the scoring sheet."""
    found = _find(request, pk)
    check(request.membership, "onboarding.decide_application", found)
    form = forms.ScoreForm(
        request.POST, by=request.membership, application=found, criteria=queries.criteria()
    )
    if not form.is_valid():
        return _page(request, found, form)
    try:
        form.save()
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The scoring sheet has been saved."))
    return redirect(f"{turl(request, 'onboarding:application', pk)}#sheet")


def _decision(
    form_class: type[Any],
    title: Any,
    submit: Any,
    done: Callable[[Application], str],
    *,
    permission: str = "onboarding.decide_application",
    danger: bool = False,
    hint: Any = "",
) -> Any:
    """A page that asks what a decision needs and takes it."""

    def view(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
        found = _find(request, pk)
        check(request.membership, permission, found)
        address = turl(request, "onboarding:application", pk)
        if not found.is_open:
            messages.info(request, _("The decision on this application has been taken."))
            return redirect(address)
        form = form_class(request.POST or None, by=request.membership, application=found)
        context = {
            "title": title % {"company": found.company},
            "back_url": address,
            "back_label": found.company,
            "submit_label": submit,
            "danger": danger,
            "hint": hint,
        }
        return form_page(request, form, done=lambda saved: (address, done(saved)), context=context)

    return requires(permission)(form_methods(view))


approve = _decision(
    forms.ApproveForm,
    gettext_lazy("Approve %(company)s"),
    gettext_lazy("Approve and invite"),
    lambda saved: _("%s is a partner now, and its owner has been invited.") % saved.company,
    hint=gettext_lazy(
        "The company is entered as a partner, its owner is invited, and the applicant is told."
    ),
)
reject = _decision(
    forms.RejectForm,
    gettext_lazy("Reject %(company)s"),
    gettext_lazy("Reject"),
    lambda saved: _("The application has been rejected, and the applicant told why."),
    danger=True,
    hint=gettext_lazy("This is final. The company may apply again."),
)
more = _decision(
    forms.MoreForm,
    gettext_lazy("Ask %(company)s for more"),
    gettext_lazy("Ask"),
    lambda saved: _("The applicant has been asked, and answers on the application's page."),
)
assign = _decision(
    forms.AssignForm,
    gettext_lazy("Who looks after %(company)s"),
    gettext_lazy("Save"),
    lambda saved: _("Saved."),
    permission="onboarding.assign_application",
)


def _find(request: HttpRequest, pk: UUID) -> Application:
    return get_object_or_404(queries.visible_applications(request.membership), pk=pk)


# --- referrals ---------------------------------------------------------------------------------


class ReferralList(ListPage):
    title = gettext_lazy("Refer a company")
    subtitle = gettext_lazy("Companies you know that could be partners, too, and how far each is.")
    permission = "onboarding.refer_company"
    table_class = ReferralTable
    filterset_class = ReferralFilter
    search_fields = ("company", "person", "email")
    search_label = gettext_lazy("Search by company or person")
    export_name = "referrals"
    actions = (
        Action(
            gettext_lazy("Invite a company"),
            "onboarding:refer",
            "send",
            "onboarding.refer_company",
            primary=True,
        ),
    )
    empty_icon = "users-plus"
    empty_title = gettext_lazy("You have referred nobody yet")
    empty_text = gettext_lazy("Invite a company by e-mail, or pass your own link on.")
    empty_action = actions[0]
    template_name = "onboarding/referrals.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        return queries.referrals(request.membership).order_by("-created_at", "-pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        counts = queries.referral_counts(request.membership.partner_id)
        return {
            "link": tokens.referral_link(request.membership.partner_id, request.tenant),
            "is_open": queries.takes_applications(),
            "counts": {name: number(count) for name, count in counts.items()},
        }


@form_methods
@requires("onboarding.refer_company")
def refer(request: HttpRequest, tenant: str) -> HttpResponse:
    address = turl(request, "onboarding:referrals")
    return form_page(
        request,
        forms.ReferralForm(request.POST or None, by=request.membership),
        done=lambda saved: (address, _("%s has been invited to apply.") % saved.company),
        context={
            "title": _("Invite a company to apply"),
            "back_url": address,
            "back_label": _("Refer a company"),
            "submit_label": _("Send the invitation"),
            "hint": _("They get an e-mail in your name with a link to the application form."),
        },
    )
