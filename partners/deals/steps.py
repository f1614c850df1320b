"""The pages of a deal's verbs: which form, what it says before, and what it says after."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.deals import forms
from partners.deals.approvals.queries import who_decides
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal
from portal.shell.formats import short_date


@dataclass(frozen=True)
class Step:
    """`title` heads the page and names the button on the deal's page; `done` says what happens next."""

    title: Promise
    consequence: Promise
    submit_label: Promise
    form: type[forms.StepForm]
    done: Callable[[Deal], str]
    icon: str
    danger: bool = False


def submitted_text(deal: Deal) -> str:
    """What happens after a submission, or what a rule has decided already."""
    if deal.status == RegistrationStatus.APPROVED:
        return _("%(number)s is approved at once. The customer is protected for you until %(day)s.") % {
            "number": deal.number,
            "day": short_date(deal.protection.upper),
        }
    assert deal.answer_due_at is not None
    return _("%(number)s has been submitted. %(who)s answers by %(day)s; you will see it here.") % {
        "number": deal.number,
        "who": who_decides(deal, deal.tenant),
        "day": short_date(deal.answer_due_at),
    }


def _approved(deal: Deal) -> str:
    if deal.status != RegistrationStatus.APPROVED:
        return _("Your approval is noted. The rule asks for a second person, who completes it.")
    return _("Approved. %(partner)s holds the customer until %(day)s.") % {
        "partner": deal.partner.name,
        "day": short_date(deal.protection.upper),
    }


def _won(deal: Deal) -> str:
    if deal.win_claim:
        return _("Thank you. Your channel manager confirms the win; it counts from then on.")
    return _("Congratulations! The win counts from now on; score and earnings follow within seconds.")


