from django.db import models
from django.utils.translation import gettext_lazy as _


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    RETRY = "retry", _("To be tried again")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Not sent")


S = DeliveryState

# state: what it may become. What has ended goes out again only when an administrator says so.
TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    S.WAITING: frozenset({S.SENDING, S.CANCELLED}),
    S.RETRY: frozenset({S.SENDING, S.CANCELLED}),
    S.SENDING: frozenset({S.DELIVERED, S.RETRY, S.FAILED, S.CANCELLED}),
    S.DELIVERED: frozenset({S.WAITING}),
    S.FAILED: frozenset({S.WAITING}),
    S.CANCELLED: frozenset({S.WAITING}),
}
OPEN = frozenset({S.WAITING, S.RETRY})
ENDED = frozenset({S.DELIVERED, S.FAILED, S.CANCELLED})


class Problem(models.TextChoices):
    """Why an attempt did not deliver."""

    NAME = "name", _("The name of the server was not found")
    FORBIDDEN = "forbidden", _("The address leads into a private network")
    UNREACHABLE = "unreachable", _("No connection to the server")
    CERTIFICATE = "certificate", _("No secure connection: the server’s certificate was not accepted")
    TIMEOUT = "timeout", _("No answer within 10 seconds")
    GARBLED = "garbled", _("The answer was not understood")
    STATUS = "status", _("The answer was not a success (2xx)")
    INTERRUPTED = "interrupted", _("The worker that sent it was stopped")


class TurnedOff(models.TextChoices):
    """Why an endpoint is off."""

    BY_HAND = "by_hand", _("Turned off by an administrator")
    FAILING = "failing", _("Turned off because nothing was delivered for three days")
    GONE = "gone", _("Turned off because the server answered that it is gone for good (410)")
