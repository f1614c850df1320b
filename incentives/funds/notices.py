"""What funds tell whom."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.directory.models import Partner
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.events.models import Event
from portal.money import quick_money
from portal.shell.audience import people_of, vendor_people
from portal.shell.notices import Notice, Words, notifies

FUNDS = gettext_lazy("Marketing funds")


def _page(event: Event) -> str:
    return "funds:claim" if event.type.startswith(("fund.claimed", "fund.claim_")) else "funds:request"


def to_decide(events: list[Event]) -> Iterable[Notice]:
    """Requests: the partner's manager and the admins. Claims: the admins, who settle them."""
    admins = set(vendor_people({Role.ADMIN}))
    partners = Partner.objects.in_bulk({event.partner_id for event in events if event.partner_id})
    for event in events:
        partner = partners.get(event.partner_id)
        if partner is None:
            continue
        manager = {partner.manager_id} if partner.manager_id and event.type == "fund.requested" else set()
        words = {**event.data, "partner": partner.name, "event": event.type}
        yield Notice(event, admins | manager, words, _page(event), (event.subject_id,))


def to_decide_text(words: Words) -> str:
    money = quick_money(words["amount"], words["currency"])
    if words["event"] == "fund.requested":
        return _("%(partner)s asks for %(money)s: %(title)s") % {**words, "money": money}
    return _("%(partner)s claims %(money)s: %(title)s") % {**words, "money": money}


def many_to_decide(count: int) -> str:
    return ngettext("%s request or claim for funds", "%s requests and claims for funds", count) % count


def decided(events: list[Event]) -> Iterable[Notice]:
    """The partner's people."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            words = {**event.data, "event": event.type}
            yield Notice(event, people[event.partner_id], words, _page(event), (event.subject_id,))


def decided_text(words: Words) -> str:
    if words["event"] == "fund.request_approved":
        money = quick_money(words["approved"], words["currency"])
        return _("%(money)s is approved for “%(title)s”") % {**words, "money": money}
    if words["event"] == "fund.claim_settled":
        money = quick_money(words["settled"], words["currency"])
        return _("%(money)s will be paid for “%(title)s”") % {**words, "money": money}
    if words["event"] in ("fund.request_returned", "fund.claim_returned"):
        return _("“%(title)s” is returned to you: %(reason)s") % words
    return _("“%(title)s” is not approved: %(reason)s") % words


def many_decided(count: int) -> str:
    return ngettext("%s decision on funds", "%s decisions on funds", count) % count


def budgets(events: list[Event]) -> Iterable[Notice]:
    people = people_of({event.partner_id for event in events if event.partner_id}, {Role.PARTNER_OWNER})
    for event in events:
        if event.partner_id:
            yield Notice(
                event, people[event.partner_id], {**event.data, "event": event.type}, "funds:requests"
            )


def budgets_text(words: Words) -> str:
    if words["event"] == "fund.budget_given":
        money = quick_money(words["amount"], words["currency"])
        return _("You have a new marketing budget of %(money)s") % {"money": money}
    money = quick_money(words["forfeited"], words["currency"])
    return _("%(money)s of a marketing budget was not claimed and is forfeited") % {"money": money}


def many_budgets(count: int) -> str:
    return ngettext("%s change of your budgets", "%s changes of your budgets", count) % count


notifies(
    "funds.to_decide",
    gettext_lazy("Requests and claims that wait for you"),
    group=FUNDS,
    events=("fund.requested", "fund.claimed"),
    tell=to_decide,
    text=to_decide_text,
    many=many_to_decide,
    many_url="funds:requests",
    roles=VENDOR_ROLES,
    icon="speakerphone",
    order=520,
)
notifies(
    "funds.decided",
    gettext_lazy("Decisions on your requests and claims"),
    group=FUNDS,
    events=(
        "fund.request_approved",
        "fund.request_returned",
        "fund.request_rejected",
        "fund.claim_settled",
        "fund.claim_returned",
        "fund.claim_rejected",
    ),
    tell=decided,
    text=decided_text,
    many=many_decided,
    many_url="funds:requests",
    roles=PARTNER_ROLES,
    icon="speakerphone",
    order=521,
)
notifies(
    "funds.budgets",
    gettext_lazy("Your marketing budgets"),
    group=FUNDS,
    events=("fund.budget_given", "fund.budget_closed"),
    tell=budgets,
    text=budgets_text,
    many=many_budgets,
    many_url="funds:requests",
    roles=PARTNER_ROLES,
    icon="speakerphone",
    order=522,
)
