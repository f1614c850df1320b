"""Pages of partners, customers and products."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory import forms, queries
from partners.directory.company.queries import company_of, locator_policy, merge_of, merges_into
from partners.directory.enums import PARTNER_TRANSITIONS, PartnerStatus
from partners.directory.fields import country_name
from partners.directory.filters import CustomerFilter, PartnerFilter, ProductFilter
from partners.directory.models import Customer, Partner, Product
from partners.directory.pages import form_page
from partners.directory.tables import (
    PARTNER_TONES,
    CustomerTable,
    FamilyTable,
    PartnerTable,
    PlainProductTable,
    ProductTable,
    VendorCustomerTable,
)
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.events.queries import timeline
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.panels import subject_panels

form_methods = require_http_methods(["GET", "HEAD", "POST"])

# --- partners ----------------------------------------------------------------------------------


class PartnerList(ListPage):
    title = gettext_lazy("Partners")
    permission = "directory.list_partners"
    table_class = PartnerTable
    filterset_class = PartnerFilter
    search_fields = ("name", "number", "region", "external_id")
    search_label = gettext_lazy("Search by name, number or region")
    export_name = "partners"
    actions = (
        Action(
            gettext_lazy("Add a partner"),
            "directory:partner_create",
            "plus",
            "directory.add_partner",
            primary=True,
        ),
    )
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Active"), {"status": PartnerStatus.ACTIVE}),
        Preset(gettext_lazy("Onboarding"), {"status": PartnerStatus.ONBOARDING}),
        Preset(gettext_lazy("Suspended"), {"status": PartnerStatus.SUSPENDED}),
    )
    empty_icon = "building-store"
    empty_title = gettext_lazy("No partners yet")
    empty_text = gettext_lazy("Add the companies that sell for you, or import them from a file.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        return queries.visible_partners(request.membership).order_by("name", "pk")


@require_safe
@requires("directory.view_partner")
def partner(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A partner as the vendor's people see it; its own people see their company page."""
    if request.membership.is_partner:
        if pk == request.membership.partner_id:
            return redirect(turl(request, "directory:company"))
        raise Http404
    found = get_object_or_404(queries.visible_partners(request.membership), pk=pk)
    return render(request, "directory/partner.html", _partner_context(request, found))


@require_safe
@requires("directory.view_own_company")
def company(request: HttpRequest, tenant: str) -> HttpResponse:
    """A partner's own company."""
    found = queries.visible_partners(request.membership).get()
    return render(request, "directory/partner.html", _partner_context(request, found))


def _partner_context(request: HttpRequest, found: Partner) -> dict[str, Any]:
    member = request.membership
    properties = [
        {"label": _("Type"), "value": found.get_type_display()},
        {"label": _("Region"), "value": found.region},
        {"label": _("Country"), "value": found.country and country_name(found.country)},
        {"label": _("Channel manager"), "value": found.manager and found.manager.name},
        {"label": _("Website"), "value": found.website, "href": found.website},
        {"label": _("Partner since"), "value": found.joined_on and short_date(found.joined_on)},
    ]
    if found.left_on:
        properties.append({"label": _("Left on"), "value": short_date(found.left_on)})
    changes = []
    if can(member, "directory.change_status_partner", found):
        allowed = PARTNER_TRANSITIONS[PartnerStatus(found.status)]
        changes = [
            {
                "label": _("Take back") if found.status == PartnerStatus.TERMINATED else label,
                "url": turl(request, "directory:partner_status", found.pk, str(status)),
            }
            for status, label in _STATUS_VERBS.items()
            if status in allowed and found.merged_into_id is None
        ]
    return {
        "title": found.name,
        "subtitle": found.number,
        "partner": found,
        "tone": PARTNER_TONES[PartnerStatus(found.status)],
        "properties": properties,
        "members": queries.members_of(found.pk),
        "events": timeline(found)[:20],
        "panels": [] if member.is_partner else subject_panels(request, found),
        "status_changes": changes,
        "may_change": can(member, "directory.change_partner", found),
        "may_change_profile": can(member, "directory.change_profile", found),
        "may_list": can(member, "directory.agree_to_listing", found),
        "may_merge": found.merged_into_id is None and can(member, "directory.merge_partners", found),
        "merge": merge_of(found) if member.is_vendor and found.merged_into_id else None,
        "merges": merges_into(found) if member.is_vendor else [],
        "company": company_of(found),
        "locator": locator_policy(),
        "may_invite": can(member, "accounts.manage_colleagues"),
        "back_url": None if member.is_partner else turl(request, "directory:partners"),
        "back_label": _("Partners"),
    }


@form_methods
@requires("directory.add_partner")
def partner_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.PartnerForm(request.POST or None, by=request.membership),
        done=lambda saved: (
            turl(request, "directory:partner", saved.pk),
            _("%s has been added. Invite its first person next.") % saved.name,
        ),
        context=_page(request, _("Add a partner"), "directory:partners", _("Partners"), _("Add the partner")),
    )


