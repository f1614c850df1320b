"""Answering by link, without signing in, and for members from inside the portal."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from partners.surveys import actions, links, queries
from partners.surveys.models import SurveyInvitation
from partners.surveys.sheets import given_in, sheet
from portal.accounts.access import public_view, requires
from portal.shell.addresses import turl
from portal.tenancy.scope import tenant_scope

form_methods = require_http_methods(["GET", "HEAD", "POST"])
LATER, KEEP = "later", "keep"


@public_view
@never_cache
@form_methods
def answer(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    """The sheet behind a link; kept while it is filled in, and sent once."""
    # A signed-in partner's scope would hide what the link leads to; the signature says that its holder may see it.
    with tenant_scope(request.tenant.pk):
        found = queries.invitation_behind(links.read_token(secret, request.tenant))
        if found is None:
            return _closed(request, "unknown", 404)
        language = found.language or (found.member.user.language if found.member else "")
        with translation.override(language or request.tenant.language):
            state = actions.state_of(found)
            if state != "open":
                return _closed(request, state, 200 if state == "answered" else 410, found)
            if request.method == "POST":
                return _answered(request, found)
            return _sheet(request, found, queries.draft_of(found), {})


def _answered(request: HttpRequest, found: SurveyInvitation) -> HttpResponse:
    questions = actions.asked_of(found)
    given = given_in(request.POST, questions)
    then = request.POST.get("then", "")
    try:
        if then in (LATER, KEEP):
            actions.keep_draft(found.pk, given)
            if then == KEEP:
                return HttpResponse(status=204)
            return _closed(request, "kept", 200, found)
        actions.answer(found.pk, given)
    except actions.AnswerRefused as refusal:
        return _closed(request, refusal.code, 410, found)
    except actions.AnswerIncomplete as refusal:
        return _sheet(request, found, given, refusal.wrong, status=422)
    return _closed(request, "thanks", 200, found)


def _sheet(
    request: HttpRequest,
    found: SurveyInvitation,
    given: dict[str, Any],
    wrong: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    questions = actions.asked_of(found)
    context = {
        "title": found.survey.title,
        "survey": found.survey,
        "invitation": found,
        "sheet": sheet(questions, given, wrong),
        "wrong": wrong,
        "whole": wrong.get("", ""),
        "may_stop": found.member_id is None,
        "stop": turl(request, "surveys:stop", links.stop_token(found)),
    }
    return render(request, "surveys/answer.html", context, status=status)


def _closed(
    request: HttpRequest, state: str, status: int, found: SurveyInvitation | None = None
) -> HttpResponse:
    context = {
        "title": found.survey.title if found else _("Survey"),
        "state": state,
        "survey": found.survey if found else None,
        "invitation": found,
        "again": request.path,
    }
    return render(request, "surveys/closed.html", context, status=status)


@csrf_exempt
@public_view
@never_cache
@form_methods
def stop(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    """The link below every letter. Mail programs send the POST of RFC 8058 by themselves: the signature is the proof."""
    with tenant_scope(request.tenant.pk):
        found = queries.invitation_behind(links.read_token(secret, request.tenant, stop=True))
        if found is None:
            return _closed(request, "unknown", 404)
        with translation.override(found.language or request.tenant.language):
            if request.method == "POST":
                actions.opt_out(found)
                return _closed(request, "stopped", 200, found)
            return _closed(request, "ask_stop", 200, found)


@require_safe
@requires("surveys.list_surveys")
def take(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """From a member's list to the sheet."""
    found = queries.own_invitation(request.membership, pk)
    if found is None:
        raise Http404
    return redirect(turl(request, "surveys:answer", links.answer_token(found)))
