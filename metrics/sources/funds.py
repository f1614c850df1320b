"""What marketing development funds paid and what came of it: only the floor above knows, which fills this source."""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import Fact, Source
from metrics.units import Unit

SOURCE = Source(
    "funds",
    _("Marketing funds"),
    (
        Fact(
            "funds_settled",
            _("What marketing funds paid of activities whose results a campaign counts"),
            Unit.MONEY,
        ),
        Fact("funds_revenue", _("What the campaigns that they paid for brought"), Unit.MONEY),
    ),
)
