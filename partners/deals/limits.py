"""What an action needs before it goes ahead; each function raises ActionRefused with the sentence for the person."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.deals.enums import OPEN_STATUSES
from partners.deals.models import Deal, DealPolicy
from partners.deals.workdays import today
from partners.directory.models import Customer, Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.money import format_money
from portal.shell.formats import short_date
from portal.tenancy.models import Tenant


def refuse_unless_writing(partner: Partner) -> None:
    if not partner.may_trade:
        raise ActionRefused(
            _("%(partner)s is %(status)s: its deals can be read but not changed.")
            % {"partner": partner.name, "status": partner.get_status_display().lower()},
            code="partner_status",
        )


def refuse_unless_complete(deal: Deal, rules: DealPolicy, *, minimum: bool = True) -> None:
    missing = {
        "customer": (deal.customer_id, _("Name the customer before you submit the deal.")),
        "product": (deal.product_id and deal.family_id, _("Choose the product before you submit the deal.")),
        "amount": (deal.amount, _("Say what the deal is worth before you submit it.")),
        "expected_close": (
            deal.expected_close,
            _("Say when you expect to close before you submit the deal."),
        ),
    }
    for field, (value, message) in missing.items():
        if not value:
            raise ActionRefused(message, field=field, code="incomplete")
    if minimum and (deal.amount_base or 0) < rules.minimum_amount:
        least = format_money(rules.minimum_amount, deal.tenant.currency)
        raise ActionRefused(
            _("Deals below %(amount)s are not registered: that is the programme's minimum.")
            % {"amount": least},
            field="amount",
            code="minimum_amount",
        )


def has_passed(close: date, tenant: Tenant) -> bool:
    """Whether an order can no longer be expected on that day."""
    return close < today(tenant)


def refuse_passed_close(deal: Deal, tenant: Tenant) -> None:
    """What is submitted is still to come, whichever way it is submitted."""
    if deal.expected_close and has_passed(deal.expected_close, tenant):
        raise ActionRefused(passed_close_text(deal.expected_close), field="expected_close", code="passed")


def passed_close_text(close: date) -> str:
    return _("The expected close, %s, has passed. When do you expect the order now?") % short_date(close)


def refuse_beyond_open(deal: Deal, rules: DealPolicy) -> None:
    """Refuse one more than the open registrations that a partner may have."""
    if rules.max_open is None:
        return
    # Two at the same moment would both be the last that is allowed.
    Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.partner_id)
    count = (
        Deal.objects.filter(partner_id=deal.partner_id, status__in=OPEN_STATUSES).exclude(pk=deal.pk).count()
    )
    if count >= rules.max_open:
        raise ActionRefused(
            ngettext(
                "At most %(count)s registration may be open at a time: that is the programme's limit."
                " Close or withdraw it first.",
                "At most %(count)s registrations may be open at a time: that is the programme's limit."
                " Close or withdraw one first.",
                rules.max_open,
            )
            % {"count": rules.max_open},
            code="open_registrations",
        )


def refuse_without(reason: str, message: str, *, field: str = "reason") -> None:
    if not reason.strip():
        raise ActionRefused(message, field=field)


def refuse_wrong_day(day: date, deal: Deal, by: Membership, field: str) -> None:
    if day > today(by.tenant):
        raise ActionRefused(_("The day cannot lie in the future."), field=field)
    if deal.engaged_on and day < deal.engaged_on:
        raise ActionRefused(
            _("The day cannot be before the deal began, on %s.") % short_date(deal.engaged_on),
            field=field,
        )


def refuse_anothers_customer(customer: Customer, partner: Partner) -> None:
    """A customer that a partner has named for itself is that partner's alone until a registration is approved."""
    if customer.named_by_id not in (None, partner.pk):
        raise ActionRefused(
            _("Choose one of this partner's customers, or one of your own."),
            field="customer",
            code="customer",
        )
