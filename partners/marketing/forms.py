"""Input of campaigns and of their daily figures. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.fields import AmountField, DateField
from partners.directory.models import Partner
from partners.marketing import actions, queries
from partners.marketing.models import AMOUNTS, COUNTS, FIGURES, Campaign, DailyFigure
from portal.accounts.models import Membership

_CHANGED = ("name", "starts_on", "ends_on", "budget", "goal", "is_cobranded", "is_joint")


class CampaignForm(forms.Form):
    partner = forms.ModelChoiceField(label=_("Partner"), queryset=Partner.objects.none())
    name = forms.CharField(label=_("Name"), max_length=150)
    starts_on = DateField(label=_("Begins"))
    ends_on = DateField(label=_("Ends"), required=False, help_text=_("Empty while no end is planned."))
    budget = AmountField(label=_("Budget"), required=False)
    is_cobranded = forms.BooleanField(
        label=_("Co-branded"), required=False, help_text=_("Under the vendor’s name and the partner’s.")
    )
    is_joint = forms.BooleanField(
        label=_("Together with the vendor"),
        required=False,
        help_text=_("Its lift is what was won in its days against as many days before."),
    )
    goal = forms.CharField(
        label=_("Goal"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, by: Membership, campaign: Campaign | None = None, **kwargs: Any):
        self.by, self.campaign = by, campaign
        if campaign is not None:
            kwargs["initial"] = {name: getattr(campaign, name) for name in (*_CHANGED, "version")}
        super().__init__(*args, **kwargs)
        if campaign is not None:
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
        if by.is_partner or campaign is not None:
            del self.fields["partner"]
        else:
            self.fields["partner"].queryset = queries.partners_to_act_for(by)
        self.fields["budget"].for_currency(campaign.currency if campaign else by.tenant.currency)

    def save(self) -> Campaign:
        data = self.cleaned_data
        fields = {name: data[name] for name in _CHANGED}
        if self.campaign is not None:
            return actions.change_campaign(self.campaign, by=self.by, version=data["version"], **fields)
        partner = data.get("partner") or Partner.objects.get(pk=self.by.partner_id)
        return actions.start_campaign(by=self.by, partner=partner, **fields)


class FigureForm(forms.Form):
    """One line of the grid: a day, source and channel, and what it brought."""

    day = DateField(label=_("Day"), required=False)
    source = forms.CharField(label=_("Source"), max_length=60, required=False)
    channel = forms.ChoiceField(label=_("Channel"), choices=MarketingChannel, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        labels = {name: DailyFigure._meta.get_field(name).verbose_name for name in FIGURES}
        for name in COUNTS:
            self.fields[name] = forms.IntegerField(
                label=str(labels[name]).capitalize(), min_value=0, max_value=10**12, required=False
            )
        for name in AMOUNTS:
            self.fields[name] = AmountField(label=str(labels[name]).capitalize(), required=False)
            self.fields[name].for_currency(currency)
        for field in self.fields.values():
            css = "form-select" if type(field) is forms.ChoiceField else "form-control"
            field.widget.attrs |= {"class": css, "aria-label": field.label}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("day") and "day" not in self.errors and self._says_something(data):
            self.add_error("day", _g("Fill in the day."))
        return data

    def _says_something(self, data: dict[str, Any]) -> bool:
        return bool(data.get("source")) or any(data.get(name) is not None for name in FIGURES)

    def row(self) -> dict[str, Any] | None:
        data = self.cleaned_data
        if not data.get("day"):
            return None
        return {**data, "channel": data.get("channel") or MarketingChannel.OWNED}


MOST_LINES = 100
_SPARE = 7


class FiguresForm(forms.Form):
    """The grid of one month's figures."""

    def __init__(
        self, *args: Any, by: Membership, campaign: Campaign, figures: list[DailyFigure], **kwargs: Any
    ):
        self.by, self.campaign = by, campaign
        super().__init__(*args, **kwargs)
        if self.is_bound:
            sent = self.data.get("lines", "0")
            count = min(int(sent) if sent.isascii() and sent.isdigit() else 0, MOST_LINES)
            self.lines = [
                FigureForm(self.data, prefix=f"line{n}", currency=campaign.currency) for n in range(count)
            ]
        else:
            names = ("day", "source", "channel", *FIGURES)
            filled = [{name: getattr(figure, name) for name in names} for figure in figures]
            self.lines = [
                FigureForm(prefix=f"line{n}", initial=initial, currency=campaign.currency)
                for n, initial in enumerate([*filled, *({} for _n in range(_SPARE))])
            ]

    def is_valid(self) -> bool:
        lines = [line.is_valid() for line in self.lines]
        return super().is_valid() and all(lines)

    def save(self) -> int:
        rows = [row for line in self.lines if (row := line.row())]
        return actions.report_figures(self.campaign, rows, by=self.by)
