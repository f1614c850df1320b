"""Publishing plans."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange
from django.utils.translation import gettext as _

from incentives.plans.bands import Band, check_bands
from incentives.plans.enums import BandMode, PlanBase, PlanForm
from incentives.plans.models import Plan, PlanRate, PlanVersion
from incentives.plans.modifiers import PLAIN, Modifiers, check_modifiers, dump
from metrics.periods import PeriodKind
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


@dataclass(frozen=True, slots=True)
class VersionDraft:
    """What a new version is to say. `bands` are by tier, in minor units of the plan's currency."""

    starts_on: dt.date
    ends_on: dt.date | None
    mode: BandMode
    period: PeriodKind
    hold_days: int
    bands: Mapping[UUID, Sequence[Band]]
    exchange_rate: Decimal = Decimal(1)
    partner_types: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tier_ids: tuple[UUID, ...] = ()
    note: str = ""
    form: PlanForm = PlanForm.RATE
    base: PlanBase = PlanBase.REVENUE
    said: Modifiers = PLAIN

    def version(self, plan: Plan, number: int) -> PlanVersion:
        """The unsaved version; `ends_on` is its last day."""
        after = self.ends_on + dt.timedelta(days=1) if self.ends_on else None
        return PlanVersion(
            plan=plan,
            number=number,
            during=DateRange(self.starts_on, after),
            mode=self.mode,
            period=self.period,
            hold_days=self.hold_days,
            exchange_rate=self.exchange_rate,
            partner_types=list(self.partner_types),
            regions=list(self.regions),
            tier_ids=list(self.tier_ids),
            note=self.note,
            form=self.form,
            base=self.base,
            rules=dump(self.said),
        )

    def check(self) -> None:
        """BandError or ModifierError where it cannot be what is meant."""
        check_modifiers(self.form, self.base, self.mode, self.said)
        for bands in self.bands.values():
            check_bands(bands, self.mode, self.form, self.base)


@transaction.atomic
def publish_version(plan: Plan, draft: VersionDraft, *, by: Membership | None) -> PlanVersion:
    """Put a version in force from its first day; the versions before it end there, later ones are replaced.

    `plan` may be new. `by` None is the system itself (the example programme of a new tenant). Raises
    BandError for bands with a gap or overlap, ModifierError for rules that do not fit each other. The ledger follows the `plan.published` event.
    """
    if by is not None:
        check(by, "incentives.change_programme")
    draft.check()
    if draft.ends_on and draft.ends_on < draft.starts_on:
        raise ActionRefused(_("The last day lies before the first."), field="ends_on")
    if plan._state.adding:
        plan.save()
    else:
        plan = Plan.objects.select_for_update().get(pk=plan.pk)
    earlier = list(PlanVersion.objects.filter(plan=plan).order_by("-number"))
    version = draft.version(plan, earlier[0].number + 1 if earlier else 1)
    version.published_by = by
    for row in earlier:
        if row.during.isempty:
            continue
        if row.during.lower >= draft.starts_on:
            row.during = DateRange(empty=True)
        elif row.during.upper is None or row.during.upper > draft.starts_on:
            row.during = DateRange(row.during.lower, draft.starts_on)
        else:
            continue
        row.save(update_fields=["during"])
    version.save()
    PlanRate.objects.bulk_create(
        PlanRate(
            version=version,
            tier_id=tier_id,
            band=NumericRange(band.start, band.end),
            rate=band.rate,
            amount=band.amount,
        )
        for tier_id, bands in draft.bands.items()
        for band in bands
    )
    record(
        "plan.published",
        subject=plan,
        by=by,
        data={"plan": plan.name, "version": version.number, "from": str(draft.starts_on)},
    )
    return version
