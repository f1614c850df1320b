"""The lists behind a loss: reading them, and keeping them."""

from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.deals.models import Deal
from partners.deals.selling.models import Competitor, LossReason
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

# What a programme begins with; its admin's first change makes them the programme's own.
DEFAULTS = (
    gettext_lazy("Price"),
    gettext_lazy("Product did not fit"),
    gettext_lazy("Competitor preferred"),
    gettext_lazy("No budget"),
    gettext_lazy("No decision"),
    gettext_lazy("Timing"),
)
SUGGESTED = 50
Listed = LossReason | Competitor


def loss_reasons() -> list[str]:
    """The reasons that can be given now. One query."""
    rows = list(LossReason.objects.values_list("name", "is_active"))
    if not rows:
        return [str(name) for name in DEFAULTS]
    return [name for name, active in rows if active]


def competitors_offered(member: Membership) -> list[str]:
    """The listed ones, and those that the member's own side has named. Two queries."""
    listed = list(Competitor.objects.filter(is_active=True).values_list("name", flat=True)[:SUGGESTED])
    named = Deal.objects.exclude(competitor="")
    if member.is_partner:
        named = named.filter(partner_id=member.partner_id)
    own = named.order_by().values_list("competitor", flat=True).distinct()[:SUGGESTED]
    return sorted({name.casefold(): name for name in [*own, *listed]}.values(), key=str.casefold)


def unlisted_competitors() -> list[str]:
    """Names on lost deals that are not in the list yet. For the vendor's eyes."""
    known = Competitor.objects.annotate(key=Lower("name")).filter(key=Lower(models.OuterRef("competitor")))
    names = Deal.objects.exclude(competitor="").exclude(models.Exists(known)).order_by()
    found = names.values_list("competitor", flat=True).distinct()[:SUGGESTED]
    return sorted({name.casefold(): name for name in found}.values(), key=str.casefold)


def materialise_reasons() -> None:
    """Write the reasons down that a programme begins with, once."""
    lock("loss_reasons", current_tenant_id())
    if not LossReason.objects.exists():
        LossReason.objects.bulk_create(
            LossReason(name=str(name), position=position) for position, name in enumerate(DEFAULTS)
        )


def add_listed(model: type[Listed], name: str, *, by: Membership) -> Listed:
    """Offer a reason or a competitor; one that was hidden is offered again."""
    check(by, "deals.change_policy")
    name = " ".join(name.split())
    if not name:
        raise ActionRefused(_("Give it a name."), field="name")
    with transaction.atomic():
        if model is LossReason:
            materialise_reasons()
        row = model.objects.filter(name__iexact=name).first()
        if row is None:
            row = model(name=name)
            if isinstance(row, LossReason):
                row.position = LossReason.objects.count()
            row.save(force_insert=True)
            record("deals.list_changed", subject=row, by=by, data={"name": row.name, "offered": True})
        elif not row.is_active:
            set_offered(row, True, by=by)
    return row


def set_offered(row: Listed, offered: bool, *, by: Membership) -> Listed:
    """Offer it, or offer it no longer. Deals keep what they say."""
    check(by, "deals.change_policy")
    locked = type(row).objects.select_for_update(of=("self",)).get(pk=row.pk)
    if locked.is_active != offered:
        locked.is_active = offered
        locked.save(update_fields=["is_active"])
        record("deals.list_changed", subject=locked, by=by, data={"name": locked.name, "offered": offered})
    return locked


def note_competitor(name: str, *, by: Membership) -> None:
    """A competitor that the vendor's own people name joins the list."""
    if name and by.is_vendor and not Competitor.objects.filter(name__iexact=name).exists():
        lock("competitors", by.tenant_id)
        if not Competitor.objects.filter(name__iexact=name).exists():
            Competitor.objects.create(name=name)
