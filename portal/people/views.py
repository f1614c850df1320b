"""People of a programme: members, invitations, joining."""

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal.accounts.access import can, public_view, requires, signed_in
from portal.accounts.models import Invitation, Membership, User
from portal.errors import ActionRefused
from portal.people import actions, queries
from portal.people.forms import AddressForm, InvitationForm, JoinForm, RoleForm
from portal.people.tables import AdminMemberTable, MemberTable
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage
from portal.shell.messages import add_refusal, say_refused
from portal.shell.registry import partner_names
from portal.tenancy.scope import tenant_scope


class MemberList(ListPage):
    title = gettext_lazy("People")
    table_class = MemberTable
    permission = "accounts.manage_colleagues"
    search_fields = ("user__name", "user__email", "job_title")
    export_name = "people"
    template_name = "people/members.html"
    actions = [Action(gettext_lazy("Invite someone"), "people:invite", "user-plus", primary=True)]
    empty_icon = "users"

    def adapt_to(self, member: Membership) -> None:
        if member.is_admin:
            self.table_class = AdminMemberTable

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return queries.members_seen_by(request.membership)

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        invitations = list(queries.invitations_seen_by(request.membership))
        names = partner_names(invitation.partner_id for invitation in invitations if invitation.partner_id)
        return {
            "invitations": [
                {
                    "invitation": invitation,
                    "partner": names.get(invitation.partner_id, "") if invitation.partner_id else "",
                    "expired": actions.state_of(invitation) == "expired",
                    "letter": queries.letter_state(invitation),
                }
                for invitation in invitations
            ]
        }


@requires("accounts.manage_colleagues")
def invite(request: HttpRequest, tenant: str) -> HttpResponse:
    suggested = {key: request.GET[key] for key in ("role", "partner") if key in request.GET}
    form = InvitationForm(request.POST or None, by=request.membership, suggested=suggested)
    if request.method == "POST" and form.is_valid():
        partner_id = request.membership.partner_id or form.cleaned_data.get("partner")
        try:
            actions.invite(
                by=request.membership,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                partner_id=partner_id,
            )
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("An invitation is on its way to %(email)s.") % {"email": form.cleaned_data["email"]},
            )
            return redirect(turl(request, "people:list"))
    return render(
        request,
        "people/form.html",
        {
            "title": _("Invite someone"),
            "subtitle": _("They get an e-mail with a link that works for seven days."),
            "form": form,
            "submit_label": _("Send the invitation"),
        },
    )


def _invitation(request: HttpRequest, pk: UUID) -> Invitation:
    return get_object_or_404(queries.invitations_seen_by(request.membership), pk=pk)


@require_POST
@requires("accounts.manage_colleagues")
def resend(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    try:
        invitation = actions.resend(_invitation(request, pk), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(
            request, _("A new invitation is on its way to %(email)s.") % {"email": invitation.email}
        )
    return redirect(turl(request, "people:list"))


@require_POST
@requires("accounts.manage_colleagues")
def revoke(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    try:
        actions.revoke(_invitation(request, pk), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The invitation has been taken back; its link no longer works."))
    return redirect(turl(request, "people:list"))


def _member(request: HttpRequest, pk: UUID) -> Membership:
    return get_object_or_404(queries.members_seen_by(request.membership), pk=pk)


@requires("accounts.manage_colleagues")
def member(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One member: change the role; the way to removing."""
    person = _member(request, pk)
    form = RoleForm(request.POST or None, by=request.membership, member=person)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_role(person, role=form.cleaned_data["role"], by=request.membership)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The role has been changed. It counts from the next click."))
            return redirect(turl(request, "people:list"))
    return _member_page(request, person, form, None, status=422 if form.is_bound else 200)


def _member_page(
    request: HttpRequest, person: Membership, form: RoleForm, address: AddressForm | None, *, status: int
) -> HttpResponse:
    partner = partner_names([person.partner_id]).get(person.partner_id) if person.partner_id else None
    waits = can(request.membership, "accounts.manage_members") and not actions.is_activated(person.user)
    return render(
        request,
        "people/member.html",
        {
            "title": person.name,
            "subtitle": "" if person.user.email.endswith(".invalid") else person.user.email,
            "person": person,
            "partner": partner,
            "form": form,
            "address": (address or AddressForm(member=person)) if waits else None,
        },
        status=status,
    )


@require_POST
@requires("accounts.manage_members")
def activate(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Give a member who cannot sign in yet their address, and invite them there."""
    person = _member(request, pk)
    form = AddressForm(request.POST, member=person)
    if form.is_valid():
        try:
            invitation = actions.invite_member(
                person, email=form.cleaned_data["email"], by=request.membership
            )
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email}
            )
            return redirect(turl(request, "people:list"))
    role = RoleForm(by=request.membership, member=person)
    return _member_page(request, person, role, form, status=422)


@requires("accounts.manage_colleagues")
def remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    person = _member(request, pk)
    if request.method == "POST":
        try:
            actions.remove(person, by=request.membership)
        except ActionRefused as refusal:
            say_refused(request, refusal)
            return redirect(turl(request, "people:member", person.pk))
        messages.success(request, _("%(name)s no longer has access.") % {"name": person.name})
        return redirect(turl(request, "people:list"))
    return render(
        request,
        "people/remove.html",
        {"title": _("Remove %(name)s") % {"name": person.name}, "person": person},
    )


@never_cache
@sensitive_post_parameters("password")
@public_view
def accept(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    """Where the link in an invitation leads: for people with an account, without one, or with another one."""
    # A partner's member who opens a colleague's link must be told so, not that there is none.
    with tenant_scope(request.tenant.id):
        invitation = queries.invitation_by_secret(secret)
        state = "unknown" if invitation is None else actions.state_of(invitation)
        if invitation is None or state != "open":
            return render(request, "people/invitation_closed.html", {"state": state}, status=410)
        account = User.objects.filter(email__iexact=invitation.email).first()
    context = {"title": _("Join %(tenant)s") % {"tenant": request.tenant.name}, "invitation": invitation}
    if request.user.is_authenticated:
        if account is None or account.pk != request.user.pk:
            return render(request, "people/invitation_other.html", context, status=409)
        return _accept_signed_in(request, invitation, context)
    if account is not None and account.has_usable_password():
        return render(request, "people/invitation_sign_in.html", context)
    return _accept_new(request, invitation, context)


def _accept_signed_in(request: HttpRequest, invitation: Invitation, context: dict[str, Any]) -> HttpResponse:
    if request.method != "POST":
        return render(request, "people/invitation_join.html", context)
    try:
        actions.accept(invitation, user=signed_in(request))
    except ActionRefused as refusal:
        return render(request, "people/invitation_closed.html", {"state": refusal.code}, status=409)
    return redirect("shell:home", request.tenant.slug)


def _accept_new(request: HttpRequest, invitation: Invitation, context: dict[str, Any]) -> HttpResponse:
    form = JoinForm(request.POST or None, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            joined = actions.accept_as_new_user(
                invitation, name=form.cleaned_data["name"], password=form.cleaned_data["password"]
            )
        except ValidationError as error:
            form.add_error("password", error)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            get_adapter().login(request, joined.user)
            return redirect("shell:home", request.tenant.slug)
    return render(request, "people/invitation_new.html", {**context, "form": form})
