"""Pages on which a partner company is described: by its owner, or by the vendor's people on its behalf."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory import queries as directory
from partners.directory.company import actions, forms, queries
from partners.directory.company.tables import CompetenceTable
from partners.directory.models import Competence, Partner, PartnerAddress, PartnerContact
from partners.directory.pages import form_page
from portal.accounts.access import check, requires
from portal.errors import ActionRefused
from portal.files.views import send_stored
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def company_url(request: HttpRequest, partner: Partner) -> str:
    """The company's page as the member knows it."""
    if request.membership.is_partner:
        return turl(request, "directory:company")
    return turl(request, "directory:partner", partner.pk)


def _changeable(request: HttpRequest, pk: UUID) -> Partner:
    partner = get_object_or_404(directory.visible_partners(request.membership), pk=pk)
    check(request.membership, "directory.change_profile", partner)
    return partner


def _context(request: HttpRequest, partner: Partner, title: str, **more: Any) -> dict[str, Any]:
    return {
        "title": title,
        "back_url": company_url(request, partner),
        "back_label": partner.name,
        "submit_label": _("Save"),
        **more,
    }


@form_methods
@requires("directory.change_profile")
def profile(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = _changeable(request, pk)
    return form_page(
        request,
        forms.ProfileForm(request.POST or None, by=request.membership, company=queries.company_of(partner)),
        done=lambda saved: (company_url(request, partner), _("The company profile has been saved.")),
        context=_context(request, partner, _("Company profile")),
    )


@form_methods
@requires("directory.change_profile")
def logo_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = _changeable(request, pk)
    form = forms.LogoForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        by=request.membership,
        partner=partner,
    )
    return form_page(
        request,
        form,
        done=lambda saved: (company_url(request, partner), _("The logo has been saved.")),
        context=_context(request, partner, _("Logo")),
    )


@require_POST
@requires("directory.change_profile")
def logo_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = _changeable(request, pk)
    return _done(
        request, partner, lambda: actions.remove_logo(partner, by=request.membership), _("The logo is gone.")
    )


@require_safe
@requires("directory.view_partner")
def logo(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """A company's logo, for those who may see the company."""
    partner = get_object_or_404(directory.visible_partners(request.membership), pk=pk)
    return logo_response(request, queries.profile_of(partner.pk))


def logo_response(request: HttpRequest, found: Any) -> HttpResponseBase:
    """A PNG that the portal drew itself, or 404."""
    if found is None or not found.logo:
        raise Http404
    return send_stored(request.tenant, found.logo, content_type="image/png")


@require_POST
@requires("directory.agree_to_listing")
def listing(request: HttpRequest, tenant: str, state: str) -> HttpResponse:
    """The partner's owner agrees to stand in the public locator, or takes that back."""
    if state not in ("on", "off"):
        raise Http404
    partner = directory.visible_partners(request.membership).get()
    text = (
        _("Your company stands in the partner locator.")
        if state == "on"
        else _("Your company is no longer listed.")
    )
    return _done(
        request,
        partner,
        lambda: actions.set_listing(partner, by=request.membership, listed=state == "on"),
        text,
    )


@form_methods
@requires("directory.change_profile")
def address_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _row_page(request, _changeable(request, pk), forms.AddressForm, None, _("Add an address"))


@form_methods
@requires("directory.change_profile")
def address(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    row = _own_row(request, PartnerAddress, pk)
    return _row_page(request, row.partner, forms.AddressForm, row, _("Address"))


@require_POST
@requires("directory.change_profile")
def address_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    row = _own_row(request, PartnerAddress, pk)
    return _done(
        request,
        row.partner,
        lambda: actions.remove_address(row.partner, row, by=request.membership),
        _("The address has been removed."),
    )


@form_methods
@requires("directory.change_profile")
def contact_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _row_page(request, _changeable(request, pk), forms.ContactForm, None, _("Add a contact"))


@form_methods
@requires("directory.change_profile")
def contact(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    row = _own_row(request, PartnerContact, pk)
    return _row_page(request, row.partner, forms.ContactForm, row, _("Contact"))


@require_POST
@requires("directory.change_profile")
def contact_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    row = _own_row(request, PartnerContact, pk)
    return _done(
        request,
        row.partner,
        lambda: actions.remove_contact(row.partner, row, by=request.membership),
        _("The contact has been removed."),
    )


def _own_row(request: HttpRequest, model: type[Any], pk: UUID) -> Any:
    """A row of a company that the member sees; 403 where it may not be changed."""
    seen = directory.visible_partners(request.membership).values("pk")
    row = get_object_or_404(model.objects.select_related("partner").filter(partner__in=seen), pk=pk)
    check(request.membership, "directory.change_profile", row.partner)
    return row


def _row_page(request: HttpRequest, partner: Partner, form: type[Any], row: Any, title: str) -> HttpResponse:
    return form_page(
        request,
        form(request.POST or None, by=request.membership, partner=partner, row=row),
        done=lambda saved: (company_url(request, partner), _("Saved.")),
        context=_context(request, partner, title),
    )


def _done(request: HttpRequest, partner: Partner, act: Any, text: str) -> HttpResponse:
    try:
        act()
    except ActionRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, text)
    return redirect(company_url(request, partner))


# --- what the programme asks --------------------------------------------------------------------


class CompetenceList(ListPage):
    title = gettext_lazy("Competences")
    subtitle = gettext_lazy("Partners choose from this list what they are good at, and are found by it.")
    permission = "directory.change_competences"
    table_class = CompetenceTable
    search_fields = ("name",)
    export_name = "competences"
    actions = (
        Action(gettext_lazy("Partner locator"), "directory:locator_settings", "map-search"),
        Action(
            gettext_lazy("Add a competence"),
            "directory:competence_create",
            "plus",
            "directory.change_competences",
            primary=True,
        ),
    )
    empty_icon = "award"
    empty_title = gettext_lazy("No competences yet")
    empty_text = gettext_lazy("Add what partners can be good at, such as “Data migration” or “Health care”.")
    empty_action = actions[1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Competence]:
        return queries.competences()


@form_methods
@requires("directory.change_competences")
def competence_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _competence_page(request, None)


@form_methods
@requires("directory.change_competences")
def competence(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _competence_page(request, get_object_or_404(Competence, pk=pk))


def _competence_page(request: HttpRequest, found: Competence | None) -> HttpResponse:
    return form_page(
        request,
        forms.CompetenceForm(request.POST or None, by=request.membership, competence=found),
        done=lambda saved: (turl(request, "directory:competences"), _("%s has been saved.") % saved.name),
        context={
            "title": found.name if found else _("Add a competence"),
            "back_url": turl(request, "directory:competences"),
            "back_label": _("Competences"),
            "submit_label": _("Save"),
        },
    )


@form_methods
@requires("directory.change_locator")
def locator_settings(request: HttpRequest, tenant: str) -> HttpResponse:
    form = forms.LocatorForm(request.POST if request.method == "POST" else None, by=request.membership)
    return form_page(
        request,
        form,
        done=lambda saved: (turl(request, "directory:locator_settings"), _("The settings have been saved.")),
        template="directory/locator_settings.html",
        context={
            "title": _("Partner locator"),
            "subtitle": _("A public page on which customers find partners."),
            "submit_label": _("Save"),
            "policy": queries.locator_policy(),
            "address": request.build_absolute_uri(turl(request, "directory:locator")),
        },
    )
