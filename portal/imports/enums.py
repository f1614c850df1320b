from django.db import models
from django.utils.translation import gettext_lazy as _


class RunState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    IMPORTING = "importing", _("Being imported")
    DONE = "done", _("Imported")
    DISCARDED = "discarded", _("Discarded")


class Outcome(models.TextChoices):
    CREATE = "create", _("Create")
    CHANGE = "change", _("Change")
    SKIP = "skip", _("Unchanged")
    REFUSE = "refuse", _("Refused")


class Decision(models.TextChoices):
    """What a value that is not known stands for, in all rows that have it."""

    USE = "use", _("Use")
    CREATE = "create", _("Create it")
    EMPTY = "empty", _("Leave empty")
    KEEP = "keep", _("Keep as it is")
    REFUSE = "refuse", _("Refuse these rows")


# verb: (from, to). Checking again is possible until the rows are in, and after a job that failed.
TRANSITIONS: dict[str, tuple[frozenset[RunState], RunState]] = {
    "check": (
        frozenset({RunState.UPLOADED, RunState.CHECKING, RunState.CHECKED, RunState.IMPORTING}),
        RunState.CHECKING,
    ),
    "commit": (frozenset({RunState.CHECKED}), RunState.IMPORTING),
    "discard": (frozenset({RunState.UPLOADED, RunState.CHECKING, RunState.CHECKED}), RunState.DISCARDED),
}
