from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from metrics.kpis.shape import Kpi
from metrics.models import SubjectKind
from metrics.own import choosable, grouped
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.reviews import actions
from metrics.reviews.models import LEVELS, AlertRule, Goal, Review, ReviewAction, RuleKind
from metrics.reviews.queries import may_promise
from metrics.units import Unit
from partners.directory.fields import DateField
from partners.directory.models import Partner
from partners.directory.queries import managers, standing_partners
from portal.accounts.models import Membership
from portal.money import to_decimal, to_minor


def _kpis(keeping: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    return grouped(kpi for kpi in choosable(keeping).values() if not kpi.ranks)


def typed_to_kept(kpi: Kpi, typed: Decimal, currency: str) -> float:
    """A value as people type it (money in major units, % as such) in the KPI's own unit."""
    if kpi.unit == Unit.MONEY:
        return float(to_minor(typed, currency))
    return float(typed / 100) if kpi.unit == Unit.PERCENT else float(typed)


def kept_to_typed(kpi: Kpi, kept: float, currency: str) -> Decimal:
    if kpi.unit == Unit.MONEY:
        return to_decimal(round(kept), currency)
    return Decimal(str(kept)) * (100 if kpi.unit == Unit.PERCENT else 1)


class GoalForm(forms.Form):
    level = forms.ChoiceField(
        label=_("Goal of"), choices=[(kind.value, kind.label) for kind in reversed(LEVELS)]
    )
    partner = forms.ModelChoiceField(label=_("Partner"), queryset=Partner.objects.none(), required=False)
    manager = forms.ModelChoiceField(
        label=_("Portfolio of"), queryset=Membership.objects.none(), required=False
    )
    kpi = forms.ChoiceField(label=_("KPI"))
    period = forms.ChoiceField(label=_("Period"), help_text=_("The goal is due on its last day."))
    target = forms.DecimalField(
        label=_("Target"),
        help_text=_("Money in whole units of your currency, percentages such as 80."),
        max_digits=18,
        decimal_places=4,
    )

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.by = by
        calendar = calendar_of(by.tenant)
        periods = []
        for kind in (PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.MONTH):
            current = calendar.current(kind)
            periods += [current, current.next()]
        self.fields["period"].choices = [(period.key, period.label()) for period in periods]
        self.fields["kpi"].choices = _kpis()
        self.fields["partner"].queryset = standing_partners()
        self.fields["manager"].queryset = managers()

    def save(self) -> Goal:
        data = self.cleaned_data
        level = SubjectKind(data["level"])
        kpi = choosable()[data["kpi"]]
        return actions.set_goal(
            by=self.by,
            level=level,
            kpi=data["kpi"],
            period=Period.parse(data["period"]),
            target=typed_to_kept(kpi, data["target"], self.by.tenant.currency),
            partner=data["partner"] if level == SubjectKind.PARTNER else None,
            manager=data["manager"] if level == SubjectKind.PORTFOLIO else None,
        )


class RuleForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    kpi = forms.ChoiceField(label=_("KPI"))
    kind = forms.ChoiceField(label=_("When"), choices=RuleKind)
    limit = forms.DecimalField(
        label=_("Limit"),
        help_text=_(
            "A threshold: the value. Against the peers: how many points the rank (0 to 100) falls, such as 25. "
            "Unusual: how far from its own median, such as 3.5."
        ),
        max_digits=18,
        decimal_places=4,
    )
    period_kind = forms.ChoiceField(label=_("Period"), choices=PeriodKind, initial=PeriodKind.QUARTER)
    cooldown_days = forms.IntegerField(
        label=_("Days of quiet after one is closed"), min_value=0, max_value=366, initial=14
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, by: Membership, rule: AlertRule | None = None, **kwargs: Any):
        self.by, self.rule = by, rule
        keeping = rule.kpi if rule else ""
        self.kpis = choosable(keeping)
        if rule is not None:
            kwargs["initial"] = {name: getattr(rule, name) for name in self.base_fields}
            if rule.kind == RuleKind.THRESHOLD and rule.kpi in self.kpis:
                kwargs["initial"]["limit"] = kept_to_typed(
                    self.kpis[rule.kpi], rule.limit, by.tenant.currency
                )
        super().__init__(*args, **kwargs)
        self.fields["kpi"].choices = _kpis(keeping)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, limit = data.get("kind"), data.get("limit")
        if kind in (RuleKind.PEERS, RuleKind.UNUSUAL) and limit is not None and limit <= 0:
            self.add_error("limit", _g("Give a number above 0."))
        return data

    def save(self) -> AlertRule:
        data = dict(self.cleaned_data)
        kpi = self.kpis[data["kpi"]]
        is_value = data["kind"] == RuleKind.THRESHOLD
        data["limit"] = (
            typed_to_kept(kpi, data["limit"], self.by.tenant.currency) if is_value else float(data["limit"])
        )
        return actions.save_rule(by=self.by, rule=self.rule, **data)


class ReviewForm(forms.Form):
    partner = forms.ModelChoiceField(label=_("Partner"), queryset=Partner.objects.none())
    period = forms.ChoiceField(label=_("Quarter"))
    planned_on = DateField(label=_("Planned on"))

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.by = by
        current = calendar_of(by.tenant).current(PeriodKind.QUARTER)
        periods = [current.previous(), current, current.previous().previous()]
        self.fields["period"].choices = [(period.key, period.label()) for period in periods]
        partners = standing_partners()
        if by.is_manager:
            partners = partners.filter(Q(manager=None) | Q(manager=by))
        self.fields["partner"].queryset = partners

    def save(self) -> Review:
        data = self.cleaned_data
        return actions.prepare_review(
            by=self.by,
            partner=data["partner"],
            period=Period.parse(data["period"]),
            planned_on=data["planned_on"],
        )


class MinutesForm(forms.Form):
    held_on = DateField(label=_("Held on"))
    minutes = forms.CharField(
        label=_("Minutes"), max_length=20000, widget=forms.Textarea(attrs={"rows": 8}), strip=True
    )
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Membership, review: Review, **kwargs: Any):
        kwargs["initial"] = {
            "held_on": review.held_on or calendar_of(by.tenant).today(),
            "minutes": review.minutes,
            "seen": review.minutes,
        }
        super().__init__(*args, **kwargs)
        self.by, self.review = by, review

    def save(self) -> Review:
        return actions.hold_review(self.review, by=self.by, **self.cleaned_data)


class ActionForm(forms.Form):
    text = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = forms.ModelChoiceField(label=_("Who"), queryset=Membership.objects.none())
    due_on = DateField(label=_("Until"))
    kpi = forms.ChoiceField(
        label=_("Should change"),
        required=False,
        help_text=_(
            "It is measured before and after, and the day on which it is done is marked on its trend."
        ),
    )

    def __init__(self, *args: Any, by: Membership, review: Review, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.by, self.review = by, review
        self.fields["owner"].queryset = may_promise(review.partner).order_by("partner_id", "user__name")
        self.fields["owner"].label_from_instance = lambda member: (
            f"{member.name} ({review.partner.name})" if member.is_partner else member.name
        )
        self.fields["kpi"].choices = [("", _g("No figure")), *_kpis()]

    def save(self) -> ReviewAction:
        return actions.add_action(self.review, by=self.by, **self.cleaned_data)
