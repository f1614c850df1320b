"""What is typed about funds."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from incentives.fields import PercentField, amount_text
from incentives.funds.enums import ActivityKind, Basis, FundPeriod
from incentives.funds.models import Budget, Fund
from incentives.tiers.models import Tier
from partners.directory.fields import AmountField
from partners.marketing.models import Campaign
from portal.money import offered_currencies

DAY = {"type": "date"}


class RequestForm(forms.Form):
    budget = forms.ChoiceField(label=_("Budget"))
    title = forms.CharField(label=_("Activity"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=ActivityKind.choices)
    description = forms.CharField(
        label=_("What is planned"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Who it is for, where, and how you will see that it worked."),
    )
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    ends_on = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    cost = AmountField(label=_("Planned cost"))
    amount = AmountField(label=_("Asked for"))
    expected_leads = forms.IntegerField(label=_("Expected leads"), min_value=0, initial=0, required=False)
    expected_revenue = AmountField(label=_("Expected revenue"), required=False)

    def __init__(self, *args: Any, budgets: Sequence[Budget], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.budgets = {str(budget.pk): budget for budget in budgets}
        self.fields["budget"].choices = [
            (key, f"{budget.fund.name}, {budget.period.label()} ({budget.fund.currency})")
            for key, budget in self.budgets.items()
        ]
        chosen = self.budgets.get(str(self.data.get("budget") or self.initial.get("budget") or ""))
        chosen = chosen or next(iter(self.budgets.values()), None)
        for name in ("cost", "amount", "expected_revenue"):
            field = self.fields[name]
            assert isinstance(field, AmountField)
            field.currency = chosen.fund.currency if chosen else "EUR"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["expected_leads"] = cleaned.get("expected_leads") or 0
        cleaned["expected_revenue"] = cleaned.get("expected_revenue") or 0
        return cleaned


class CampaignForm(forms.Form):
    """In which campaign an activity's results are measured."""

    campaign = forms.ChoiceField(
        label=_("Campaign"),
        required=False,
        help_text=_("Its figures say what came of the money."),
    )

    def __init__(self, *args: Any, campaigns: Sequence[Campaign], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.campaigns = {str(campaign.pk): campaign for campaign in campaigns}
        self.fields["campaign"].choices = [
            ("", _g("None")),
            *((key, campaign.name) for key, campaign in self.campaigns.items()),
        ]

    def clean_campaign(self) -> Campaign | None:
        return self.campaigns.get(self.cleaned_data["campaign"])


class ClaimForm(forms.Form):
    cost = AmountField(label=_("What was spent"))
    amount = AmountField(label=_("Claimed"))
    leads = forms.IntegerField(label=_("Leads that came of it"), min_value=0, initial=0, required=False)
    note = forms.CharField(
        label=_("What came of it"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    is_last = forms.BooleanField(label=_("Nothing more will be claimed"), required=False, initial=True)

    def __init__(self, *args: Any, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("cost", "amount"):
            field = self.fields[name]
            assert isinstance(field, AmountField)
            field.for_currency(currency)

    def clean_leads(self) -> int:
        return self.cleaned_data["leads"] or 0


class DecisionForm(forms.Form):
    """An amount to approve or to settle, or a reason to return or to reject."""

    amount = AmountField(label=_("Amount"), required=False)
    reason = forms.CharField(
        label=_("Note or reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["amount"]
        assert isinstance(field, AmountField)
        field.for_currency(currency)


class FundForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    currency = forms.ChoiceField(label=_("Currency"))
    period = forms.ChoiceField(label=_("Budgets are given by"), choices=FundPeriod.choices)
    basis = forms.ChoiceField(label=_("A budget is"), choices=Basis.choices)
    share = PercentField(label=_("Share of the revenue of the period before (%)"), required=False)
    reimbursed = PercentField(
        label=_("Part of an activity’s cost that is paid (%)"), help_text=_("50 is usual: half each.")
    )
    claim_days = forms.IntegerField(
        label=_("Days to claim after the period"),
        min_value=0,
        max_value=366,
        help_text=_("What is not claimed by then is forfeited."),
    )
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, tiers: Sequence[Tier], currency: str, fund: Fund | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tiers = list(tiers)
        self.fields["currency"].choices = offered_currencies(currency)
        shown = str(self.data.get("currency") or currency)
        amounts = fund.amounts if fund else {}
        for tier in self.tiers:
            minor = int(amounts.get(str(tier.pk), 0))
            self.fields[f"tier-{tier.pk}"] = AmountField(
                label=_g("Budget of %(tier)s") % {"tier": tier.name},
                currency=shown,
                required=False,
                initial=amount_text(minor, shown) if minor else "",
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        amounts = {}
        for tier in self.tiers:
            minor = cleaned.pop(f"tier-{tier.pk}", None)
            if minor:
                amounts[str(tier.pk)] = minor
        cleaned["amounts"] = amounts
        cleaned["share"] = cleaned.get("share") or 0
        if cleaned.get("basis") == Basis.TIER and not amounts:
            raise ValidationError(_g("Give at least one tier a budget."))
        if cleaned.get("basis") == Basis.SHARE and not cleaned["share"]:
            self.add_error("share", _g("Say which share."))
        return cleaned
