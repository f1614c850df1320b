"""The programme as a whole, for managers and admins."""

from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.units import LEAD, UP, Unit

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
]