@form_methods
@requires("directory.change_partner")
def partner_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_partners(request.membership), pk=pk)
    check(request.membership, "directory.change_partner", found)
    address = turl(request, "directory:partner", found.pk)
    return form_page(
        request,
        forms.PartnerForm(request.POST or None, by=request.membership, partner=found),
        done=lambda saved: (address, _("Saved.")),
        context={**_page(request, found.name, "directory:partners", found.name), "back_url": address},
    )


@form_methods
@requires("directory.change_status_partner")
def partner_status(request: HttpRequest, tenant: str, pk: UUID, status: str) -> HttpResponse:
    """Activate, suspend or terminate: says what it means and asks why."""
    found = get_object_or_404(queries.visible_partners(request.membership), pk=pk)
    if status not in _STATUS_VERBS:
        raise Http404
    check(request.membership, "directory.change_status_partner", found)
    address = turl(request, "directory:partner", found.pk)
    comes_back = found.status == PartnerStatus.TERMINATED
    label = _("Take back") if comes_back else _STATUS_VERBS[PartnerStatus(status)]
    return form_page(
        request,
        forms.StatusForm(
            request.POST or None, by=request.membership, partner=found, status=PartnerStatus(status)
        ),
        done=lambda saved: (
            address,
            _("%(partner)s is now %(status)s.")
            % {"partner": saved.name, "status": saved.get_status_display().lower()},
        ),
        context={
            "title": f"{label}: {found.name}",
            "back_url": address,
            "back_label": found.name,
            "hint": _COMES_BACK if comes_back else _STATUS_CONSEQUENCES[PartnerStatus(status)],
            "submit_label": label,
            "danger": status != PartnerStatus.ACTIVE,
        },
    )


_STATUS_VERBS = {
    PartnerStatus.ACTIVE: gettext_lazy("Activate"),
    PartnerStatus.SUSPENDED: gettext_lazy("Suspend"),
    PartnerStatus.TERMINATED: gettext_lazy("Terminate"),
}
_COMES_BACK = gettext_lazy(
    "The partnership goes on. The people whose access ended with it can sign in again; registrations that were"
    " withdrawn or cancelled stay so."
)
_STATUS_CONSEQUENCES = {
    PartnerStatus.ACTIVE: gettext_lazy("Its people can register deals and report on them from now on."),
    PartnerStatus.SUSPENDED: gettext_lazy(
        "Its people can still sign in and read, but register and change nothing until the partner is activated again."
    ),
    PartnerStatus.TERMINATED: gettext_lazy(
        "The partnership ends today. Its people lose their access at once. Open registrations are withdrawn or"
        " cancelled, your leads go to others, and seats in sessions become free. What it earned stays payable."
    ),
}


@require_safe
@requires("directory.change_profile")
def company_edit(request: HttpRequest, tenant: str) -> HttpResponse:
    """The short address of one's own company's profile."""
    found = queries.visible_partners(request.membership).filter(pk=request.membership.partner_id).first()
    if found is None:
        return redirect(turl(request, "directory:partners"))
    return redirect(turl(request, "directory:profile", found.pk))


# --- customers ---------------------------------------------------------------------------------


class CustomerList(ListPage):
    title = gettext_lazy("Customers")
    permission = "directory.view_customer"
    table_class = CustomerTable
    filterset_class = CustomerFilter
    search_fields = ("name", "number", "domain")
    search_label = gettext_lazy("Search by name, number or web domain")
    export_name = "customers"
    actions = (
        Action(
            gettext_lazy("Add a customer"),
            "directory:customer_create",
            "plus",
            "directory.change_customer",
            primary=True,
        ),
    )
    empty_icon = "address-book"
    empty_title = gettext_lazy("No customers yet")
    empty_text = gettext_lazy("A customer appears here with the first deal that is registered for it.")

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class = VendorCustomerTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return queries.visible_customers(request.membership).order_by("name", "pk")


@require_safe
@requires("directory.view_customer")
def customer(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    found = get_object_or_404(queries.visible_customers(member), pk=pk)
    properties: list[dict[str, Any]] = [
        {"label": _("Country"), "value": found.country and country_name(found.country)},
        {"label": _("Web domain"), "value": found.domain},
        {"label": _("Industry"), "value": found.industry},
    ]
    if member.is_vendor:
        properties += [
            {"label": _("Employees"), "value": found.employees},
            {"label": _("Subsidiary of"), "value": found.parent_name},
            {"label": _("Customer since"), "value": found.started_on and short_date(found.started_on)},
            {"label": _("Customer until"), "value": found.ended_on and short_date(found.ended_on)},
        ]
    properties = [item for item in properties if item["value"]]
    context = {
        "title": found.name,
        "subtitle": found.number,
        "customer": found,
        "properties": properties,
        "partners": queries.partners_serving(found) if member.is_vendor else [],
        "events": timeline(found)[:20] if member.is_vendor else [],
        "panels": subject_panels(request, found),
        "may_change": can(member, "directory.change_customer", found),
        "back_url": turl(request, "directory:customers"),
        "back_label": _("Customers"),
    }
    return render(request, "directory/customer.html", context)


@form_methods
@requires("directory.change_customer")
def customer_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.CustomerForm(request.POST or None, by=request.membership),
        done=lambda saved: (
            turl(request, "directory:customer", saved.pk),
            _("%s has been added.") % saved.name,
        ),
        context=_page(
            request, _("Add a customer"), "directory:customers", _("Customers"), _("Add the customer")
        ),
    )


