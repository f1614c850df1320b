"""The programme as a whole, for managers and admins."""

from metrics.kpis.shape import Kpi

KPIS: list[Kpi] = []
