"""Scorecards, groups, the catalogue and the templates on the screen."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from metrics import actions, queries
from metrics.benchmarks.queries import benchmarks
from metrics.card_pages import group_name, working
from metrics.display import format_value
from metrics.filters import LeagueFilter
from metrics.forms import NewTemplateForm, TemplateForm
from metrics.models import Scorecard, ScorecardTemplate, SubjectKind
from metrics.own import catalogue_at
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.preview import preview_template
from metrics.rows import Templates
from metrics.tables import GroupTable, LeagueTable, PreviewTable
from metrics.tier_groups import tier_figures
from partners.directory.models import Partner
from partners.directory.narrowing import WITHOUT
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage
from portal.shell.previewed import digest, was_previewed
from portal.shell.registry import segment_choices, segment_label

PREVIEW_SHOWN = 50


# --- periods -----------------------------------------------------------------------------------


def _period(request: HttpRequest) -> Period:
    calendar = calendar_of(request.tenant)
    kind, start = request.GET.get("period", ""), request.GET.get("start", "")
    return queries.chosen_period(kind, start, calendar, calendar.today())


def _picker(request: HttpRequest, period: Period) -> dict[str, Any]:
    """Tabs for the kinds of period and links to the neighbours; other parameters are kept."""
    calendar = calendar_of(request.tenant)
    current = calendar.current(period.kind)

    def address(**changes: str) -> str:
        parameters = request.GET.copy()
        for name in ("period", "start", "page"):
            parameters.pop(name, None)
        parameters.update(changes)
        return f"?{parameters.urlencode()}"

    def of(other: Period) -> str:
        return address(period=other.kind.value, start=str(other.start))

    return {
        "period": period,
        "tabs": [
            {"label": kind.label, "url": address(period=kind.value), "active": kind == period.kind}
            for kind in PeriodKind
        ],
        "earlier": of(period.previous()),
        "later": of(period.next()) if period.start < current.start else "",
        "is_current": period == current,
    }


def _comparison(request: HttpRequest, period: Period) -> str:
    """The period's name, and what its changes are against while it runs."""
    if period.is_settled(calendar_of(request.tenant).today()):
        return period.label()
    return _("%(period)s so far; changes are against the whole period before") % {"period": period.label()}


# --- scorecards --------------------------------------------------------------------------------


class LeaguePage(ListPage):
    title = gettext_lazy("Scorecards")
    table_class = LeagueTable
    filterset_class = LeagueFilter
    permission = "metrics.view_scorecards"
    search_fields = ("partner__name", "partner__number")
    search_label = gettext_lazy("Search partners")
    export_name = "scorecards"
    has_period = True
    template_name = "metrics/league.html"
    empty_icon = "chart-bar"
    empty_title = gettext_lazy("No scorecards in this period")
    empty_text = gettext_lazy("They appear as soon as a partner has a deal, or by “Recompute”.")
    actions = (
        Action(gettext_lazy("Recompute"), "metrics:recompute", "refresh", "metrics.recompute_scorecards"),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Scorecard]:
        cards = queries.league(_period(request))
        if request.GET.get("mine"):
            cards = cards.filter(partner__manager_id=request.membership.pk)
        return cards.order_by(models.F("score").desc(nulls_last=True), "partner__name", "pk")

    def _filterset(self, request: HttpRequest, queryset: Any) -> Any:
        # The period and the portfolio are no filters that a chip could remove.
        names = set(LeagueFilter.base_filters) | {"score_min", "score_max"}
        if any(value for key, value in request.GET.items() if key in names):
            return LeagueFilter(request.GET, queryset=queryset, request=request)
        if "filters" in request.GET:
            return LeagueFilter(None, queryset=queryset, request=request)
        return None

    def table(self, request: HttpRequest, rows: Sequence[Any], *, sort: str = "") -> LeagueTable:
        table = super().table(request, rows, sort=sort)
        assert isinstance(table, LeagueTable)
        if rows:
            table.benchmarks = benchmarks(_period(request))
        return table

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        period = _period(request)
        return {"subtitle": _comparison(request, period), "picker": _picker(request, period)}


