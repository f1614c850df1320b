"""Input for deals. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.deals import actions
from partners.deals.approvals.models import RejectionReason
from partners.deals.approvals.queries import rejection_reasons
from partners.deals.enums import (
    OPEN_STAGES,
    WIN_PROOF,
    ForecastCategory,
    Missing,
    RegistrationStatus,
    SalesStage,
)
from partners.deals.models import Deal, DealPolicy, ProtectionDays
from partners.deals.product_lines import ProductFields, ProductLines, first_line
from partners.deals.selling.losses import competitors_offered, loss_reasons
from partners.deals.workdays import today
from partners.directory.actions import name_customer
from partners.directory.fields import AmountField, DateField
from portal.accounts.models import Membership
from portal.files.actions import attach
from portal.files.forms import FilesField

STAGE_CHOICES = [(stage.value, stage.label) for stage in OPEN_STAGES]


class StepForm(forms.Form):
    """Base of the forms of one verb: they know the deal, who acts, and which version was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    with_lines = False

    def __init__(self, *args: Any, by: Membership, deal: Deal, **kwargs: Any):
        self.by, self.deal = by, deal
        kwargs["initial"] = {"version": deal.version} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    @property
    def seen(self) -> dict[str, Any]:
        return {"by": self.by, "version": self.cleaned_data["version"]}

    def save(self) -> Deal:
        raise NotImplementedError


class SubmitForm(StepForm):
    def save(self) -> Deal:
        return actions.submit_each(self.deal, **self.seen)[0]


class ReviewForm(StepForm):
    def save(self) -> Deal:
        return actions.start_review(self.deal, **self.seen)


