"""What statements and payments tell whom."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incentives.notices import EARNINGS
from metrics.periods import Period
from partners.directory.models import Partner
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.events.models import Event
from portal.money import quick_money
from portal.shell.audience import people_of, vendor_people
from portal.shell.notices import Notice, Words, notifies


def to_approve(events: list[Event]) -> Iterable[Notice]:
    """The admins: one of them other than the proposer decides."""
    admins = vendor_people({Role.ADMIN})
    for event in events:
        page = "statements:closing" if event.type == "closing.proposed" else "statements:batch"
        yield Notice(event, admins, {**event.data, "event": event.type}, page, (event.subject_id,))


def to_approve_text(words: Words) -> str:
    if words["event"] == "closing.proposed":
        period = Period.parse(words["period"]).label()
        return _("The close of %(period)s waits for your approval") % {"period": period}
    total = quick_money(words["total"], words["currency"])
    return _("Payments of %(total)s wait for your approval") % {"total": total}


def many_to_approve(count: int) -> str:
    return ngettext("%s payout waits for approval", "%s payouts wait for approval", count) % count


def stated(events: list[Event]) -> Iterable[Notice]:
    """The partner's people."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            words = {**event.data, "event": event.type}
            yield Notice(event, people[event.partner_id], words, "statements:detail", (event.subject_id,))


def stated_text(words: Words) -> str:
    if words["event"] == "statement.paid":
        paid = quick_money(words["amount"], words["currency"])
        return _("%(paid)s was paid to you for statement %(number)s") % {**words, "paid": paid}
    if words["event"] == "statement.payment_failed":
        return _("The payment of statement %(number)s failed: check your payout details") % words
    if words["payable"]:
        money = quick_money(words["payable"], words["currency"])
        return _("Statement %(number)s is ready: %(money)s will be paid") % {**words, "money": money}
    return _("Statement %(number)s is ready; its balance is carried forward") % words


def many_stated(count: int) -> str:
    return ngettext("%s change to your statements", "%s changes to your statements", count) % count


def details_changed(events: list[Event]) -> Iterable[Notice]:
    """The admins, who verify them; and the owners of the partner, in case it was not they."""
    admins = vendor_people({Role.ADMIN})
    partners = Partner.objects.in_bulk({event.subject_id for event in events})
    for event in events:
        if partner := partners.get(event.subject_id):
            words = {"partner": partner.name, "ends": event.data["ends"]}
            yield Notice(event, admins, words, "statements:payee", (partner.pk,))


def details_changed_text(words: Words) -> str:
    return _("%(partner)s has new payout details (account ending in %(ends)s): verify them") % words


def many_details_changed(count: int) -> str:
    return ngettext("%s partner has new payout details", "%s partners have new payout details", count) % count


def own_details_changed(events: list[Event]) -> Iterable[Notice]:
    owners = people_of({event.partner_id for event in events if event.partner_id}, {Role.PARTNER_OWNER})
    for event in events:
        if event.partner_id:
            yield Notice(
                event, owners[event.partner_id], {"ends": event.data["ends"]}, "statements:my_details"
            )


def own_details_changed_text(words: Words) -> str:
    return _("Your company’s payout details were changed: the account ends in %(ends)s") % words


def many_own_details_changed(count: int) -> str:
    return ngettext(
        "Your payout details were changed", "Your payout details were changed %(count)s times", count
    ) % {"count": count}


notifies(
    "payouts.to_approve",
    gettext_lazy("Closes and payments that wait for approval"),
    group=EARNINGS,
    events=("closing.proposed", "batch.proposed"),
    tell=to_approve,
    text=to_approve_text,
    many=many_to_approve,
    many_url="statements:closings",
    roles=(Role.ADMIN,),
    icon="cash",
    order=510,
)
notifies(
    "payouts.details",
    gettext_lazy("New payout details to verify"),
    group=EARNINGS,
    events=("payout.details_changed",),
    tell=details_changed,
    text=details_changed_text,
    many=many_details_changed,
    many_url="statements:payees",
    roles=VENDOR_ROLES,
    icon="building-bank",
    order=511,
)
notifies(
    "payouts.own_details",
    gettext_lazy("Changes of your payout details"),
    group=EARNINGS,
    events=("payout.details_changed",),
    tell=own_details_changed,
    text=own_details_changed_text,
    many=many_own_details_changed,
    many_url="statements:my_details",
    roles=PARTNER_ROLES,
    icon="building-bank",
    order=512,
)
notifies(
    "payouts.statements",
    gettext_lazy("Statements and payments"),
    group=EARNINGS,
    events=("statement.approved", "statement.paid", "statement.payment_failed"),
    tell=stated,
    text=stated_text,
    many=many_stated,
    many_url="statements:list",
    roles=PARTNER_ROLES,
    icon="file-invoice",
    order=513,
)
