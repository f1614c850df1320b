"""Pages of documents: a partner hands them in, the vendor's people check them, an admin says which are wanted."""

from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.directory.pages import form_page
from partners.directory.queries import managers, visible_partners
from partners.onboarding.documents import queries
from partners.onboarding.documents.forms import CheckForm, KindForm, SendForm
from partners.onboarding.documents.models import DocumentKind, PartnerDocument
from partners.onboarding.enums import DocumentStatus
from portal.accounts.access import can, check, requires
from portal.shell.addresses import turl
from portal.shell.filters import DaysFilter
from portal.shell.formats import short_date, short_time
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, Table

form_methods = require_http_methods(["GET", "HEAD", "POST"])
S = DocumentStatus
STATUS_TONES = {
    S.SENT: ("warning", "hourglass"),
    S.ACCEPTED: ("success", "check"),
    S.REFUSED: ("danger", "x"),
}
PAPER_TONES = {
    "missing": (gettext_lazy("To hand in"), "warning", "file-upload"),
    "sent": (gettext_lazy("Being checked"), "info", "hourglass"),
    "refused": (gettext_lazy("Refused"), "danger", "x"),
    "valid": (gettext_lazy("Valid"), "success", "check"),
    "expiring": (gettext_lazy("Runs out soon"), "warning", "clock"),
    "expired": (gettext_lazy("Run out"), "danger", "clock-off"),
}


class DocumentTable(Table):
    kind = LinkColumn(
        gettext_lazy("Document"), accessor="kind__name", to="onboarding:document", order_by="kind__name"
    )
    partner = LinkColumn(
        gettext_lazy("Partner"),
        accessor="partner__name",
        to="directory:partner",
        pk="partner_id",
        order_by="partner__name",
    )
    status = BadgeColumn(gettext_lazy("Status"), tones=STATUS_TONES)
    expires_on = DateColumn(gettext_lazy("Valid until"))
    created_at = DateColumn(gettext_lazy("Handed in"), phone=False)
    manager = Column(
        gettext_lazy("Channel manager"),
        accessor="partner__manager__user",
        order_by="partner__manager__user__name",
        phone=False,
    )

    class Meta(Table.Meta):
        caption = gettext_lazy("Documents")


class DocumentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(label=gettext_lazy("Status"), choices=DocumentStatus)
    kind = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Document"), queryset=lambda request: DocumentKind.objects.all()
    )
    partner = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Partner"),
        queryset=lambda request: visible_partners(request.membership).order_by("name"),
    )
    manager = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Channel manager"),
        queryset=lambda request: managers(),
        field_name="partner__manager",
        null_label=gettext_lazy("Nobody yet"),
    )
    expires = DaysFilter(label=gettext_lazy("Valid until"), field_name="expires_on")

    class Meta:
        model = PartnerDocument
        fields = ()


