from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    PORTAL = "portal", _("In the portal")
    MAIL = "mail", _("By e-mail")


class MailChoice(models.TextChoices):
    """When a kind of news comes by e-mail; the values of `portal.shell.notices.ByMail`."""

    AT_ONCE = "at_once", _("At once")
    DIGEST = "digest", _("Once a day")
    NEVER = "never", _("Never")


class LetterState(models.TextChoices):
    COLLECTING = "collecting", _("Waiting")
    CLAIMED = "claimed", _("Being written")
    HANDED_OVER = "handed_over", _("Being sent")
    RETRY = "retry", _("To be tried again")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Not needed")
    FAILED = "failed", _("Failed")
    UNCONFIRMED = "unconfirmed", _("Perhaps sent")


# state: what it may become. Only a letter that the mail server has surely not taken is tried again.
TRANSITIONS: dict[LetterState, frozenset[LetterState]] = {
    LetterState.COLLECTING: frozenset({LetterState.CLAIMED}),
    LetterState.RETRY: frozenset({LetterState.CLAIMED}),
    LetterState.CLAIMED: frozenset(
        {LetterState.HANDED_OVER, LetterState.SKIPPED, LetterState.RETRY, LetterState.FAILED}
    ),
    LetterState.HANDED_OVER: frozenset(
        {LetterState.SENT, LetterState.RETRY, LetterState.FAILED, LetterState.UNCONFIRMED}
    ),
    # An administrator has it sent again.
    LetterState.FAILED: frozenset({LetterState.RETRY}),
    LetterState.UNCONFIRMED: frozenset({LetterState.RETRY}),
}
