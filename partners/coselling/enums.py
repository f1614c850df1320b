"""The life of a share in somebody's deal."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShareStatus(models.TextChoices):
    INVITED = "invited", _("Invited")
    JOINED = "joined", _("Joined")
    DECLINED = "declined", _("Declined")
    ENDED = "ended", _("Ended")


LIVE = (ShareStatus.INVITED, ShareStatus.JOINED)

# verb: (from, to)
TRANSITIONS: dict[str, tuple[frozenset[ShareStatus], ShareStatus]] = {
    "join": (frozenset({ShareStatus.INVITED}), ShareStatus.JOINED),
    "decline": (frozenset({ShareStatus.INVITED}), ShareStatus.DECLINED),
    "end": (frozenset(LIVE), ShareStatus.ENDED),
}