class DocumentList(ListPage):
    """The vendor's people's; a partner's own page is another one."""

    title = gettext_lazy("Documents")
    permission = "onboarding.view_documents"
    table_class = DocumentTable
    filterset_class = DocumentFilter
    search_fields = ("kind__name", "partner__name")
    search_label = gettext_lazy("Search by document or partner")
    export_name = "documents"
    actions = (
        Action(
            gettext_lazy("Kinds of documents"),
            "onboarding:document_kinds",
            "settings",
            "onboarding.change_plans",
        ),
    )
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("To be checked"), {"status": S.SENT}),
        Preset(gettext_lazy("Accepted"), {"status": S.ACCEPTED}),
        Preset(gettext_lazy("Refused"), {"status": S.REFUSED}),
    )
    empty_icon = "file-certificate"
    empty_title = gettext_lazy("No documents yet")
    empty_text = gettext_lazy("What partners hand in appears here to be checked.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.membership.is_partner:
            return _own(request)
        return super().get(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PartnerDocument]:
        return queries.visible_documents(request.membership).order_by("-created_at", "-pk")


def _own(request: HttpRequest) -> HttpResponse:
    """What the partner has to hand in, and what there is of it."""
    check(request.membership, "onboarding.view_documents")
    partner = Partner.objects.get(pk=request.membership.partner_id)
    papers = queries.papers(partner, timezone.localdate())
    rows = [{"paper": paper, "tone": PAPER_TONES[paper.state]} for paper in papers]
    context = {
        "title": _("Documents"),
        "subtitle": _("What the programme needs from your company."),
        "rows": rows,
        "may_send": partner.may_trade,
    }
    return render(request, "onboarding/documents_own.html", context)


@form_methods
@requires("onboarding.send_document")
def document_send(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    kind = get_object_or_404(DocumentKind, pk=pk)
    partner = Partner.objects.get(pk=request.membership.partner_id)
    if not kind.is_for(partner):
        raise Http404
    address = turl(request, "onboarding:documents")
    form = SendForm(
        request.POST or None, request.FILES or None, by=request.membership, kind=kind, partner=partner
    )
    return form_page(
        request,
        form,
        done=lambda saved: (address, _("Thank you. It counts once it has been checked.")),
        context={
            "title": kind.name,
            "back_url": address,
            "back_label": _("Documents"),
            "submit_label": _("Hand it in"),
            "hint": kind.help,
        },
    )


@form_methods
@requires("onboarding.check_document")
def document(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A document, to be looked at and checked."""
    member = request.membership
    found = get_object_or_404(queries.visible_documents(member), pk=pk)
    may_check = can(member, "onboarding.check_document", found.partner) and found.status == S.SENT
    address = turl(request, "onboarding:documents")
    context = {
        "title": found.kind.name,
        "subtitle": found.partner.name,
        "document": found,
        "tone": STATUS_TONES[S(found.status)],
        "facts": [
            {"label": _("Partner"), "value": found.partner.name},
            {"label": _("Handed in"), "value": short_time(found.created_at), "hint": found.sent_by.name},
            {"label": _("Valid until"), "value": found.expires_on and short_date(found.expires_on)},
            {"label": _("Reason"), "value": found.reason},
        ],
        "back_url": address,
        "back_label": _("Documents"),
        "submit_label": _("Save the verdict"),
    }
    if not may_check:
        if request.method == "POST":
            check(member, "onboarding.check_document", found.partner)
            messages.info(request, _("This document has been checked already."))
            return redirect(turl(request, "onboarding:document", pk))
        return render(request, "onboarding/document.html", context)
    return form_page(
        request,
        CheckForm(request.POST or None, by=member, document=found),
        done=lambda saved: (address, _("Saved, and the partner has been told.")),
        context=context,
        template="onboarding/document.html",
    )


@require_safe
@requires("onboarding.change_plans")
def document_kinds(request: HttpRequest, tenant: str) -> HttpResponse:
    rows = [
        {
            "kind": kind,
            "types": ", ".join(str(PartnerType(one).label) for one in kind.partner_types),
        }
        for kind in DocumentKind.objects.all()
    ]
    context = {
        "title": _("Kinds of documents"),
        "subtitle": _("What partners have to hand in."),
        "rows": rows,
        "back_url": turl(request, "onboarding:documents"),
        "back_label": _("Documents"),
    }
    return render(request, "onboarding/document_kinds.html", context)


@form_methods
@requires("onboarding.change_plans")
def document_kind_edit(request: HttpRequest, tenant: str, pk: UUID | None = None) -> HttpResponse:
    kind = get_object_or_404(DocumentKind, pk=pk) if pk else DocumentKind()
    address = turl(request, "onboarding:document_kinds")
    return form_page(
        request,
        KindForm(request.POST or None, by=request.membership, kind=kind),
        done=lambda saved: (address, _("Saved.")),
        context={
            "title": kind.name if pk else _("Add a kind of document"),
            "back_url": address,
            "back_label": _("Kinds of documents"),
        },
    )