STEPS: dict[str, Step] = {
    "submit": Step(
        gettext_lazy("Submit for approval"),
        gettext_lazy(
            "The vendor decides on the registration. Until then it cannot be changed, only withdrawn."
        ),
        gettext_lazy("Submit"),
        forms.SubmitForm,
        submitted_text,
        "send",
    ),
    "start_review": Step(
        gettext_lazy("Start review"),
        gettext_lazy("The partner sees that someone is looking at it."),
        gettext_lazy("Start the review"),
        forms.ReviewForm,
        lambda deal: _(
            "The partner now sees that the registration is in review. It still waits for your decision."
        ),
        "eye",
    ),
    "approve": Step(
        gettext_lazy("Approve"),
        gettext_lazy("The partner holds this customer for this product family while the protection lasts."),
        gettext_lazy("Approve the registration"),
        forms.ApproveForm,
        _approved,
        "shield-check",
    ),
    "return": Step(
        gettext_lazy("Return"),
        gettext_lazy("The partner can complete the registration and submit it again."),
        gettext_lazy("Return to the partner"),
        forms.ReturnForm,
        lambda deal: _("Returned. The partner reads what is missing and can submit again."),
        "arrow-back-up",
    ),
    "reject": Step(
        gettext_lazy("Reject"),
        gettext_lazy("The registration ends here. The partner cannot submit it again."),
        gettext_lazy("Reject the registration"),
        forms.RejectForm,
        lambda deal: _("Rejected. The partner reads the reason."),
        "x",
        danger=True,
    ),
    "withdraw": Step(
        gettext_lazy("Withdraw"),
        gettext_lazy("The registration ends here. You can register the customer again later."),
        gettext_lazy("Withdraw the registration"),
        forms.WithdrawForm,
        lambda deal: _("Withdrawn. Nothing more happens with this registration."),
        "ban",
        danger=True,
    ),
    "appeal": Step(
        gettext_lazy("Appeal"),
        gettext_lazy(
            "An administrator looks at the rejection again and decides for good. You can appeal once."
        ),
        gettext_lazy("Send the appeal"),
        forms.AppealForm,
        lambda deal: (
            _("Your appeal has been sent. An administrator answers by %s.") % short_date(deal.answer_due_at)
        ),
        "scale",
    ),
    "grant_appeal": Step(
        gettext_lazy("Grant the appeal"),
        gettext_lazy("The registration is approved, and the partner holds the customer from now on."),
        gettext_lazy("Approve on appeal"),
        forms.GrantAppealForm,
        _approved,
        "shield-check",
    ),
    "uphold": Step(
        gettext_lazy("Uphold the rejection"),
        gettext_lazy("The rejection stands, for good. The partner reads your grounds."),
        gettext_lazy("Uphold the rejection"),
        forms.UpholdForm,
        lambda deal: _("Upheld. The partner reads your grounds."),
        "x",
        danger=True,
    ),
    "ask_extension": Step(
        gettext_lazy("Ask for more time"),
        gettext_lazy("Your channel manager decides whether the protection ends later."),
        gettext_lazy("Send the request"),
        forms.AskExtensionForm,
        lambda deal: (
            _("Your request has been sent. You have an answer by %s.") % short_date(deal.answer_due_at)
        ),
        "clock-plus",
    ),
    "extend": Step(
        gettext_lazy("Extend the protection"),
        gettext_lazy("The partner holds the customer for longer."),
        gettext_lazy("Extend the protection"),
        forms.ExtendForm,
        lambda deal: _("Extended. The protection now ends on %s.") % short_date(deal.protection.upper),
        "clock-plus",
    ),
    "decline_extension": Step(
        gettext_lazy("Decline more time"),
        gettext_lazy("The protection ends as it was to. The partner reads the reason."),
        gettext_lazy("Decline the request"),
        forms.DeclineExtensionForm,
        lambda deal: _("Declined. The partner reads the reason."),
        "x",
        danger=True,
    ),
    "win": Step(
        gettext_lazy("Report as won"),
        gettext_lazy("The deal counts for the score and for earnings with what you report here."),
        gettext_lazy("Report the win"),
        forms.WinForm,
        _won,
        "trophy",
    ),
    "confirm_win": Step(
        gettext_lazy("Confirm the win"),
        gettext_lazy("The win counts for the partner's score and earnings from now on."),
        gettext_lazy("Confirm the win"),
        forms.ConfirmWinForm,
        lambda deal: _("Confirmed. The win counts from now on."),
        "trophy",
    ),
    "decline_win": Step(
        gettext_lazy("Decline the win"),
        gettext_lazy("The deal stays open; the partner can report again."),
        gettext_lazy("Decline the win"),
        forms.DeclineWinForm,
        lambda deal: _("Declined. The partner reads the reason; the deal stays open."),
        "x",
        danger=True,
    ),
    "lose": Step(
        gettext_lazy("Report as lost"),
        gettext_lazy("The deal is closed and its protection ends. It helps everyone to know why."),
        gettext_lazy("Report the loss"),
        forms.LoseForm,
        lambda deal: _("Noted as lost. Thank you for saying why."),
        "mood-sad",
    ),
    "update": Step(
        gettext_lazy("Update"),
        gettext_lazy("Say how far the sale is and what you expect now."),
        gettext_lazy("Save the update"),
        forms.UpdateForm,
        lambda deal: _("Saved. The pipeline shows what you expect now."),
        "pencil",
    ),
    "cancel": Step(
        gettext_lazy("Cancel the registration"),
        gettext_lazy("The protection ends now, and others may register this customer."),
        gettext_lazy("End the protection"),
        forms.CancelForm,
        lambda deal: _("Cancelled. The protection has ended, and the partner reads the reason."),
        "shield-off",
        danger=True,
    ),
    "reverse": Step(
        gettext_lazy("Reverse the win"),
        gettext_lazy("The win no longer counts; what was earned by it is taken back."),
        gettext_lazy("Reverse the win"),
        forms.ReverseForm,
        lambda deal: _("Reversed. Score and earnings follow within seconds."),
        "arrow-back",
        danger=True,
    ),
}