class ApproveForm(StepForm):
    note = forms.CharField(
        label=_("Note to the partner"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def save(self) -> Deal:
        return actions.approve(self.deal, note=self.cleaned_data["note"], **self.seen)


class ReasonForm(StepForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        help_text=_("The partner will read this."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ReturnForm(ReasonForm):
    missing = forms.MultipleChoiceField(
        label=_("What is missing?"),
        choices=Missing.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("missing", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].label = _("In your words")

    def save(self) -> Deal:
        data = self.cleaned_data
        return actions.return_for_changes(
            self.deal, reason=data["reason"], missing=data["missing"], **self.seen
        )


class RejectForm(ReasonForm):
    """A reason from the programme's list and words of one's own; without a list the words alone."""

    choice = forms.ModelChoiceField(
        label=_("Why?"), queryset=RejectionReason.objects.none(), empty_label=_("Choose…")
    )
    field_order = ("choice", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        reasons = rejection_reasons()
        if not reasons.exists():
            del self.fields["choice"]
            return
        self.fields["choice"].queryset = reasons
        self.fields["reason"].required = False
        self.fields["reason"].label = _("In your words")

    def save(self) -> Deal:
        data = self.cleaned_data
        return actions.reject(self.deal, reason=data["reason"], choice=data.get("choice"), **self.seen)


class AppealForm(StepForm):
    grounds = forms.CharField(
        label=_("Why should it be looked at again?"),
        max_length=2000,
        help_text=_("An administrator reads it. What has the first decision not taken into account?"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def save(self) -> Deal:
        return actions.appeal(self.deal, grounds=self.cleaned_data["grounds"], **self.seen)


class GrantAppealForm(ReasonForm):
    def save(self) -> Deal:
        return actions.grant_appeal(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class UpholdForm(ReasonForm):
    def save(self) -> Deal:
        return actions.uphold_rejection(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class AskExtensionForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Why do you need more time?")
        self.fields["reason"].help_text = _("Your channel manager reads it.")

    def save(self) -> Deal:
        return actions.ask_extension(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class ExtendForm(ApproveForm):
    def save(self) -> Deal:
        return actions.extend(self.deal, note=self.cleaned_data["note"], **self.seen)


class DeclineExtensionForm(ReasonForm):
    def save(self) -> Deal:
        return actions.decline_extension(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class CancelForm(ReasonForm):
    def save(self) -> Deal:
        return actions.cancel(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class DeclineWinForm(ReasonForm):
    def save(self) -> Deal:
        return actions.decline_win(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class ConfirmWinForm(StepForm):
    def save(self) -> Deal:
        return actions.confirm_win(self.deal, **self.seen)


class WithdrawForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].help_text = _("Optional.")

    def save(self) -> Deal:
        return actions.withdraw(self.deal, reason=self.cleaned_data["reason"], **self.seen)


class WinForm(StepForm, ProductLines):
    """The amount, the day, what was sold, and the customer where the deal has none yet."""

    with_lines = True

    revenue = AmountField(label=_("Amount won"), help_text=_("What the customer pays in all."))
    won_on = DateField(label=_("Won on"), help_text=_("The day of the order."))
    cost = AmountField(
        label=_("Cost"),
        required=False,
        help_text=_("Optional. What you paid for what you sold; it shows the margin."),
    )
    proof = FilesField(
        label=_("Proof"), required=False, help_text=_("Optional. The order or the signed contract.")
    )
    customer_name = forms.CharField(
        label=_("Customer"),
        max_length=200,
        help_text=_("The company that bought. Choose one of your customers or type a new name."),
        widget=forms.TextInput(attrs={"list": "customer-names", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, by: Membership, deal: Deal, **kwargs: Any):
        initial = {"revenue": deal.amount, "won_on": today(by.tenant), **first_line(deal)}
        super().__init__(*args, by=by, deal=deal, initial=initial, **kwargs)
        self.fields["revenue"].for_currency(deal.currency)
        self.fields["cost"].for_currency(deal.currency)
        self.offer_lines(deal, deal.currency, deal)
        if deal.customer_id:
            del self.fields["customer_name"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.read_lines(strict=True)
        return self.cleaned_data

    @property
    def plain_fields(self) -> list[Any]:
        """All but the hidden ones and the product line, which have a place of their own."""
        return [field for field in self.visible_fields() if field.name not in ProductFields.base_fields]

    def save(self) -> Deal:
        data = self.cleaned_data
        customer = None
        if "customer_name" in data:
            customer = name_customer(self.deal.partner, data["customer_name"], by=self.by)
        deal = actions.win(
            self.deal,
            revenue=data["revenue"],
            won_on=data["won_on"],
            cost=data["cost"],
            customer=customer,
            lines=self.asked,
            **self.seen,
        )
        for upload in data["proof"]:
            attach(deal, upload, by=self.by, purpose=WIN_PROOF)
        return deal


class LoseForm(StepForm):
    reason = forms.ChoiceField(label=_("Why was it lost?"), widget=forms.RadioSelect)
    competitor = forms.CharField(
        label=_("Who won it?"),
        max_length=200,
        required=False,
        help_text=_("The competitor, if you know."),
        widget=forms.TextInput(attrs={"list": "competitors", "autocomplete": "off"}),
    )
    lost_on = DateField(label=_("Lost on"))

    def __init__(self, *args: Any, by: Membership, deal: Deal, **kwargs: Any):
        super().__init__(*args, by=by, deal=deal, initial={"lost_on": today(by.tenant)}, **kwargs)
        self.fields["reason"].choices = [(name, name) for name in loss_reasons()]
        self.suggestions = {"competitors": competitors_offered(by)}

    def save(self) -> Deal:
        data = self.cleaned_data
        return actions.lose(
            self.deal,
            reason=data["reason"],
            competitor=data["competitor"],
            lost_on=data["lost_on"],
            **self.seen,
        )


class UpdateForm(StepForm):
    """How far an open deal is, what it will bring, and what is done next."""

    told = ("amount", "expected_close", "forecast", "next_step", "next_step_on", "notes")
    stage = forms.ChoiceField(label=_("Stage"), choices=STAGE_CHOICES)
    amount = AmountField(label=_("Expected amount"))
    expected_close = DateField(label=_("Expected close"))
    forecast = forms.ChoiceField(
        label=_("Forecast"),
        choices=ForecastCategory,
        help_text=_("Commit: you are sure of it. Best case: it may well come. Omitted: do not count it."),
    )
    next_step = forms.CharField(label=_("Next step"), max_length=200, required=False)
    next_step_on = DateField(label=_("Next step on"), required=False)
    notes = forms.CharField(
        label=_("Notes"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, by: Membership, deal: Deal, **kwargs: Any):
        super().__init__(
            *args, by=by, deal=deal, initial={n: getattr(deal, n) for n in ("stage", *self.told)}, **kwargs
        )
        self.fields["amount"].for_currency(deal.currency)

    def save(self) -> Deal:
        data = self.cleaned_data
        deal = actions.move_stage(self.deal, SalesStage(data["stage"]), **self.seen)
        return actions.update_deal(deal, by=self.by, **{name: data[name] for name in self.told})


class ReverseForm(ReasonForm):
    to = forms.ChoiceField(
        label=_("What is true instead?"),
        choices=[
            (RegistrationStatus.APPROVED.value, _("The deal is still open")),
            (RegistrationStatus.LOST.value, _("The deal was lost")),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ("to", "reason")

    def save(self) -> Deal:
        to = RegistrationStatus(self.cleaned_data["to"])
        return actions.reverse(self.deal, to, reason=self.cleaned_data["reason"], **self.seen)


class PolicyForm(forms.Form):
    """The programme's rules for registrations."""

    protection_days = forms.TypedChoiceField(
        label=_("Protection after approval"), choices=ProtectionDays, coerce=int
    )
    decision_days = forms.IntegerField(label=_("Business days to decide"), min_value=0, max_value=60)
    max_resubmissions = forms.IntegerField(
        label=_("Resubmissions"),
        min_value=0,
        max_value=20,
        help_text=_("How often a returned registration may come back."),
    )
    minimum_amount = AmountField(
        label=_("Minimum amount"), help_text=_("Deals below it are not registered. 0 for no minimum.")
    )
    max_open = forms.IntegerField(
        label=_("Open registrations per partner"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=_("Submitted and approved ones together. Empty for no limit."),
    )
    max_extensions = forms.IntegerField(
        label=_("Extensions"),
        min_value=0,
        max_value=20,
        help_text=_("How often a partner may get more time."),
    )
    extension_days = forms.IntegerField(label=_("Days an extension adds"), min_value=1, max_value=365)
    escalation_days = forms.IntegerField(
        label=_("Business days until administrators are told"),
        min_value=0,
        max_value=60,
        help_text=_("Counted from the deadline of an answer that has not been given."),
    )
    confirm_wins = forms.BooleanField(
        label=_("A manager confirms reported wins"),
        required=False,
        help_text=_("Without it a reported win counts at once."),
    )

    def __init__(self, *args: Any, by: Membership, policy: DealPolicy, **kwargs: Any):
        self.by = by
        kwargs["initial"] = {name: getattr(policy, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        self.fields["minimum_amount"].for_currency(by.tenant.currency)

    def save(self) -> DealPolicy:
        return actions.change_policy(by=self.by, **self.cleaned_data)
