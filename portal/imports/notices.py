"""What an import tells whom: its person, who may have gone on to something else."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.enums import VENDOR_ROLES
from portal.events.describe import describes
from portal.events.models import Event
from portal.imports.models import ImportRun
from portal.shell.notices import ByMail, Notice, Words, notifies


@describes("import.finished")
def described(event: Event) -> str:
    return _("Imported %(file)s: %(created)s created, %(changed)s changed, %(refused)s refused.") % event.data


def finished(events: list[Event]) -> Iterable[Notice]:
    runs = ImportRun.objects.in_bulk({event.subject_id for event in events})
    for event in events:
        run = runs.get(event.subject_id)
        if run and run.created_by_id:
            yield Notice(event, {run.created_by_id}, event.data, "imports:run", (run.pk,))


def finished_text(words: Words) -> str:
    taken = words["created"] + words["changed"]
    sentence = ngettext(
        "%(file)s is imported: %(count)s row", "%(file)s is imported: %(count)s rows", taken
    ) % {"file": words["file"], "count": taken}
    if words["refused"]:
        return _("%(sentence)s, and %(refused)s refused.") % {
            "sentence": sentence,
            "refused": words["refused"],
        }
    return f"{sentence}."


def many_finished(count: int) -> str:
    return ngettext("%(count)s import is done", "%(count)s imports are done", count) % {"count": count}


notifies(
    "imports.finished",
    gettext_lazy("Your imports that are done"),
    group=gettext_lazy("Imports"),
    events=("import.finished",),
    tell=finished,
    text=finished_text,
    many=many_finished,
    many_url="imports:list",
    roles=VENDOR_ROLES,
    mail=ByMail.NEVER,
    icon="file-import",
    order=700,
)
