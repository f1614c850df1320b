"""Input for training. A form's `save` calls an action."""

from collections.abc import Sequence
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
from partners.training.enums import CourseKind, CourseStatus, QuestionKind
from partners.training.models import Attempt, Completion, Course, Enrolment, Path, Question, Session
from partners.training.queries import QuizQuestion, question_form_data
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.files.forms import FilesField
from portal.shell.registry import segment_choices

COURSE_FORM = [
    "title",
    "summary",
    "kind",
    "url",
    "upload",
    "minutes",
    "pass_mark",
    "max_attempts",
    "retry_hours",
    "is_shuffled",
    "gives_certificate",
    "validity_months",
]
PARTNER_ROLES = [(role.value, role.label) for role in (Role.PARTNER_OWNER, Role.PARTNER_MEMBER)]


class RequirementFields(forms.Form):
    """Certificate and requirement, alike for courses and paths. Tiers are asked for where there are some."""

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
    required_segments = forms.MultipleChoiceField(
        label=_("Required in which tiers?"),
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
    due_days = forms.IntegerField(
        label=_("Days to do it"),
        min_value=1,
        max_value=730,
        initial=30,
        required=False,
        help_text=_("From the day on which somebody must have it. 30 when left empty."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices = segment_choices()
        if choices:
            self.fields["required_segments"].choices = choices
        else:
            del self.fields["required_segments"]

    def clean_due_days(self) -> int:
        return self.cleaned_data["due_days"] or 30


class CourseForm(RequirementFields):
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
    upload = FilesField(
        label=_("File"),
        most=1,
        required=False,
        help_text=_("For a course that is a file. A new one replaces it."),
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
    retry_hours = forms.IntegerField(
        label=_("Hours between attempts"),
        min_value=0,
        max_value=720,
        initial=0,
        required=False,
        help_text=_("How long to wait after a failed attempt. 0 for not at all."),
    )
    is_shuffled = forms.BooleanField(
        label=_("Shuffle questions and answers"),
        required=False,
        help_text=_("Each attempt shows them in another order."),
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
            kwargs["initial"] = {name: getattr(course, name) for name in self.base_fields if name != "upload"}
        super().__init__(*args, **kwargs)
        self.order_fields(COURSE_FORM)

    def clean_retry_hours(self) -> int:
        return self.cleaned_data["retry_hours"] or 0

    def save(self) -> Course:
        data = dict(self.cleaned_data)
        uploads = data.pop("upload")
        if self.course is not None and uploads:
            actions.put_file(self.course, uploads[0], by=self.by)
        if self.course is None:
            course = actions.create_course(by=self.by, **data)
            if uploads:
                actions.put_file(course, uploads[0], by=self.by)
            return course
        return actions.update_course(self.course, by=self.by, **data)


class PathForm(RequirementFields):
    title = forms.CharField(label=_("Title"), max_length=200)
    summary = forms.CharField(
        label=_("Where does it lead?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    courses = forms.CharField(
        label=_("Courses, one a line, in their order"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def __init__(self, *args: Any, by: Membership, path: Path | None = None, **kwargs: Any):
        self.by, self.path = by, path
        if path is not None:
            kwargs["initial"] = {name: getattr(path, name) for name in self.base_fields if name != "courses"}
            steps = path.steps.select_related("course")
            kwargs["initial"]["courses"] = "\n".join(step.course.title for step in steps)
        super().__init__(*args, **kwargs)
        self.order_fields(["title", "summary", "courses"])
        titles = Course.objects.exclude(status=CourseStatus.ARCHIVED).values_list("title", flat=True)
        self.fields["courses"].help_text = _t("There are: %s.") % ", ".join(titles[:40])

    def clean_courses(self) -> list[Course]:
        titles = [line.strip() for line in self.cleaned_data["courses"].splitlines() if line.strip()]
        known = {course.title.casefold(): course for course in Course.objects.all()}
        unknown = [title for title in titles if title.casefold() not in known]
        if unknown:
            raise ValidationError(_t("There is no course called “%s”.") % unknown[0])
        if len({title.casefold() for title in titles}) < len(titles):
            raise ValidationError(_t("A course stands on a path once."))
        return [known[title.casefold()] for title in titles]

    def save(self) -> Path:
        if self.path is None:
            return actions.create_path(by=self.by, **self.cleaned_data)
        return actions.update_path(self.path, by=self.by, **self.cleaned_data)


class QuestionForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=QuestionKind)
    text = forms.CharField(label=_("Question"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    choices = forms.CharField(
        label=_("Answers, one a line"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "true"}),
        help_text=_(
            "Begin each right answer with a star: * Right answer. Where the answer is typed, every line is right."
        ),
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
        typed = self.cleaned_data.get("kind", QuestionKind.CHOICE) != QuestionKind.CHOICE
        choices = [
            {"text": line.removeprefix("*").strip(), "correct": typed or line.startswith("*")}
            for line in lines
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
            self.fields[str(question.pk)] = _answer_field(question)

    def save(self) -> Attempt:
        answers: dict[UUID, list[Any]] = {}
        for question in self.questions:
            value = self.cleaned_data[str(question.pk)]
            if question.kind == QuestionKind.CHOICE:
                answers[question.pk] = [int(index) for index in (value if question.several else [value])]
            else:
                answers[question.pk] = [value]
        return actions.submit_quiz(self.enrolment, answers, by=self.by)


def _answer_field(question: QuizQuestion) -> forms.Field:
    missing = {"required": _("Answer this question too.")}
    if question.kind != QuestionKind.CHOICE:
        number = question.kind == QuestionKind.NUMBER
        return forms.CharField(
            label=question.text,
            max_length=200,
            widget=forms.TextInput(attrs={"inputmode": "decimal"} if number else {}),
            help_text=_("Type a number.") if number else "",
            error_messages=missing,
        )
    kind = forms.MultipleChoiceField if question.several else forms.ChoiceField
    return kind(
        label=question.text,
        choices=question.choices,
        widget=forms.CheckboxSelectMultiple if question.several else forms.RadioSelect,
        help_text=_("Several answers may be right.") if question.several else "",
        error_messages=missing,
    )


class EnrolForm(forms.Form):
    """Enrol people, with a day by which they should be done."""

    members = forms.ModelMultipleChoiceField(
        label=_("Who?"), queryset=Membership.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    due_on = DateField(label=_("Done by"), required=False)

    def __init__(self, *args: Any, by: Membership, courses: Sequence[Course], people: Any, **kwargs: Any):
        self.by, self.courses = by, courses
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
        for course in self.courses:
            for member in members:
                actions.enrol(course, member, by=self.by, due_on=due)
        return len(members)


class CompletionForm(forms.Form):
    """What happened elsewhere, with its proof."""

    member = forms.ModelChoiceField(
        label=_("Who?"), queryset=Membership.objects.none(), empty_label=_("Choose…")
    )
    completed_on = DateField(label=_("Completed on"))
    score = forms.IntegerField(label=_("Score in %"), min_value=0, max_value=100, required=False)
    note = forms.CharField(
        label=_("Proof"),
        max_length=500,
        required=False,
        help_text=_("A certificate's number, or who saw it."),
    )
    proof = FilesField(label=_("Proof as a file"), most=3, required=False)

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
