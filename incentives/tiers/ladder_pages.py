"""Pages on which an admin defines the tiers."""

from copy import deepcopy
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.published import Example
from incentives.tiers import queries
from incentives.tiers.actions import move_tier, save_policy, save_tier
from incentives.tiers.builder import Builder, measure_groups
from incentives.tiers.enums import CHOSEN_WINDOWS, Join
from incentives.tiers.forms import PolicyForm, TierForm
from incentives.tiers.models import Tier
from incentives.tiers.preview import preview_move, preview_policy, preview_tier
from incentives.tiers.requirements import Condition, Group, dump
from incentives.tiers.words import condition_text
from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import say_refused
from portal.shell.previewed import digest, was_previewed


@require_safe
@requires("incentives.change_programme")
def ladder(request: HttpRequest, tenant: str) -> HttpResponse:
    """The tiers from the highest down, with what they ask and give."""
    currency = request.tenant.currency
    rows = [
        {
            "tier": tier,
            "asks": [_asks(item, currency) for item in tier.tree.items],
            "join": tier.tree.join.label,
            "keeps": [_asks(item, currency) for item in tier.upkeep.items] if tier.maintenance else [],
        }
        for tier in reversed(queries.tiers())
    ]
    return render(
        request,
        "incentives/ladder.html",
        {
            "title": _("Tiers"),
            "subtitle": _("What partners can reach, what it asks and what it gives."),
            "rows": rows,
            "policy": queries.policy(),
            "examples": Example.choices,
        },
    )


def _asks(item: Condition | Group, currency: str) -> str:
    if isinstance(item, Condition):
        return condition_text(item, currency)
    parts = "; ".join(_asks(child, currency) for child in item.items)
    return f"{str(item.join.label).capitalize()}: {parts}"


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def tier_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _edit(request, Tier())


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def tier_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _edit(request, get_object_or_404(Tier, pk=pk))


def _edit(request: HttpRequest, tier: Tier) -> HttpResponse:
    is_new, name = tier._state.adding, tier.name
    change, preview = request.POST.get("builder", ""), None
    lowest = not Tier.objects.exclude(pk=tier.pk).exists() if is_new else tier.rank == _lowest_rank()
    builder, upkeep = _builders(request, tier)
    if request.method == "POST":
        form = TierForm(request.POST, instance=tier)
        if change:
            upkeep = _changed(change, builder, upkeep)
        else:
            tree, kept = builder.tree(), upkeep.tree() if upkeep else None
            if form.is_valid() and tree is not None and (upkeep is None or kept is not None):
                draft = form.save(commit=False)
                draft.requirements = dump(tree) if tree.items else {}
                draft.maintenance = dump(kept) if kept is not None else {}
                if was_previewed(request):
                    save_tier(draft, by=request.membership)
                    messages.success(
                        request, _("%(tier)s is saved. Partners are evaluated now.") % {"tier": draft.name}
                    )
                    return redirect(turl(request, "incentives:ladder"))
                preview = preview_tier(draft)
    else:
        form = TierForm(instance=tier)
    wrong = request.method == "POST" and preview is None and not change
    return render(
        request,
        "incentives/tier_form.html",
        {
            "title": _("New tier") if is_new else name,
            "subtitle": _("You see what a change would do before it is saved."),
            "back_url": turl(request, "incentives:ladder"),
            "back_label": _("Tiers"),
            "form": form,
            "builder": builder,
            "upkeep": upkeep,
            "lowest": lowest,
            "preview": preview,
            "rated_below": is_new,
            "previewed": digest(request) if preview else "",
            **_choices(builder, upkeep),
        },
        status=422 if wrong else 200,
    )


def _lowest_rank() -> int:
    return queries.tiers()[0].rank


def _builders(request: HttpRequest, tier: Tier) -> tuple[Builder, Builder | None]:
    """What reaching and what keeping asks, as typed or as saved; None where keeping asks the same."""
    currency = request.tenant.currency
    if request.method == "POST":
        own = "keeps-join" in request.POST
        return (
            Builder.from_post(request.POST, currency),
            Builder.from_post(request.POST, currency, "keeps") if own else None,
        )
    return (
        Builder.from_tree(tier.tree, currency),
        Builder.from_tree(tier.upkeep, currency, "keeps") if tier.maintenance else None,
    )


def _changed(command: str, builder: Builder, upkeep: Builder | None) -> Builder | None:
    """Carry out what was asked for in the editor; returns what keeping asks from now on."""
    if command == "keeps:own":
        # What reaching asks is the natural thing to start from.
        return upkeep or Builder(builder.currency, "keeps", deepcopy(builder.root))
    if command == "keeps:same":
        return None
    for one in (builder, upkeep):
        if one is not None:
            one.change(command)
    return upkeep


def _choices(builder: Builder, upkeep: Builder | None) -> dict[str, Any]:
    nodes = [*builder.root.every(), *(upkeep.root.every() if upkeep else [])]
    return {
        "joins": Join.choices,
        "windows": [(kind.value, kind.label) for kind in CHOSEN_WINDOWS],
        "measure_groups": measure_groups([node.measure for node in nodes if not node.is_group]),
    }


@require_POST
@requires("incentives.change_programme")
def tier_move(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Show what another order would do, and then exchange a tier with its neighbour."""
    tier, up = get_object_or_404(Tier, pk=pk), request.POST.get("to") == "up"
    if not was_previewed(request):
        return render(
            request,
            "incentives/tier_move.html",
            {
                "title": _("Move %(tier)s up") % {"tier": tier.name}
                if up
                else _("Move %(tier)s down") % {"tier": tier.name},
                "back_url": turl(request, "incentives:ladder"),
                "back_label": _("Tiers"),
                "to": "up" if up else "down",
                "preview": preview_move(tier, up=up),
                "previewed": digest(request),
            },
        )
    try:
        move_tier(tier, up=up, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "incentives:ladder"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def policy(request: HttpRequest, tenant: str) -> HttpResponse:
    """When partners move between tiers."""
    form, preview = PolicyForm(request.POST or None, instance=queries.policy()), None
    if request.method == "POST" and form.is_valid():
        draft = form.save(commit=False)
        if was_previewed(request):
            save_policy(draft, by=request.membership)
            messages.success(request, _("Saved. It counts from the next evaluation on."))
            return redirect(turl(request, "incentives:ladder"))
        preview = preview_policy(draft)
    return render(
        request,
        "incentives/policy.html",
        {
            "title": _("Moving between tiers"),
            "subtitle": _("You see what a change would do before it is saved."),
            "back_url": turl(request, "incentives:ladder"),
            "back_label": _("Tiers"),
            "form": form,
            "preview": preview,
            "previewed": digest(request) if preview else "",
        },
        status=422 if form.is_bound and preview is None else 200,
    )
