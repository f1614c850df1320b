"""Where imports appear in the shell."""

from django.db.models import Exists
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.imports.enums import RunState
from portal.imports.models import ImportRun
from portal.shell.registry import PROGRAMME, navigation, nightly, setup_step


def has_imported() -> Exists:
    return Exists(ImportRun.objects.filter(state=RunState.DONE))


navigation(_("Imports"), "imports:list", "file-import", roles=(Role.ADMIN,), order=90, group=PROGRAMME)
setup_step(
    _("Import what you have"),
    done=has_imported,
    url_name="imports:upload",
    order=60,
    text=_("Bring partners, customers, products and deals in from files."),
)
nightly("imports.forget_old")
