from django.utils.translation import gettext_lazy as _

from portal.imports.enums import RunState
from portal.imports.models import ImportRun
from portal.imports.targets import get_target
from portal.shell.formats import number
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, Table


class RunTable(Table):
    file_name = LinkColumn(_("File"), to="imports:run")
    target = Column(_("What"))
    state = BadgeColumn(
        _("State"),
        tones={
            RunState.DONE: ("success", "check"),
            RunState.CHECKED: ("info", "eye"),
            RunState.CHECKING: ("info", "player-play"),
            RunState.IMPORTING: ("info", "player-play"),
        },
    )
    result = Column(_("Rows"), orderable=False)
    created_by = Column(_("By"), accessor="created_by__name", needs=["created_by__user"], orderable=False)
    created_at = DateColumn(_("Uploaded"), time=True)

    class Meta(Table.Meta):
        caption = _("Imports, newest first")

    def render_target(self, value: str, record: ImportRun) -> str:
        return str(get_target(value).label)

    def render_result(self, value: dict, record: ImportRun) -> str:
        if value:
            return str(
                _("%(created)s created, %(changed)s changed, %(refused)s refused")
                % {name: number(value[name]) for name in ("created", "changed", "refused")}
            )
        return number(record.reading.get("rows"))

    value_target = render_target
    value_result = render_result
