"""Engagement and enablement."""

from metrics.kpis.shape import Kpi

KPIS: list[Kpi] = []
