"""This floor's events in sentences."""

from datetime import date

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event
from portal.money import quick_money
from portal.shell.formats import short_date


def _day(text: str) -> str:
    return short_date(date.fromisoformat(text))


@describes("tier.proposed")
def proposed(event: Event) -> str:
    return _("A move from %(from)s to %(to)s was proposed") % event.data


@describes("tier.declined")
def declined(event: Event) -> str:
    return _("The move from %(from)s to %(to)s was declined: %(reason)s") % event.data


@describes("tier.assigned")
def assigned(event: Event) -> str:
    return _("Tier %(tier)s from %(on)s") % (event.data | {"on": _day(event.data["on"])})


@describes("tier.saved")
def saved(event: Event) -> str:
    template = _("Tier %(name)s was added") if event.data.get("new") else _("Tier %(name)s was changed")
    return template % event.data


@describes("tier.check_saved")
def check_saved(event: Event) -> str:
    template = (
        _("The manual check %(name)s was added")
        if event.data.get("new")
        else _("The manual check %(name)s was changed")
    )
    return template % event.data


@describes("tier.check_confirmed")
def check_confirmed(event: Event) -> str:
    return _("%(check)s was confirmed: %(note)s") % event.data


@describes("tier.check_withdrawn")
def check_withdrawn(event: Event) -> str:
    return _("The confirmation of %(check)s was withdrawn") % event.data


def _until(event: Event) -> dict[str, str]:
    return event.data | {"until": _day(event.data["until"])}


@describes("tier.override_proposed")
def override_proposed(event: Event) -> str:
    return _("Tier %(tier)s by hand until %(until)s was proposed: %(reason)s") % _until(event)


@describes("tier.override_approved")
def override_approved(event: Event) -> str:
    return _("Tier %(tier)s by hand until %(until)s was approved") % _until(event)


@describes("tier.override_declined")
def override_declined(event: Event) -> str:
    return _("Tier %(tier)s by hand was declined: %(answer)s") % event.data


@describes("tier.override_withdrawn")
def override_withdrawn(event: Event) -> str:
    return _("The proposal of tier %(tier)s by hand was withdrawn") % event.data


@describes("tier.override_ended")
def override_ended(event: Event) -> str:
    return _("Tier %(tier)s by hand ended on %(until)s") % _until(event)


@describes("tier.benefit_saved")
def benefit_saved(event: Event) -> str:
    return _("The benefit “%(name)s” of tier %(tier)s was changed") % event.data


@describes("tier.benefit_delivered")
def benefit_delivered(event: Event) -> str:
    return _("The benefit “%(name)s” was delivered") % event.data


@describes("tier.policy_saved")
def policy_saved(event: Event) -> str:
    return _("The rules for moving between tiers were changed")


@describes("plan.published")
def published(event: Event) -> str:
    return _("Version %(version)d of plan %(plan)s was published, from %(from)s") % (
        event.data | {"from": _day(event.data["from"])}
    )


@describes("ledger.payable")
def payable(event: Event) -> str:
    amounts = [quick_money(amount, currency) for currency, amount in event.data["amounts"].items()]
    return _("%(amounts)s can be paid out") % {"amounts": ", ".join(amounts)}


@describes("ledger.posted", routine=True)
def posted(event: Event) -> str:
    amounts = [quick_money(amount, currency) for currency, amount in event.data["amounts"].items()]
    return _("Earnings changed by %(amounts)s") % {"amounts": ", ".join(amounts)}


@describes("adjustment.proposed")
def adjustment_proposed(event: Event) -> str:
    return _("An adjustment of %(amount)s was proposed: %(reason)s") % _with_amount(event)


@describes("adjustment.approved")
def adjustment_approved(event: Event) -> str:
    return _("The adjustment of %(amount)s was approved and posted") % _with_amount(event)


@describes("adjustment.declined")
def adjustment_declined(event: Event) -> str:
    return _("The adjustment of %(amount)s was declined: %(answer)s") % _with_amount(event)


@describes("adjustment.withdrawn")
def adjustment_withdrawn(event: Event) -> str:
    return _("The proposal to adjust by %(amount)s was withdrawn") % _with_amount(event)


def _with_amount(event: Event) -> dict[str, str]:
    return event.data | {"amount": quick_money(event.data["amount"], event.data["currency"])}


@describes("dispute.raised")
def dispute_raised(event: Event) -> str:
    return _("The earnings of %(for)s were disputed") % event.data


@describes("dispute.accepted")
def dispute_accepted(event: Event) -> str:
    return _("The dispute about %(for)s was accepted: %(answer)s") % event.data


@describes("dispute.rejected")
def dispute_rejected(event: Event) -> str:
    return _("The dispute about %(for)s was not accepted: %(answer)s") % event.data


@describes("dispute.withdrawn")
def dispute_withdrawn(event: Event) -> str:
    return _("The dispute about %(for)s was withdrawn") % event.data
