"""Pages of the content library. Content is sent after the member's right to it was checked, to be saved, never run."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.content import actions, branding, drawing, forms, queries, tables
from partners.content.enums import TRANSITIONS, AssetKind, AssetStatus, CopyState
from partners.content.filters import AssetFilter, DownloadFilter, VendorAssetFilter
from partners.content.models import Asset, AssetCategory, AssetVersion, BrandedCopy
from partners.directory.enums import PartnerType
from partners.directory.pages import form_page
from portal.accounts.access import can, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.files import storage
from portal.files.views import send_stored
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.registry import segment_choices

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class AssetList(ListPage):
    title = gettext_lazy("Content library")
    subtitle = gettext_lazy("What helps to sell: brochures, presentations, pictures, prices.")
    permission = "content.view_asset"
    table_class = tables.AssetTable
    filterset_class = AssetFilter
    search_fields = ("title", "summary", "tags", "category__name")
    search_label = gettext_lazy("Search by title, tag or category")
    export_name = "assets"
    actions = (
        Action(gettext_lazy("Use"), "content:use", "chart-bar", "content.view_use"),
        Action(gettext_lazy("Categories"), "content:categories", "folders", "content.change_asset"),
        Action(gettext_lazy("Add a link"), "content:create_link", "link", "content.change_asset"),
        Action(gettext_lazy("Add a file"), "content:create", "plus", "content.change_asset", primary=True),
    )
    empty_icon = "files"
    empty_title = gettext_lazy("The library is empty")
    empty_text = gettext_lazy("What the vendor publishes for your company appears here.")

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class, self.filterset_class = tables.VendorAssetTable, VendorAssetFilter
            self.presets = (
                Preset(gettext_lazy("All")),
                Preset(gettext_lazy("Published"), {"status": AssetStatus.PUBLISHED}),
                Preset(gettext_lazy("Drafts"), {"status": AssetStatus.DRAFT}),
                Preset(gettext_lazy("Archived"), {"status": AssetStatus.ARCHIVED}),
            )
            self.empty_text = gettext_lazy("Add a file or a link, say whom it is for, and publish it.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        return queries.catalogue(request.membership)


def _seen(request: HttpRequest, pk: UUID) -> Asset:
    return get_object_or_404(queries.visible_assets(request.membership), pk=pk)


@require_safe
@requires("content.view_asset")
def asset(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    found = _seen(request, pk)
    version = queries.current_version(found)
    may_change = can(member, "content.change_asset", found)
    context = {
        "title": found.title,
        "subtitle": found.category.name if found.category else "",
        "back_url": turl(request, "content:list"),
        "back_label": _("Content library"),
        "asset": found,
        "tone": tables.STATUS_TONES[AssetStatus(found.status)],
        "version": version,
        "facts": _facts(found, version, member.is_vendor),
        "versions": queries.versions_of(found),
        "events": timeline(found)[:20] if member.is_vendor else [],
        "may_change": may_change,
        "moves": _moves(request, found) if may_change else [],
        "branding": branding.state_for(found, version, member.partner_id) if member.is_partner else None,
        "may_mark": bool(may_change and version and version.stampable),
    }
    return render(request, "content/asset.html", context)


def _moves(request: HttpRequest, found: Asset) -> list[dict[str, str]]:
    verbs = {AssetStatus.PUBLISHED: _("Publish"), AssetStatus.ARCHIVED: _("Archive")}
    return [
        {
            "label": verbs[status],
            "url": turl(request, "content:status", found.pk, str(status)),
            "status": status,
        }
        for status in verbs
        if status in TRANSITIONS[AssetStatus(found.status)]
    ]


def _facts(found: Asset, version: AssetVersion | None, is_vendor: bool) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("Version"), "value": found.version},
        {"label": _("Language"), "value": found.language and found.get_language_name()},
        {"label": _("Tags"), "value": ", ".join(found.tags)},
        {"label": _("Pages"), "value": version.pages if version else None},
        {"label": _("Until"), "value": found.expires_on and short_date(found.expires_on)},
    ]
    if is_vendor:
        tiers, types = dict(segment_choices()), dict(PartnerType.choices)
        facts += [
            {"label": _("From"), "value": found.publish_on and short_date(found.publish_on)},
            {
                "label": _("Types of partner"),
                "value": ", ".join(str(types.get(key, key)) for key in found.partner_types) or _("All"),
            },
            {
                "label": _("Tiers"),
                "value": ", ".join(str(tiers.get(key, "?")) for key in found.segments) or _("All"),
            },
            {"label": _("Regions"), "value": ", ".join(found.regions) or _("All")},
        ]
    return [fact for fact in facts if fact["value"]]


@form_methods
@requires("content.change_asset")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    form = forms.NewFileForm(request.POST or None, request.FILES or None, by=request.membership)
    return _create_page(request, form, _("Add a file"))


@form_methods
@requires("content.change_asset")
def create_link(request: HttpRequest, tenant: str) -> HttpResponse:
    return _create_page(
        request, forms.NewLinkForm(request.POST or None, by=request.membership), _("Add a link")
    )


def _create_page(request: HttpRequest, form: Any, title: str) -> HttpResponse:
    return form_page(
        request,
        form,
        done=lambda saved: (
            turl(request, "content:asset", saved.pk),
            _("“%s” has been added. Publish it when it is ready.") % saved.title,
        ),
        context={
            "title": title,
            "back_url": turl(request, "content:list"),
            "back_label": _("Content library"),
            "submit_label": _("Add it"),
        },
    )


def _page(request: HttpRequest, found: Asset, title: str, **more: Any) -> dict[str, Any]:
    return {
        "title": title,
        "back_url": turl(request, "content:asset", found.pk),
        "back_label": found.title,
        "submit_label": _("Save"),
        **more,
    }


@form_methods
@requires("content.change_asset")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _seen(request, pk)
    return form_page(
        request,
        forms.AssetForm(request.POST or None, by=request.membership, asset=found),
        done=lambda saved: (turl(request, "content:asset", saved.pk), _("Saved.")),
        context=_page(request, found, found.title),
    )


@form_methods
@requires("content.change_asset")
def version_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _seen(request, pk)
    return form_page(
        request,
        forms.VersionForm(request.POST or None, request.FILES or None, by=request.membership, asset=found),
        done=lambda saved: (
            turl(request, "content:asset", found.pk),
            _("Version %s has been added.") % saved.number,
        ),
        context=_page(request, found, _("Add a version")),
    )


@require_POST
@requires("content.change_asset")
def status(request: HttpRequest, tenant: str, pk: UUID, state: str) -> HttpResponse:
    if state not in AssetStatus.values:
        raise Http404
    found = _seen(request, pk)
    try:
        saved = actions.change_status(found, AssetStatus(state), by=request.membership)
    except ActionRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        words = {"title": saved.title, "status": saved.get_status_display().lower()}
        messages.success(request, _("“%(title)s” is now: %(status)s.") % words)
    return redirect(turl(request, "content:asset", found.pk))


@form_methods
@requires("content.change_asset")
def box(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Mark where a partner's logo goes, on a picture of the page, or take the place away."""
    found = _seen(request, pk)
    version = queries.current_version(found)
    address = turl(request, "content:asset", found.pk)
    if version is None or not version.stampable:
        messages.error(
            request, _("A logo can be put into a picture or a PDF that can be read, not into this.")
        )
        return redirect(address)
    if request.method == "POST" and request.POST.get("action") == "remove":
        actions.set_box(found, by=request.membership, **dict.fromkeys(actions.BOX))
        messages.success(request, _("No logo goes into it any more."))
        return redirect(address)
    one_page = (version.pages or 1) == 1
    return form_page(
        request,
        forms.BoxForm(request.POST or None, by=request.membership, asset=found, one_page=one_page),
        done=lambda saved: (address, _("A partner's logo goes there from now on.")),
        template="content/box.html",
        context=_page(request, found, _("Place for the partner's logo"), asset=found, version=version),
    )


