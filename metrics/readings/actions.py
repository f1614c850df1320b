"""Defining metrics and reporting their values. Events carry former and new days and partners, which figures hang on."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from metrics.kpis import KPIS
from metrics.readings.known import KNOWN, SCALE, ReadingUnit
from metrics.readings.models import MetricDefinition, Reading
from metrics.sources import FACTS
from metrics.sources.readings import forget_own_facts
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.money import round_half_up, to_minor
from portal.tenancy.models import current_tenant

_LARGEST = 10**15


def ensure_known() -> None:
    """The metrics that the portal's own KPIs are made of, made where they are missing."""
    have = set(MetricDefinition.objects.filter(is_known=True).values_list("code", flat=True))
    for known in KNOWN:
        if known.code not in have:
            MetricDefinition.objects.get_or_create(
                code=known.code,
                defaults={
                    "name": str(known.name),
                    "unit": known.unit.value,
                    "better": known.better,
                    "combination": known.combination,
                    "is_known": True,
                },
            )


@transaction.atomic
def define_metric(
    *,
    by: Membership,
    code: str,
    name: str,
    unit: str,
    better: str,
    combination: str,
    description: str = "",
) -> MetricDefinition:
    """A metric of the tenant's own. ActionRefused where its name in formulas is taken."""
    check(by, "metrics_readings.change_definition")
    taken = {code, f"{code}_total", f"{code}_readings"}
    if (
        any(name in FACTS for name in taken)
        or code in KPIS
        or MetricDefinition.objects.filter(code=code).exists()
    ):
        raise ActionRefused(
            _("“%(code)s” is the name of another figure. Take another one.") % {"code": code}, field="code"
        )
    try:
        with transaction.atomic():
            definition = MetricDefinition.objects.create(
                code=code,
                name=name,
                unit=unit,
                better=better,
                combination=combination,
                description=description,
            )
    except IntegrityError as error:
        raise ActionRefused(
            _("“%(code)s” is the name of another figure. Take another one.") % {"code": code}, field="code"
        ) from error
    forget_own_facts()
    record("metric.defined", subject=definition, by=by, data={"new": _about(definition)})
    return definition


@transaction.atomic
def change_metric(definition: MetricDefinition, *, by: Membership, **fields: Any) -> MetricDefinition:
    """Change `name`, `description`, `better`, and as long as there are no readings `unit` and `combination`."""
    check(by, "metrics_readings.change_definition")
    definition = MetricDefinition.objects.select_for_update(of=("self",)).get(pk=definition.pk)
    before = _about(definition)
    changes = {name: value for name, value in fields.items() if getattr(definition, name) != value}
    if not changes:
        return definition
    if {"unit", "combination"} & changes.keys() and (definition.is_known or definition.readings.exists()):
        raise ActionRefused(
            _(
                "There are readings already, or KPIs of the portal’s own are made of it: unit and combination stay."
            ),
            field="unit" if "unit" in changes else "combination",
        )
    for name, value in changes.items():
        setattr(definition, name, value)
    definition.save(update_fields=[*changes, "updated_at"])
    record("metric.changed", subject=definition, by=by, data={"old": before, "new": _about(definition)})
    return definition


def kept_value(definition: MetricDefinition, number: Decimal, currency: str) -> int:
    """A number as people write it, as it is kept. ActionRefused for one that is too large."""
    if definition.unit == ReadingUnit.MONEY:
        value = to_minor(number, currency)
    else:
        value = round_half_up(number * (SCALE // 100 if definition.unit == ReadingUnit.PERCENT else SCALE))
    if abs(value) > _LARGEST:
        raise ActionRefused(_("This number is too large."), field="number")
    return value


@transaction.atomic
def report_reading(
    definition: MetricDefinition,
    *,
    by: Membership,
    day: dt.date,
    number: Decimal,
    partner: Partner | None = None,
    note: str = "",
) -> Reading:
    """Note a metric's value of a day, in place of one that is there. `number` as people write it (12.5 for 12.5%)."""
    check(by, "metrics_readings.report_reading")
    currency = current_tenant().currency
    # Held until the end, so that two reports of one day come one after the other, and the unit stays that of the value.
    definition = MetricDefinition.objects.select_for_update(of=("self",)).get(pk=definition.pk)
    value = kept_value(definition, number, currency)
    reading = Reading.objects.filter(definition=definition, partner=partner, day=day).first()
    before = told(reading) if reading else None
    if reading is None:
        reading = Reading(definition=definition, partner=partner, day=day)
    reading.value, reading.currency, reading.note, reading.reported_by = value, currency, note.strip(), by
    reading.save()
    data = {"new": told(reading)} | ({"old": before} if before else {})
    record("reading.reported", subject=reading, by=by, data=data)
    return reading


@transaction.atomic
def change_reading(
    reading: Reading,
    *,
    by: Membership,
    day: dt.date,
    number: Decimal,
    partner: Partner | None = None,
    note: str = "",
) -> Reading:
    """Correct a reading. ActionRefused where there is another one of that day already."""
    check(by, "metrics_readings.report_reading")
    reading = _lock(reading)
    before = told(reading)
    reading.value = kept_value(reading.definition, number, reading.currency)
    reading.day, reading.partner, reading.note, reading.reported_by = day, partner, note.strip(), by
    try:
        with transaction.atomic():
            reading.save()
    except IntegrityError as error:
        raise ActionRefused(
            _("There is a reading of that day already; change that one."), field="day"
        ) from error
    record("reading.changed", subject=reading, by=by, data={"old": before, "new": told(reading)})
    return reading


@transaction.atomic
def remove_reading(reading: Reading, *, by: Membership) -> None:
    """Take a reading away that was reported by mistake."""
    check(by, "metrics_readings.report_reading")
    reading = _lock(reading)
    record("reading.removed", subject=reading, by=by, data={"old": told(reading)})
    reading.delete()


def told(reading: Reading) -> dict[str, Any]:
    return {
        "metric": reading.definition.name,
        "day": str(reading.day),
        "value": reading.value,
        "partner_id": str(reading.partner_id or ""),
        # The last reading counts until there is another one, so that a change shows in all that follow.
        "combination": str(reading.definition.combination),
    }


def _about(definition: MetricDefinition) -> dict[str, Any]:
    return {
        name: str(getattr(definition, name))
        for name in ("code", "name", "unit", "better", "combination", "description")
    }


def _lock(reading: Reading) -> Reading:
    found = (
        Reading.objects.select_for_update(of=("self",))
        .select_related("definition")
        .filter(pk=reading.pk)
        .first()
    )
    if found is None:
        raise ActionRefused(_("Someone has removed this reading meanwhile."))
    return found
