"""What goes with a partner company that becomes part of another, found by the keys that point to it.

No list of tables is kept by hand: every foreign key to a partner and every plain `partner_id` of the floors below is
found in the models, of all apps, and of the floors above those of the models that say so themselves, by
`goes_with_partner`: what they are called on the page that asks before a merge. What stays where it is says so here, with
the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from partners.directory.models import Partner
from portal.tenancy.constraints import AppendOnly
from portal.tenancy.models import TenantModel

# Floors above keep what was worked out and paid in the old company's name, and learn of the merge by its event; what
# people entered there goes along.
_FLOORS = ("portal.", "partners.")
# What happened is never rewritten, a merge speaks of both, and a repeated request repeats the answer it got.
_STAYS = frozenset({"events.event", "directory.partner", "directory.partnermerge", "shell.idempotencykey"})


@dataclass(frozen=True)
class Place:
    """A column that names a partner."""

    model: type[models.Model]
    field: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field}"

    def rows(self, partner: Partner) -> models.QuerySet[Any]:
        manager: Any = self.model._default_manager
        rows = manager.filter(**{self.field: partner.pk})
        return rows if issubclass(self.model, TenantModel) else rows.filter(tenant_id=partner.tenant_id)


def places() -> list[Place]:
    """Every column of every app that names a partner."""
    found = [
        Place(relation.related_model, relation.field.attname)
        for relation in Partner._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel)
    ]
    found += [
        Place(model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.attname == "partner_id" and isinstance(field, models.UUIDField)
    ]
    return sorted(found, key=lambda place: place.label)


def moving() -> list[Place]:
    """Those whose rows go to the other company."""
    return [place for place in places() if _moves(place)]


def _moves(place: Place) -> bool:
    meta = place.model._meta
    goes = meta.app_config.name.startswith(_FLOORS) or called_above(place.model) is not None
    if not goes or meta.label_lower in _STAYS:
        return False
    fixed = [constraint for constraint in meta.constraints if isinstance(constraint, AppendOnly)]
    return all(place.field in constraint.mutable for constraint in fixed)


def called_above(model: type[models.Model]) -> Any:
    """What a model of the floors above that goes with a partner is called; None where it stays."""
    return getattr(model, "goes_with_partner", None)


def counts(partner: Partner, of: Iterable[Place]) -> dict[str, int]:
    """How many rows name the partner, by column; those without any left out."""
    found = {place.label: place.rows(partner).count() for place in of}
    return {label: count for label, count in found.items() if count}


def move(place: Place, merged: Partner, kept: Partner) -> tuple[int, int]:
    """Point the rows to `kept`; how many now do, and how many stayed because `kept` has their like already."""
    rows = place.rows(merged)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if not ids:
        return 0, 0
    try:
        with transaction.atomic():
            rows.update(**{place.field: kept.pk})
        return len(ids), 0
    except IntegrityError:
        moved = sum(_move_one(place, pk, merged, kept) for pk in ids)
        return moved, len(ids) - moved


def _move_one(place: Place, pk: object, merged: Partner, kept: Partner) -> bool:
    try:
        with transaction.atomic():
            return place.rows(merged).filter(pk=pk).update(**{place.field: kept.pk}) == 1
    except IntegrityError:
        return False


def keep_together(place: Place, merged: Partner, kept: Partner) -> dict[str, int]:
    """Give back the parts whose whole had to stay with `merged`; how many, by column."""
    found = {}
    going = {one.label for one in moving()}
    for relation in place.model._meta.related_objects:
        part = Place(relation.related_model, "partner_id")
        if relation.on_delete is not models.CASCADE or part.label not in going:
            continue
        whole = f"{relation.field.name}__{place.field}"
        rows = part.rows(kept).filter(**{whole: merged.pk})
        if count := rows.update(partner_id=merged.pk):
            found[part.label] = count
    return found
