"""Orders, returns and what runs the business."""

from metrics.kpis.shape import Kpi

KPIS: list[Kpi] = []
