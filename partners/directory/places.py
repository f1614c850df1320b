"""Where the directory appears: navigation, the set-up checklist, and partners' names for the floor below."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner, Product
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.shell.registry import PROGRAMME, navigation, partner_directory, setup_step


def partner_choices() -> list[tuple[UUID, str]]:
    return list(Partner.objects.order_by("name", "pk").values_list("pk", "name"))


def partner_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Partner.objects.filter(pk__in=list(ids)).values_list("pk", "name"))


def every_partner_has_a_manager() -> bool:
    counts = Partner.objects.aggregate(all=Count("pk"), managed=Count("manager"))
    return 0 < counts["all"] == counts["managed"]


navigation(_("Partners"), "directory:partners", "building-store", roles=VENDOR_ROLES, order=30)
navigation(_("Customers"), "directory:customers", "address-book", order=40)
navigation(_("Products"), "directory:products", "package", roles=PARTNER_ROLES, order=50)
navigation(_("Products"), "directory:products", "package", roles=VENDOR_ROLES, order=50, group=PROGRAMME)
navigation(_("Our company"), "directory:company", "building", roles=PARTNER_ROLES, order=90)

setup_step(
    _("Add your products"),
    done=Product.objects.exists,
    url_name="directory:products",
    order=10,
    text=_("Partners choose from them when they register a deal."),
)
setup_step(
    _("Add your partners"),
    done=Partner.objects.exists,
    url_name="directory:partners",
    order=20,
    text=_("One by one, or from a file."),
)
setup_step(
    _("Give each partner a channel manager"),
    done=every_partner_has_a_manager,
    url_name="directory:partners",
    order=30,
    text=_("The manager decides on the partner's registrations."),
)
partner_directory(choices=partner_choices, names=partner_names)
