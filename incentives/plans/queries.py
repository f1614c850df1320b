"""Reads about plans."""

from collections import defaultdict
from copy import copy
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet

from incentives.plans.actions import VersionDraft
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode, PlanBase, PlanForm
from incentives.plans.models import Plan, PlanRate, PlanVersion
from incentives.plans.terms import Terms, currency_factor
from metrics.periods import PeriodKind
from portal.tenancy.models import Tenant


def plans() -> QuerySet[Plan]:
    return Plan.objects.order_by("name")


def versions() -> QuerySet[PlanVersion]:
    """Every version with its plan, newest first within a plan."""
    return PlanVersion.objects.select_related("plan", "published_by__user").order_by("plan__name", "-number")


def version_in_force_or_next(plan: Plan) -> PlanVersion | None:
    """The plan's latest version that is or will be in force; what a new version starts from."""
    return (
        PlanVersion.objects.filter(plan=plan, during__isempty=False)
        .select_related("plan")
        .order_by("-during__startswith")
        .first()
    )


def published_terms(tenant: Tenant) -> list[Terms]:
    """What the tenant's plans say and said, by first day. Two queries."""
    rates: dict[UUID, dict[UUID, list[Band]]] = defaultdict(lambda: defaultdict(list))
    for version_id, tier_id, band, rate, amount in PlanRate.objects.order_by("band").values_list(
        "version_id", "tier_id", "band", "rate", "amount"
    ):
        rates[version_id][tier_id].append(Band(band.lower or 0, band.upper, rate, amount))
    in_force = PlanVersion.objects.filter(during__isempty=False).select_related("plan")
    found = [terms_of(version, rates[version.pk], tenant) for version in in_force]
    return sorted(found, key=lambda terms: (terms.start, terms.version_id))


def version_terms(version: PlanVersion, tenant: Tenant) -> Terms:
    """One saved version, also one that has been replaced."""
    bands: dict[UUID, list[Band]] = defaultdict(list)
    for rate in PlanRate.objects.filter(version=version).order_by("band"):
        bands[rate.tier_id].append(Band(rate.band.lower or 0, rate.band.upper, rate.rate, rate.amount))
    if not version.during.isempty:
        return terms_of(version, bands, tenant)
    # It was replaced before its first day; it is told as from when it was published.
    shown = copy(version)
    shown.during = DateRange(version.created_at.astimezone(tenant.zone).date(), None)
    return terms_of(shown, bands, tenant)


def draft_terms(plan: Plan, draft: VersionDraft, tenant: Tenant) -> Terms:
    bands = {tier_id: list(rows) for tier_id, rows in draft.bands.items()}
    return terms_of(draft.version(plan, 0), bands, tenant)


def terms_of(version: PlanVersion, bands: dict[UUID, list[Band]], tenant: Tenant) -> Terms:
    """A version, saved or drafted, as plain data."""
    return Terms(
        version_id=version.pk,
        plan_id=version.plan_id,
        plan_name=version.plan.name,
        number=version.number,
        currency=version.plan.currency,
        start=version.during.lower,
        end=version.during.upper,
        mode=BandMode(version.mode),
        period=PeriodKind(version.period),
        hold_days=version.hold_days,
        bands={tier_id: tuple(rows) for tier_id, rows in bands.items()},
        exchange_rate=version.exchange_rate,
        factor=currency_factor(tenant.currency, version.plan.currency, version.exchange_rate),
        partner_types=frozenset(version.partner_types),
        regions=frozenset(version.regions),
        tiers=frozenset(version.tier_ids),
        form=PlanForm(version.form),
        base=PlanBase(version.base),
        said=version.said,
    )
