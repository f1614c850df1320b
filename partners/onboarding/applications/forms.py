"""Input of applicants and of those who decide. A form's `save` calls an action."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.fields import CountryField
from partners.directory.queries import managers
from partners.onboarding.applications import actions, guard
from partners.onboarding.applications.models import (
    MOST_POINTS,
    Application,
    ApplicationPolicy,
    ApplicationQuestion,
    Referral,
    ScoringCriterion,
)
from partners.onboarding.enums import WITH_CHOICES, QuestionKind
from portal.accounts.models import Membership
from portal.files.forms import FilesField

FILES_PER_QUESTION = 3
APPLICANT_MAX_BYTES = 10 * 1024 * 1024


def _text(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ApplicantFilesField(FilesField):
    """As every upload, and smaller: nobody has signed in."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        uploads = super().clean(data, initial)
        limit = min(APPLICANT_MAX_BYTES, settings.FILES_MAX_BYTES)
        for upload in uploads:
            if upload.size > limit:
                raise ValidationError(
                    _t("“%(name)s” is larger than %(limit)s MB, the most that is accepted here.")
                    % {"name": upload.name, "limit": limit // 1024 // 1024}
                )
        return uploads


class ApplyForm(forms.Form):
    """The public form: the company, its contact, and the questions that the programme asks."""

    company = forms.CharField(
        label=_("Company"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    website = forms.URLField(
        label=_("Website"),
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "url"}),
    )
    country = CountryField()
    type = forms.ChoiceField(label=_("You would be our"), choices=PartnerType)
    person = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    job_title = forms.CharField(
        label=_("Your position"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address at work"),
        max_length=254,
        help_text=_("We send a link there that you confirm the application with."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, questions: list[ApplicationQuestion], **kwargs: Any):
        self.questions = questions
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[name_of(question)] = field_of(question)
        # Out of sight for people; machines fill in whatever there is.
        self.fields[guard.HONEYPOT] = forms.CharField(required=False, max_length=200)
        self.fields["stamp"] = forms.CharField(
            required=False, max_length=300, widget=forms.HiddenInput, initial=guard.stamp
        )

    @property
    def visible(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in (guard.HONEYPOT, "stamp")]

    @property
    def trap(self) -> forms.BoundField:
        return self[guard.HONEYPOT]

    @property
    def was_trapped(self) -> bool:
        return bool(self.data.get(guard.HONEYPOT))

    def renew_stamp(self) -> None:
        """Let the form be sent once more, with all that was typed."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data["stamp"] = guard.stamp()
        self.data = data

    @property
    def has_files(self) -> bool:
        return any(question.kind == QuestionKind.FILE for question in self.questions)

    def answers(self) -> list[dict[str, Any]]:
        """What was asked and answered, as the application keeps it."""
        return [
            {
                "question": str(question.pk),
                "text": question.text,
                "kind": question.kind,
                "value": self._value(question),
            }
            for question in self.questions
        ]

    def uploads(self) -> dict[UUID, Any]:
        return {
            question.pk: self.cleaned_data[name_of(question)]
            for question in self.questions
            if question.kind == QuestionKind.FILE
        }

    def _value(self, question: ApplicationQuestion) -> Any:
        value = self.cleaned_data[name_of(question)]
        if question.kind == QuestionKind.FILE:
            return []
        if question.kind == QuestionKind.NUMBER:
            return None if value is None else format(value.normalize(), "f")
        return value

    def save(self, referral: UUID | None = None) -> Application | None:
        fields = {name: self.cleaned_data[name] for name in self.base_fields}
        return actions.apply(answers=self.answers(), uploads=self.uploads(), referral=referral, **fields)


def name_of(question: ApplicationQuestion) -> str:
    return f"q_{question.pk.hex}"


def field_of(question: ApplicationQuestion) -> forms.Field:
    """The form field of a question."""
    kind = QuestionKind(question.kind)
    common: dict[str, Any] = {
        "label": question.text,
        "help_text": question.help,
        "required": question.is_required,
    }
    if kind == QuestionKind.LONG_TEXT:
        return forms.CharField(max_length=4000, widget=_text(4), **common)
    if kind == QuestionKind.CHOICE:
        choices = [(choice, choice) for choice in question.choices]
        return forms.ChoiceField(choices=[("", _t("Choose…")), *choices], **common)
    if kind == QuestionKind.CHOICES:
        choices = [(choice, choice) for choice in question.choices]
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    if kind == QuestionKind.NUMBER:
        return forms.DecimalField(max_digits=15, decimal_places=2, **common)
    if kind == QuestionKind.COUNTRY:
        return CountryField(**common)
    if kind == QuestionKind.FILE:
        return ApplicantFilesField(most=FILES_PER_QUESTION, **common)
    if kind == QuestionKind.CONSENT:
        return forms.BooleanField(
            error_messages={"required": _("Without this we cannot take the application.")}, **common
        )
    return forms.CharField(max_length=300, **common)


class AnswerForm(forms.Form):
    """The applicant's answer to what was asked."""

    text = forms.CharField(label=_("Your answer"), max_length=4000, widget=_text(5))

    def __init__(self, *args: Any, application: Application, **kwargs: Any):
        self.application = application
        super().__init__(*args, **kwargs)

    def save(self) -> Application:
        return actions.answer_more(self.application, **self.cleaned_data)


# --- deciding ----------------------------------------------------------------------------------


class _DecisionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, by: Membership, application: Application, **kwargs: Any):
        self.by, self.application = by, application
        initial = {"version": application.version, **kwargs.pop("initial", {})}
        super().__init__(*args, initial=initial, **kwargs)


class ApproveForm(_DecisionForm):
    """What the new partner starts with."""

    partner_type = forms.ChoiceField(label=_("Type"), choices=PartnerType)
    region = forms.CharField(
        label=_("Region"),
        max_length=100,
        required=False,
        help_text=_(
            "As your programme divides the world, such as EMEA. Partners of one type and region are peers."
        ),
    )
    manager = forms.ModelChoiceField(
        label=_("Channel manager"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Nobody yet"),
    )
    email = forms.EmailField(
        label=_("Invite as the partner's owner"),
        help_text=_("The invitation to the portal goes there at once."),
    )
    message = forms.CharField(
        label=_("Message to the applicant"), max_length=2000, required=False, widget=_text()
    )
    note = forms.CharField(label=_("Note for colleagues"), max_length=2000, required=False, widget=_text(2))

    def __init__(self, *args: Any, by: Membership, application: Application, **kwargs: Any):
        initial = {
            "partner_type": application.type,
            "manager": application.manager_id or (by.pk if by.is_manager else None),
            "email": application.email,
        }
        super().__init__(*args, by=by, application=application, initial=initial, **kwargs)
        self.fields["manager"].queryset = managers()
        if not by.is_admin:
            # Only an admin gives a partner to somebody else.
            del self.fields["manager"]

    def save(self) -> Application:
        return actions.approve(self.application, by=self.by, **self.cleaned_data)


class RejectForm(_DecisionForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=_text(), help_text=_("The applicant will read it.")
    )
    note = forms.CharField(label=_("Note for colleagues"), max_length=2000, required=False, widget=_text(2))

    def save(self) -> Application:
        return actions.reject(self.application, by=self.by, **self.cleaned_data)


class MoreForm(_DecisionForm):
    question = forms.CharField(
        label=_("What is missing?"),
        max_length=2000,
        widget=_text(),
        help_text=_("The applicant gets it by e-mail and answers on the page of the application."),
    )

    def save(self) -> Application:
        return actions.ask_for_more(self.application, by=self.by, **self.cleaned_data)


class AssignForm(forms.Form):
    manager = forms.ModelChoiceField(
        label=_("Looked after by"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("Decides on it. Without anybody, every channel manager may."),
    )

    def __init__(self, *args: Any, by: Membership, application: Application, **kwargs: Any):
        self.by, self.application = by, application
        super().__init__(*args, initial={"manager": application.manager_id}, **kwargs)
        self.fields["manager"].queryset = managers()

    def save(self) -> Application:
        return actions.assign(self.application, self.cleaned_data["manager"], by=self.by)


class ScoreForm(forms.Form):
    """The scoring sheet: points and a word for each criterion; what is left empty is not scored yet."""

    def __init__(
        self,
        *args: Any,
        by: Membership,
        application: Application,
        criteria: list[ScoringCriterion],
        **kwargs: Any,
    ):
        self.by, self.application, self.criteria = by, application, criteria
        given = {score.criterion_id: score for score in application.scores.all()}
        super().__init__(*args, **kwargs)
        points = [("", "–"), *((str(n), str(n)) for n in range(MOST_POINTS + 1))]
        for criterion in criteria:
            score = given.get(criterion.pk)
            self.fields[f"points_{criterion.pk.hex}"] = forms.ChoiceField(
                label=criterion.name,
                choices=points,
                required=score is not None,
                initial="" if score is None else str(score.points),
                help_text=criterion.help,
            )
            self.fields[f"note_{criterion.pk.hex}"] = forms.CharField(
                label=format_html("{}: {}", criterion.name, _t("why")),
                max_length=500,
                required=False,
                initial=score.note if score else "",
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "criterion": criterion,
                "points": self[f"points_{criterion.pk.hex}"],
                "note": self[f"note_{criterion.pk.hex}"],
            }
            for criterion in self.criteria
        ]

    def save(self) -> Application:
        for criterion in self.criteria:
            points = self.cleaned_data[f"points_{criterion.pk.hex}"]
            if points != "":
                note = self.cleaned_data[f"note_{criterion.pk.hex}"]
                actions.score(self.application, criterion, points=int(points), note=note, by=self.by)
        return self.application


# --- the programme's settings ------------------------------------------------------------------


class PolicyForm(forms.Form):
    is_open = forms.BooleanField(label=_("Companies may apply"), required=False)
    introduction = forms.CharField(
        label=_("Introduction"),
        max_length=4000,
        required=False,
        widget=_text(6),
        help_text=_("Stands above the form. An empty line begins a new paragraph."),
    )
    privacy_url = forms.URLField(
        label=_("Privacy statement"),
        required=False,
        assume_scheme="https",
        help_text=_("Its address; the form links to it."),
    )
    response_days = forms.IntegerField(
        label=_("Days until an answer"),
        min_value=1,
        max_value=90,
        help_text=_("Applicants are told. What waits longer is marked as overdue."),
    )
    needs_scores = forms.BooleanField(label=_("Every criterion is scored before a decision"), required=False)

    def __init__(self, *args: Any, by: Membership, policy: ApplicationPolicy, **kwargs: Any):
        self.by = by
        kwargs["initial"] = {name: getattr(policy, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> ApplicationPolicy:
        return actions.change_policy(by=self.by, **self.cleaned_data)


class QuestionForm(forms.Form):
    text = forms.CharField(label=_("Question"), max_length=500)
    help = forms.CharField(label=_("Explanation"), max_length=500, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=QuestionKind)
    choices = forms.CharField(
        label=_("Answers to choose from, one a line"),
        max_length=4000,
        required=False,
        widget=_text(5),
        help_text=_("Where one or any of several can be chosen."),
    )
    is_required = forms.BooleanField(label=_("Has to be answered"), required=False)

    def __init__(self, *args: Any, by: Membership, question: ApplicationQuestion, **kwargs: Any):
        self.by, self.question = by, question
        kwargs["initial"] = {
            **{name: getattr(question, name) for name in self.base_fields},
            "choices": "\n".join(question.choices),
        }
        super().__init__(*args, **kwargs)

    def clean_choices(self) -> list[str]:
        lines = [line.strip()[:200] for line in self.cleaned_data["choices"].splitlines()]
        return [line for line in lines if line]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") in WITH_CHOICES and len(set(data.get("choices", []))) < 2:
            self.add_error("choices", _t("Give at least two answers to choose from."))
        return data

    def save(self) -> ApplicationQuestion:
        for name, value in self.cleaned_data.items():
            setattr(self.question, name, value)
        return actions.save_question(self.question, by=self.by)


class CriterionForm(forms.Form):
    name = forms.CharField(label=_("Criterion"), max_length=120)
    help = forms.CharField(label=_("What to look at"), max_length=500, required=False)
    weight = forms.IntegerField(
        label=_("Weight"), min_value=1, max_value=100, help_text=_("2 counts twice as much as 1.")
    )

    def __init__(self, *args: Any, by: Membership, criterion: ScoringCriterion, **kwargs: Any):
        self.by, self.criterion = by, criterion
        kwargs["initial"] = {name: getattr(criterion, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> ScoringCriterion:
        for name, value in self.cleaned_data.items():
            setattr(self.criterion, name, value)
        return actions.save_criterion(self.criterion, by=self.by)


class ReferralForm(forms.Form):
    company = forms.CharField(label=_("Company"), max_length=200)
    person = forms.CharField(label=_("Contact person"), max_length=150)
    email = forms.EmailField(label=_("Their e-mail address"), max_length=254)
    message = forms.CharField(
        label=_("A word from you"),
        max_length=1000,
        required=False,
        widget=_text(3),
        help_text=_("It stands in the e-mail with the link to apply."),
    )

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        self.by = by
        super().__init__(*args, **kwargs)

    def save(self) -> Referral:
        return actions.refer(by=self.by, **self.cleaned_data)
