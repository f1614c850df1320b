"""Pages of deals."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners.deals import queries
from partners.deals.approvals.queries import (
    decisions_of,
    requests_of,
    standing_against,
    who_decides,
    with_conflicts,
)
from partners.deals.approvals.views import tabs
from partners.deals.approvals.words import VERBS as DECISION_WORDS
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.enums import RequestKind, SalesStage
from partners.deals.filters import DealFilter, InboxFilter, VendorDealFilter
from partners.deals.forms import PolicyForm
from partners.deals.models import Deal
from partners.deals.offers import VERBS, offered
from partners.deals.product_lines import with_another_line
from partners.deals.selling.attention import hints
from partners.deals.steps import STEPS
from partners.deals.tables import ANSWERS, STAGE_TONES, STATUS_TONES, DealTable, InboxTable, VendorDealTable
from partners.deals.workdays import today
from partners.directory.models import Product
from partners.directory.pages import form_page
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.money import format_money
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage, Preset

form_methods = require_http_methods(["GET", "HEAD", "POST"])
MOST_COMPARED = 5
# The same keys as in the list of what waits.
KEYS = {verb: key for answers in ANSWERS.values() for key, verb in answers}
REGISTER = Action(gettext_lazy("Register a deal"), "deals:create", "plus", "deals.add_deal", primary=True)

FROM_FILE = Action(gettext_lazy("From a file"), "deals:from_file", "file-import", "deals.add_deal")


class DealList(ListPage):
    title = gettext_lazy("Deals")
    permission = "deals.view_deal"
    table_class = DealTable
    filterset_class = DealFilter
    search_fields: tuple[str, ...] = ("number", "title", "customer__name", "external_id")
    search_label = gettext_lazy("Search by number, deal or customer")
    export_name = "deals"
    actions = (FROM_FILE, REGISTER)
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Drafts"), {"status": Status.DRAFT}),
        Preset(gettext_lazy("Submitted"), {"status": Status.SUBMITTED}),
        Preset(gettext_lazy("Returned"), {"status": Status.RETURNED}),
        Preset(gettext_lazy("Approved"), {"status": Status.APPROVED}),
        Preset(gettext_lazy("Needs attention"), {"attention": "true"}),
        Preset(gettext_lazy("Won"), {"stage": SalesStage.WON}),
    )
    empty_icon = "briefcase"
    empty_title = gettext_lazy("No deals yet")
    empty_text = gettext_lazy(
        "Register the first one: it takes two minutes and protects the customer for the partner."
    )
    empty_action = REGISTER

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class, self.filterset_class = VendorDealTable, VendorDealFilter
            self.search_fields = (*self.search_fields, "partner__name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deal]:
        return queries.visible_deals(request.membership).order_by("-created_at", "-pk")


class Inbox(ListPage):
    """What waits for the member's decision, the most overdue first."""

    title = gettext_lazy("Waiting for you")
    subtitle = gettext_lazy(
        "Registrations, reported wins, appeals and requests that you decide, the most overdue first."
    )
    permission = "deals.view_inbox"
    table_class = InboxTable
    filterset_class = InboxFilter
    template_name = "deals/inbox.html"
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Late"), {"late": "true"}),
        Preset(gettext_lazy("Registrations"), {"what": "registration"}),
        Preset(gettext_lazy("Wins"), {"what": "win"}),
        Preset(gettext_lazy("Appeals"), {"what": RequestKind.APPEAL}),
        Preset(gettext_lazy("More time"), {"what": RequestKind.EXTENSION}),
    )
    search_fields = ("number", "title", "customer__name", "partner__name")
    export_name = "waiting-deals"
    empty_icon = "checks"
    empty_title = gettext_lazy("Nothing waits for you")
    empty_text = gettext_lazy("New registrations of your partners appear here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deal]:
        return with_conflicts(queries.waiting_for(request.membership), timezone.now())


# --- one deal ----------------------------------------------------------------------------------


@require_safe
@requires("deals.view_deal")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    deal = find_deal(request, pk)
    return render(request, "deals/detail.html", _detail_context(request, deal))


def _detail_context(request: HttpRequest, deal: Deal) -> dict[str, Any]:
    verbs = offered(request.membership, deal)
    stage_tone = STAGE_TONES.get(SalesStage(deal.stage), ("neutral", ""))
    return {
        "title": deal.title or deal.number,
        "subtitle": deal.number,
        "back_url": turl(request, "deals:list"),
        "back_label": _("Deals"),
        "deal": deal,
        "tone": STATUS_TONES[Status(deal.status)] if deal.status else stage_tone,
        "stage_tone": stage_tone,
        "buttons": [*(_button(request, deal, verb) for verb in verbs), *_similar(request, deal)],
        "keys": any(verb in KEYS for verb in verbs),
        "facts": _facts(request, deal),
        "next": _next(request, deal),
        "protection": _protection(deal),
        "claim": _claim(deal),
        "hints": hints(deal, queries.policy(), today(request.tenant), timezone.now()),
        "events": timeline(deal)[:50],
        "requests": list(requests_of(deal)),
        **(_for_vendor(deal) if request.membership.is_vendor else {}),
    }


def _for_vendor(deal: Deal) -> dict[str, Any]:
    """Both sides of a conflict while something waits, and what was decided on which grounds."""
    against = standing_against(deal) if deal.is_waiting or deal.request else []
    rivals = [one for one in against if one.deal][:MOST_COMPARED]
    sides = [{"deal": deal}, *({"deal": one.deal, "conflict": one} for one in rivals)]
    decisions = [{"decision": each, "label": DECISION_WORDS[each.verb]} for each in decisions_of(deal)]
    return {
        "sides": sides if rivals else [],
        "accounts": [one for one in against if one.account],
        "decisions": decisions,
    }


def _button(request: HttpRequest, deal: Deal, verb: str) -> dict[str, Any]:
    if verb == "edit":
        label = _("Complete") if deal.status == Status.RETURNED else _("Edit")
        return {
            "url": turl(request, "deals:edit", deal.pk),
            "label": label,
            "icon": "pencil",
            "danger": False,
            "key": None,
        }
    step = STEPS[verb]
    address = turl(request, f"deals:{verb}", deal.pk)
    return {
        "url": address,
        "label": step.title,
        "icon": step.icon,
        "danger": step.danger,
        "key": KEYS.get(verb),
    }


def _similar(request: HttpRequest, deal: Deal) -> list[dict[str, Any]]:
    """A new registration that begins as a copy of this one."""
    if not deal.partner.may_trade or not can(request.membership, "deals.add_deal", deal):
        return []
    address = f"{turl(request, 'deals:create')}?like={deal.pk}"
    return [{"url": address, "label": _("Register a similar deal"), "icon": "copy", "danger": False}]


def _facts(request: HttpRequest, deal: Deal) -> list[dict[str, Any]]:
    customer, partner = deal.customer, deal.partner
    facts: list[dict[str, Any]] = [
        {
            "label": _("Customer"),
            "value": customer and customer.name,
            "href": customer and turl(request, "directory:customer", customer.pk),
        },
        {"label": _("Product"), "value": _products(deal)},
        {"label": _("Expected amount"), "value": format_money(deal.amount, deal.currency)},
        {"label": _("Expected close"), "value": deal.expected_close and short_date(deal.expected_close)},
        *_forecast(deal),
        {"label": _("In the pipeline since"), "value": deal.engaged_on and short_date(deal.engaged_on)},
        {"label": _("Contact"), "value": deal.owner and deal.owner.name},
        {"label": _("Origin"), "value": deal.get_origin_display()},
    ]
    if deal.is_waiting and deal.answer_due_at:
        rule = _("Rule: %s") % deal.rule_name if deal.rule_name else ""
        facts.append({"label": _("Decided by"), "value": who_decides(deal, request.tenant), "hint": rule})
    if request.membership.is_vendor:
        href = turl(request, "directory:partner", partner.pk)
        manager = partner.manager.name if partner.manager else _("no channel manager")
        facts.insert(0, {"label": _("Partner"), "value": partner.name, "href": href, "hint": manager})
    if deal.stage == SalesStage.WON:
        facts.append({"label": _("Won amount"), "value": format_money(deal.revenue, deal.currency)})
        facts.append({"label": _("Cost"), "value": format_money(deal.cost, deal.currency)})
    if deal.closed_on:
        facts.append({"label": _("Closed on"), "value": short_date(deal.closed_on)})
    if deal.loss_reason:
        facts.append({"label": _("Reason for the loss"), "value": deal.loss_reason, "hint": deal.competitor})
    return facts


def _forecast(deal: Deal) -> list[dict[str, Any]]:
    """What is expected of an open deal."""
    if not deal.is_live:
        return []
    step: dict[str, Any] = {"label": _("Next step"), "value": deal.next_step}
    if deal.next_step_on:
        step["value"] = deal.next_step or short_date(deal.next_step_on)
        step["hint"] = deal.next_step and short_date(deal.next_step_on)
    return [{"label": _("Forecast"), "value": deal.get_forecast_display()}, step]


def _products(deal: Deal) -> str:
    """The product lines in words; of a deal without any, its product."""
    lines = list(deal.lines.select_related("product").order_by("position"))
    if len(lines) < 2 and (not lines or lines[0].quantity == 1):
        return deal.product.name if deal.product else ""
    return ", ".join(f"{line.quantity} × {line.product.name}" for line in lines)


def _next(request: HttpRequest, deal: Deal) -> str:
    """What happens next, in a sentence."""
    partner_side = request.membership.is_partner
    if deal.win_claim:
        return _("The reported win waits for the channel manager's confirmation.")
    if deal.status == Status.DRAFT:
        return _("Nobody decides on a draft. Submit it to claim the customer.")
    if deal.status == Status.RETURNED:
        return _("The vendor needs more before it can decide. Complete the registration and submit it again.")
    if deal.awaits and deal.answer_due_at:
        late = deal.answer_due_at < timezone.now()
        if not partner_side:
            text = _("The answer was due on %s.") if late else _("The partner expects an answer by %s.")
        else:
            text = _("The answer was due on %s; it is late.") if late else _("You have an answer by %s.")
        return text % short_date(deal.answer_due_at)
    if deal.status == Status.REJECTED and partner_side and deal.appealed_at is None:
        return _("You can appeal once: an administrator then looks at it again.")
    if deal.is_live:
        return _("Keep the stage up to date, and report the deal won or lost when it is decided.")
    return ""


def _protection(deal: Deal) -> dict[str, Any] | None:
    """How much of the protection is left, for an approved registration."""
    if deal.status != Status.APPROVED or deal.protection is None:
        return None
    start, end, now = deal.protection.lower, deal.protection.upper, timezone.now()
    left = max(0, (end - now).days)
    passed = min(100, max(0, round(100 * (now - start) / (end - start))))
    tone = "danger" if left <= 3 else "warning" if left <= 14 else "success"
    return {"until": end, "days_left": left, "percent": 100 - passed, "tone": tone}


def _claim(deal: Deal) -> dict[str, Any] | None:
    """The win that waits for its confirmation, with all that would be kept of it."""
    claim = deal.win_claim
    if not claim:
        return None
    lines = claim.get("lines", [])
    names = dict(Product.objects.filter(pk__in=[line[0] for line in lines]).values_list("pk", "name"))
    cost = claim.get("cost")
    return {
        "revenue": format_money(claim["revenue"], deal.currency),
        "won_on": date.fromisoformat(claim["won_on"]),
        "cost": None if cost is None else format_money(cost, deal.currency),
        "sold": [f"{quantity} × {names[UUID(product_id)]}" for product_id, quantity, _price in lines],
    }


def step_view(verb: str) -> Callable[..., HttpResponseBase]:
    """The page of one verb: what it means, its form, and the action behind it."""
    step = STEPS[verb]

    @form_methods
    @requires(VERBS[verb].permission)
    def view(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
        deal = find_deal(request, pk)
        check(request.membership, VERBS[verb].permission, deal)
        if request.method != "POST" and verb not in offered(request.membership, deal):
            return not_now(request, deal)
        address = turl(request, "deals:detail", deal.pk)
        sent = (request.POST, request.FILES) if request.method == "POST" else (None,)
        wish = request.POST.get("lines", "") if step.form.with_lines else ""
        if wish:
            sent = (with_another_line(request.POST, wish), request.FILES)
        form = step.form(*sent, by=request.membership, deal=deal)
        context = {
            "title": step.title,
            "subtitle": f"{deal.number} · {deal.title}",
            "back_url": address,
            "back_label": deal.number,
            "deal": deal,
            "step": step,
            "facts": _facts(request, deal)[:5],
        }
        template = "deals/win.html" if step.form.with_lines else "deals/step.html"
        if wish:
            return render(request, template, {**context, "form": form})
        return form_page(
            request,
            form,
            done=lambda saved: (address, step.done(saved)),
            context=context,
            template=template,
            refused=lambda refusal: refused(request, deal, refusal),
        )

    return view


def refused(request: HttpRequest, deal: Deal, refusal: ActionRefused) -> HttpResponse | None:
    """What no change of the form can mend is said on the deal's page."""
    if refusal.code not in ("stale", "state", "done"):
        return None
    say = messages.info if refusal.code == "done" else messages.warning
    say(request, str(refusal.message))
    return redirect(turl(request, "deals:detail", deal.pk))


def not_now(request: HttpRequest, deal: Deal) -> HttpResponse:
    messages.info(request, _("That is not possible now: the deal is %s.") % deal.state_label.lower())
    return redirect(turl(request, "deals:detail", deal.pk))


def find_deal(request: HttpRequest, pk: UUID) -> Deal:
    deals = queries.visible_deals(request.membership).select_related("partner__manager__user", "owner__user")
    return get_object_or_404(deals.select_related("customer", "product__family", "tenant"), pk=pk)


# --- policy ------------------------------------------------------------------------------------


@form_methods
@requires("deals.change_policy")
def policy(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        PolicyForm(request.POST or None, by=request.membership, policy=queries.policy()),
        done=lambda saved: (
            turl(request, "deals:policy"),
            _(
                "Saved. The rules apply to decisions from now on; approved registrations keep their protection."
            ),
        ),
        context={"title": _("Deal registration rules"), "tabs": tabs(request, "deals:policy")},
        template="deals/policy.html",
    )