@require_GET
def mine(request: HttpRequest, tenant: str) -> HttpResponse:
    """A partner's own scorecard; the vendor's people are sent to the list."""
    if not request.membership.is_partner:
        return redirect(turl(request, "metrics:scorecards"))
    partner = get_object_or_404(Partner, pk=request.membership.partner_id)
    return _scorecard(request, partner)


@require_GET
def scorecard(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = get_object_or_404(Partner, pk=pk)
    check(request.membership, "metrics.view_scorecard", partner)
    return _scorecard(request, partner)


def _scorecard(request: HttpRequest, partner: Partner) -> HttpResponse:
    period = _period(request)
    card, previous = queries.card_and_previous(SubjectKind.PARTNER, str(partner.pk), period)
    context = {
        "title": _("Your scorecard") if request.membership.is_partner else partner.name,
        "subtitle": period.label(),
        "partner": partner,
        "picker": _picker(request, period),
        "card": card,
    }
    if not request.membership.is_partner:
        context |= {"back_url": turl(request, "metrics:scorecards"), "back_label": _("Scorecards")}
    if card is not None:
        context |= working(request, card, previous)
    return render(request, "metrics/scorecard.html", context)


# --- groups ------------------------------------------------------------------------------------

TIERS = "tier"


def _group_address(request: HttpRequest, card: Scorecard) -> str:
    return f"{turl(request, 'metrics:group', card.subject_kind)}?key={card.subject_key}"


@require_GET
@requires("metrics.view_scorecards")
def groups(request: HttpRequest, tenant: str) -> HttpResponse:
    """The same figures for the programme, each portfolio, region and partner type."""
    period = _period(request)
    wanted = request.GET.get("by", "")
    if wanted == TIERS and segment_choices():
        return _tiers(request, period)
    kind = SubjectKind(wanted) if wanted in queries.GROUP_KINDS else SubjectKind.PORTFOLIO
    cards = list(
        queries.groups(kind, period).order_by(models.F("score").desc(nulls_last=True), "subject_key")
    )
    names = queries.group_names(kind, [card.subject_key for card in cards])
    rows = [
        {
            "name": group_name(card, names),
            "address": f"{_group_address(request, card)}&period={period.kind.value}&start={period.start}",
            "card": card.pk,
            "partner_count": card.partner_count,
            "score": card.score,
            "change": card.change,
            "revenue": card.revenue,
            "deals": card.deals,
            "pipeline": card.pipeline,
            "period": period,
        }
        for card in cards
    ]
    context = {
        "title": _("Groups"),
        "subtitle": _comparison(request, period),
        "picker": _picker(request, period),
        "kinds": _kinds(period, kind.value),
        "table": GroupTable(rows, request=request) if rows else None,
    }
    return render(request, "metrics/groups.html", context)


def _kinds(period: Period, active: str) -> list[dict[str, Any]]:
    """The tabs of the groups; tiers where an app sorts partners."""
    kinds: list[tuple[str, Any]] = [(kind.value, kind.label) for kind in queries.GROUP_KINDS]
    if segment_choices():
        kinds.append((TIERS, segment_label()))
    return [
        {
            "label": label,
            "url": f"?by={value}&period={period.kind.value}&start={period.start}",
            "active": value == active,
        }
        for value, label in kinds
    ]


def _tiers(request: HttpRequest, period: Period) -> HttpResponse:
    """Each tier's figures, and its KPIs side by side; a tier leads to its partners in the analysis."""
    today, currency = calendar_of(request.tenant).today(), request.tenant.currency
    revenue, templates = queries.revenue_fact(period.end), Templates.load()
    tiers = tier_figures(period, today, templates)
    before = {tier.code: tier.score for tier in tier_figures(period.previous(), today, templates)}
    query = f"period={period.kind.value}&start={period.start}"
    rows = []
    for tier in tiers:
        earlier = before.get(tier.code)
        rows.append(
            {
                "name": tier.name or _("Without a tier"),
                "address": f"{turl(request, 'metrics_portfolio:analysis')}?{query}&tier={tier.code or WITHOUT}",
                "partner_count": tier.facts.get("partners", 0),
                "score": tier.score,
                "change": None if tier.score is None or earlier is None else tier.score - earlier,
                "revenue": tier.facts.get(revenue, 0),
                "deals": tier.facts.get("deals_won", 0),
                "pipeline": tier.facts.get("pipeline_open_amount", 0),
                "period": period,
            }
        )
    catalogue = catalogue_at(period.end)
    codes = [
        code for code in dict.fromkeys(code for tier in tiers for code in tier.breakdown) if code in catalogue
    ]
    context = {
        "title": _("Groups"),
        "subtitle": _comparison(request, period),
        "picker": _picker(request, period),
        "kinds": _kinds(period, TIERS),
        "table": GroupTable(rows, request=request) if rows else None,
        "side_by_side": {
            "columns": [row["name"] for row in rows],
            "rows": [
                (
                    catalogue[code].name,
                    [
                        {
                            "text": format_value(
                                catalogue[code].unit, tier.breakdown.get(code, {}).get("value"), currency
                            ),
                            "address": row["address"],
                        }
                        for tier, row in zip(tiers, rows, strict=True)
                    ],
                )
                for code in codes
            ],
        },
    }
    return render(request, "metrics/groups.html", context)


@require_GET
@requires("metrics.view_scorecards")
def group(request: HttpRequest, tenant: str, kind: str) -> HttpResponse:
    """A group's scorecard: the same formulas over the facts of its partners added up."""
    if kind not in queries.GROUP_KINDS:
        raise Http404
    subject, key, period = SubjectKind(kind), request.GET.get("key", ""), _period(request)
    card, previous = queries.card_and_previous(subject, key, period)
    if card is None and not queries.subject_cards(subject, key, period.kind).exists():
        raise Http404
    context = {
        "title": group_name(card or Scorecard(subject_kind=subject, subject_key=key)),
        "subtitle": period.label(),
        "back_url": f"{turl(request, 'metrics:groups')}?by={kind}",
        "back_label": _("Groups"),
        "picker": _picker(request, period),
        "card": card,
    }
    if card is not None:
        context |= working(request, card, previous)
        context["partner_count"] = card.facts.get("partners", 0)
        context["partners_url"] = _partners_of(request, card)
    return render(request, "metrics/scorecard.html", context)


def _partners_of(request: HttpRequest, card: Scorecard) -> str:
    """The league of a group's partners; of those without a manager or a region there is none."""
    name = {SubjectKind.PORTFOLIO: "manager", SubjectKind.REGION: "region", SubjectKind.TYPE: "type"}.get(
        SubjectKind(card.subject_kind), ""
    )
    if name and not card.subject_key:
        return ""
    period = {"period": card.period_kind, "start": str(card.period_start)}
    chosen = {name: card.subject_key} if name else {}
    return f"{turl(request, 'metrics_portfolio:analysis')}?{urlencode({**period, **chosen})}"


# --- templates -------------------------------------------------------------------


@require_GET
@requires("metrics.change_template")
def templates(request: HttpRequest, tenant: str) -> HttpResponse:
    context = {
        "title": _("Scorecard templates"),
        "subtitle": _(
            "What partners are measured by. The most particular template that fits a partner counts."
        ),
        "templates": [(each, _audience(each)) for each in queries.templates()],
    }
    return render(request, "metrics/templates.html", context)


def _audience(template: ScorecardTemplate) -> str:
    """Whom a template is for, in words."""
    tier = str(dict(segment_choices()).get(template.segment, "…")) if template.segment else ""
    parts = [template.get_partner_type_display(), template.region, tier]
    return ", ".join(part for part in parts if part) or _("All partners")


@require_http_methods(["GET", "POST"])
@requires("metrics.change_template")
def template_new(request: HttpRequest, tenant: str) -> HttpResponse:
    form = NewTemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            template = actions.create_template(by=request.membership, **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field, str(refusal.message))
        else:
            messages.success(request, _("Say what it measures, and publish it."))
            return redirect(turl(request, "metrics:template_edit", template.pk))
    context = {
        "title": _("New scorecard template"),
        "subtitle": _(
            "For which periods and partners it is cannot be changed later; other partners get a template of their own."
        ),
        "form": form,
        "cancel_url": turl(request, "metrics:templates"),
        "back_url": turl(request, "metrics:templates"),
        "back_label": _("Scorecard templates"),
    }
    return render(request, "metrics/template_new.html", context)


@require_http_methods(["GET", "POST"])
@requires("metrics.change_template")
def template_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Change the lines, look at who would move, and publish. Only what was looked at can be published."""
    template = get_object_or_404(ScorecardTemplate, pk=pk)
    calendar = calendar_of(request.tenant)
    versions = list(template.versions.select_related("published_by__user"))
    version = versions[0] if versions else _like_it(template)
    data = _with_lines(request) if request.method == "POST" else None
    form = TemplateForm(
        data, template=template, version=version, currency=request.tenant.currency, calendar=calendar
    )
    context: dict[str, Any] = {}
    if request.method == "POST" and request.POST.get("builder"):
        form = form.as_typed()
    elif request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        rules = {
            "kpis": cleaned["kpis"],
            "min_coverage": Decimal(cleaned["min_coverage"]) / 100,
            "gate_score": cleaned["gate_score"],
            "gate_each": cleaned["gate_each"],
        }
        if was_previewed(request):
            try:
                _version, job = actions.publish_template(
                    template,
                    by=request.membership,
                    name=cleaned["name"],
                    seen_number=cleaned["number"],
                    begins=cleaned["begins"],
                    **rules,
                )
            except ActionRefused as refusal:
                form.add_error(None, str(refusal.message))
            else:
                if job is None:
                    words = _("Published. It holds from %(period)s on.")
                    messages.success(request, words % {"period": cleaned["begins"].label()})
                    return redirect(turl(request, "metrics:template_edit", template.pk))
                messages.success(request, _("Published. The scorecards are being recomputed."))
                return redirect(turl(request, "jobs:detail", job.pk))
        else:
            preview = preview_template(template, calendar=calendar, **rules)
            context["preview"] = preview
            context["previewed"] = digest(request)
            context["table"] = PreviewTable(preview.rows[:PREVIEW_SHOWN], request=request)
    current = calendar.current(PeriodKind(template.period_kind))
    context |= {
        "title": template.name,
        "subtitle": _("%(period)s · %(audience)s · version %(number)s")
        % {
            "period": template.get_period_kind_display(),
            "audience": _audience(template),
            "number": version.number if version else 0,
        },
        "template": template,
        "form": form,
        "versions": [
            {
                "version": each,
                "from_the_beginning": each.valid_from == dt.date.min,
                "is_coming": each.valid_from > current.start,
            }
            for each in versions
        ],
        "currency": request.tenant.currency,
        "back_url": turl(request, "metrics:templates"),
        "back_label": _("Scorecard templates"),
    }
    return render(request, "metrics/template_edit.html", context)


def _with_lines(request: HttpRequest) -> QueryDict:
    """What was sent, with the line that a button adds or removes."""
    data = request.POST.copy()
    verb, _colon, code = data.get("builder", "").partition(":")
    if verb == "add" and data.get("add"):
        data.setdefault(f"{data['add']}-weight", "")
    elif verb == "remove":
        for name in [name for name in data if name.startswith(f"{code}-")]:
            del data[name]
    return data


def _like_it(template: ScorecardTemplate) -> Any:
    """The rules that its partners have now, to begin with; as number 0, because none of its own is published."""
    general = ScorecardTemplate.objects.filter(
        period_kind=template.period_kind, partner_type="", region="", segment=""
    ).first()
    version = general.versions.order_by("-number").first() if general else None
    if version is not None:
        version.number = 0
    return version


@require_http_methods(["GET", "POST"])
@requires("metrics.recompute_scorecards")
def recompute(request: HttpRequest, tenant: str) -> HttpResponse:
    running = (
        Job.objects.filter(kind=actions.JOB_KIND, state__in=[JobState.QUEUED, JobState.RUNNING])
        .order_by("-id")
        .first()
    )
    if running is not None:
        return redirect(turl(request, "jobs:detail", running.pk))
    if request.method == "POST":
        job = actions.start_full_recompute(by=request.membership)
        return redirect(turl(request, "jobs:detail", job.pk))
    context = {
        "title": _("Recompute scorecards"),
        "back_url": turl(request, "metrics:scorecards"),
        "back_label": _("Scorecards"),
        "cancel_url": turl(request, "metrics:scorecards"),
        "can_recompute": can(request.membership, "metrics.recompute_scorecards"),
    }
    return render(request, "metrics/recompute.html", context)
