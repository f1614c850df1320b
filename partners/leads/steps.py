"""The pages of a lead's verbs: which form, what it says before, and what it says after."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.leads import forms
from partners.leads.enums import LeadStatus
from partners.leads.models import Lead
from portal.shell.formats import short_time


@dataclass(frozen=True)
class Step:
    """`title` heads the page and names the button on the lead's page; `done` says what happens next. A verb that
    `leaves` takes the lead from who did it, who is brought to the list."""

    title: Promise
    consequence: Promise
    submit_label: Promise
    form: type[forms.StepForm]
    done: Callable[[Lead], str]
    icon: str
    danger: bool = False
    leaves: bool = False


def placed(lead: Lead) -> str:
    """Where a lead of the vendor's is now, to its people."""
    if lead.status == LeadStatus.OFFERED and lead.partner is not None:
        return _("Offered to %(partner)s, who answers by %(due)s.") % {
            "partner": lead.partner.name,
            "due": short_time(lead.answer_due_at),
        }
    if lead.status == LeadStatus.POOL:
        return _("The lead is in the pool: the first partner who picks it has it.")
    return _("The lead waits to be distributed: no rule gives it to a partner.")


def converted(lead: Lead) -> str:
    deal = lead.deal
    assert deal is not None
    if not deal.status:
        return _("The lead is now the deal %s. Keep its stage up to date.") % deal.number
    if deal.is_waiting:
        return _("The lead is now the deal %s, which waits for the vendor’s decision.") % deal.number
    return _("The lead is now the deal %s. Submit it to claim the customer.") % deal.number


STEPS: dict[str, Step] = {
    "accept": Step(
        gettext_lazy("Accept"),
        gettext_lazy("The lead is yours to work on. Get in touch soon: the customer expects it."),
        gettext_lazy("Accept the lead"),
        forms.AcceptForm,
        lambda lead: _("The lead is yours. Get in touch, and make a deal of it when it becomes one."),
        "check",
    ),
    "decline": Step(
        gettext_lazy("Decline"),
        gettext_lazy("The lead goes to someone else, and you no longer see it."),
        gettext_lazy("Decline the lead"),
        forms.DeclineForm,
        lambda lead: _("Declined. Thank you for saying why."),
        "x",
        danger=True,
        leaves=True,
    ),
    "offer": Step(
        gettext_lazy("Give to a partner"),
        gettext_lazy(
            "The partner is asked to accept or decline in time; otherwise the lead moves on by the rules."
        ),
        gettext_lazy("Offer the lead"),
        forms.OfferForm,
        placed,
        "user-share",
    ),
    "distribute": Step(
        gettext_lazy("Distribute by the rules"),
        gettext_lazy("The first rule that the lead meets says which partner is offered it."),
        gettext_lazy("Distribute the lead"),
        forms.DistributeForm,
        placed,
        "arrows-split",
    ),
    "put_in_pool": Step(
        gettext_lazy("Put in the pool"),
        gettext_lazy(
            "Partners in the lead’s region see what it is about, and the first who picks it has it."
        ),
        gettext_lazy("Put it in the pool"),
        forms.PoolForm,
        placed,
        "stack-2",
    ),
    "take_back": Step(
        gettext_lazy("Take back"),
        gettext_lazy(
            "The partner no longer sees the lead; what it noted on it is removed. You distribute it anew."
        ),
        gettext_lazy("Take the lead back"),
        forms.TakeBackForm,
        lambda lead: _("Taken back. The lead waits to be distributed."),
        "arrow-back-up",
        danger=True,
    ),
    "disqualify": Step(
        gettext_lazy("Disqualify"),
        gettext_lazy("The lead is closed without a deal. It can be reopened later."),
        gettext_lazy("Disqualify the lead"),
        forms.DisqualifyForm,
        lambda lead: _("Closed without a deal. It can be reopened if things change."),
        "ban",
        danger=True,
    ),
    "reopen": Step(
        gettext_lazy("Reopen"),
        gettext_lazy("The lead is taken up again where it was."),
        gettext_lazy("Reopen the lead"),
        forms.ReopenForm,
        lambda lead: _("The lead is open again."),
        "refresh",
    ),
}
