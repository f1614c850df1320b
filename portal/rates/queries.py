"""Reads of exchange rates. Vendor's side only."""

from datetime import date
from decimal import Decimal

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Lead

from portal.rates.models import ExchangeRate


def rates() -> QuerySet[ExchangeRate]:
    """Every rate with `next_on`, the day from which another takes its place."""
    following = Window(Lead("starts_on"), partition_by="currency", order_by=F("starts_on").asc())
    return ExchangeRate.objects.annotate(next_on=following).order_by("currency", "-starts_on")


def rates_on(day: date) -> dict[str, Decimal]:
    """The rate of each currency in force on a day. One query."""
    rows = ExchangeRate.objects.filter(starts_on__lte=day).order_by("currency", "-starts_on")
    return dict(rows.distinct("currency").values_list("currency", "rate"))
