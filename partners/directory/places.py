"""Where the directory appears: navigation, the set-up checklist, and partners' names for the floor below."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.directory.company.queries import known_logos, logo_bytes
from partners.directory.enums import TRADING_STATUSES, PartnerStatus
from partners.directory.models import Partner, Product
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.accounts.prepared import prepared
from portal.accounts.standing import partner_standing
from portal.files.keepers import keeps
from portal.shell.registry import SELLING, SETTINGS, navigation, partner_directory, setup_step


def partner_choices() -> list[tuple[UUID, str]]:
    """Those that people can be invited to: not one that has left, or has become part of another."""
    here = Partner.objects.exclude(status__in=(PartnerStatus.REJECTED, PartnerStatus.TERMINATED))
    return list(here.order_by("name", "pk").values_list("pk", "name"))


def partner_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted = list(ids)
    if len(wanted) == 1:
        return dict(_partner_name(wanted[0]))
    return dict(Partner.objects.filter(pk__in=wanted).values_list("pk", "name"))


@prepared
def _partner_name(pk: UUID) -> QuerySet[Partner, tuple[UUID, str]]:
    return Partner.objects.filter(pk=pk).values_list("pk", "name")


def every_partner_has_a_manager() -> Q:
    return Exists(Partner.objects.all()) & ~Exists(Partner.objects.filter(manager=None))


def why_reading_only(partner_id: UUID) -> str:
    """Why a partner's people may only read; "" when they may write."""
    status = next(iter(_status(partner_id)), None)
    if status is None or status in TRADING_STATUSES:
        return ""
    if status == PartnerStatus.SUSPENDED:
        return _t(
            "Your company is suspended. You can read everything, and change nothing until that is lifted."
            " Your channel manager can tell you more."
        )
    return _t("Your company's partnership is not active. You can read what there is, and change nothing.")


@prepared
def _status(pk: UUID) -> QuerySet[Partner, str]:
    return Partner.objects.filter(pk=pk).values_list("status", flat=True)


navigation(_("Partners"), "directory:partners", "building-store", roles=VENDOR_ROLES, order=30)
navigation(_("Customers"), "directory:customers", "address-book", order=40, group=SELLING)
navigation(_("Products"), "directory:products", "package", roles=PARTNER_ROLES, order=50, group=SELLING)
navigation(_("Products"), "directory:products", "package", roles=VENDOR_ROLES, order=50, group=SELLING)
navigation(_("Our company"), "directory:company", "building", roles=PARTNER_ROLES, order=90)

navigation(
    _("Partner locator"),
    "directory:locator_settings",
    "map-search",
    roles=[Role.ADMIN],
    order=810,
    group=SETTINGS,
)

setup_step(
    _("Add your products"),
    done=lambda: Exists(Product.objects.all()),
    url_name="directory:products",
    order=10,
    text=_("Partners choose from them when they register a deal."),
)
setup_step(
    _("Add your partners"),
    done=lambda: Exists(Partner.objects.all()),
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
partner_standing(why_reading_only)
keeps("directory.logos", known=known_logos, size=logo_bytes)
