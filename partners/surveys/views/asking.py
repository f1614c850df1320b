"""Pages that decide who is asked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from partners.directory.pages import form_page
from partners.directory.queries import visible_customers
from partners.surveys import actions, queries
from partners.surveys.filters import InvitationFilter
from partners.surveys.forms import ContactForm, InviteForm, PolicyForm
from partners.surveys.models import CustomerContact, Survey, SurveyInvitation
from partners.surveys.tables import AnonymousInvitationTable, InvitationTable
from partners.surveys.views.building import under
from portal.accounts.access import requires
from portal.accounts.models import new_secret
from portal.shell.addresses import turl
from portal.shell.lists import ListPage

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@requires("surveys.send_survey")
def invite(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Ask everybody the survey is for, or a list of people. Sending the page twice asks nobody twice."""
    found = get_object_or_404(Survey, pk=pk)
    form = InviteForm(
        request.POST or None,
        request.FILES or None,
        by=request.membership,
        survey=found,
        initial={"occasion": new_secret()[:20]},
    )
    return form_page(
        request,
        form,
        done=lambda count: (
            turl(request, "surveys:invitations", pk),
            _("Invitations: %s. They are sent in the next minutes.") % count,
        ),
        context={
            **under(request, found, _("Ask people: %s") % found.title),
            "submit_label": _("Send the invitations"),
            "hint": _("Who was asked by another survey recently, or wants none, is left out."),
        },
    )


class InvitationList(ListPage):
    title = gettext_lazy("People who are asked")
    permission = "surveys.view_survey"
    search_fields = ("email", "name", "customer__name", "partner__name")
    search_label = gettext_lazy("Search by person, customer or partner")
    export_name = "invitations"
    empty_icon = "send"
    empty_title = gettext_lazy("Nobody has been asked yet")
    empty_text = gettext_lazy("Send the survey by hand, or let it be sent when something happens.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SurveyInvitation]:
        self.survey = get_object_or_404(Survey, pk=self.kwargs["pk"])
        # Who has answered when, beside quarterly figures, would say too much of an anonymous survey.
        if self.survey.is_anonymous:
            self.table_class = AnonymousInvitationTable
            return queries.invitations(self.survey).order_by("email", "pk")
        self.table_class, self.filterset_class = InvitationTable, InvitationFilter
        return queries.invitations(self.survey).order_by("-created_at", "-pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**under(request, self.survey, str(self.title)), "subtitle": self.survey.title}


@form_methods
@requires("surveys.change_policy")
def policy(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        PolicyForm(request.POST or None, by=request.membership, policy=queries.policy()),
        done=lambda saved: (turl(request, "surveys:list"), _("Saved.")),
        context={
            "title": _("How often we ask"),
            "back_url": turl(request, "surveys:list"),
            "back_label": _("Surveys"),
        },
    )


@form_methods
@requires("surveys.name_contact")
def contact_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    customer = get_object_or_404(visible_customers(request.membership), pk=pk)
    address = turl(request, "directory:customer", pk)
    return form_page(
        request,
        ContactForm(request.POST or None, by=request.membership, customer=customer),
        done=lambda contact: (address, _("%s has been noted.") % contact),
        context={
            "title": _("Add a contact"),
            "back_url": address,
            "back_label": customer.name,
            "submit_label": _("Add the contact"),
            "hint": _("Surveys about your work for this customer are sent to this person."),
        },
    )


@require_POST
@requires("surveys.name_contact")
def contact_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    contacts = CustomerContact.objects.filter(customer__in=visible_customers(request.membership))
    if request.membership.is_partner:
        contacts = contacts.filter(partner_id=request.membership.partner_id)
    contact = get_object_or_404(contacts, pk=pk)
    address = turl(request, "directory:customer", contact.customer_id)
    actions.remove_contact(contact, by=request.membership)
    messages.success(request, _("The contact has been removed."))
    return redirect(address)
