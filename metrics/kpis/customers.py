"""Customers, whether they stay and what they are worth."""

from metrics.kpis.shape import Kpi

KPIS: list[Kpi] = []
