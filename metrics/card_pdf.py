"""A scorecard as a PDF: the score, how it is made, what moved it and the cheapest ways up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import typst
from django.utils.translation import gettext as _

from metrics.changes import KpiMove
from metrics.display import format_score
from metrics.explain import KpiLine
from metrics.models import Scorecard
from metrics.queries import PeerFigures
from metrics.ways import Way
from portal.shell.formats import DASH, percent, short_time
from portal.tenancy.models import Tenant

# Everything that people have typed comes in as data: Typst never reads it as its own language.
PAGE = b"""
#let it = json(bytes(sys.inputs.data))
#set document(title: it.title, author: it.vendor)
#set page(paper: "a4", margin: (x: 18mm, y: 18mm), footer: context [
  #set text(size: 8pt, fill: rgb("#55565e"))
  #it.footer #h(1fr) #counter(page).display("1 / 1", both: true)
])
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 10pt, fill: rgb("#1a1a1f"))
#set par(justify: false)
#set table(stroke: (x, y) => (bottom: 0.5pt + rgb("#d7d9de")), inset: (x: 5pt, y: 4pt))
#let small(body) = text(size: 9pt, fill: rgb("#55565e"))[#body]
#let head(body) = { v(6mm); block(sticky: true, below: 4mm, text(size: 13pt, weight: "bold")[#body]) }
#small(it.vendor)
#v(1mm)
#text(size: 20pt, weight: "bold", fill: rgb(it.colour))[#it.name]
#linebreak()
#text(size: 12pt)[#it.period]
#v(4mm)
#grid(columns: (1fr,) * it.figures.len(), gutter: 6mm, ..it.figures.map(f => block(
  stroke: 0.5pt + rgb("#d7d9de"), radius: 3pt, inset: 8pt, width: 100%)[
  #small(f.label) \\
  #text(size: 18pt, weight: "bold")[#f.value] \\
  #small(f.hint)
]))
#if it.notes.len() > 0 { v(3mm); for note in it.notes { block(fill: rgb("#f2f4f7"), inset: 7pt, radius: 3pt, width: 100%)[#note] } }
#if it.lines.len() > 0 {
  head(it.lines_title)
  table(
    columns: (2.4fr, 1.2fr, 1.9fr, 0.8fr, 0.8fr, 0.8fr, 1.2fr) + it.usual.map(_ => 1.2fr),
    align: (left, right, left, right, right, right, right) + it.usual.map(_ => right),
    table.header(..it.columns.map(c => small(c))),
    ..it.lines.map(l => (
      [#l.name],
      [#l.value], [#l.method],
      [#l.attained], [#l.weight], [#l.points],
      [#l.median#if l.quartiles != "" { linebreak(); small(l.quartiles) }],
    ) + it.usual.map(_ => [#l.usual])).flatten())
  for s in it.sources { small(s); linebreak() }
  for l in it.lines {
    if l.share > 0 {
      grid(columns: (38%, 1fr, 14%), gutter: 4pt, align: (right, left, left),
        small(l.name),
        box(width: 100%, height: 7pt, fill: rgb("#e6e8ec"), radius: 2pt)[
          #box(width: l.attainment * 100%, height: 7pt, fill: rgb(it.colour), radius: 2pt)],
        small(l.points_of))
      v(-3pt)
    }
  }
}
#if it.moves.len() > 0 {
  head(it.moves_title)
  for m in it.moves { [#strong(m.points) #h(2mm) #m.name #h(2mm) #small(m.value)]; linebreak(); for r in m.records { h(8mm); small(r); linebreak() } }
}
#if it.ways.len() > 0 {
  head(it.ways_title)
  for w in it.ways { [#strong(w.points) #h(2mm) #w.text]; linebreak() }
}
#if it.history.len() > 1 {
  head(it.history_title)
  table(columns: (1fr, 1fr), align: (left, right), ..it.history.flatten().map(c => [#c]))
}
#if it.behind.len() > 0 {
  head(it.behind_title)
  for b in it.behind {
    v(2mm)
    block(sticky: true, below: 2mm, strong(b.name))
    table(columns: (1fr, 1.6fr), align: (left, left), ..b.rows.flatten().map(c => [#c]))
    if b.more != "" { small(b.more); linebreak() }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """What a KPI is made of: records, or the partners of a group, as (what it is, what it adds); `more` says what is
    left out."""

    name: str
    rows: Sequence[tuple[str, str]]
    more: str


@dataclass(frozen=True, slots=True)
class CardPage:
    """What stands on a scorecard's page, as `card_pdf` is given it."""

    card: Scorecard
    name: str
    lines: Sequence[KpiLine]
    moves: Sequence[KpiMove]
    ways: Sequence[Way]
    peers: PeerFigures
    change: str
    gate: str
    notes: Sequence[str]
    # The score by period, oldest first.
    history: Sequence[tuple[str, str]]
    behind: Sequence[Behind]


def card_pdf(page: CardPage, vendor: Tenant) -> bytes:
    """A4, in the reader's language."""
    card = page.card
    version = card.version
    figures = [
        {"label": _("Score"), "value": format_score(card.score), "hint": page.change or _("of 100")},
        {
            "label": _("Coverage"),
            "value": percent(card.coverage, 0),
            "hint": _("of the weights have figures"),
        },
    ]
    if page.gate:
        figures.append(
            {"label": _("Gate"), "value": _("Passed") if card.passed else _("Not passed"), "hint": page.gate}
        )
    usual = [_("Usual in the industry")] if any(line.usual_text for line in page.lines) else []
    data = {
        "title": f"{page.name} · {card.period.label()}",
        "vendor": vendor.name,
        "colour": vendor.colour,
        "name": page.name,
        "period": card.period.label(),
        "figures": figures,
        "notes": list(page.notes),
        "lines_title": _("How the score is made"),
        "columns": [
            _("KPI"),
            _("Value"),
            _("Points come"),
            _("Attained"),
            _("Weight"),
            _("Points"),
            _("Peers’ median"),
            *usual,
        ],
        "usual": usual,
        "sources": [
            _("Usual for %(kpi)s: %(source)s") % {"kpi": line.kpi.name, "source": line.usual_source}
            for line in page.lines
            if line.usual_text
        ],
        "lines": [_line(line) for line in page.lines],
        "moves_title": _("What moved the score"),
        "moves": [
            {
                "points": move.points_text,
                "name": str(move.kpi.name),
                "value": move.value_text,
                "records": [f"{record.title}: {record.text}" for record in move.records],
            }
            for move in page.moves
        ],
        "ways_title": _("Cheapest ways to gain points"),
        "ways": [{"points": way.points_text, "text": way.text} for way in page.ways],
        "history_title": _("History"),
        "history": list(page.history),
        "behind_title": _("What the figures are made of"),
        "behind": [
            {"name": behind.name, "rows": list(behind.rows), "more": behind.more} for behind in page.behind
        ],
        "footer": _("%(template)s, version %(number)s; computed on %(day)s")
        % {
            "template": version.template.name if version else "–",
            "number": version.number if version else "–",
            "day": short_time(card.computed_at.astimezone(vendor.zone)),
        },
    }
    return typst.compile(PAGE, sys_inputs={"data": json.dumps(data)})


def _line(line: KpiLine) -> dict[str, str | float]:
    known = line.attainment is not None
    return {
        "name": str(line.kpi.name) + (f" ({line.track})" if line.track else ""),
        "value": line.value_text,
        "method": line.method_text,
        "attained": f"{line.percent}%" if known else _("no data"),
        "weight": line.weight_text,
        "points": line.points_text,
        "points_of": f"{line.points_text} / {line.weight_text}",
        "median": line.median_text,
        "quartiles": line.quartiles_text,
        "usual": line.usual_text or DASH,
        "share": line.share,
        "attainment": line.attainment or 0.0,
    }