@form_methods
@requires("directory.change_customer")
def customer_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_customers(request.membership), pk=pk)
    address = turl(request, "directory:customer", found.pk)
    return form_page(
        request,
        forms.CustomerForm(request.POST or None, by=request.membership, customer=found),
        done=lambda saved: (address, _("Saved.")),
        context={**_page(request, found.name, "directory:customers", found.name), "back_url": address},
    )


@form_methods
@requires("directory.change_customer")
def customer_end(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_customers(request.membership), pk=pk)
    address = turl(request, "directory:customer", found.pk)
    return form_page(
        request,
        forms.EndForm(request.POST or None, by=request.membership, customer=found),
        done=lambda saved: (address, _("The business with %s has ended.") % saved.name),
        context={
            **_page(request, _("End the business with %s") % found.name, "directory:customers", found.name),
            "back_url": address,
            "submit_label": _("End the business"),
        },
    )


@form_methods
@requires("directory.change_customer")
def customer_resume(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_customers(request.membership), pk=pk)
    address = turl(request, "directory:customer", found.pk)
    return form_page(
        request,
        forms.ResumeForm(request.POST or None, by=request.membership, customer=found),
        done=lambda saved: (address, _("%s buys again.") % saved.name),
        context={
            **_page(
                request, _("Resume the business with %s") % found.name, "directory:customers", found.name
            ),
            "back_url": address,
            "submit_label": _("Resume the business"),
        },
    )


# --- products ----------------------------------------------------------------------------------


class ProductList(ListPage):
    title = gettext_lazy("Products")
    permission = "directory.view_product"
    table_class = PlainProductTable
    filterset_class = ProductFilter
    search_fields = ("name", "sku", "family__name")
    search_label = gettext_lazy("Search by name, article number or family")
    export_name = "products"
    actions = (
        Action(gettext_lazy("Product families"), "directory:families", "stack-2", "directory.change_product"),
        Action(
            gettext_lazy("Add a product"),
            "directory:product_create",
            "plus",
            "directory.change_product",
            primary=True,
        ),
    )
    empty_icon = "package"
    empty_title = gettext_lazy("No products yet")
    empty_text = gettext_lazy("Partners choose from these products when they register a deal.")

    def adapt_to(self, member: Membership) -> None:
        if can(member, "directory.change_product"):
            self.table_class = ProductTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        if can(request.membership, "directory.change_product"):
            return queries.products()
        return queries.products_on_sale()


@form_methods
@requires("directory.change_product")
def product_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.ProductForm(request.POST or None, by=request.membership),
        done=lambda saved: (turl(request, "directory:products"), _("%s has been added.") % saved.name),
        context=_page(request, _("Add a product"), "directory:products", _("Products"), _("Add the product")),
    )


@form_methods
@requires("directory.change_product")
def product_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.products(), pk=pk)
    return form_page(
        request,
        forms.ProductForm(request.POST or None, by=request.membership, product=found),
        done=lambda saved: (turl(request, "directory:products"), _("%s has been saved.") % saved.name),
        context=_page(request, found.name, "directory:products", _("Products")),
    )


class FamilyList(ListPage):
    title = gettext_lazy("Product families")
    subtitle = gettext_lazy("A registration protects a customer for all products of one family.")
    permission = "directory.change_product"
    table_class = FamilyTable
    search_fields = ("name",)
    export_name = "product-families"
    actions = (
        Action(
            gettext_lazy("Add a family"),
            "directory:family_create",
            "plus",
            "directory.change_product",
            primary=True,
        ),
    )
    empty_icon = "stack-2"
    empty_title = gettext_lazy("No families yet")
    empty_text = gettext_lazy("Each product belongs to a family: add the first one.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.families()


@form_methods
@requires("directory.change_product")
def family_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.FamilyForm(request.POST or None, by=request.membership),
        done=lambda saved: (turl(request, "directory:families"), _("%s has been added.") % saved.name),
        context=_page(
            request, _("Add a family"), "directory:families", _("Product families"), _("Add the family")
        ),
    )


@form_methods
@requires("directory.change_product")
def family_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.families(), pk=pk)
    return form_page(
        request,
        forms.FamilyForm(request.POST or None, by=request.membership, family=found),
        done=lambda saved: (turl(request, "directory:families"), _("%s has been saved.") % saved.name),
        context=_page(request, found.name, "directory:families", _("Product families")),
    )


def _page(
    request: HttpRequest, title: str, back: str, back_label: str, submit_label: str | None = None
) -> dict[str, Any]:
    return {
        "title": title,
        "back_url": turl(request, back),
        "back_label": back_label,
        "submit_label": submit_label or _("Save"),
    }
