"""Orders, returns and what runs the business."""

from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.units import DOWN, LAG, UP, Unit

KPIS = [
    Kpi(
        "fulfilment_time",
        _("Order fulfilment time"),
        "fulfilment_hours / orders_fulfilled",
        Unit.HOURS,
        DOWN,
        LAG,
        "PG",
        _("Hours from order to delivery, on average."),
    ),
    Kpi(
        "return_rate",
        _("Return rate"),
        "units_returned / units_sold",
        Unit.PERCENT,
        DOWN,
        LAG,
        "PG",
        _("Units that came back against units sold."),
    ),
    Kpi(
        "average_inventory",
        _("Average inventory"),
        "average_inventory_total + 0 / average_inventory_readings",
        Unit.MONEY,
        DOWN,
        LAG,
        "PG",
        _("What lies in stock, as reported last; of several partners added up."),
    ),
    Kpi(
        "inventory_turnover",
        _("Inventory turnover"),
        "cost_of_goods / average_inventory",
        Unit.RATIO,
        UP,
        LAG,
        "PG",
        _("How often the stock was sold in the period."),
    ),
    Kpi(
        "operating_costs",
        _("Operational costs"),
        "operating_costs_total + 0 / operating_costs_readings",
        Unit.MONEY,
        DOWN,
        LAG,
        "PG",
        _("What running the business cost, as reported."),
    ),
    Kpi(
        "handle_time",
        _("Average handle time"),
        "handle_seconds_total / 3600 / handled_contacts_total",
        Unit.HOURS,
        DOWN,
        LAG,
        "PG",
        _("Hours spent on a contact, on average, as reported."),
    ),
    Kpi(
        "project_completion",
        _("Project completion rate"),
        "projects_completed_total / projects_due_total",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Of the projects that were due, how many were completed, as reported."),
    ),
    Kpi(
        "cash_flow",
        _("Cash flow"),
        "cash_flow_total + 0 / cash_flow_readings",
        Unit.MONEY,
        UP,
        LAG,
        "PG",
        _("Money that came in less money that went out, as reported."),
    ),
]
