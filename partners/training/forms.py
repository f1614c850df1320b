"""Input for training. A form's `save` calls an action."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.fields import DateField
from partners.training import actions
from partners.training.enums import CourseKind
from partners.training.models import Attempt, Completion, Course, Enrolment, Question, Session
from partners.training.queries import QuizQuestion, question_form_data
from portal.accounts.enums import Role
from portal.accounts.models import Membership

PARTNER_ROLES = [(role.value, role.label) for role in (Role.PARTNER_OWNER, Role.PARTNER_MEMBER)]


class CourseForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    summary = forms.CharField(
        label=_("What does it teach?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=CourseKind,
        help_text=_("People say themselves that they have worked through a web page or a video."),
    )
    url = forms.URLField(
        label=_("Address"),
        required=False,
        assume_scheme="https",
        help_text=_("Where the page or the video is."),
    )
    minutes = forms.IntegerField(label=_("Minutes it takes"), min_value=1, max_value=6000, required=False)
    pass_mark = forms.IntegerField(
        label=_("Pass mark in %"), min_value=1, max_value=100, initial=80, help_text=_("For a quiz.")
    )
    max_attempts = forms.IntegerField(
        label=_("Attempts"),
        min_value=0,
        max_value=100,
        initial=3,
        help_text=_("How often a quiz may be tried. 0 for any number."),
    )
    gives_certificate = forms.BooleanField(label=_("Gives a certificate"), required=False)
    validity_months = forms.IntegerField(
        label=_("Months valid"),
        min_value=1,
        max_value=120,
        required=False,
        help_text=_("After that it has to be taken again. Empty for ever."),
    )
    is_required = forms.BooleanField(label=_("Required"), required=False)
    required_types = forms.MultipleChoiceField(
        label=_("Required for which partners?"),
        choices=PartnerType,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    required_roles = forms.MultipleChoiceField(
        label=_("Required for whom there?"),
        choices=PARTNER_ROLES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means everybody."),
    )
    external_id = forms.CharField(
        label=_("Activity id"),
        max_length=200,
        required=False,
        help_text=_("What a learning system calls this course in its statements."),
    )

    def __init__(self, *args: Any, by: Membership, course: Course | None = None, **kwargs: Any):
        self.by, self.course = by, course
        if course is not None:
            kwargs["initial"] = {name: getattr(course, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> Course:
        if self.course is None:
            return actions.create_course(by=self.by, **self.cleaned_data)
        return actions.update_course(self.course, by=self.by, **self.cleaned_data)


class QuestionForm(forms.Form):
    text = forms.CharField(label=_("Question"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    choices = forms.CharField(
        label=_("Answers, one a line"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "true"}),
        help_text=_("Begin each right answer with a star: * Right answer"),
    )

    def __init__(
        self,
        *args: Any,
        by: Membership,
        course: Course,
        question: Question | None = None,
        **kwargs: Any,
    ):
        self.by, self.course, self.question = by, course, question
        kwargs["initial"] = question_form_data(question)
        super().__init__(*args, **kwargs)

    def clean_choices(self) -> list[dict[str, Any]]:
        lines = [line.strip() for line in self.cleaned_data["choices"].splitlines() if line.strip()]
        choices = [
            {"text": line.removeprefix("*").strip(), "correct": line.startswith("*")} for line in lines
        ]
        if any(not choice["text"] for choice in choices):
            raise ValidationError(_t("One of the answers has no text."))
        return choices

    def save(self) -> Question:
        return actions.save_question(self.course, by=self.by, question=self.question, **self.cleaned_data)


class QuizForm(forms.Form):
    """One field a question; every question has to be answered."""

    def __init__(
        self, *args: Any, by: Membership, enrolment: Enrolment, questions: list[QuizQuestion], **kwargs: Any
    ):
        self.by, self.enrolment, self.questions = by, enrolment, questions
        super().__init__(*args, **kwargs)
        for question in questions:
            kind = forms.MultipleChoiceField if question.several else forms.ChoiceField
            self.fields[str(question.pk)] = kind(
                label=question.text,
                choices=list(enumerate(question.choices)),
                widget=forms.CheckboxSelectMultiple if question.several else forms.RadioSelect,
                help_text=_("Several answers may be right.") if question.several else "",
                error_messages={"required": _("Answer this question too.")},
            )

    def save(self) -> Attempt:
        answers: dict[UUID, list[int]] = {}
        for question in self.questions:
            value = self.cleaned_data[str(question.pk)]
            answers[question.pk] = [int(index) for index in (value if question.several else [value])]
        return actions.submit_quiz(self.enrolment, answers, by=self.by)


class EnrolForm(forms.Form):
    """Enrol people, with a day by which they should be done."""

    members = forms.ModelMultipleChoiceField(
        label=_("Who?"), queryset=Membership.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    due_on = DateField(label=_("Done by"), required=False)

    def __init__(self, *args: Any, by: Membership, course: Course, people: Any, **kwargs: Any):
        self.by, self.course = by, course
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = people

    def clean_due_on(self) -> Any:
        day = self.cleaned_data["due_on"]
        if day and day < timezone.localdate():
            raise ValidationError(_t("This day has passed."))
        return day

    def save(self) -> int:
        due = self.cleaned_data["due_on"]
        members = list(self.cleaned_data["members"])
        for member in members:
            actions.enrol(self.course, member, by=self.by, due_on=due)
        return len(members)


class CompletionForm(forms.Form):
    """What happened elsewhere, with its proof."""

    member = forms.ModelChoiceField(
        label=_("Who?"), queryset=Membership.objects.none(), empty_label=_("Choose…")
    )
    completed_on = DateField(label=_("Completed on"))
    score = forms.IntegerField(label=_("Score in %"), min_value=0, max_value=100, required=False)
    note = forms.CharField(
        label=_("Proof"), max_length=500, help_text=_("A certificate's number, or who saw it.")
    )

    def __init__(self, *args: Any, by: Membership, course: Course, people: Any, **kwargs: Any):
        self.by, self.course = by, course
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = people

    def save(self) -> Completion:
        return actions.record_completion(self.course, by=self.by, **self.cleaned_data)


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The partner will read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, by: Membership, completion: Completion, **kwargs: Any):
        self.by, self.completion = by, completion
        super().__init__(*args, **kwargs)

    def save(self) -> Completion:
        return actions.revoke_completion(self.completion, by=self.by, reason=self.cleaned_data["reason"])


class SessionForm(forms.Form):
    """When and where. Times are those of the page's time zone."""

    starts_at = forms.DateTimeField(
        label=_("Begins"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    minutes = forms.IntegerField(label=_("Minutes it takes"), min_value=5, max_value=6000, initial=60)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    join_url = forms.URLField(label=_("Address to join"), required=False, assume_scheme="https")
    seats = forms.IntegerField(
        label=_("Seats"), min_value=0, max_value=10_000, initial=0, help_text=_("0 for any number.")
    )

    def __init__(
        self, *args: Any, by: Membership, course: Course, session: Session | None = None, **kwargs: Any
    ):
        self.by, self.course, self.session = by, course, session
        if session is not None:
            length = session.ends_at - session.starts_at
            kwargs["initial"] = {
                "starts_at": session.starts_at,
                "minutes": int(length.total_seconds() // 60),
                "place": session.place,
                "join_url": session.join_url,
                "seats": session.seats,
            }
        super().__init__(*args, **kwargs)

    def clean_starts_at(self) -> datetime:
        moment = self.cleaned_data["starts_at"]
        if self.session is None and moment < timezone.now():
            raise ValidationError(_t("This moment has passed."))
        return moment

    def save(self) -> Session:
        data = dict(self.cleaned_data)
        minutes = data.pop("minutes")
        data["ends_at"] = data["starts_at"] + timedelta(minutes=minutes)
        if self.session is None:
            return actions.schedule_session(self.course, by=self.by, **data)
        return actions.change_session(self.session, by=self.by, **data)


class CancelSessionForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The people with a seat will read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, by: Membership, session: Session, **kwargs: Any):
        self.by, self.session = by, session
        super().__init__(*args, **kwargs)

    def save(self) -> Session:
        return actions.cancel_session(self.session, by=self.by, reason=self.cleaned_data["reason"])
