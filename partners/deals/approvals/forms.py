"""Input for what decides on registrations. A form's `save` calls an action."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.deals import actions
from partners.deals.approvals.models import ApprovalRule, Holiday, RejectionReason
from partners.deals.approvals.queries import rejection_reasons, rule_choices
from partners.deals.enums import ConflictCondition, Deciders, Decision, Missing
from partners.directory.enums import PartnerType
from partners.directory.fields import AmountField, DateField
from portal.accounts.models import Membership
from portal.shell.registry import segment_choices, segment_label


def _many(label: Any, *, boxes: bool = True, **kwargs: Any) -> forms.MultipleChoiceField:
    widget = forms.CheckboxSelectMultiple() if boxes else forms.SelectMultiple(attrs={"size": 6})
    return forms.MultipleChoiceField(label=label, required=False, widget=widget, **kwargs)


class RuleForm(forms.Form):
    """An approval rule: what it is called, when it applies, and who decides then."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Partners read it when they register a deal.")
    )
    min_amount = AmountField(label=_("Amount from"), required=False)
    max_amount = AmountField(label=_("Amount below"), required=False)
    segments = _many(_("Tier"))
    partner_types = _many(_("Type of partner"), choices=PartnerType.choices)
    regions = _many(_("Region"))
    families = _many(_("Product family"))
    products = _many(_("Product"), boxes=False)
    conflict = forms.ChoiceField(label=_("Conflict"), choices=ConflictCondition.choices, required=False)
    decision = forms.ChoiceField(
        label=_("Then"),
        choices=Decision.choices,
        widget=forms.RadioSelect,
        help_text=_("Where another registration conflicts, nothing is approved at once: one person decides."),
    )
    deciders = forms.ChoiceField(label=_("Who decides"), choices=Deciders.choices)
    decision_days = forms.IntegerField(
        label=_("Business days to decide"),
        min_value=0,
        max_value=60,
        required=False,
        help_text=_("Empty for the programme’s own."),
    )
    is_active = forms.BooleanField(label=_("The rule is in use"), required=False)

    def __init__(self, *args: Any, by: Membership, rule: ApprovalRule, **kwargs: Any):
        self.by, self.rule = by, rule
        kwargs["initial"] = {name: getattr(rule, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        for name in ("min_amount", "max_amount"):
            self.fields[name].for_currency(by.tenant.currency)
        choices = rule_choices()
        for name in ("regions", "families", "products"):
            self.fields[name].choices = choices[name]
        if segment_label():
            self.fields["segments"].label = str(segment_label())
            self.fields["segments"].choices = segment_choices()
        for name in ("segments", "regions", "families", "products"):
            if not self.fields[name].choices:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("min_amount"), data.get("max_amount")
        if low is not None and high is not None and low >= high:
            self.add_error("max_amount", _("This must be more than the amount it begins at."))
        return data

    def draft(self) -> ApprovalRule:
        """The rule as it was typed, not saved."""
        for name, value in self.cleaned_data.items():
            keys = [UUID(key) for key in value] if name in ("families", "products") else value
            setattr(self.rule, name, keys)
        return self.rule

    def save(self) -> ApprovalRule:
        return actions.save_rule(self.draft(), by=self.by)


class ReasonForm(forms.Form):
    """A reason for rejecting that managers can choose."""

    name = forms.CharField(label=_("Reason"), max_length=120, help_text=_("The partner reads it."))

    def __init__(self, *args: Any, by: Membership, reason: RejectionReason, **kwargs: Any):
        self.by, self.reason = by, reason
        super().__init__(*args, **{"initial": {"name": reason.name}, **kwargs})

    def save(self) -> RejectionReason:
        self.reason.name = self.cleaned_data["name"]
        return actions.save_reason(self.reason, by=self.by)


class HolidayForm(forms.Form):
    day = DateField(label=_("Day"))
    name = forms.CharField(label=_("Name"), max_length=80)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        self.by = by
        super().__init__(*args, **kwargs)

    def save(self) -> Holiday:
        data = self.cleaned_data
        return actions.add_holiday(data["day"], data["name"], by=self.by)


class BulkForm(forms.Form):
    """What is said about several registrations at once. `fields` are the action's arguments."""

    def arguments(self) -> Mapping[str, Any]:
        return self.cleaned_data


class BulkApproveForm(BulkForm):
    note = forms.CharField(
        label=_("Note to the partners"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class BulkReturnForm(BulkForm):
    missing = _many(_("What is missing?"), choices=Missing.choices)
    reason = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=2000,
        help_text=_("The partners will read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("missing") and not data.get("reason", "").strip():
            self.add_error("reason", _("Say what is missing, so that the partner can complete it."))
        return data


class BulkRejectForm(BulkForm):
    choice = forms.ModelChoiceField(
        label=_("Why?"),
        queryset=None,
        required=False,
        empty_label=_("Choose…"),
    )
    reason = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=2000,
        help_text=_("The partners will read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["choice"].queryset = rejection_reasons()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("choice") and not data.get("reason", "").strip():
            self.add_error("reason", _("Give the reason; the partner will read it."))
        return data


BULK_FORMS: dict[str, type[BulkForm]] = {
    "approve": BulkApproveForm,
    "return": BulkReturnForm,
    "reject": BulkRejectForm,
}
