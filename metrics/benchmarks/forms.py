from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from metrics.benchmarks import actions
from metrics.benchmarks.models import Benchmark
from metrics.own import choosable, grouped
from metrics.periods import PeriodKind
from metrics.reviews.forms import kept_to_typed, typed_to_kept
from partners.directory.enums import PartnerType
from partners.directory.fields import DateField
from partners.directory.models import Partner
from portal.accounts.models import Membership


class BenchmarkForm(forms.Form):
    kpi = forms.ChoiceField(label=_("KPI"))
    period_kind = forms.ChoiceField(label=_("In a"), choices=PeriodKind, initial=PeriodKind.QUARTER)
    value = forms.DecimalField(
        label=_("Usual value"),
        help_text=_("Money in whole units of your currency, percentages such as 80."),
        max_digits=18,
        decimal_places=4,
    )
    source = forms.CharField(
        label=_("Where it is from"), max_length=200, help_text=_("Such as a study and its year.")
    )
    partner_type = forms.ChoiceField(label=_("Partner type"), required=False)
    region = forms.ChoiceField(label=_("Region"), required=False)
    valid_from = DateField(label=_("Valid from"))

    def __init__(self, *args: Any, by: Membership, benchmark: Benchmark | None = None, **kwargs: Any):
        self.by, self.benchmark = by, benchmark
        self.kpis = choosable(keeping=benchmark.kpi if benchmark else "")
        initial: dict[str, Any] = {"valid_from": timezone.localdate().replace(month=1, day=1)}
        if benchmark is not None:
            kept = ("kpi", "period_kind", "source", "partner_type", "region", "valid_from")
            initial = {name: getattr(benchmark, name) for name in kept}
            if (kpi := self.kpis.get(benchmark.kpi)) is not None:
                initial["value"] = kept_to_typed(kpi, benchmark.value, by.tenant.currency)
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["kpi"].choices = grouped(self.kpis.values())
        regions = Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True)
        known = set(regions.distinct()) | ({benchmark.region} if benchmark and benchmark.region else set())
        self.fields["region"].choices = [("", _g("All regions")), *((name, name) for name in sorted(known))]
        self.fields["partner_type"].choices = [("", _g("All types")), *PartnerType.choices]

    def save(self) -> Benchmark:
        data = self.cleaned_data | {"period_kind": PeriodKind(self.cleaned_data["period_kind"])}
        data["value"] = typed_to_kept(self.kpis[data["kpi"]], data["value"], self.by.tenant.currency)
        return actions.set_benchmark(by=self.by, benchmark=self.benchmark, **data)
