"""What a scorecard's page shows beyond its figures; the scorecard as a PDF."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from metrics import closing, queries
from metrics.benchmarks.queries import of_card
from metrics.card_pdf import Behind, CardPage, card_pdf
from metrics.changes import bridge_chart, kpi_moves
from metrics.charts import history_chart, points_chart
from metrics.display import counted, format_change, format_points, format_score, format_value
from metrics.explain import (
    KpiLine,
    beside_usual,
    fact_text,
    kpi_lines,
    peers_of,
    score_change,
    scored_codes,
)
from metrics.group_lines import largest
from metrics.kpis.shape import Kpi
from metrics.marks import marks_of
from metrics.models import PeriodLock, Scorecard, SubjectKind
from metrics.periods import calendar_of
from metrics.queries import revenue_fact
from metrics.records import records_behind
from metrics.sources import FACTS
from metrics.tables import ScoreTable
from metrics.ways import ways_to_gain
from partners.directory.enums import PartnerType
from portal.accounts.access import check
from portal.shell.addresses import turl
from portal.shell.formats import number
from portal.tenancy.scope import current_tenant_id, tenant_scope

FACTS_SHOWN = 6
# Records, or partners, behind each KPI in a PDF; the pages show all.
SHOWN_BEHIND = 10


def group_name(card: Scorecard, names: dict[str, str] | None = None) -> str:
    """What a group is called; `names` are those of managers, read where they are not given."""
    kind = SubjectKind(card.subject_kind)
    if kind == SubjectKind.PROGRAMME:
        return _("The whole programme")
    if kind == SubjectKind.PORTFOLIO:
        if names is None:
            names = queries.group_names(kind, [card.subject_key])
        return names.get(card.subject_key) or _("Without a manager")
    if kind == SubjectKind.TYPE:
        return str(PartnerType(card.subject_key).label)
    return card.subject_key or _("Without a region")


def working(request: HttpRequest, card: Scorecard, previous: Scorecard | None) -> dict[str, Any]:
    """What a scorecard page shows of a card, whoever's it is, beside that of the period before."""
    currency, calendar = request.tenant.currency, calendar_of(request.tenant)
    today = calendar.today()
    kind, period = SubjectKind(card.subject_kind), card.period
    codes = scored_codes(card)
    peers = peers_of(card, previous, codes)
    lines, _others = kpi_lines(card, previous, peers, currency, codes)
    history = queries.score_line(kind, card.subject_key, period)
    marks = marks_of(card, request.membership, [older for older, _score in history])
    usual = of_card(card)
    lines = beside_usual(lines, usual, currency)
    usual_known = any(line.usual_text for line in lines)
    absent = [*([] if card.partner_id else ["median"]), *([] if usual_known else ["usual"])]
    moves = kpi_moves(card, previous, calendar, today, currency)
    return score_change(card, previous, today) | {
        "score_text": format_score(card.score),
        "lines": lines,
        "score_table": ScoreTable(lines, request=request, card=card.pk, exclude=absent),
        "peers": peers,
        "ways": ways_to_gain(card, currency, peers),
        "history": history_chart(history, marks) if len(history) > 1 else None,
        "points": points_chart(lines) if lines and card.score is not None else None,
        "moves": moves,
        "bridge": bridge_chart(moves, card, previous) if moves and previous else None,
        "previous": previous,
        "revenue_text": format_value("money", card.facts.get(revenue_fact(card.period.end), 0), currency),
        "version": card.version,
        "gate": gate(card, lines),
        **locked(card, currency, with_internal=not request.membership.is_partner),
    }


def gate(card: Scorecard, lines: list[KpiLine]) -> dict[str, Any] | None:
    """The template's gate in words: what it asks, whether it is passed, and what stands in the way."""
    version = card.version
    if version is None or not version.has_gate:
        return None
    asked = []
    if version.gate_score is not None:
        asked.append(_("a score of %(score)s") % {"score": format_points(version.gate_score)})
    if version.gate_each:
        asked.append(_("points in every KPI that applies"))
    missing = []
    if version.gate_score is not None and card.score is not None and card.score < version.gate_score:
        gap = version.gate_score - card.score
        missing.append(
            ngettext("%(points)s point is missing", "%(points)s points are missing", counted(gap))
            % {"points": format_points(gap)}
        )
    if version.gate_each:
        missing += [
            _("%(kpi)s has no points") % {"kpi": line.kpi.name}
            for line in lines
            if line.share and not line.attainment
        ]
    return {
        "passed": card.passed,
        "asked": _("%(one)s and %(other)s") % {"one": asked[0], "other": asked[1]}
        if len(asked) > 1
        else asked[0],
        "missing": missing,
    }


def locked(card: Scorecard, currency: str, *, with_internal: bool = True) -> dict[str, Any]:
    """Whether the card's period is locked, what has arrived since, and what restatements changed."""
    lock = closing.lock_of(card.period)
    if lock is None:
        return {"lock": None, "late": None, "restated": []}
    restated = [
        {
            "reason": kept.restatement.reason,
            "at": kept.restatement.created_at,
            "by": kept.restatement.restated_by.name,
            "before": format_score(kept.score),
            "after": format_score(kept.new_score),
        }
        for kept in closing.restatements_of(card.subject_kind, card.subject_key, card.period)
    ]
    return {
        "lock": lock,
        "late": late(card, lock, currency, with_internal=with_internal),
        "restated": restated,
    }


