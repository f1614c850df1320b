"""What leaves the portal of an event: what an administrator may see of it in the audit trail, and less.

The audit trail shows a sentence, who acted, the partner and the moment. A post holds these, with who acted as a key
alone, and the old and new values, which the audit trail does not show: so they leave only without people and secrets.
E-mail addresses are blanked wherever they stand, and values that describe a person or an account or hold free text are
left out by their names. Whoever needs them asks the API for the subject by its key, with rights that are checked.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.apps import apps
from django.db import models
from django.utils import translation
from django.utils.translation import gettext as _

from portal.events.describe import describe, type_label
from portal.events.models import Event
from portal.tenancy.models import Tenant, current_tenant

log = structlog.get_logger(__name__)

TEST = "webhook.test"
BLANK = "***"
LONGEST_TEXT = 500
# A name of which one word is among these is left out: `contact_email`, `notes`, `iban`, `person`.
HIDDEN = frozenset(
    "account accounts address addresses answer answers bic birth body comment comments contact contacts digest email "
    "emails ends first_name iban ip last_name mail members message mobile note notes password people person phone "
    "prefix salutation seats secret text token who".split()
)
# Where the subject is a person, so is its name.
OF_PERSONS = ("member.", "customer_contact.")
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")


@dataclass(frozen=True)
class Message:
    """What is posted of an event, as JSON, and the number that people know its subject by."""

    body: str
    number: str


def messages(events: Sequence[Event]) -> dict[UUID, Message]:
    """What is posted of each event, by its key: a query for the actors and one for each kind of subject."""
    tenant = current_tenant()
    models.prefetch_related_objects(list(events), "actor")
    numbers = _numbers(events)
    with translation.override(tenant.language):
        return {
            event.pk: Message(_body(event, tenant, number), number)
            for event in events
            for number in [numbers.get(event.pk, "")]
        }


def message_id(key: UUID) -> str:
    """How receivers know a message that they have had already."""
    return f"evt_{key.hex}"


def test_body(key: UUID, tenant: Tenant, now: Any) -> str:
    """A post that says nothing happened."""
    with translation.override(tenant.language):
        summary = _("A test of this endpoint. Nothing has happened.")
    return _json(
        {
            "id": message_id(key),
            "type": TEST,
            "timestamp": now.isoformat(),
            "tenant": tenant.slug,
            "data": {"summary": summary, "subject": None, "partner_id": None, "actor": None, "changes": {}},
        }
    )


def visible(data: Any, *, of_person: bool = False) -> Any:
    """The values without what is hidden by its name, and without e-mail addresses; `of_person` hides `name` as well."""
    if isinstance(data, dict):
        return {
            _shown(str(key)): visible(value, of_person=of_person)
            for key, value in data.items()
            if not _is_hidden(str(key)) and not (of_person and key == "name")
        }
    if isinstance(data, (list, tuple)):
        return [visible(value, of_person=of_person) for value in data]
    return _shown(data) if isinstance(data, str) else data


def _body(event: Event, tenant: Tenant, number: str) -> str:
    return _json(
        {
            "id": message_id(event.pk),
            "type": event.type,
            "timestamp": event.occurred_at.isoformat(),
            "tenant": tenant.slug,
            "data": {
                "summary": _shown(_sentence(event)),
                "subject": {
                    "kind": event.subject_type,
                    "id": str(event.subject_id),
                    "number": number or None,
                },
                "partner_id": str(event.partner_id) if event.partner_id else None,
                "actor": _actor(event),
                "changes": visible(event.data, of_person=event.type.startswith(OF_PERSONS)),
            },
        }
    )


def _sentence(event: Event) -> str:
    try:
        return describe(event)
    except Exception:
        # One that cannot be described may not keep the others from leaving.
        log.exception("event_not_described", event_type=event.type, event_id=str(event.pk))
        return type_label(event.type)


def _actor(event: Event) -> dict[str, Any]:
    """Who acted, by kind and key alone."""
    if event.actor is None:
        return {"kind": "portal", "id": None}
    return {"kind": "partner" if event.actor.is_partner else "vendor", "id": str(event.actor_id)}


def _numbers(events: Iterable[Event]) -> dict[UUID, str]:
    """The numbers that people know subjects by (`DR-2026-00042`), by event."""
    by_label: dict[str, list[Event]] = {}
    for event in events:
        by_label.setdefault(event.subject_type, []).append(event)
    found: dict[UUID, str] = {}
    for label, those in by_label.items():
        model = _numbered_model(label)
        if model is None:
            continue
        rows = model._default_manager.filter(pk__in={event.subject_id for event in those}).order_by()
        numbers = dict(rows.values_list("pk", "number"))
        found |= {event.pk: numbers.get(event.subject_id) or "" for event in those}
    return found


def _numbered_model(label: str) -> type[models.Model] | None:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    text = (models.CharField, models.TextField)
    return next(
        (
            model
            for field in model._meta.concrete_fields
            if field.name == "number" and isinstance(field, text)
        ),
        None,
    )


def _is_hidden(name: str) -> bool:
    low = name.lower()
    return low in HIDDEN or not HIDDEN.isdisjoint(low.split("_"))


def _shown(text: str) -> str:
    return _EMAIL.sub(BLANK, text)[:LONGEST_TEXT]


def _json(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
