"""Input for plans and onboardings. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.onboarding.agreements.models import Agreement
from partners.onboarding.documents.models import DocumentKind
from partners.onboarding.enums import StepKind, StepOwner
from partners.onboarding.plans import actions
from partners.onboarding.plans.models import Onboarding, OnboardingStep, Plan, PlanStep
from partners.onboarding.plans.queries import plan_for
from partners.training.enums import CourseStatus
from partners.training.models import Course
from portal.accounts.models import Membership


class PlanForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    partner_types = forms.MultipleChoiceField(
        label=_("For which partners?"),
        choices=PartnerType,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all. The first plan that fits is taken."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False)

    def __init__(self, *args: Any, by: Membership, plan: Plan, **kwargs: Any):
        self.by, self.plan = by, plan
        kwargs["initial"] = {name: getattr(plan, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> Plan:
        for name, value in self.cleaned_data.items():
            setattr(self.plan, name, value)
        return actions.save_plan(self.plan, by=self.by)


class StepForm(forms.Form):
    title = forms.CharField(label=_("Step"), max_length=150)
    help = forms.CharField(
        label=_("Explanation"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    kind = forms.ChoiceField(
        label=_("What is to be done"),
        choices=StepKind,
        help_text=_("All but “something that is ticked” is seen by the portal itself."),
    )
    agreement = forms.ModelChoiceField(
        label=_("Agreement"), queryset=Agreement.objects.none(), required=False, empty_label=_("Choose…")
    )
    document_kind = forms.ModelChoiceField(
        label=_("Document"), queryset=DocumentKind.objects.none(), required=False, empty_label=_("Choose…")
    )
    course = forms.ModelChoiceField(
        label=_("Course"), queryset=Course.objects.none(), required=False, empty_label=_("Choose…")
    )
    owner = forms.ChoiceField(label=_("Who does it"), choices=StepOwner)
    due_days = forms.IntegerField(label=_("Due, days after the start"), min_value=0, max_value=730)
    after = forms.MultipleChoiceField(
        label=_("Only after"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Steps with nothing before them can be done side by side."),
    )

    def __init__(self, *args: Any, by: Membership, step: PlanStep, **kwargs: Any):
        self.by, self.step = by, step
        kwargs["initial"] = {
            "title": step.title,
            "help": step.help,
            "kind": step.kind or StepKind.MANUAL,
            "agreement": step.agreement_id,
            "document_kind": step.document_kind_id,
            "course": step.course_id,
            "owner": step.owner,
            "due_days": step.due_days,
            "after": step.after,
        }
        super().__init__(*args, **kwargs)
        self.fields["agreement"].queryset = Agreement.objects.filter(is_active=True)
        self.fields["document_kind"].queryset = DocumentKind.objects.filter(is_active=True)
        self.fields["course"].queryset = Course.objects.filter(status=CourseStatus.PUBLISHED)
        before = step.plan.steps.order_by("position")
        if not step._state.adding:
            before = before.filter(position__lt=step.position)
        self.fields["after"].choices = [(str(other.pk), other.title) for other in before]
        if not self.fields["after"].choices:
            del self.fields["after"]

    def save(self) -> PlanStep:
        for name, value in self.cleaned_data.items():
            setattr(self.step, name, value)
        return actions.save_step(self.step, by=self.by)


class StartForm(forms.Form):
    plan = forms.ModelChoiceField(label=_("Plan"), queryset=Plan.objects.none(), empty_label=None)

    def __init__(self, *args: Any, by: Membership, partner: Partner, **kwargs: Any):
        self.by, self.partner = by, partner
        fitting = plan_for(partner.type)
        super().__init__(*args, initial={"plan": fitting.pk if fitting else None}, **kwargs)
        self.fields["plan"].queryset = Plan.objects.filter(is_active=True)

    def save(self) -> Onboarding:
        return actions.start(self.partner, self.cleaned_data["plan"], by=self.by)


class _ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class SkipForm(_ReasonForm):
    def __init__(self, *args: Any, by: Membership, step: OnboardingStep, **kwargs: Any):
        self.by, self.step = by, step
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("The partner will read it.")

    def save(self) -> OnboardingStep:
        return actions.skip(self.step, by=self.by, reason=self.cleaned_data["reason"])


class StopForm(_ReasonForm):
    def __init__(self, *args: Any, by: Membership, onboarding: Onboarding, **kwargs: Any):
        self.by, self.onboarding = by, onboarding
        super().__init__(*args, **kwargs)

    def save(self) -> Onboarding:
        return actions.stop(self.onboarding, by=self.by, reason=self.cleaned_data["reason"])
