"""Input for rules, terms and criteria."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.enums import PartnerType
from partners.directory.fields import AmountField, countries
from partners.directory.importers import INDUSTRIES
from partners.directory.models import Partner, Product, ProductFamily
from partners.directory.queries import products_on_sale
from partners.leads import actions
from partners.leads.enums import AfterMoves, AnswerUnit, CriteriaKind, RuleOutcome, RulePreference
from partners.leads.models import Lead, LeadCriteria, LeadPolicy, LeadRule
from portal.accounts.models import Membership
from portal.jobs.models import Job
from portal.shell.registry import segment_choices, segment_label


class WordsField(forms.CharField):
    """Words separated by commas; cleans to a list in lower case."""

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        words = [" ".join(word.lower().split())[:100] for word in text.split(",")]
        return list(dict.fromkeys(word for word in words if word))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ChecksField(forms.MultipleChoiceField):
    """Any of some choices, each with its box."""

    def __init__(self, **kwargs: Any):
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, **kwargs)


def _regions() -> list[tuple[str, str]]:
    names = set(Partner.objects.exclude(region="").values_list("region", flat=True).distinct())
    names |= set(Lead.objects.exclude(region="").order_by().values_list("region", flat=True).distinct())
    return [(name, name) for name in sorted(names)]


def _countries(known: Iterable[str]) -> list[tuple[str, str]]:
    """Those of the programme's partners and leads, and those that are chosen already."""
    codes = {*known, *Partner.objects.order_by().values_list("country", flat=True).distinct()}
    codes |= set(Lead.objects.order_by().values_list("country", flat=True).distinct())
    return [(code, name) for code, name in countries(get_language() or "en") if code in codes]


