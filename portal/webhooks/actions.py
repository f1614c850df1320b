"""Writes of endpoints and their deliveries; for administrators."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id
from portal.webhooks.delivering import ring, switch_off
from portal.webhooks.enums import ENDED, DeliveryState, TurnedOff
from portal.webhooks.models import Attempt, Delivery, Endpoint
from portal.webhooks.network import AddressRefused, check_reachable, parse
from portal.webhooks.payload import TEST, message_id, test_body
from portal.webhooks.queries import missed
from portal.webhooks.signing import shown_secret
from portal.webhooks.subscriptions import cleaned

MOST = 20
PREVIOUS_FOR = timedelta(hours=24)


def create_endpoint(
    *, by: Membership, url: str, events: Iterable[str], description: str = ""
) -> tuple[Endpoint, str]:
    """An endpoint that is on from now, and its secret, which is shown this once."""
    check(by, "webhooks.change_endpoint")
    address, chosen = _checked_url(url), _chosen(events)
    with transaction.atomic():
        lock("webhooks.endpoints", current_tenant_id())
        if Endpoint.objects.count() >= MOST:
            raise ActionRefused(_("There are %(count)s endpoints. Delete one first.") % {"count": MOST})
        endpoint = Endpoint(url=address, description=description.strip(), events=chosen)
        _save(endpoint)
        record("webhook.created", subject=endpoint, by=by, data={"new": _told(endpoint)})
    return endpoint, shown_secret(endpoint)


def change_endpoint(
    endpoint: Endpoint, *, by: Membership, url: str, events: Iterable[str], description: str = ""
) -> Endpoint:
    """Another address, other events. What waits goes to the new address."""
    check(by, "webhooks.change_endpoint")
    address, chosen = _checked_url(url, known=endpoint.url), _chosen(events)
    with transaction.atomic():
        endpoint = _locked(endpoint)
        before = _told(endpoint)
        is_moved = address != endpoint.url
        endpoint.url, endpoint.events, endpoint.description = address, chosen, description.strip()
        if is_moved:
            # How the old address fared says nothing about the new one.
            endpoint.start_afresh()
            ring(timezone.now(), now=True)
        _save(endpoint)
        data = {"old": before, "new": _told(endpoint), "moved": is_moved}
        record("webhook.changed", subject=endpoint, by=by, data=data)
    return endpoint


@transaction.atomic
def rotate_secret(endpoint: Endpoint, *, by: Membership, version: int) -> tuple[Endpoint, str]:
    """A new secret, shown this once. The one before signs as well for a day.

    `version` is the one that the administrator saw: a second click does not rotate once more.
    """
    check(by, "webhooks.change_endpoint")
    endpoint = _locked(endpoint)
    if endpoint.secret_version != version:
        raise ActionRefused(_("The secret has been rotated meanwhile. Look at the page again first."))
    endpoint.secret_version += 1
    endpoint.previous_until = timezone.now() + PREVIOUS_FOR
    endpoint.save(update_fields=["secret_version", "previous_until"])
    record("webhook.secret_rotated", subject=endpoint, by=by, data=_named(endpoint))
    return endpoint, shown_secret(endpoint)


@transaction.atomic
def turn_off(endpoint: Endpoint, *, by: Membership) -> Endpoint:
    """Post nothing more there. What waits is not sent, and what happens meanwhile is not kept for it."""
    check(by, "webhooks.change_endpoint")
    endpoint = _locked(endpoint)
    if endpoint.is_active:
        switch_off(endpoint, TurnedOff.BY_HAND)
        data = {**_named(endpoint), "why": TurnedOff.BY_HAND.value}
        record("webhook.turned_off", subject=endpoint, by=by, data=data)
    return endpoint


@transaction.atomic
def turn_on(endpoint: Endpoint, *, by: Membership) -> Endpoint:
    """Post there what happens from now on."""
    check(by, "webhooks.change_endpoint")
    endpoint = _locked(endpoint)
    if not endpoint.is_active:
        endpoint.is_active, endpoint.turned_off = True, ""
        endpoint.start_afresh()
        endpoint.save(update_fields=["is_active", "turned_off", "failures", "failing_since", "paused_until"])
        record("webhook.turned_on", subject=endpoint, by=by, data=_named(endpoint))
    return endpoint


@transaction.atomic
def remove_endpoint(endpoint: Endpoint, *, by: Membership) -> None:
    """Delete it with what was posted to it."""
    check(by, "webhooks.change_endpoint")
    endpoint = _locked(endpoint)
    record("webhook.removed", subject=endpoint, by=by, data={"old": _told(endpoint)})
    Attempt.objects.filter(delivery__endpoint=endpoint).delete()
    endpoint.delete()


@transaction.atomic
def send_test(endpoint: Endpoint, *, by: Membership) -> Delivery:
    """Post a message that says nothing happened, also where the endpoint is off. Once: it is not tried again."""
    check(by, "webhooks.change_endpoint")
    now, key = timezone.now(), uuid7()
    test = Delivery.objects.create(
        id=key,
        endpoint=_locked(endpoint),
        type=TEST,
        message_id=message_id(key),
        body=test_body(key, current_tenant(), now),
        due_at=now,
    )
    ring(now, now=True)
    return test


@transaction.atomic
def send_again(delivery: Delivery, *, by: Membership) -> Delivery:
    """Post once more what has ended, with the same id, and from the first attempt on."""
    check(by, "webhooks.change_endpoint")
    endpoint = _locked(delivery.endpoint)
    if delivery.event_id is not None and not endpoint.is_active:
        raise ActionRefused(_("The endpoint is off. Turn it on first."))
    if not _wait_again(Delivery.objects.filter(pk=delivery.pk, state__in=ENDED)):
        raise ActionRefused(_("This is on its way already."))
    record(
        "webhook.sent_again",
        subject=endpoint,
        by=by,
        data={**_named(endpoint), "type": delivery.type, "message": delivery.message_id},
    )
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def send_missed_again(endpoint: Endpoint, *, by: Membership) -> int:
    """Post once more what failed or was not sent, after an outage; how many. Tests are left out."""
    check(by, "webhooks.change_endpoint")
    endpoint = _locked(endpoint)
    if not endpoint.is_active:
        raise ActionRefused(_("The endpoint is off. Turn it on first."))
    count = _wait_again(missed(endpoint))
    if count:
        record("webhook.sent_again", subject=endpoint, by=by, data={**_named(endpoint), "count": count})
    return count


def _wait_again(rows: QuerySet[Delivery]) -> int:
    """Post these from the first attempt on; how many."""
    now = timezone.now()
    count = rows.update(state=DeliveryState.WAITING, attempts=0, due_at=now, problem="", status_code=None)
    if count:
        ring(now, now=True)
    return count


def _checked_url(url: str, *, known: str = "") -> str:
    """The address as it is kept. One that is not known is looked up, before any row is locked."""
    try:
        target = parse(url)
        if target.url != known:
            check_reachable(target)
    except AddressRefused as refused:
        raise ActionRefused(refused.message, field="url") from refused
    return target.url


def _chosen(events: Iterable[str]) -> list[str]:
    chosen = cleaned(events)
    if not chosen:
        raise ActionRefused(_("Say which events it gets."), field="events")
    return chosen


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint.pk)


def _save(endpoint: Endpoint) -> None:
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        raise ActionRefused(
            _("There is an endpoint with this address already. One can get several kinds of events."),
            field="url",
        ) from error


def _named(endpoint: Endpoint) -> dict[str, str]:
    return {"endpoint": str(endpoint), "host": endpoint.host}


def _told(endpoint: Endpoint) -> dict[str, Any]:
    """Without the rest of the address, which may be a secret."""
    return {**_named(endpoint), "events": endpoint.events}
