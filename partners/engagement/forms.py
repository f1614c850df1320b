"""Input for interactions and events. A form's `save` calls an action."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.deals.models import Deal
from partners.directory.enums import PartnerType
from partners.directory.fields import DateField
from partners.directory.models import Partner
from partners.engagement import actions
from partners.engagement.enums import GatheringKind, InteractionKind
from partners.engagement.models import Gathering, Interaction
from partners.engagement.queries import possible_owners
from portal.accounts.models import Membership
from portal.shell.registry import segment_choices, segment_label

MOST_PEOPLE = 30


def _moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class InteractionForm(forms.Form):
    """What was said with whom, and what follows from it. Times are those of the page's time zone."""

    kind = forms.ChoiceField(label=_("What was it?"), choices=InteractionKind)
    happened_at = forms.DateTimeField(label=_("When"), widget=_moment_input())
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("What was said"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    people = forms.CharField(
        label=_("Who took part"),
        max_length=2000,
        required=False,
        help_text=_("Names, with commas between them."),
    )
    deal = forms.ModelChoiceField(
        label=_("About which deal?"), queryset=Deal.objects.none(), required=False, empty_label=_("None")
    )
    internal = forms.BooleanField(
        label=_("Only for the vendor’s people"),
        required=False,
        help_text=_("The partner does not see it, and it does not count as an interaction."),
    )
    follow_up = forms.CharField(
        label=_("What is to be done next?"),
        max_length=300,
        required=False,
        help_text=_("Empty when nothing is."),
    )
    follow_up_owner = forms.ModelChoiceField(
        label=_("By whom?"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Choose…"),
    )
    follow_up_due = DateField(label=_("By when?"), required=False)

    def __init__(
        self,
        *args: Any,
        by: Membership,
        about: Partner,
        interaction: Interaction | None = None,
        **kwargs: Any,
    ):
        self.by, self.about, self.interaction = by, about, interaction
        initial: dict[str, Any] = {"happened_at": timezone.localtime().replace(second=0, microsecond=0)}
        if interaction is not None:
            initial = {name: getattr(interaction, name) for name in actions.interactions.FIELDS}
            initial["people"] = ", ".join(interaction.people)
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.fields["deal"].queryset = Deal.objects.filter(partner=about).order_by("-created_at")
        self.fields["follow_up_owner"].queryset = possible_owners(by, about)
        if by.is_partner or interaction is not None:
            del self.fields["internal"]

    def clean_people(self) -> list[str]:
        names = [name.strip() for name in self.cleaned_data["people"].split(",") if name.strip()]
        if len(names) > MOST_PEOPLE:
            raise ValidationError(_t("Name at most %s people.") % MOST_PEOPLE)
        if any(len(name) > 150 for name in names):
            raise ValidationError(_t("A name has at most %s characters.") % 150)
        return names

    def save(self) -> Interaction:
        if self.interaction is None:
            return actions.log_interaction(self.about, by=self.by, **self.cleaned_data)
        return actions.change_interaction(self.interaction, by=self.by, **self.cleaned_data)


class GatheringForm(forms.Form):
    """An event and for whom it is."""

    title = forms.CharField(label=_("Title"), max_length=200)
    summary = forms.CharField(
        label=_("What is it about?"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=GatheringKind)
    starts_at = forms.DateTimeField(label=_("Begins"), widget=_moment_input())
    minutes = forms.IntegerField(label=_("Minutes it takes"), min_value=5, max_value=20_000, initial=60)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    join_url = forms.URLField(label=_("Address to join"), required=False, assume_scheme="https")
    capacity = forms.IntegerField(
        label=_("Places"), min_value=0, max_value=100_000, initial=0, help_text=_("0 for any number.")
    )
    types = forms.MultipleChoiceField(
        label=_("For which partners?"),
        choices=PartnerType,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    segments = forms.MultipleChoiceField(
        label=_("In which tiers?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    regions = forms.MultipleChoiceField(
        label=_("In which regions?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )

    def __init__(self, *args: Any, by: Membership, gathering: Gathering | None = None, **kwargs: Any):
        self.by, self.gathering = by, gathering
        if gathering is not None:
            kwargs["initial"] = {name: getattr(gathering, name) for name in actions.gatherings.FIELDS}
            length = gathering.ends_at - gathering.starts_at
            kwargs["initial"]["minutes"] = int(length.total_seconds() // 60)
        super().__init__(*args, **kwargs)
        regions = Partner.objects.exclude(region="").order_by("region")
        names = set(regions.values_list("region", flat=True)) | set(gathering.regions if gathering else ())
        self.fields["regions"].choices = [(name, name) for name in sorted(names)]
        if segment_label():
            self.fields["segments"].choices = segment_choices()
        else:
            del self.fields["segments"]

    def clean_starts_at(self) -> datetime:
        moment = self.cleaned_data["starts_at"]
        if self.gathering is None and moment < timezone.now():
            raise ValidationError(_t("This moment has passed."))
        return moment

    def save(self) -> Gathering:
        data = dict(self.cleaned_data)
        data["ends_at"] = data["starts_at"] + timedelta(minutes=data.pop("minutes"))
        if self.gathering is None:
            return actions.create_gathering(by=self.by, **data)
        return actions.update_gathering(self.gathering, by=self.by, **data)


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Those who were invited will read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, by: Membership, gathering: Gathering, **kwargs: Any):
        self.by, self.gathering = by, gathering
        super().__init__(*args, **kwargs)

    def save(self) -> Gathering:
        return actions.cancel(self.gathering, by=self.by, reason=self.cleaned_data["reason"])
