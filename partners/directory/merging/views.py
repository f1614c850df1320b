"""Merging two partner companies: choose, see what moves, confirm."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.directory import queries
from partners.directory.merging.forms import ChooseForm, MergeForm
from partners.directory.merging.moving import counts, moving
from partners.directory.merging.words import in_words
from partners.directory.models import Partner
from partners.directory.pages import form_page
from portal.accounts.access import requires
from portal.shell.addresses import turl


@require_http_methods(["GET", "HEAD", "POST"])
@requires("directory.merge_partners")
def merge(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Without `kept` in the address it asks for the other company; with it, it shows what moves and asks why."""
    partner = get_object_or_404(queries.visible_partners(request.membership).filter(merged_into=None), pk=pk)
    address = turl(request, "directory:partner", partner.pk)
    context: dict[str, Any] = {
        "title": _("Merge: %s") % partner.name,
        "back_url": address,
        "back_label": partner.name,
        "partner": partner,
    }
    choice = ChooseForm(request.GET if "kept" in request.GET else None, partner=partner)
    if request.method != "POST" and not (choice.is_bound and choice.is_valid()):
        return render(request, "directory/merge_choose.html", {**context, "form": choice})
    kept = choice.cleaned_data["kept"] if request.method != "POST" else None
    form = MergeForm(
        request.POST if request.method == "POST" else None,
        by=request.membership,
        partner=partner,
        initial={"kept": kept},
    )
    return form_page(
        request,
        form,
        done=lambda saved: (
            turl(request, "directory:partner", saved.kept_id),
            _("%(merged)s is now part of %(kept)s.") % {"merged": saved.merged.name, "kept": saved.kept.name},
        ),
        template="directory/merge.html",
        context={
            **context,
            "kept": kept,
            "rows": what_moves(partner),
            "submit_label": _("Merge the companies"),
        },
    )


def what_moves(partner: Partner) -> list[dict[str, Any]]:
    """How much of each kind goes with the company. One query a column."""
    return [{"name": name, "count": count} for name, count in in_words(counts(partner, moving()))]
