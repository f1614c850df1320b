"""Let one partner company become part of another."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.enums import PartnerStatus
from partners.directory.merging.moving import keep_together, move, moving
from partners.directory.models import Partner, PartnerMerge
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

# So long after a merge what came late is looked for: longer than any work may last.
COMES_LATE = timedelta(days=3)


def merge_partners(merged: Partner, kept: Partner, *, by: Membership, reason: str) -> PartnerMerge:
    """Give everything of `merged` to `kept`, which stands for both from now on.

    People, customers, deals, leads, completions, costs, comments and files go. Events, ledger entries, funds and
    scorecards of the past stay in the old company's name, which ends and says what it became part of.
    """
    check(by, "directory.merge_partners")
    wait_for_merges()
    merged, kept = _locked(merged, kept)
    reason = reason.strip()
    if merged.pk == kept.pk:
        raise ActionRefused(_("Choose two different companies."), field="kept")
    if not reason:
        raise ActionRefused(_("Give the reason; it stays with both companies."), field="reason")
    for partner in (merged, kept):
        if partner.merged_into_id is not None:
            raise ActionRefused(
                _("%s has become part of another company already.") % partner.name, code="merged"
            )
    if not kept.may_trade:
        raise ActionRefused(
            _("%(partner)s is %(status)s: only a company in good standing takes another over.")
            % {"partner": kept.name, "status": kept.get_status_display().lower()},
            field="kept",
        )
    moved, left = _carry_over(merged, kept)
    _end(merged, kept, by)
    merge = PartnerMerge.objects.create(
        merged=merged, kept=kept, reason=reason, moved=moved, left=left, by=by
    )
    words = {"merged": merged.name, "kept": kept.name, "reason": reason}
    keys = {"merged_id": str(merged.pk), "kept_id": str(kept.pk), "moved": moved}
    record("partner.merged", subject=kept, by=by, partner_id=kept.pk, data=words | keys)
    # Under a name of its own: what was worked out for the old company is not to be worked out anew.
    record("company.became_part", subject=merged, by=by, partner_id=merged.pk, data=words | keys)
    return merge


def wait_for_merges() -> None:
    """Be the one transaction of the tenant that merges companies, or that relies on none being merged meanwhile."""
    lock("directory.merge", current_tenant_id())


def bring_the_rest(now: datetime) -> int:
    """Bring what was written in the name of a merged company while it was being merged; how many rows came.

    Whoever writes a row during the merge waits for it to end, and then writes in the old company's name all the same.
    """
    found = 0
    for merge in PartnerMerge.objects.filter(created_at__gte=now - COMES_LATE).select_related("merged"):
        merged = merge.merged
        if merged.merged_into_id is None:
            continue
        merged, kept = _locked(merged, Partner(pk=merged.merged_into_id))
        moved, _left = _carry_over(merged, kept)
        if moved:
            found += sum(moved.values())
            words = {"merged": merged.name, "kept": kept.name, "reason": merge.reason}
            keys = {"merged_id": str(merged.pk), "kept_id": str(kept.pk), "moved": moved, "late": True}
            record("partner.merged", subject=kept, partner_id=kept.pk, data=words | keys)
    return found


def _carry_over(merged: Partner, kept: Partner) -> tuple[dict[str, int], dict[str, int]]:
    """Give the rows to `kept`; how many went and how many stayed, by column."""
    moved: dict[str, int] = {}
    left: dict[str, int] = {}
    for place in moving():
        gone, stayed = move(place, merged, kept)
        if gone:
            moved[place.label] = gone
        if stayed:
            left[place.label] = stayed
    for place in moving():
        if place.label not in left:
            continue
        for label, count in keep_together(place, merged, kept).items():
            moved[label] = moved.get(label, 0) - count
            left[label] = left.get(label, 0) + count
    return {label: count for label, count in moved.items() if count > 0}, left


def _end(merged: Partner, kept: Partner, by: Membership) -> None:
    # What became part of the one before is part of this one now: the way is always one step.
    Partner.objects.filter(merged_into=merged).update(merged_into=kept)
    merged.merged_into = kept
    merged.status = PartnerStatus.TERMINATED
    merged.left_on = merged.left_on or timezone.localdate(timezone=by.tenant.zone)
    changed: list[Any] = ["merged_into", "status", "left_on", "updated_at"]
    if merged.external_id and not kept.external_id:
        # The other systems go on to know the company that stands.
        external_id, merged.external_id = merged.external_id, ""
        merged.save(update_fields=[*changed, "external_id"])
        kept.external_id = external_id
        kept.save(update_fields=["external_id", "updated_at"])
        return
    merged.save(update_fields=changed)


def _locked(merged: Partner, kept: Partner) -> tuple[Partner, Partner]:
    """Both rows as they are now, locked in one order."""
    rows = Partner.objects.select_for_update(of=("self",)).filter(pk__in=[merged.pk, kept.pk])
    found = {row.pk: row for row in rows.order_by("pk")}
    return found[merged.pk], found[kept.pk]
