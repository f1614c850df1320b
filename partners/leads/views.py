"""Pages of leads."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.fields import country_name
from partners.directory.models import Partner
from partners.directory.pages import form_page
from partners.leads import actions, queries
from partners.leads.enums import LeadStatus
from partners.leads.filters import LeadFilter, VendorLeadFilter
from partners.leads.forms import ConvertForm, LeadForm, NotesForm
from partners.leads.models import Lead
from partners.leads.qualification import marketing_text, reasons, verdict_text
from partners.leads.steps import STEPS, converted, placed
from partners.leads.tables import STATUS_TONES, LeadTable, ToDistributeTable, VendorLeadTable
from partners.leads.verbs import VERBS, possible_verbs
from portal.accounts.access import check, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.money import format_money
from portal.shell.addresses import turl
from portal.shell.formats import number, short_date, short_time
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])
ADD = Action(gettext_lazy("Add a lead"), "leads:create", "plus", "leads.add_lead", primary=True)
POOL = Action(gettext_lazy("Pick from the pool"), "leads:pool", "stack-2", "leads.pick_lead")


class LeadList(ListPage):
    title = gettext_lazy("Leads")
    permission = "leads.view_lead"
    table_class = LeadTable
    filterset_class = LeadFilter
    search_fields: tuple[str, ...] = ("number", "company", "person", "email", "domain", "external_id")
    search_label = gettext_lazy("Search by number, company or person")
    export_name = "leads"
    actions = (POOL, ADD)
    presets: tuple[Preset, ...] = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Waiting for an answer"), {"status": LeadStatus.OFFERED}),
        Preset(gettext_lazy("In progress"), {"status": LeadStatus.OPEN}),
        Preset(gettext_lazy("Became a deal"), {"status": LeadStatus.CONVERTED}),
        Preset(gettext_lazy("Disqualified"), {"status": LeadStatus.DISQUALIFIED}),
    )
    empty_icon = "user-search"
    empty_title = gettext_lazy("No leads yet")
    empty_text = gettext_lazy("Add the first one: what becomes of it is a deal with a click.")
    empty_action = ADD

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class, self.filterset_class = VendorLeadTable, VendorLeadFilter
            self.search_fields = (*self.search_fields, "partner__name")
            self.presets = (
                self.presets[0],
                Preset(gettext_lazy("To distribute"), {"status": LeadStatus.UNASSIGNED}),
                Preset(gettext_lazy("In the pool"), {"status": LeadStatus.POOL}),
                *self.presets[1:],
            )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        return queries.visible_leads(request.membership).order_by("-created_at", "-pk")


class ToDistribute(ListPage):
    """The vendor's leads that nobody has, the oldest first."""

    title = gettext_lazy("Leads to distribute")
    subtitle = gettext_lazy(
        "Leads that no rule gave to a partner, or that came back. The longest waiting first."
    )
    permission = "leads.view_to_distribute"
    table_class = ToDistributeTable
    search_fields = ("number", "company", "person", "country", "region")
    export_name = "leads-to-distribute"
    template_name = "leads/to_distribute.html"
    actions = (ADD,)
    empty_icon = "checks"
    empty_title = gettext_lazy("Nothing to distribute")
    empty_text = gettext_lazy("New leads of yours that no rule gives to a partner appear here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        return queries.to_distribute(request.membership)


@require_POST
@requires("leads.distribute_lead")
def distribute_all(request: HttpRequest, tenant: str) -> HttpResponse:
    """Run the rules over everything that waits."""
    count = actions.distribute_waiting(by=request.membership)
    text = ngettext("%s lead found a partner.", "%s leads found a partner.", count) % number(count)
    messages.success(request, text if count else _("The rules give none of these to a partner now."))
    return redirect(turl(request, "leads:to_distribute"))


# --- the pool ------------------------------------------------------------------------------------


@require_safe
@requires("leads.pick_lead")
def pool(request: HttpRequest, tenant: str) -> HttpResponse:
    rows = [
        {
            "teaser": teaser,
            "title": teaser.industry or _("A company"),
            "country": country_name(teaser.country) if teaser.country else "",
        }
        for teaser in queries.pickable(request.membership)
    ]
    context = {
        "title": _("Lead pool"),
        "subtitle": _("What the leads are about. Who they are you see once you have picked one."),
        "back_url": turl(request, "leads:list"),
        "back_label": _("Leads"),
        "rows": rows,
        "may_trade": Partner.objects.get(pk=request.membership.partner_id).may_trade,
    }
    return render(request, "leads/pool.html", context)


@require_POST
@requires("leads.pick_lead")
def pick(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    try:
        with transaction.atomic():
            lead = actions.pick(pk, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(turl(request, "leads:pool"))
    messages.success(request, _("The lead is yours. Get in touch soon: the customer expects it."))
    return redirect(turl(request, "leads:detail", lead.pk))


# --- entering ------------------------------------------------------------------------------------


@form_methods
@requires("leads.add_lead")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    form = LeadForm(request.POST or None, by=request.membership)
    return form_page(
        request,
        form,
        done=lambda lead: (turl(request, "leads:detail", lead.pk), _entered(lead)),
        context=_form_context(request, _("Add a lead"), turl(request, "leads:list"), _("Leads")),
        template="leads/form.html",
    )


def _entered(lead: Lead) -> str:
    if not lead.is_own:
        return placed(lead)
    return f"{_('Saved.')} {verdict_text(lead)}."


@form_methods
@requires("leads.change_lead")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    lead = _find(request, pk)
    check(request.membership, "leads.change_lead", lead)
    if "edit" not in possible_verbs(request.membership, lead):
        return _not_now(request, lead)
    only_notes = request.membership.is_partner and not lead.is_own
    form_class: Any = NotesForm if only_notes else LeadForm
    address = turl(request, "leads:detail", lead.pk)
    return form_page(
        request,
        form_class(request.POST or None, by=request.membership, lead=lead),
        done=lambda saved: (address, _("Saved.")),
        context=_form_context(request, lead.headline, address, lead.number),
        template="directory/form.html" if only_notes else "leads/form.html",
        refused=lambda refusal: _refused(request, lead, refusal),
    )


def _form_context(request: HttpRequest, title: str, back_url: str, back_label: str) -> dict[str, Any]:
    regions: list[str] = []
    if request.membership.is_vendor:
        regions = list(
            Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
        )
    return {"title": title, "back_url": back_url, "back_label": back_label, "regions": regions}


# --- one lead ------------------------------------------------------------------------------------


@require_safe
@requires("leads.view_lead")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    lead = _find(request, pk)
    member = request.membership
    context = {
        "title": lead.headline,
        "subtitle": lead.number,
        "back_url": turl(request, "leads:list"),
        "back_label": _("Leads"),
        "lead": lead,
        "tone": STATUS_TONES[LeadStatus(lead.status)],
        "buttons": [_button(request, lead, verb) for verb in possible_verbs(member, lead)],
        "person": _person(lead),
        "company": _company(lead),
        "facts": _facts(request, lead),
        "next": _next(member, lead),
        "verdict": verdict_text(lead),
        "reasons": reasons(lead),
        "marketing": marketing_text(lead),
        "offers": list(queries.offers_of(lead)) if member.is_vendor and not lead.is_own else [],
        "events": timeline(lead)[:50],
    }
    return render(request, "leads/detail.html", context)


def _button(request: HttpRequest, lead: Lead, verb: str) -> dict[str, Any]:
    if verb in ("edit", "convert"):
        own = {"edit": (_("Edit"), "pencil"), "convert": (_("Make it a deal"), "arrow-big-right")}
        label, icon = own[verb]
        if verb == "edit" and request.membership.is_partner and not lead.is_own:
            label = _("Your notes")
        return {"url": turl(request, f"leads:{verb}", lead.pk), "label": label, "icon": icon, "danger": False}
    step = STEPS[verb]
    address = turl(request, f"leads:{verb}", lead.pk)
    return {"url": address, "label": step.title, "icon": step.icon, "danger": step.danger}


def _person(lead: Lead) -> list[dict[str, Any]]:
    return [
        {"label": _("Contact person"), "value": lead.person, "hint": lead.job_title},
        {"label": _("E-mail address"), "value": lead.email, "href": lead.email and f"mailto:{lead.email}"},
        {"label": _("Telephone"), "value": lead.phone, "href": lead.phone and f"tel:{lead.phone}"},
        {"label": _("Consent"), "value": lead.consent},
    ]


def _company(lead: Lead) -> list[dict[str, Any]]:
    return [
        {"label": _("Company"), "value": lead.company, "hint": lead.domain},
        {"label": _("Country"), "value": lead.country and country_name(lead.country), "hint": lead.region},
        {"label": _("Industry"), "value": lead.industry},
        {"label": _("Employees"), "value": None if lead.employees is None else number(lead.employees)},
    ]


def _facts(request: HttpRequest, lead: Lead) -> list[dict[str, Any]]:
    budget = None if lead.budget is None else format_money(lead.budget, lead.currency)
    facts: list[dict[str, Any]] = [
        {"label": _("Interested in"), "value": lead.wanted},
        {"label": _("Budget"), "value": budget},
        {"label": _("Source"), "value": lead.source, "hint": lead.get_channel_display()},
        {"label": _("Origin"), "value": lead.get_origin_display()},
    ]
    if request.membership.is_vendor:
        partner = lead.partner
        href = partner and turl(request, "directory:partner", partner.pk)
        manager = partner and (partner.manager.name if partner.manager else _("no channel manager"))
        facts.insert(
            0, {"label": _("Partner"), "value": partner and partner.name, "href": href, "hint": manager}
        )
    if lead.received_at:
        label = _("Submitted") if lead.is_own else _("Received")
        facts.append({"label": label, "value": short_date(lead.received_at)})
    if lead.owner:
        facts.append({"label": _("Who works on it"), "value": lead.owner.name})
    if lead.deal:
        facts.append(
            {
                "label": _("Deal"),
                "value": lead.deal.number,
                "href": turl(request, "deals:detail", lead.deal_id),
            }
        )
    if lead.closing_reason:
        facts.append({"label": _("Why it was closed"), "value": lead.closing_reason})
    return facts


def _next(member: Membership, lead: Lead) -> str:
    """What happens next, in a sentence."""
    if lead.status == LeadStatus.OFFERED:
        due = short_time(lead.answer_due_at)
        if member.is_partner:
            return _("Accept or decline by %s; after that it goes to someone else.") % due
        return _("The partner answers by %s; after that the lead moves on by itself.") % due
    if lead.status == LeadStatus.OPEN:
        return _("Get in touch, keep your notes here, and make it a deal when it becomes one.")
    if lead.status == LeadStatus.UNASSIGNED:
        return _(
            "Nobody has this lead. Distribute it by the rules, give it to a partner, or put it in the pool."
        )
    if lead.status == LeadStatus.POOL:
        return _("The first partner who picks it has it.")
    return ""


def step_view(verb: str) -> Callable[..., HttpResponseBase]:
    """The page of one verb: what it means, its form, and the action behind it."""
    step = STEPS[verb]

    @form_methods
    @requires(VERBS[verb].permission)
    def view(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
        lead = _find(request, pk)
        check(request.membership, VERBS[verb].permission, lead)
        if request.method != "POST" and verb not in possible_verbs(request.membership, lead):
            return _not_now(request, lead)
        address = turl(request, "leads:detail", lead.pk)
        form = step.form(request.POST if request.method == "POST" else None, by=request.membership, lead=lead)
        after = turl(request, "leads:list") if step.leaves and request.membership.is_partner else address
        context = {
            "title": step.title,
            "subtitle": f"{lead.number} · {lead.headline}",
            "back_url": address,
            "back_label": lead.number,
            "step": step,
            "facts": [*_company(lead)[:2], *_facts(request, lead)[:3]],
        }
        return form_page(
            request,
            form,
            done=lambda saved: (after, step.done(saved)),
            context=context,
            template="leads/step.html",
            refused=lambda refusal: _refused(request, lead, refusal),
        )

    return view


@form_methods
@requires("leads.convert_lead")
def convert(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Customer and deal, as the lead describes them."""
    lead = _find(request, pk)
    check(request.membership, "leads.convert_lead", lead)
    if request.method != "POST" and "convert" not in possible_verbs(request.membership, lead):
        return _not_now(request, lead)
    submitting = request.POST.get("then") == "submit"
    form = ConvertForm(request.POST or None, by=request.membership, lead=lead, submitting=submitting)
    address = turl(request, "leads:detail", lead.pk)
    context = {
        "title": _("Make it a deal"),
        "subtitle": f"{lead.number} · {lead.headline}",
        "back_url": address,
        "back_label": lead.number,
        "lead": lead,
    }
    return form_page(
        request,
        form,
        done=lambda saved: (turl(request, "deals:detail", saved.deal_id), converted(saved)),
        context=context,
        template="leads/convert.html",
        refused=lambda refusal: _refused(request, lead, refusal),
    )


def _refused(request: HttpRequest, lead: Lead, refusal: ActionRefused) -> HttpResponse | None:
    """What no change of the form can mend is said on the lead's page, or on the list when the lead is gone."""
    if refusal.code == "gone":
        messages.warning(request, str(refusal.message))
        return redirect(turl(request, "leads:list"))
    if refusal.code not in ("stale", "state", "done", "late"):
        return None
    say = messages.info if refusal.code == "done" else messages.warning
    say(request, str(refusal.message))
    return redirect(turl(request, "leads:detail", lead.pk))


def _not_now(request: HttpRequest, lead: Lead) -> HttpResponse:
    messages.info(request, _("That is not possible now: the lead is “%s”.") % lead.get_status_display())
    return redirect(turl(request, "leads:detail", lead.pk))


def _find(request: HttpRequest, pk: UUID) -> Lead:
    leads = queries.visible_leads(request.membership).select_related("partner__manager__user", "owner__user")
    return get_object_or_404(leads.select_related("product__family", "deal"), pk=pk)
