"""What partners earn: only the floor above knows, which fills this source (`metrics.sources.fill`)."""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import Fact, Source
from metrics.units import Unit

SOURCE = Source(
    "incentives",
    _("Incentives"),
    (
        Fact(
            "incentives_paid",
            _("What the partner earned in the period, less what was taken back"),
            Unit.MONEY,
        ),
    ),
)
