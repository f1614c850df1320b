"""Input for surveys. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.fields import DateField
from partners.directory.models import Customer
from partners.surveys import actions, audience, queries
from partners.surveys.actions.surveys import SURVEY_FIELDS
from partners.surveys.enums import Audience, FollowUpStatus, Segment, Trigger
from partners.surveys.models import CustomerContact, FollowUp, Survey, SurveyPolicy, SurveyResponse, Theme
from partners.surveys.pasting import SHOWN_ERRORS, Pasted, recipients_in
from partners.surveys.ready import READY
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.shell.registry import segment_choices

LARGEST_LIST = 1_000_000
LANGUAGES = [("", _("the programme’s")), ("en", "English"), ("nl", "Nederlands")]
PARTNER_ROLES = [(role.value, role.label) for role in (Role.PARTNER_OWNER, Role.PARTNER_MEMBER)]


class SurveyForm(forms.Form):
    ready = forms.ChoiceField(
        label=_("Begin with"),
        choices=[(ready.key, ready.title) for ready in READY.values()],
        widget=forms.RadioSelect,
        help_text=_("Change its questions as you like. They are asked in the reader’s language."),
    )
    title = forms.CharField(
        label=_("Title"), max_length=200, help_text=_("Whoever is asked reads this, in the e-mail and above.")
    )
    introduction = forms.CharField(
        label=_("Introduction"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    thanks = forms.CharField(
        label=_("Words of thanks"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    audience = forms.ChoiceField(label=_("Who is asked?"), choices=Audience, widget=forms.RadioSelect)
    roles = forms.MultipleChoiceField(
        label=_("Which roles?"),
        choices=PARTNER_ROLES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Of people of partners. None chosen means everybody."),
    )
    types = forms.MultipleChoiceField(
        label=_("Which partner types?"),
        choices=PartnerType,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    tiers = forms.MultipleChoiceField(
        label=_("Which tiers?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    regions = forms.MultipleChoiceField(
        label=_("Which regions?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    trigger = forms.ChoiceField(
        label=_("Ask by itself when"),
        choices=Trigger,
        required=False,
        help_text=_("Besides, you can ask people by hand at any time."),
    )
    delay_days = forms.IntegerField(label=_("That many days later"), min_value=0, max_value=365, initial=0)
    expires_days = forms.IntegerField(
        label=_("Days that a link works"), min_value=1, max_value=365, initial=30
    )
    reminders = forms.IntegerField(label=_("Reminders"), min_value=0, max_value=5, initial=1)
    remind_days = forms.IntegerField(label=_("Days until a reminder"), min_value=1, max_value=90, initial=7)
    is_anonymous = forms.BooleanField(
        label=_("Anonymous"),
        required=False,
        help_text=_(
            "Answers are kept without anything that leads to a person, shown only in groups of five or more once the "
            "quarter is over or the survey is closed, and do not count in scorecards. This cannot be changed later."
        ),
    )
    segment = forms.ChoiceField(
        label=_("Split anonymous results by"),
        choices=Segment,
        required=False,
        help_text=_("One thing alone, so that no two views together point at a person."),
    )

    def __init__(self, *args: Any, by: Membership, survey: Survey | None = None, **kwargs: Any):
        self.by, self.survey = by, survey
        if survey is not None:
            kwargs["initial"] = {name: getattr(survey, name) for name in SURVEY_FIELDS}
        super().__init__(*args, **kwargs)
        self._offer("tiers", segment_choices(), survey)
        self._offer("regions", [(region, region) for region in queries.regions()], survey)
        if survey is not None:
            del self.fields["ready"]
            if survey.is_open:
                for name in ("audience", "is_anonymous", "segment"):
                    self.fields[name].disabled = True

    def _offer(self, name: str, choices: list[tuple[str, str]], survey: Survey | None) -> None:
        """What there is to choose; what was chosen once stays to be seen."""
        chosen = [(value, value) for value in (getattr(survey, name) if survey else [])]
        known = {value for value, _label in choices}
        choices = [*choices, *(pair for pair in chosen if pair[0] not in known)]
        if choices:
            self.fields[name].choices = choices
        else:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        trigger, who = data.get("trigger"), data.get("audience")
        if trigger == Trigger.COURSE_DONE and who == Audience.CUSTOMERS:
            self.add_error("trigger", _t("Courses are taken by people of partners."))
        return data

    def save(self) -> Survey:
        data = dict(self.cleaned_data)
        ready = data.pop("ready", "empty")
        if self.survey is None:
            return actions.create_survey(by=self.by, ready=ready, **data)
        return actions.update_survey(self.survey, by=self.by, **data)


class InviteForm(forms.Form):
    """Whom to ask now: everybody the survey is for, or a list."""

    EVERYBODY, LISTED = "everybody", "listed"

    who = forms.ChoiceField(label=_("Who?"), widget=forms.RadioSelect)
    pasted = forms.CharField(
        label=_("People, one a line"),
        required=False,
        max_length=LARGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_(
            "E-mail address, name, customer, partner – for example: "
            "iris@zonneveld.example, Iris de Wit, Zonneveld Bakeries, Alpha"
        ),
    )
    file = forms.FileField(
        label=_("Or a CSV file"), required=False, widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )
    occasion = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, by: Membership, survey: Survey, **kwargs: Any):
        self.by, self.survey = by, survey
        self.everybody = audience.recipients(survey)
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [
            (self.EVERYBODY, _t("Everybody the survey is for: %s") % len(self.everybody)),
            (self.LISTED, _t("The people on a list")),
        ]
        self.fields["who"].initial = self.EVERYBODY if self.everybody else self.LISTED

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.listed = Pasted()
        if data.get("who") == self.LISTED:
            text = self._text(data)
            self.listed = recipients_in(text)
            errors = self.listed.errors
            if errors:
                more = len(errors) - SHOWN_ERRORS
                shown = errors[:SHOWN_ERRORS] + ([_t("… and %s more.") % more] if more > 0 else [])
                self.add_error("pasted", shown)
            elif not self.listed.recipients:
                self.add_error("pasted", _t("Paste the people to ask, or choose a file."))
        return data

    def _text(self, data: dict[str, Any]) -> str:
        file = data.get("file")
        if file is None:
            return data.get("pasted", "")
        if file.size > LARGEST_LIST:
            self.add_error("file", _t("This file is too large for a list of people."))
            return ""
        content = file.read()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")

    def save(self) -> int:
        data = self.cleaned_data
        people = self.everybody if data["who"] == self.EVERYBODY else self.listed.recipients
        return actions.invite(self.survey, people, by=self.by, occasion=data["occasion"])


class ContactForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"))
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)

    def __init__(self, *args: Any, by: Membership, customer: Customer, **kwargs: Any):
        self.by, self.customer = by, customer
        super().__init__(*args, **kwargs)

    def save(self) -> CustomerContact:
        return actions.add_contact(self.customer, by=self.by, **self.cleaned_data)


class PolicyForm(forms.Form):
    quiet_days = forms.IntegerField(
        label=_("Days between two surveys to one person"),
        min_value=0,
        max_value=365,
        help_text=_("Whoever was asked less than that many days ago is asked later or not at all."),
    )
    daily_limit = forms.IntegerField(
        label=_("Invitations a day at most"),
        min_value=1,
        max_value=100_000,
        help_text=_("The rest waits for the next day."),
    )
    follow_detractors = forms.BooleanField(
        label=_("Make a task of each dissatisfied answer"),
        required=False,
        help_text=_("For the partner’s channel manager. Never of anonymous answers."),
    )
    follow_days = forms.IntegerField(label=_("Days for such a task"), min_value=0, max_value=365)

    def __init__(self, *args: Any, by: Membership, policy: SurveyPolicy, **kwargs: Any):
        self.by = by
        kwargs["initial"] = {name: getattr(policy, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> SurveyPolicy:
        return actions.change_policy(by=self.by, **self.cleaned_data)


class ThemeForm(forms.Form):
    name = forms.CharField(label=_("Call it"), max_length=60)
    terms = forms.CharField(
        label=_("Words"), max_length=600, help_text=_("Separated by commas. They count as one from now on.")
    )

    def __init__(self, *args: Any, by: Membership, survey: Survey, theme: Theme | None = None, **kwargs: Any):
        self.by, self.survey = by, survey
        if theme is not None:
            kwargs["initial"] = {"name": theme.name, "terms": ", ".join(theme.terms)}
        super().__init__(*args, **kwargs)

    def clean_terms(self) -> list[str]:
        return [term.strip() for term in self.cleaned_data["terms"].split(",") if term.strip()]

    def save(self) -> Theme:
        return actions.save_theme(self.survey, by=self.by, **self.cleaned_data)


class FollowUpForm(forms.Form):
    title = forms.CharField(label=_("What to do"), max_length=200)
    owner = forms.ModelChoiceField(label=_("Who does it?"), queryset=Membership.objects.none())
    due_on = DateField(label=_("By"))
    status = forms.ChoiceField(label=_("Status"), choices=FollowUpStatus)
    note = forms.CharField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(
        self,
        *args: Any,
        by: Membership,
        survey: Survey,
        follow_up: FollowUp | None = None,
        response: SurveyResponse | None = None,
        **kwargs: Any,
    ):
        self.by, self.survey, self.follow_up, self.response = by, survey, follow_up, response
        if follow_up is not None:
            kwargs["initial"] = {name: getattr(follow_up, name) for name in self.base_fields}
        else:
            kwargs["initial"] = {"owner": by.pk}
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = queries.vendor_members()
        if follow_up is None:
            del self.fields["status"]

    def clean_due_on(self) -> Any:
        day = self.cleaned_data["due_on"]
        if self.follow_up is None and day < timezone.localdate():
            raise ValidationError(_t("This day has passed."))
        return day

    def save(self) -> FollowUp:
        if self.follow_up is None:
            return actions.add_follow_up(self.survey, by=self.by, response=self.response, **self.cleaned_data)
        return actions.change_follow_up(self.follow_up, by=self.by, **self.cleaned_data)
