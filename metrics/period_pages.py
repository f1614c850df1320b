"""Periods on the screen: which are open and locked, locking, what has arrived since, restating."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from metrics import closing
from metrics.actions import first_day
from metrics.display import format_change, format_score
from metrics.explain import fact_text
from metrics.models import PeriodLock, PeriodPolicy, RestatedCard, Restatement, SubjectKind
from metrics.periods import Period, calendar_of
from metrics.queries import partner_names
from metrics.sources import FACTS
from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.previewed import digest, was_previewed

PER_PAGE = 24
SHOWN = 50
FACTS_SHOWN = 4


class GraceForm(forms.Form):
    grace_days = forms.IntegerField(
        label=gettext_lazy("Days of grace"),
        required=False,
        min_value=0,
        max_value=366,
        help_text=gettext_lazy(
            "So long after its end a period waits for late records. Empty: periods lock by hand only."
        ),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        help_text=gettext_lazy("It is kept, and partners see it with their scorecard."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "POST"])
@requires("metrics.view_periods")
def periods(request: HttpRequest, tenant: str) -> HttpResponse:
    """The periods that are over, with what has become of them, and the days of grace."""
    calendar = calendar_of(request.tenant)
    may_lock = can(request.membership, "metrics.lock_periods")
    policy = PeriodPolicy.objects.first()
    initial = {"grace_days": policy.grace_days if policy else None}
    form = GraceForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        closing.change_grace(form.cleaned_data["grace_days"], by=request.membership)
        messages.success(request, _("Saved."))
        return redirect(turl(request, "metrics:periods"))
    today = calendar.today()
    found = list(closing.recent_periods(calendar, today, first_day(calendar)))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    locks = {lock.period.key: lock for lock in PeriodLock.objects.select_related("locked_by__user")}
    due = set(closing.due_periods(calendar, today))
    restated = {}
    for restatement in Restatement.objects.select_related("restated_by__user").order_by("created_at"):
        restated[restatement.period.key] = restatement
    context = {
        "title": _("Periods"),
        "subtitle": _("When figures become final"),
        "form": form if may_lock else None,
        "grace_is_set": initial["grace_days"] is not None,
        "page": page,
        "rows": [
            {
                "period": period,
                "lock": locks.get(period.key),
                "locks_on": closing.locks_on(period, policy),
                "is_due": period in due,
                "restated": restated.get(period.key),
            }
            for period in page
        ],
        "may_lock": may_lock,
        "may_restate": can(request.membership, "metrics.restate_periods"),
    }
    return render(request, "metrics/periods.html", context)


@require_http_methods(["GET", "POST"])
@requires("metrics.lock_periods")
def period_lock(request: HttpRequest, tenant: str) -> HttpResponse:
    """Lock a period after asking: its figures change by a restatement alone from then on."""
    back = turl(request, "metrics:periods")
    try:
        period = Period.parse(request.GET.get("period", ""))
    except ValueError:
        return redirect(back)
    if request.method == "POST":
        try:
            closing.lock_period(period, by=request.membership)
        except ActionRefused as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, _("%(period)s is locked.") % {"period": period.label()})
        return redirect(back)
    context = {
        "title": _("Lock %(period)s") % {"period": period.label()},
        "back_url": back,
        "back_label": _("Periods"),
        "cancel_url": back,
    }
    return render(request, "metrics/period_lock.html", context)


@require_http_methods(["GET", "POST"])
@requires("metrics.restate_periods")
def period_restate(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What has arrived for a locked period since, whose scores it would move, and restating it with a reason."""
    lock = get_object_or_404(PeriodLock, pk=pk)
    back = turl(request, "metrics:periods")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and was_previewed(request):
        try:
            done = closing.restate_period(lock, by=request.membership, reason=form.cleaned_data["reason"])
        except ActionRefused as refusal:
            form.add_error(refusal.field, str(refusal.message))
        else:
            messages.success(request, _("Restated. What the scorecards said before is kept."))
            return redirect(turl(request, "metrics:restatement", done.restatement.pk))
    changed = closing.differences(closing.arrived(lock))
    of_partners = [row for row in changed if row.kind == SubjectKind.PARTNER]
    names = partner_names(row.partner_id for row in of_partners[:SHOWN] if row.partner_id)
    currency = request.tenant.currency
    context = {
        "title": _("Arrived after the lock: %(period)s") % {"period": lock.period.label()},
        "subtitle": _("Locked figures stay until they are restated"),
        "back_url": back,
        "back_label": _("Periods"),
        "cancel_url": back,
        "lock": lock,
        "form": form,
        "previewed": digest(request) if request.method == "POST" else "",
        "count": len(of_partners),
        "rows": [
            {
                "name": names.get(row.partner_id, "") if row.partner_id else "",
                "before": format_score(row.before),
                "after": format_score(row.after),
                "change": format_change(row.change) if row.change is not None else "",
                "facts": fact_changes(row.facts, currency),
            }
            for row in of_partners[:SHOWN]
        ],
        "is_asked": request.method == "POST" and form.is_valid(),
    }
    return render(request, "metrics/period_restate.html", context)


def fact_changes(facts: dict[str, tuple[int, int]], currency: str) -> list[str]:
    """The facts that differ, each with both values."""
    words = _("%(fact)s: %(before)s → %(after)s")
    return [
        words
        % {
            "fact": FACTS[name].meaning,
            "before": fact_text(name, before, currency),
            "after": fact_text(name, after, currency),
        }
        for name, (before, after) in list(facts.items())[:FACTS_SHOWN]
        if name in FACTS
    ]


@require_GET
@requires("metrics.view_periods")
def restatement(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A restatement, with what the partners' scorecards said before and say since."""
    found = get_object_or_404(Restatement.objects.select_related("restated_by__user"), pk=pk)
    cards = RestatedCard.objects.filter(restatement=found, partner__isnull=False).select_related("partner")
    page = Paginator(cards.order_by("partner__name", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "partner": card.partner,
            "before": format_score(card.score),
            "after": format_score(card.new_score),
            "change": format_change(card.new_score - card.score)
            if card.score is not None and card.new_score is not None
            else "",
        }
        for card in page
    ]
    context = {
        "title": _("Restatement of %(period)s") % {"period": found.period.label()},
        "restatement": found,
        "rows": rows,
        "page": page,
        "period": found.period,
        "back_url": turl(request, "metrics:periods"),
        "back_label": _("Periods"),
    }
    return render(request, "metrics/restatement.html", context)
