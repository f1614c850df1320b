"""What makes versions of scorecard templates: the ones to begin with, and the rules that any must keep."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from metrics.catalogues import Catalogue
from metrics.defaults import DEFAULT_TEMPLATES, MIN_COVERAGE, template_lines
from metrics.models import ScorecardTemplate, TemplateVersion
from metrics.own import catalogue_at
from metrics.scoring import STEPS, KpiRule, TemplateRules, track_weights
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant


def ensure_default_template(tenant: Tenant) -> list[ScorecardTemplate]:
    """The templates that a new tenant starts with: for all partners, by month, quarter and year."""
    templates = []
    for default in DEFAULT_TEMPLATES:
        template, created = ScorecardTemplate.objects.get_or_create(
            period_kind=default.period_kind,
            partner_type="",
            region="",
            segment="",
            defaults={"name": str(default.name)},
        )
        if created:
            lines = template_lines(default.period_kind, tenant.currency)
            publish_version(template, lines, MIN_COVERAGE, dt.date.min, None)
        templates.append(template)
    return templates


def check_rules(
    kpis: list[dict[str, Any]],
    min_coverage: Decimal,
    *,
    valid_from: dt.date = dt.date.min,
    gate_score: Decimal | None = None,
    gate_each: bool = False,
) -> TemplateRules:
    """The rules of these lines. ActionRefused, in words for the person, where they do not hold."""
    if not kpis:
        raise ActionRefused(_("A template needs at least one KPI."))
    codes = [line["code"] for line in kpis]
    if len(set(codes)) < len(codes):
        raise ActionRefused(_("A KPI can stand in a template only once."))
    # A KPI of the tenant's must be defined by the time that the template begins.
    catalogue = catalogue_at(max(valid_from, dt.date.min + dt.timedelta(days=1)))
    for code in codes:
        if code not in catalogue:
            raise ActionRefused(_("There is no KPI “%(code)s” when this template begins.") % {"code": code})
    try:
        rules = TemplateRules(
            tuple(KpiRule(**line) for line in kpis),
            float(min_coverage),
            None if gate_score is None else float(gate_score),
            gate_each,
        )
    except (ValueError, TypeError) as error:
        raise ActionRefused(str(error)) from error
    _check_weights(kpis, rules)
    _check_steps(rules, catalogue)
    return rules


def _check_weights(kpis: list[dict[str, Any]], rules: TemplateRules) -> None:
    weights = {line["code"]: Decimal(str(line["weight"])) for line in kpis}
    total = sum((weights[rule.code] for rule in rules.kpis if not rule.choice), Decimal(0))
    for choice, tracks in track_weights(rules.kpis).items():
        if len(tracks) < 2:
            raise ActionRefused(
                _("“%(choice)s” has one track only; there must be at least two to choose from.")
                % {"choice": choice}
            )
        sums: Mapping[str, Decimal] = {
            track: sum(
                (weights[rule.code] for rule in rules.kpis if (rule.choice, rule.track) == (choice, track)),
                Decimal(0),
            )
            for track in tracks
        }
        if len(set(sums.values())) > 1:
            listed = ", ".join(f"{track} {weight.normalize():f}" for track, weight in sums.items())
            raise ActionRefused(
                _("The tracks of “%(choice)s” must have the same weight: %(listed)s.")
                % {"choice": choice, "listed": listed}
            )
        total += next(iter(sums.values()))
    if total != 100:
        raise ActionRefused(
            _("The weights add up to %(total)s and must add up to 100.") % {"total": f"{total.normalize():f}"}
        )


def _check_steps(rules: TemplateRules, catalogue: Catalogue) -> None:
    for rule in rules.kpis:
        if rule.method == STEPS and rule.points is not None and rule.points > rule.weight:
            raise ActionRefused(
                _("%(kpi)s: a step gives more points than the weight allows.")
                % {"kpi": catalogue[rule.code].name}
            )


def publish_version(
    template: ScorecardTemplate,
    kpis: list[dict[str, Any]],
    min_coverage: Decimal,
    valid_from: dt.date,
    by: Membership | None,
    *,
    gate_score: Decimal | None = None,
    gate_each: bool = False,
) -> TemplateVersion:
    """Write the template's next version, unchecked."""
    return TemplateVersion.objects.create(
        template=template,
        number=template.versions.count() + 1,
        kpis=kpis,
        min_coverage=min_coverage,
        gate_score=gate_score,
        gate_each=gate_each,
        valid_from=valid_from,
        published_by=by,
        created_at=timezone.now(),
    )