@require_safe
@requires("content.view_asset")
def preview(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """The first page small; for those who change assets any page, drawn when it is asked for."""
    found = _seen(request, pk)
    version = queries.current_version(found)
    if version is None or not version.preview_as:
        raise Http404
    page = request.GET.get("page", "1")
    name = version.preview_as
    if page != "1" and page.isascii() and page.isdigit() and can(request.membership, "content.change_asset"):
        source = str(storage.path_of(request.tenant.pk, version.stored_as))
        try:
            # Nobody's row speaks of it: the nightly clean-up takes it away.
            name = actions.preview_of(source, version.stampable, min(int(page), 500), request.membership)
        except (ActionRefused, drawing.TookTooLong):
            raise Http404 from None
    return send_stored(request.tenant, name, content_type="image/png")


@require_safe
@requires("content.view_asset")
def download(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """The current version; counted."""
    found = _seen(request, pk)
    version = queries.current_version(found)
    if version is None:
        raise Http404
    return _take(request, found, version)


@require_safe
@requires("content.view_asset")
def version_download(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """An earlier version of an asset that the member sees; counted as well."""
    version = get_object_or_404(AssetVersion, pk=pk, asset__in=queries.visible_assets(request.membership))
    return _take(request, _seen(request, version.asset_id), version)


def _take(request: HttpRequest, found: Asset, version: AssetVersion) -> HttpResponseBase:
    if request.method == "GET":
        actions.note_download(found, version, by=request.membership)
    if found.kind == AssetKind.LINK:
        return redirect(version.url)
    return _to_keep(request, version, version.stored_as)


def _to_keep(request: HttpRequest, version: AssetVersion, stored_as: str) -> HttpResponseBase:
    return send_stored(
        request.tenant,
        stored_as,
        as_attachment=True,
        filename=version.name,
        content_type=version.content_type,
    )


# --- with the partner's logo --------------------------------------------------------------------


@require_POST
@requires("content.brand_asset")
def brand(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _seen(request, pk)
    try:
        copy = branding.ask_for_copy(found, by=request.membership)
    except ActionRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        if copy.state == CopyState.READY:
            messages.success(request, _("Your logo is in. Look at it, and download it."))
        elif copy.state == CopyState.WAITING:
            messages.info(request, _("Your logo is being put in. This page shows it when it is ready."))
        else:
            messages.error(request, copy.problem)
    return redirect(turl(request, "content:asset", found.pk))


def _copy(request: HttpRequest, pk: UUID) -> tuple[Asset, AssetVersion, BrandedCopy]:
    """The ready copy of the member's company, made of what the asset and the logo are now."""
    found = _seen(request, pk)
    version = queries.current_version(found)
    state = branding.state_for(found, version, request.membership.partner_id)
    copy = state.get("copy")
    if version is None or copy is None or copy.state != CopyState.READY:
        raise Http404
    return found, version, copy


@require_safe
@requires("content.brand_asset")
def branded(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    found, version, copy = _copy(request, pk)
    if request.method == "GET":
        actions.note_download(found, version, by=request.membership, cobranded=True)
    return _to_keep(request, version, copy.stored_as)


@require_safe
@requires("content.brand_asset")
def branded_preview(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    _found, _version, copy = _copy(request, pk)
    if not copy.preview_as:
        raise Http404
    return send_stored(request.tenant, copy.preview_as, content_type="image/png")


# --- categories and use -------------------------------------------------------------------------


class CategoryList(ListPage):
    title = gettext_lazy("Categories")
    permission = "content.change_asset"
    table_class = tables.CategoryTable
    search_fields = ("name",)
    export_name = "categories"
    actions = (
        Action(
            gettext_lazy("Add a category"),
            "content:category_create",
            "plus",
            "content.change_asset",
            primary=True,
        ),
    )
    empty_icon = "folders"
    empty_title = gettext_lazy("No categories yet")
    empty_text = gettext_lazy("Categories are the shelves of the library, such as “Brochures”.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssetCategory]:
        return queries.categories()


@form_methods
@requires("content.change_asset")
def category_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _category_page(request, None)


@form_methods
@requires("content.change_asset")
def category(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _category_page(request, get_object_or_404(AssetCategory, pk=pk))


def _category_page(request: HttpRequest, found: AssetCategory | None) -> HttpResponse:
    return form_page(
        request,
        forms.CategoryForm(request.POST or None, by=request.membership, category=found),
        done=lambda saved: (turl(request, "content:categories"), _("%s has been saved.") % saved.name),
        context={
            "title": found.name if found else _("Add a category"),
            "back_url": turl(request, "content:categories"),
            "back_label": _("Categories"),
            "submit_label": _("Save"),
        },
    )


_USE_ACTIONS = (
    Action(gettext_lazy("By asset"), "content:use", "files"),
    Action(gettext_lazy("By partner"), "content:use_by_partner", "building-store"),
    Action(gettext_lazy("Each download"), "content:downloads", "list"),
)


class AssetUse(ListPage):
    title = gettext_lazy("Use of the library by asset")
    permission = "content.view_use"
    table_class = tables.AssetUseTable
    search_fields = ("title",)
    export_name = "asset-use"
    actions = _USE_ACTIONS
    empty_icon = "chart-bar"
    empty_title = gettext_lazy("There is nothing in the library yet")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        return queries.use_by_asset()


class PartnerUse(ListPage):
    title = gettext_lazy("Use of the library by partner")
    permission = "content.view_use"
    table_class = tables.PartnerUseTable
    search_fields = ("name", "number")
    export_name = "asset-use-by-partner"
    actions = _USE_ACTIONS
    empty_icon = "chart-bar"
    empty_title = gettext_lazy("No partner has downloaded anything yet")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.use_by_partner()


class DownloadList(ListPage):
    title = gettext_lazy("Downloads")
    permission = "content.view_use"
    table_class = tables.DownloadTable
    filterset_class = DownloadFilter
    search_fields = ("asset__title", "partner__name", "member__user__name")
    export_name = "asset-downloads"
    actions = _USE_ACTIONS
    empty_icon = "download"
    empty_title = gettext_lazy("Nobody has downloaded anything yet")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.downloads(request.membership).order_by("-created_at", "-pk")
