"""Pages of agreements: an admin writes them, a partner's owner reads and accepts them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.directory.pages import form_page
from partners.onboarding.agreements import actions, queries
from partners.onboarding.agreements.forms import AgreementForm, VersionForm
from partners.onboarding.agreements.models import Agreement, AgreementVersion
from partners.onboarding.applications.guard import address_of
from portal.accounts.access import can, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.files.models import Attachment
from portal.files.views import send
from portal.shell.addresses import turl
from portal.shell.messages import say_refused
from portal.tenancy.scope import tenant_scope

form_methods = require_http_methods(["GET", "HEAD", "POST"])
SHOWN = 50


@require_safe
@requires("onboarding.view_agreements")
def agreements(request: HttpRequest, tenant: str) -> HttpResponse:
    """What a partner has to accept, or all that the programme has."""
    member = request.membership
    if member.is_partner:
        partner = Partner.objects.get(pk=member.partner_id)
        own = {"title": _("Agreements"), "standings": queries.standings(partner)}
        return render(request, "onboarding/agreements_own.html", own)
    rows: list[dict[str, Any]] = [
        {
            "agreement": agreement,
            "types": ", ".join(str(PartnerType(kind).label) for kind in agreement.partner_types),
        }
        for agreement in queries.listed()
    ]
    context: dict[str, Any] = {
        "title": _("Agreements"),
        "subtitle": _("What partners accept, with each wording and who accepted it."),
        "rows": rows,
        "may_change": can(member, "onboarding.change_plans"),
    }
    return render(request, "onboarding/agreements.html", context)


@require_safe
@requires("onboarding.view_agreements")
def agreement(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """To read and accept, or to see who has."""
    member = request.membership
    found = get_object_or_404(Agreement, pk=pk)
    back = {"back_url": turl(request, "onboarding:agreements"), "back_label": _("Agreements")}
    if member.is_partner:
        standing = _standing(member, found)
        context = {
            "title": found.name,
            "subtitle": _("Version %s") % standing.version.number,
            "standing": standing,
            "paragraphs": _paragraphs(standing.version),
            "may_accept": can(member, "onboarding.accept_agreement") and not standing.is_accepted,
            **back,
        }
        return render(request, "onboarding/agreement_own.html", context)
    versions = list(found.versions.select_related("published_by__user", "file"))
    newest = versions[0] if versions else None
    context = {
        "title": found.name,
        "subtitle": found.summary,
        "agreement": found,
        "versions": versions,
        "newest": newest,
        "paragraphs": _paragraphs(newest) if newest else [],
        "acceptances": list(queries.acceptances(found)[:SHOWN]),
        "waiting": list(queries.waiting_for(found)[:SHOWN]),
        "may_change": can(member, "onboarding.change_plans"),
        **back,
    }
    return render(request, "onboarding/agreement.html", context)


def _standing(member: Membership, found: Agreement) -> queries.Standing:
    partner = Partner.objects.get(pk=member.partner_id)
    own = {one.agreement.pk: one for one in queries.standings(partner)}
    if found.pk not in own:
        raise Http404
    return own[found.pk]


def _paragraphs(version: AgreementVersion) -> list[str]:
    return [part.strip() for part in version.text.split("\n\n") if part.strip()]


@require_POST
@requires("onboarding.accept_agreement")
def accept(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Agreement, pk=pk)
    _standing(request.membership, found)
    if request.POST.get("agreed") != "on":
        messages.error(request, _("Tick that you accept the agreement for your company."))
        return redirect(turl(request, "onboarding:agreement", pk))
    try:
        actions.accept(
            found,
            by=request.membership,
            sha256=request.POST.get("sha256", ""),
            address=address_of(request),
            browser=request.headers.get("User-Agent", ""),
        )
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(turl(request, "onboarding:agreement", pk))
    messages.success(request, _("You have accepted “%s” for your company.") % found.name)
    return redirect(turl(request, "onboarding:mine"))


@require_safe
@requires("onboarding.view_agreements")
def agreement_file(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """The PDF of a wording; a partner's is one that it has to accept, or has accepted."""
    version = get_object_or_404(AgreementVersion.objects.select_related("agreement"), pk=pk)
    member = request.membership
    if member.is_partner:
        standing = _standing(member, version.agreement)
        mine = version.acceptances.filter(partner_id=member.partner_id).exists()
        if standing.version.pk != version.pk and not mine:
            raise Http404
    with tenant_scope(request.tenant.pk):
        file = Attachment.objects.filter(pk=version.file_id).first()
    if file is None:
        raise Http404
    return send(request.tenant, file)


@form_methods
@requires("onboarding.change_plans")
def agreement_edit(request: HttpRequest, tenant: str, pk: UUID | None = None) -> HttpResponse:
    found = get_object_or_404(Agreement, pk=pk) if pk else Agreement()
    return form_page(
        request,
        AgreementForm(request.POST or None, by=request.membership, agreement=found),
        done=lambda saved: (
            turl(request, "onboarding:agreement", saved.pk),
            _("Saved.") if pk else _("Saved. Publish its first version next."),
        ),
        context={
            "title": found.name if pk else _("Add an agreement"),
            "back_url": turl(request, "onboarding:agreements"),
            "back_label": _("Agreements"),
        },
    )


@form_methods
@requires("onboarding.change_plans")
def version_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Agreement, pk=pk)
    address = turl(request, "onboarding:agreement", pk)
    newest = found.versions.first()
    form = VersionForm(
        request.POST or None,
        request.FILES or None,
        by=request.membership,
        agreement=found,
        text=newest.text if newest else "",
    )
    context: dict[str, Any] = {
        "title": _("New version: %s") % found.name,
        "back_url": address,
        "back_label": found.name,
        "submit_label": _("Publish"),
        "hint": _(
            "Once published a version cannot be changed, and every partner it is for is asked to accept it."
        ),
    }

    def done(version: AgreementVersion) -> tuple[str, str]:
        asked = queries.waiting_for(found).count()
        text = ngettext(
            "Published. %s partner is asked to accept it.",
            "Published. %s partners are asked to accept it.",
            asked,
        )
        return address, text % asked

    return form_page(request, form, done=done, context=context)
