"""What an event of matching says in a timeline or the audit trail."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("customer.merged")
def merged(event: Event) -> str:
    return _("Merged the customer %s into this one.") % event.data.get("merged", "")


@describes("customer.merge_undone")
def merge_undone(event: Event) -> str:
    return _("Took the merge with %s back.") % event.data.get("merged", "")


@describes("customer.taken_over")
def taken_over(event: Event) -> str:
    return _("Took over the customer that the partner had named.")


@describes("customer.forgotten")
def forgotten(event: Event) -> str:
    return _("Removed a customer that was named by mistake.")


@describes("direct_account.added")
def account_added(event: Event) -> str:
    return _("Added the direct account %s.") % event.data.get("name", "")


@describes("direct_account.changed")
def account_changed(event: Event) -> str:
    return _("Changed the direct account %s.") % event.data.get("name", "")


@describes("direct_account.removed")
def account_removed(event: Event) -> str:
    return _("Removed the direct account %s.") % event.data.get("name", "")


@describes("direct_accounts.imported")
def accounts_imported(event: Event) -> str:
    return _("Imported direct accounts (%s).") % event.data.get("count", 0)
