"""Customers, whether they stay and what they are worth."""

from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.units import DOWN, LAG, UP, Unit

KPIS: list[Kpi] = [
    Kpi(
        "retention",
        _("Customer retention"),
        "customers_retained / customers_at_start",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Of the customers at the period’s start, how many are still there."),
    ),
    Kpi(
        "churn",
        _("Customer churn"),
        "customers_lost / customers_at_start",
        Unit.PERCENT,
        DOWN,
        LAG,
        "PG",
        _("Of the customers at the period’s start, how many ended their business."),
    ),
    Kpi(
        "monthly_churn",
        _("Monthly churn"),
        "customers_ended / customer_months",
        Unit.PERCENT,
        DOWN,
        LAG,
        "PG",
        _("Customers that ended their business for each month of being a customer."),
    ),
    Kpi(
        "lifetime_value",
        _("Customer lifetime value"),
        "customer_revenue / customer_months * gross_margin / monthly_churn",
        Unit.MONEY,
        UP,
        LAG,
        "PG",
        _(
            "What a customer brings in margin as long as it stays: monthly revenue a customer, times gross margin, by monthly churn."
        ),
    ),
    Kpi(
        "direct_lifetime_value",
        _("Lifetime value in other channels"),
        "direct_lifetime_value_total + 0 / direct_lifetime_value_readings",
        Unit.MONEY,
        UP,
        LAG,
        "G",
        _("The same figure for customers that no partner won, as reported."),
    ),
    Kpi(
        "csat",
        _("Customer satisfaction"),
        "csat_satisfied / csat_responses",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Of the answers from 1 to 5 that customers gave, how many are 4 or 5."),
    ),
    Kpi(
        "nps",
        _("Net promoter score"),
        "100 * (nps_promoters - nps_detractors) / nps_responses",
        Unit.POINTS,
        UP,
        LAG,
        "PG",
        _("Who would recommend (9 and 10) less who would not (0 to 6), of 100 answers."),
    ),
]
