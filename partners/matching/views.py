"""Pages of direct accounts, likely duplicates and merges."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.models import Customer
from partners.directory.pages import form_page
from partners.directory.queries import visible_customers
from partners.matching import actions, queries
from partners.matching.forms import AccountForm, MergeForm, RemoveForm
from partners.matching.models import CustomerMerge, DirectAccount
from partners.matching.tables import AccountTable, MergeTable, PlainAccountTable
from portal.accounts.access import can, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage

form_methods = require_http_methods(["GET", "HEAD", "POST"])
ADD = Action(
    gettext_lazy("Add a direct account"),
    "matching:account_create",
    "plus",
    "matching.change_account",
    primary=True,
)


class AccountList(ListPage):
    title = gettext_lazy("Direct accounts")
    subtitle = gettext_lazy(
        "Companies that you sell to yourselves. A registration of one of them is in conflict."
    )
    permission = "matching.view_accounts"
    table_class = PlainAccountTable
    search_fields = ("name", "domain", "note")
    export_name = "direct-accounts"
    actions = (
        Action(gettext_lazy("Import"), "imports:upload", "file-import", "imports.run_import"),
        ADD,
    )
    empty_icon = "building-bank"
    empty_title = gettext_lazy("No direct accounts yet")
    empty_text = gettext_lazy(
        "Add the companies that no partner should register, or import them from a file."
    )
    empty_action = ADD

    def adapt_to(self, member: Membership) -> None:
        if can(member, "matching.change_account"):
            self.table_class = AccountTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[DirectAccount]:
        return queries.direct_accounts()


@form_methods
@requires("matching.change_account")
def account_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        AccountForm(request.POST or None, by=request.membership),
        done=lambda saved: (turl(request, "matching:accounts"), _("%s has been added.") % saved.name),
        context=_page(request, _("Add a direct account")) | {"submit_label": _("Add the account")},
    )


@form_methods
@requires("matching.change_account")
def account_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    account = get_object_or_404(queries.direct_accounts(), pk=pk)
    context = _page(request, account.name) | {
        "head_action": {
            "url": turl(request, "matching:account_remove", account.pk),
            "label": _("Remove"),
            "icon": "trash",
        }
    }
    return form_page(
        request,
        AccountForm(request.POST or None, by=request.membership, account=account),
        done=lambda saved: (turl(request, "matching:accounts"), _("Saved.")),
        context=context,
        template="matching/account.html",
    )


@form_methods
@requires("matching.change_account")
def account_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    account = get_object_or_404(queries.direct_accounts(), pk=pk)
    context = _page(request, _("Remove %s") % account.name) | {
        "hint": _("Partners can then register this company without a conflict."),
        "submit_label": _("Remove"),
        "danger": True,
    }
    return form_page(
        request,
        RemoveForm(
            request.POST if request.method == "POST" else None, by=request.membership, account=account
        ),
        done=lambda _none: (turl(request, "matching:accounts"), _("Removed.")),
        context=context,
    )


def _page(request: HttpRequest, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "back_url": turl(request, "matching:accounts"),
        "back_label": _("Direct accounts"),
    }


# --- duplicates --------------------------------------------------------------------------------


@require_safe
@requires("matching.merge_customers")
def duplicates(request: HttpRequest, tenant: str) -> HttpResponse:
    """Pairs of customers that may be one: all likely ones, or those of one customer (`?customer=`)."""
    customer = _other(request, request.GET.get("customer", ""))
    return render(
        request,
        "matching/duplicates.html",
        {
            "title": _("Likely duplicates"),
            "subtitle": _("Records that may be one company. Merging can be undone."),
            "back_url": turl(request, "directory:customers"),
            "back_label": _("Customers"),
            "pairs": queries.duplicates_of(customer) if customer else queries.likely_duplicates(),
            "customer": customer,
        },
    )


@form_methods
@requires("matching.merge_customers")
def merge(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Merge a customer with another one (`?with=`)."""
    first = get_object_or_404(visible_customers(request.membership), pk=pk)
    second = _other(request, request.GET.get("with", ""))
    back = turl(request, "matching:duplicates")
    if second is None or second == first:
        return redirect(f"{back}?customer={first.pk}")
    context = {
        "title": _("Merge two customers"),
        "back_url": back,
        "back_label": _("Likely duplicates"),
        "pair": (first, second),
        "submit_label": _("Merge"),
    }
    return form_page(
        request,
        MergeForm(request.POST or None, by=request.membership, pair=(first, second)),
        done=lambda made: (
            turl(request, "matching:merges"),
            _("%(merged)s now stands as %(kept)s. You can undo it here.")
            % {"merged": made.merged.name, "kept": made.kept.name},
        ),
        context=context,
        template="matching/merge.html",
    )


def _other(request: HttpRequest, text: str) -> Customer | None:
    try:
        pk = UUID(text)
    except ValueError:
        return None
    return visible_customers(request.membership).filter(pk=pk).first()


class MergeList(ListPage):
    title = gettext_lazy("Merged customers")
    subtitle = gettext_lazy("Records that were made one. Undoing gives each its own deals back.")
    permission = "matching.merge_customers"
    table_class = MergeTable
    search_fields = ("kept__name", "merged__name", "grounds")
    export_name = "merged-customers"
    actions = (Action(gettext_lazy("Likely duplicates"), "matching:duplicates", "copy"),)
    empty_icon = "arrows-join"
    empty_title = gettext_lazy("Nothing has been merged yet")
    empty_text = gettext_lazy("Customers that you merge are listed here, and can be taken apart again.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerMerge]:
        return queries.merges()


@form_methods
@requires("matching.merge_customers")
def merge_undo(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.merges(), pk=pk)
    address = turl(request, "matching:merges")
    if request.method == "POST":
        try:
            with transaction.atomic():
                actions.undo_merge(found, by=request.membership)
        except ActionRefused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, _("%s is a record of its own again.") % found.merged.name)
        return redirect(address)
    context = {
        "title": _("Undo the merge of %s") % found.merged.name,
        "back_url": address,
        "back_label": _("Merged customers"),
        "merge": found,
    }
    return render(request, "matching/undo.html", context)
