"""Columns of what the programme asks of partner companies."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.directory.models import Competence
from portal.shell.tables import Column, LinkColumn, NumberColumn, Table


class CompetenceTable(Table):
    name = LinkColumn(_("Competence"), to="directory:competence")
    is_active = Column(_("Partners can choose it"))
    partner_count = NumberColumn(_("Partners"), orderable=False)

    class Meta(Table.Meta):
        caption = _("Competences")

    def render_is_active(self, value: bool) -> Any:
        return _("Yes") if value else _("No longer")

    def value_is_active(self, value: bool, record: Competence) -> str:
        return str(self.render_is_active(value))
