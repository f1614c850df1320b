"""The certificate of a tier as a PDF, and its badge as an image, for a partner's wall or website."""

import json
from typing import Literal

import typst
from django.utils.translation import gettext as _

from incentives.tiers.models import TierStanding
from portal.shell.formats import short_date
from portal.tenancy.models import Tenant

# Names come in as data: Typst never reads them as its own language.
PAGE = b"""
#let it = json(bytes(sys.inputs.data))
#set document(title: it.title, author: it.vendor)
#set page(paper: "a4", flipped: true, margin: 22mm)
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 14pt, fill: rgb("#1a1a1f"))
#rect(width: 100%, height: 100%, stroke: 1.5pt + rgb(it.colour), inset: 14mm)[
  #set align(center)
  #text(size: 13pt, fill: rgb("#55565e"))[#it.vendor]
  #v(1fr)
  #circle(radius: 15mm, fill: rgb(it.colour))
  #v(6mm)
  #text(size: 34pt, weight: "bold")[#it.tier]
  #v(4mm)
  #text(size: 22pt)[#it.partner]
  #v(4mm)
  #it.text
  #v(1fr)
  #text(size: 10pt, fill: rgb("#55565e"))[#it.made]
]
"""

BADGE = b"""
#let it = json(bytes(sys.inputs.data))
#set page(width: 90mm, height: 32mm, margin: 0pt, fill: none)
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 10pt, fill: rgb("#1a1a1f"))
#rect(width: 100%, height: 100%, radius: 4mm, fill: white, stroke: 1pt + rgb(it.colour), inset: 5mm)[
  #set align(horizon)
  #grid(columns: (18mm, 1fr), column-gutter: 5mm, align: horizon,
    box(width: 18mm, height: 18mm)[
      #place(circle(radius: 9mm, fill: rgb(it.colour)))
      #place(dx: 2mm, dy: 2mm, circle(radius: 7mm, stroke: 1pt + white))
    ],
    [#text(size: 8pt, fill: rgb("#55565e"))[#it.vendor] \\ #text(size: 17pt, weight: "bold")[#it.tier] \\ #text(size: 8pt)[#it.partner]])
]
"""
Image = Literal["svg", "png"]
BADGE_TYPES: dict[str, str] = {"svg": "image/svg+xml", "png": "image/png"}


def badge_image(standing: TierStanding, vendor: Tenant, kind: Image) -> bytes:
    """The tier that the partner holds, as an `svg` (all its letters are outlines) or a `png`."""
    data = {
        "partner": standing.partner.name,
        "tier": standing.tier.name,
        "vendor": vendor.name,
        "colour": standing.tier.fill,
    }
    return typst.compile(BADGE, format=kind, ppi=300, sys_inputs={"data": json.dumps(data)})


def certificate_pdf(standing: TierStanding, vendor: Tenant, made_on: str) -> bytes:
    """The tier that the partner holds, since when, and the day on which that was so."""
    names = {"partner": standing.partner.name, "tier": standing.tier.name, "vendor": vendor.name}
    since = (
        _("Partner of this tier since %(day)s") % {"day": short_date(standing.held_since)}
        if standing.held_since
        else _("Partner of this tier")
    )
    data = {
        **names,
        "title": _("%(partner)s: %(tier)s of %(vendor)s") % names,
        "colour": standing.tier.fill,
        "text": since,
        "made": _("As of %(day)s") % {"day": made_on},
    }
    return typst.compile(PAGE, sys_inputs={"data": json.dumps(data)})
