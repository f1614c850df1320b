"""Co-selling and market expansion."""

from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.units import LAG, LEAD, UP, Unit

KPIS = [
    Kpi(
        "joint_customers",
        _("Customers won together"),
        "joint_customers_won",
        Unit.COUNT,
        UP,
        LAG,
        "PG",
        _("Customers first won together with the vendor's people or with another partner."),
    ),
    Kpi(
        "shared_pipeline_growth",
        _("Growth of the shared pipeline"),
        "(pipeline_shared_amount - pipeline_shared_before) / pipeline_shared_before",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("The partner's part of open deals that are sold together, against the period's first day."),
    ),
    Kpi(
        "shared_leads",
        _("Leads shared both ways"),
        "leads_received + leads_submitted",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("Leads that the vendor gave the partner, and those that the partner submitted."),
    ),
    Kpi(
        "combined_sales_lift",
        _("Sales lift of joint campaigns"),
        "(campaign_revenue - campaign_revenue_before) / campaign_revenue_before",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Revenue won in the days of campaigns run together against as many days before."),
    ),
    Kpi(
        "new_regions",
        _("New countries sold into"),
        "new_countries",
        Unit.COUNT,
        UP,
        LAG,
        "PG",
        _("Countries in which the partner won a deal for the first time; of several partners added up."),
    ),
    Kpi(
        "market_share_growth",
        _("Market share growth"),
        "market_share_growth_total / market_share_growth_readings",
        Unit.PERCENT,
        UP,
        LAG,
        "G",
        _("As reported; of several reports the average."),
    ),
    Kpi(
        "distribution_channels",
        _("Distribution channels"),
        "distribution_channels_total + 0 / distribution_channels_readings",
        Unit.COUNT,
        UP,
        LAG,
        "G",
        _("How many there are, as reported."),
    ),
]