def late(
    card: Scorecard, lock: PeriodLock, currency: str, *, with_internal: bool = True
) -> dict[str, Any] | None:
    """How a partner's locked card differs from what the records give today; None where it does not."""
    if card.partner_id is None:
        return None
    # The peers that a rank is among are beyond a partner's session; the answer is its own row alone.
    with tenant_scope(current_tenant_id()):
        found = closing.differences(closing.arrived(lock, [card.partner_id]))
    if not found:
        return None
    row = found[0]
    shown = {
        name: values
        for name, values in row.facts.items()
        if name in FACTS and (with_internal or not FACTS[name].internal)
    }
    if not shown and row.before == row.after:
        return None
    words = _("%(fact)s: %(before)s → %(after)s")
    return {
        "score": format_score(row.after),
        "change": format_change(row.change) if row.change is not None else "",
        "facts": [
            words
            % {
                "fact": FACTS[name].meaning,
                "before": fact_text(name, before, currency),
                "after": fact_text(name, after, currency),
            }
            for name, (before, after) in list(shown.items())[:FACTS_SHOWN]
        ],
    }


def card_for(request: HttpRequest, pk: UUID) -> Scorecard:
    """A card that the member may see; 404 for one that is no partner's and no group's."""
    card = queries.card_by_id(pk)
    if card is None:
        raise Http404
    if card.partner_id:
        check(request.membership, "metrics.view_scorecard", card)
    elif card.subject_kind == SubjectKind.HOUSE:
        raise Http404
    else:
        check(request.membership, "metrics.view_scorecards")
    return card


def card_address(request: HttpRequest, card: Scorecard) -> str:
    """The page of a partner's or a group's scorecard."""
    query = f"period={card.period_kind}&start={card.period_start}"
    if card.partner_id:
        return f"{turl(request, 'metrics:scorecard', card.partner_id)}?{query}"
    return f"{turl(request, 'metrics:group', card.subject_kind)}?key={card.subject_key}&{query}"


@require_GET
def pdf(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The scorecard with its explanation as a PDF."""
    card = card_for(request, pk)
    currency, calendar = request.tenant.currency, calendar_of(request.tenant)
    codes = scored_codes(card)
    previous = queries.card_of(SubjectKind(card.subject_kind), card.subject_key, card.period.previous())
    peers = peers_of(card, previous, codes)
    lines, _others = kpi_lines(card, previous, peers, currency, codes)
    lines = beside_usual(lines, of_card(card), currency)
    found = gate(card, lines)
    state = locked(card, currency, with_internal=not request.membership.is_partner)
    name = card.partner.name if card.partner else group_name(card)
    change = score_change(card, previous, calendar.today())
    page = CardPage(
        card=card,
        name=name,
        lines=lines,
        moves=kpi_moves(card, previous, calendar, calendar.today(), currency),
        ways=ways_to_gain(card, currency, peers),
        peers=peers,
        change=_("%(change)s since the period before") % change if change["change"] else "",
        gate=found["asked"] if found else "",
        notes=_notes(state, settled=change["settled"]),
        history=[
            (period.label(), format_score(score))
            for period, score in queries.score_line(
                SubjectKind(card.subject_kind), card.subject_key, card.period
            )
        ],
        behind=_behind(request, card, [line.kpi for line in lines]),
    )
    response = HttpResponse(card_pdf(page, request.tenant), content_type="application/pdf")
    file = slugify(f"{name} {card.period.key}")
    response["Content-Disposition"] = f'inline; filename="{file}.pdf"'
    return response


def _behind(request: HttpRequest, card: Scorecard, kpis: Sequence[Kpi]) -> list[Behind]:
    """The first records behind each KPI of a partner's, and the first partners behind a group's."""
    currency, calendar = request.tenant.currency, calendar_of(request.tenant)
    rows: dict[str, list[tuple[str, str]]] = {}
    totals: dict[str, int] = {}
    if card.partner_id:
        for code, tables in records_behind(
            card, kpis, calendar, calendar.today(), currency, most=SHOWN_BEHIND
        ).items():
            rows[code] = [(line.title, _added(amounts)) for table in tables for line, amounts in table.rows]
            totals[code] = sum(table.total for table in tables)
    else:
        for code, (partners, total) in largest(card, kpis, SHOWN_BEHIND).items():
            rows[code] = [(name, _added(_amounts(facts, currency))) for name, facts in partners]
            totals[code] = total
    found = []
    for kpi in kpis:
        if shown := rows.get(kpi.code, [])[:SHOWN_BEHIND]:
            more = totals[kpi.code] - len(shown)
            words = ngettext("and %(count)s more", "and %(count)s more", more) % {"count": number(more)}
            found.append(Behind(str(kpi.name), shown, words if more else ""))
    return found


def _amounts(facts: Mapping[str, int], currency: str) -> list[tuple[str, str]]:
    return [(str(FACTS[name].meaning), fact_text(name, amount, currency)) for name, amount in facts.items()]


def _added(amounts: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{meaning}: {amount}" for meaning, amount in amounts)


def _notes(state: dict[str, Any], *, settled: bool) -> list[str]:
    notes = []
    if not settled:
        notes.append(_("The period is still running: changes are against the whole one before."))
    if state["lock"]:
        notes.append(_("The period is locked."))
    notes += [_("Restated from %(before)s to %(after)s: %(reason)s") % row for row in state["restated"]]
    if state["late"]:
        notes.append(_("Arrived after the lock; the score would be %(score)s.") % state["late"])
    return notes