class RuleForm(forms.Form):
    """One distribution rule."""

    name = forms.CharField(label=_("Name"), max_length=80)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)
    countries = ChecksField(label=_("Lead’s country"))
    regions = ChecksField(label=_("Lead’s region"))
    families = ChecksField(label=_("Interested in"))
    products = ChecksField(label=_("Interested in one of these products"))
    industries = WordsField(
        label=_("Lead’s industry"),
        required=False,
        help_text=_("Such as: healthcare, retail. Separate them with commas."),
    )
    min_budget = AmountField(label=_("Budget from"), required=False)
    outcome = forms.ChoiceField(
        label=_("Then"), choices=RuleOutcome, widget=forms.RadioSelect, initial=RuleOutcome.OFFER
    )
    same_country = forms.BooleanField(label=_("Only partners in the lead’s country"), required=False)
    same_region = forms.BooleanField(label=_("Only partners in the lead’s region"), required=False)
    partner_types = ChecksField(label=_("Kind of partner"), choices=PartnerType)
    partner_regions = ChecksField(label=_("Partner’s region"))
    segments = ChecksField(label=_("Tier"))
    max_open = forms.IntegerField(
        label=_("Most open leads a partner"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=_("Partners that have as many are passed over. Empty for no limit."),
    )
    preference = forms.ChoiceField(
        label=_("Who comes first"),
        choices=RulePreference,
        widget=forms.RadioSelect,
        initial=RulePreference.PRIORITY,
        help_text=_("Among equals it is the partner’s turn who has waited longest."),
    )
    about_lead = ("countries", "regions", "families", "products", "industries", "min_budget")
    about_partner = (
        "same_country",
        "same_region",
        "partner_types",
        "partner_regions",
        "segments",
        "max_open",
        "preference",
    )

    def __init__(self, *args: Any, by: Membership, rule: LeadRule | None = None, **kwargs: Any):
        self.by, self.rule = by, rule
        if rule is not None:
            kwargs["initial"] = {name: getattr(rule, name) for name in self.base_fields}
            kwargs["initial"]["families"] = [str(pk) for pk in rule.families]
            kwargs["initial"]["products"] = [str(pk) for pk in rule.products]
        super().__init__(*args, **kwargs)
        regions = _regions()
        families = [
            (str(pk), name) for pk, name in ProductFamily.objects.order_by("name").values_list("pk", "name")
        ]
        products = products_on_sale() | Product.objects.filter(pk__in=rule.products if rule else [])
        choices = {
            "countries": _countries(rule.countries if rule else []),
            "regions": regions,
            "partner_regions": regions,
            "families": families,
            "products": [(str(product.pk), product.name) for product in products.order_by("name")],
            "segments": segment_choices(),
        }
        for name, options in choices.items():
            if options:
                self.fields[name].choices = options
            else:
                del self.fields[name]
        if "segments" in self.fields:
            self.fields["segments"].label = str(segment_label())
        self.fields["min_budget"].for_currency(by.tenant.currency)

    def unsaved(self) -> LeadRule:
        """The rule as the form says, to see what it would do."""
        rule = LeadRule(
            pk=self.rule.pk if self.rule else None, position=self.rule.position if self.rule else 0
        )
        for name, value in self.cleaned_data.items():
            setattr(rule, name, value)
        rule.families = [option.pk for option in ProductFamily.objects.filter(pk__in=rule.families)]
        rule.products = [option.pk for option in Product.objects.filter(pk__in=rule.products)]
        return rule

    def save(self) -> LeadRule:
        return actions.save_rule(self.rule, by=self.by, **self.cleaned_data)


class TermsForm(forms.Form):
    """How long partners have, and what happens after that."""

    answer_within = forms.IntegerField(label=_("Time to answer"), min_value=1, max_value=240)
    answer_unit = forms.ChoiceField(label=_("Counted in"), choices=AnswerUnit)
    max_offers = forms.IntegerField(
        label=_("Partners asked, one after the other"),
        min_value=1,
        max_value=20,
        help_text=_("A lead that so many have declined or left is not offered to a further one."),
    )
    after_offers = forms.ChoiceField(label=_("After that the lead"), choices=AfterMoves)
    automatic = forms.BooleanField(
        label=_("Distribute leads as soon as they come in"),
        required=False,
        help_text=_("Without it new leads wait under “Leads to distribute”."),
    )

    def __init__(self, *args: Any, by: Membership, terms: LeadPolicy, **kwargs: Any):
        self.by = by
        kwargs["initial"] = {name: getattr(terms, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> LeadPolicy:
        return actions.change_policy(by=self.by, **self.cleaned_data)


class CriteriaForm(forms.Form):
    """What makes a lead of one kind. Two of them stand on one page."""

    is_active = forms.BooleanField(label=_("In use"), required=False)
    industries = WordsField(
        label=_("Industries"),
        required=False,
        help_text=_("Such as: healthcare, retail. Separate them with commas; empty for all."),
    )
    countries = ChecksField(label=_("Countries"))
    channels = ChecksField(label=_("Channels"), choices=MarketingChannel)
    min_employees = forms.IntegerField(
        label=_("Employees, at least"), required=False, min_value=0, max_value=10_000_000
    )
    min_budget = AmountField(label=_("Budget, at least"), required=False)
    needs_contact = forms.BooleanField(label=_("E-mail address or telephone is known"), required=False)
    needs_consent = forms.BooleanField(label=_("Consent is noted"), required=False)
    suggestions = {"lead-industries": INDUSTRIES}

    def __init__(self, *args: Any, by: Membership, criteria: LeadCriteria, **kwargs: Any):
        kwargs["initial"] = {name: getattr(criteria, name) for name in self.base_fields}
        kwargs["prefix"] = criteria.kind
        super().__init__(*args, **kwargs)
        options = _countries(criteria.countries)
        if options:
            self.fields["countries"].choices = options
        else:
            del self.fields["countries"]
        if criteria.kind == CriteriaKind.SALES:
            # Without criteria every lead is qualified, so there is nothing to switch off.
            del self.fields["is_active"]
        self.fields["min_budget"].for_currency(by.tenant.currency)


class BothCriteria:
    """The two forms of the criteria page, sent together."""

    def __init__(self, data: Any, *, by: Membership, criteria: list[LeadCriteria]):
        self.by = by
        known = {item.kind: item for item in criteria}
        empty = {
            CriteriaKind.SALES: LeadCriteria(kind=CriteriaKind.SALES),
            CriteriaKind.MARKETING: LeadCriteria(kind=CriteriaKind.MARKETING, is_active=False),
        }
        forms_by_kind = {
            kind: CriteriaForm(data, by=by, criteria=known.get(kind, empty[kind])) for kind in CriteriaKind
        }
        self.sales = forms_by_kind[CriteriaKind.SALES]
        self.marketing = forms_by_kind[CriteriaKind.MARKETING]
        self.is_bound = self.sales.is_bound
        self.fields = self.sales.fields

    def is_valid(self) -> bool:
        return all([self.sales.is_valid(), self.marketing.is_valid()])

    def add_error(self, field: str | None, error: str) -> None:
        self.sales.add_error(field, error)

    def save(self) -> Job | None:
        return actions.change_criteria(
            by=self.by, sales=self.sales.cleaned_data, marketing=self.marketing.cleaned_data
        )
