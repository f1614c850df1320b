"""Leads and marketing."""

from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.units import LAG, LEAD, UP, Unit

KPIS = [
    Kpi(
        "leads",
        _("Leads generated"),
        "leads_submitted",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many leads the partner found and submitted."),
    ),
    Kpi(
        "qualified_leads",
        _("Qualified leads"),
        "leads_qualified",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many of them meet the programme’s criteria."),
    ),
    Kpi(
        "marketing_qualified_leads",
        _("Marketing-qualified leads"),
        "leads_marketing_qualified",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many of them meet the criteria of marketing."),
    ),
    Kpi(
        "lead_quality",
        _("Lead quality"),
        "leads_qualified / leads_submitted",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the leads that the partner submitted, how many are qualified."),
    ),
    Kpi(
        "lead_conversion",
        _("Lead conversion rate"),
        "leads_converted / leads_qualified",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Leads that became a deal against the partner’s qualified leads."),
    ),
    Kpi(
        "lead_acceptance",
        _("Acceptance of distributed leads"),
        "leads_accepted / leads_received",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the leads that the vendor gave the partner, how many it accepted."),
    ),
]
