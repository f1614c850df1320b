"""The programme as a whole, for managers and admins."""

from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.units import LAG, LEAD, UP, Unit

KPIS: list[Kpi] = [
    Kpi(
        "sessions_held",
        _("Training sessions held"),
        "sessions_held",
        Unit.COUNT,
        UP,
        LEAD,
        "G",
        _("Live sessions that somebody of a partner came to."),
    ),
    Kpi(
        "revenue_efficiency",
        _("Revenue efficiency"),
        "revenue_won / programme_cost",
        Unit.RATIO,
        UP,
        LAG,
        "G",
        _("Revenue won for each unit of money spent on the programme."),
    ),
    Kpi(
        "programme_roi",
        _("Programme return on investment"),
        "(revenue_won - cost_won - programme_cost - incentives_paid) / (programme_cost + incentives_paid)",
        Unit.PERCENT,
        UP,
        LAG,
        "G",
        _("What the programme brought beyond all it cost, against what was spent on it and on its partners."),
    ),
    Kpi(
        "partner_profitability",
        _("Partner profitability"),
        "(revenue_with_cost - cost_won - incentives_paid - programme_cost) / revenue_with_cost",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("What is left of a partner’s revenue after cost, its earnings and what was spent on it."),
    ),
    Kpi(
        "attributed_revenue",
        _("Revenue attributed to a manager"),
        "revenue_won",
        Unit.MONEY,
        UP,
        LAG,
        "G",
        _("Revenue of all partners of a portfolio."),
    ),
]
