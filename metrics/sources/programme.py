"""How many partners a figure is of: 1 in a partner's row, and so the number of partners in a group's."""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import Fact, Source

SOURCE = Source(
    "programme",
    _("Programme"),
    (Fact("partners", _("Partners whose figures are in it: 1 for a partner"), standing=True),),
)
