"""Where matching appears: navigation and the nightly round."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import VENDOR_ROLES
from portal.shell.registry import PROGRAMME, navigation, nightly

navigation(
    _("Direct accounts"), "matching:accounts", "building-bank", roles=VENDOR_ROLES, order=55, group=PROGRAMME
)
navigation(_("Duplicates"), "matching:duplicates", "copy", roles=VENDOR_ROLES, order=56, group=PROGRAMME)
nightly("matching.index")
