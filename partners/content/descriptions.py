"""What an event of the library says in a timeline or the audit trail."""

from django.utils.translation import gettext as _

from partners.content.enums import AssetStatus
from portal.events.describe import describes
from portal.events.models import Event


def _title(event: Event) -> str:
    return event.data.get("title") or event.data.get("new", {}).get("title") or ""


@describes("asset.category_saved")
def category_saved(event: Event) -> str:
    return _("Saved the category %s.") % event.data["new"]["name"]


@describes("asset.created")
def created(event: Event) -> str:
    return _("Added “%s” to the library.") % _title(event)


@describes("asset.updated")
def updated(event: Event) -> str:
    names = ", ".join(name.replace("_", " ") for name in event.data.get("fields", ()))
    return _("Changed the asset: %s.") % names


@describes("asset.version_added")
def version_added(event: Event) -> str:
    sentence = _("Added version %s.") % event.data["version"]
    return f"{sentence} {event.data.get('note', '')}".strip()


@describes("asset.status_changed")
def status_changed(event: Event) -> str:
    return _("The asset is now: %s.") % AssetStatus(event.data["new"]["status"]).label


@describes("asset.box_marked")
def box_marked(event: Event) -> str:
    return _("Marked where a partner's logo goes.")


@describes("asset.box_removed")
def box_removed(event: Event) -> str:
    return _("Took away the place for a partner's logo.")


@describes("asset.downloaded", routine=True)
def downloaded(event: Event) -> str:
    words = {"title": _title(event), "version": event.data.get("version", "")}
    if event.data.get("cobranded"):
        return _("Downloaded “%(title)s”, version %(version)s, with the company's logo.") % words
    return _("Downloaded “%(title)s”, version %(version)s.") % words


@describes("asset.branded", routine=True)
def branded(event: Event) -> str:
    return _("Put the company's logo into “%s”.") % _title(event)


@describes("asset.branding_failed")
def branding_failed(event: Event) -> str:
    return _("No logo could be put into “%(title)s”. %(problem)s") % {
        "title": _title(event),
        "problem": event.data.get("problem", ""),
    }
