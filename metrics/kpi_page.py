"""One KPI of a scorecard on the screen: its working, its trend, its peers, and what it is made of."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from metrics import queries
from metrics.benchmarks.queries import of_card
from metrics.card_pages import card_address, card_for, group_name
from metrics.display import format_value
from metrics.explain import (
    beside_usual,
    card_values,
    fact_lines,
    kpi_lines,
    part_line,
    peers_of,
    shown_codes,
    substituted,
    why_no_data,
)
from metrics.group_lines import beside, members_of
from metrics.kpis.shape import Kpi
from metrics.marks import marks_of
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at
from metrics.parts import part_lines
from metrics.periods import calendar_of
from metrics.records import records_behind
from metrics.sources import SOURCES
from metrics.tables import MemberTable
from metrics.trend import kpi_trend
from portal.shell.addresses import turl

LIFETIME, DIRECT = "lifetime_value", "direct_lifetime_value"


@require_GET
def kpi(request: HttpRequest, tenant: str, pk: UUID, code: str) -> HttpResponse:
    """One KPI of a scorecard, down to the records behind its value."""
    card = card_for(request, pk)
    measure = catalogue_at(card.period.end).get(code)
    if measure is None:
        raise Http404
    currency, calendar = request.tenant.currency, calendar_of(request.tenant)
    is_partners, kind = card.partner_id is not None, SubjectKind(card.subject_kind)
    codes = [code] if code in shown_codes(card, with_internal=not request.membership.is_partner) else []
    cards = queries.cards_up_to(kind, card.subject_key, card.period)
    previous = next((each for each in cards if each.period == card.period.previous()), None)
    peers = peers_of(card, previous, codes)
    lines, others = kpi_lines(card, previous, peers, currency, codes)
    line = next(iter([*lines, *others]), None)
    # What a partner adds to a figure that is measured of groups alone is the vendor's to see.
    is_part = line is None and is_partners and request.membership.is_vendor and not measure.ranks
    if is_part:
        line = part_line(measure, currency)
    if line is None:
        raise Http404
    usual = of_card(card)
    (line,) = beside_usual([line], usual, currency)
    marks = marks_of(card, request.membership, [older.period for older in cards], code)
    context = {
        "trend": None
        if is_part
        else kpi_trend(cards, measure, currency, marks, usual[code].value if code in usual else None),
        "direct": direct_value(card, currency) if code == LIFETIME and request.membership.is_vendor else "",
        "title": measure.name,
        "subtitle": card.period.label(),
        "back_url": card_address(request, card),
        "back_label": card.partner.name if card.partner else group_name(card),
        "card": card,
        "kpi": measure,
        "line": line,
        "settled": card.period.is_settled(calendar.today()),
        "peers": peers,
        "is_part": is_part,
        "formula": "" if is_part else substituted(measure, card, currency),
        "parts": [] if is_part else part_lines(measure, card),
        "lacking": why_no_data(measure, card) if line.value is None and not is_part else [],
        "facts": fact_lines(card, measure, currency),
        "records": records_behind(
            card, [measure], calendar, calendar.today(), currency, for_vendor=request.membership.is_vendor
        )[code],
        **({} if is_partners else in_group(request, card, measure)),
    }
    return render(request, "metrics/kpi.html", context)


def in_group(request: HttpRequest, card: Scorecard, measure: Kpi) -> dict[str, Any]:
    """A group's KPI down to its partners, with the lists of what is of none, and beside the other groups."""
    currency, period = request.tenant.currency, card.period
    groups = beside(card, measure)
    names = queries.group_names(
        SubjectKind(card.subject_kind), [other.subject_key for other, _value in groups]
    )
    members = members_of(card, measure, currency)
    last = str(period.end - dt.timedelta(days=1))
    lists = {
        "costs": ("metrics_costs:list", {"spent_on_after": str(period.start), "spent_on_before": last}),
        # The last reading before the period may be the one that counts in it.
        "readings": ("metrics_readings:readings", {"day_before": last}),
    }
    return {
        "members": members,
        "member_rows": MemberTable(members, kpi=measure, request=request),
        "house_lists": [
            (SOURCES[source].label, f"{turl(request, page)}?{urlencode({'without_partner': 'true', **days})}")
            for source, (page, days) in lists.items()
            if source in members.house_sources
        ],
        "beside": [
            {
                "card": other,
                "name": group_name(other, names),
                "value": format_value(measure.unit, value, currency),
                "is_own": other.pk == card.pk,
            }
            for other, value in groups
        ],
    }


def direct_value(card: Scorecard, currency: str) -> str:
    """What a customer that no partner won is worth in the same period, as it was reported for the programme."""
    whole = queries.card_of(SubjectKind.PROGRAMME, "", card.period)
    kpi = catalogue_at(card.period.end).get(DIRECT)
    value = card_values(whole, codes=[DIRECT]).get(DIRECT) if whole is not None else None
    return format_value(kpi.unit, value, currency) if kpi is not None and value is not None else ""
