"""What an event of a cost says in the audit trail."""

from typing import Any

from django.utils.translation import gettext as _

from metrics.costs.models import Category
from portal.events.describe import describes
from portal.events.models import Event
from portal.money import format_money


def _words(values: dict[str, Any]) -> dict[str, str]:
    return {
        "category": str(Category(values["category"]).label),
        "amount": format_money(values["amount"], values["currency"]),
        "day": values["spent_on"],
    }


@describes("cost.recorded")
def cost_recorded(event: Event) -> str:
    return _("Noted a cost: %(category)s, %(amount)s on %(day)s.") % _words(event.data["new"])


@describes("cost.changed")
def cost_changed(event: Event) -> str:
    return _("Corrected a cost: now %(category)s, %(amount)s on %(day)s.") % _words(event.data["new"])


@describes("cost.removed")
def cost_removed(event: Event) -> str:
    return _("Removed a cost: %(category)s, %(amount)s on %(day)s.") % _words(event.data["old"])


@describes("costs.imported")
def costs_imported(event: Event) -> str:
    return _("Imported costs: %d.") % event.data["count"]
