"""Pages for those who apply. Nobody signs in here; signed links say whose an application is."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from partners.directory.models import Partner
from partners.onboarding.applications import actions, guard, queries, tokens
from partners.onboarding.applications.forms import AnswerForm, ApplyForm
from partners.onboarding.applications.models import Application, Referral
from partners.onboarding.enums import ApplicationStatus
from portal.accounts.access import public_view
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import add_refusal
from portal.tenancy.scope import tenant_scope

form_methods = require_http_methods(["GET", "HEAD", "POST"])
S = ApplicationStatus
# What each state means to the applicant, and how far along it is.
STEPS = (S.APPLIED, S.IN_REVIEW, S.APPROVED)


def _public(view: Any) -> Any:
    """An open page that works for whoever comes, also for a partner's member, as the vendor's side sees it."""

    def seen(request: HttpRequest, tenant: str, *args: Any, **kwargs: Any) -> HttpResponse:
        # Nothing of a member's own belongs on these pages, and a partner's session could not read the form.
        request.membership = None
        with tenant_scope(request.tenant.pk):
            return view(request, tenant, *args, **kwargs)

    return public_view(never_cache(seen))


@_public
@form_methods
def apply(request: HttpRequest, tenant: str, secret: str = "") -> HttpResponse:
    """The form. A link that somebody was referred with fills in who it was."""
    policy = queries.policy()
    if not policy.is_open:
        return render(request, "onboarding/closed.html", {"title": _("Become a partner")})
    link = tokens.referring(secret) if secret else None
    referral, partner = _referred(link)
    if secret and partner is None:
        raise Http404
    if request.method != "POST" and not guard.within(guard.READS_PER_ADDRESS, guard.sender_of(request)):
        return render(request, "onboarding/busy.html", {"title": _("Become a partner")}, status=429)
    form = ApplyForm(
        request.POST or None,
        request.FILES or None,
        questions=queries.questions(),
        initial=_initial(referral, request),
    )
    status = 200
    if form.is_bound:
        status, answer = _taken(request, form, link if partner else None)
        if answer is not None:
            return answer
    context = {
        "title": _("Become a partner of %s") % request.tenant.name,
        "form": form,
        "policy": policy,
        "partner": partner,
        "paragraphs": [part.strip() for part in policy.introduction.split("\n\n") if part.strip()],
    }
    return render(request, "onboarding/apply.html", context, status=status)


def _referred(link: UUID | None) -> tuple[Referral | None, Partner | None]:
    if link is None:
        return None, None
    referral = Referral.objects.filter(pk=link).select_related("partner").first()
    return referral, referral.partner if referral else Partner.objects.filter(pk=link).first()


def _initial(referral: Referral | None, request: HttpRequest) -> dict[str, Any]:
    if referral is None:
        return {"country": request.tenant.country}
    return {
        "company": referral.company,
        "person": referral.person,
        "email": referral.email,
        "country": request.tenant.country,
    }


def _taken(request: HttpRequest, form: ApplyForm, referral: UUID | None) -> tuple[int, HttpResponse | None]:
    """Take what was sent, or say what is wrong with it: (status of the page, answer or None)."""
    sent = redirect(turl(request, "onboarding:sent"))
    if form.was_trapped:
        return 302, sent
    sender = guard.sender_of(request)
    if not form.is_valid():
        within = guard.within(guard.READS_PER_ADDRESS, sender)
        return (422, None) if within else (429, None)
    name = guard.opened(form.cleaned_data["stamp"])
    if name is None or guard.is_too_quick(form.cleaned_data["stamp"]):
        form.renew_stamp()
        form.add_error(None, _("Please send the form once more; nothing you typed is lost."))
        return 422, None
    limits = (
        guard.within(guard.PER_ADDRESS, sender)
        and guard.within(guard.PER_EMAIL, form.cleaned_data["email"])
        and guard.within(guard.PER_TENANT, "all")
    )
    if not limits:
        form.add_error(
            None, _("Too many applications have come from here. Please try again tomorrow, or write to us.")
        )
        return 429, None
    if not guard.spend(name):
        # A second click: the first one has been taken.
        return 302, sent
    try:
        with transaction.atomic():
            form.save(referral)
    except ActionRefused as refusal:
        form.renew_stamp()
        add_refusal(form, refusal)
        return 422, None
    return 302, sent


@_public
@require_http_methods(["GET", "HEAD"])
def sent(request: HttpRequest, tenant: str) -> HttpResponse:
    """The same for everybody, whatever was done with what they sent."""
    return render(request, "onboarding/sent.html", {"title": _("Look into your e-mail")})


@_public
@form_methods
def confirm(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    """Where the first letter leads. Mail programs open links by themselves, so a button confirms."""
    application = _found(tokens.confirming(secret))
    if application.status != S.UNCONFIRMED:
        return redirect(tokens.status_path(application, request.tenant))
    if request.method == "POST":
        confirmed = actions.confirm(application)
        messages.success(request, _("Thank you. Your application is with us."))
        return redirect(tokens.status_path(confirmed, request.tenant))
    context = {"title": _("Confirm your application"), "application": application}
    return render(request, "onboarding/confirm.html", context)


@_public
@form_methods
def status(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    """How far the application is; the applicant answers here, too."""
    application = _found(tokens.followed(secret))
    if application.status == S.UNCONFIRMED:
        raise Http404
    form = AnswerForm(request.POST or None, application=application)
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                form.save()
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Thank you. We have your answer and go on."))
            return redirect(request.path)
    context = {
        "title": application.company,
        "application": application,
        "form": form if application.status == S.RETURNED else None,
        "secret": secret,
        "steps": _steps(application),
        "response_days": queries.policy().response_days,
    }
    return render(request, "onboarding/status.html", context, status=422 if form.is_bound else 200)


def _steps(application: Application) -> list[dict[str, Any]]:
    """Applied, in review, decided: which are behind, and when."""
    decided = {S.REJECTED: _("Not accepted"), S.WITHDRAWN: _("Withdrawn")}
    return [
        {"label": _("Applied"), "at": application.submitted_at, "done": True},
        {
            "label": _("In review"),
            "at": application.review_started_at,
            "done": application.review_started_at is not None or not application.is_open,
        },
        {
            "label": decided.get(S(application.status), _("Accepted"))
            if not application.is_open
            else _("Decision"),
            "at": application.decided_at,
            "done": not application.is_open,
        },
    ]


@_public
@form_methods
def withdraw(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    application = _found(tokens.followed(secret))
    if request.method == "POST":
        try:
            actions.withdraw(application)
        except ActionRefused as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, _("Your application has been withdrawn."))
    return redirect(tokens.status_path(application, request.tenant))


def _found(application: Application | None) -> Application:
    if application is None:
        raise Http404
    return application
