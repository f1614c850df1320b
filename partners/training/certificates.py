"""The certificate as a PDF."""

import json

import typst
from django.utils.translation import gettext as _

from partners.training.models import Completion
from portal.shell.formats import short_date

# Everything that people have typed comes in as data: Typst never reads it as its own language.
PAGE = b"""
#let it = json(bytes(sys.inputs.data))
#set document(title: it.title, author: it.vendor)
#set page(paper: "a4", flipped: true, margin: 0pt)
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 14pt, fill: rgb("#1a1a1f"))
#set par(justify: false)
#rect(width: 100%, height: 100%, inset: 14mm, stroke: none)[
  #rect(width: 100%, height: 100%, inset: 16mm, radius: 4pt, stroke: 2pt + rgb(it.colour))[
    #align(center)[
      #v(1fr)
      #text(size: 13pt, fill: rgb("#55565e"))[#it.vendor]
      #v(6mm)
      #text(size: 34pt, weight: "bold")[#it.heading]
      #v(10mm)
      #text(size: 26pt)[#it.person]
      #v(2mm)
      #text(size: 14pt, fill: rgb("#55565e"))[#it.partner]
      #v(8mm)
      #it.sentence
      #v(3mm)
      #text(size: 20pt, weight: "bold")[#it.course]
      #v(8mm)
      #it.dates
      #v(1fr)
      #text(size: 10pt, fill: rgb("#55565e"))[#it.number #h(6mm) #it.verify #link(it.address)]
    ]
  ]
]
"""


def certificate_pdf(completion: Completion, address: str) -> bytes:
    """One page, landscape A4, in the reader's language; `address` is where it can be verified."""
    vendor = completion.tenant
    dates = _("Completed on %s") % short_date(completion.completed_on)
    if completion.valid_until:
        dates += " · " + _("valid until %s") % short_date(completion.valid_until)
    data = {
        "title": completion.certificate,
        "vendor": vendor.name,
        "colour": vendor.colour,
        "heading": _("Certificate"),
        "person": completion.member.name,
        "partner": completion.partner.name,
        "sentence": _("has completed"),
        "course": completion.title,
        "dates": dates,
        "number": completion.certificate,
        "verify": _("Verify at"),
        "address": address,
    }
    return typst.compile(PAGE, sys_inputs={"data": json.dumps(data)})
