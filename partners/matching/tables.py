"""Columns of the lists of direct accounts and merges."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.directory.tables import CountryColumn
from partners.matching.models import CustomerMerge
from portal.shell.tables import Column, DateColumn, LinkColumn, Table


class AccountTable(Table):
    name = LinkColumn(_("Company"), to="matching:account_edit")
    country = CountryColumn(_("Country"))
    domain = Column(_("Web domain"), phone=False)
    note = Column(_("Note"), phone=False)

    class Meta(Table.Meta):
        caption = _("Direct accounts")


class PlainAccountTable(AccountTable):
    """For those who may not change the list."""

    name = Column(_("Company"))


class MergeTable(Table):
    kept = LinkColumn(_("Stands now"), to="directory:customer", pk="kept_id", order_by="kept__name")
    merged = Column(_("Merged into it"), order_by="merged__name")
    by = Column(_("By"), accessor="by__user", order_by="by__user__name")
    grounds = Column(_("Why"), phone=False)
    created_at = DateColumn(_("When"))
    undo = Column(_("Undo"), accessor="pk", orderable=False)

    class Meta(Table.Meta):
        caption = _("Merged customers")

    def render_undo(self, value: Any, record: CustomerMerge) -> Any:
        if record.undone_at is not None:
            return _g("Undone")
        address = reverse("matching:merge_undo", args=(self.request.tenant.slug, record.pk))
        return format_html('<a href="{}">{}</a>', address, _g("Undo"))

    def value_undo(self, value: Any, record: CustomerMerge) -> str:
        return _g("Undone") if record.undone_at is not None else ""
