"""What an action needs before it goes ahead; each function raises ActionRefused with the sentence for the person."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners.deals.models import Deal, DealPolicy
from partners.deals.workdays import today
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.money import format_money


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


def refuse_without(reason: str, message: str) -> None:
    if not reason.strip():
        raise ActionRefused(message, field="reason")


def refuse_wrong_day(day: date, deal: Deal, by: Membership, field: str) -> None:
    if day > today(by.tenant):
        raise ActionRefused(_("The day cannot lie in the future."), field=field)
    if deal.engaged_on and day < deal.engaged_on:
        raise ActionRefused(
            _("The day cannot be before the deal began, on %s.")
            % date_format(deal.engaged_on, "DATE_FORMAT"),
            field=field,
        )
