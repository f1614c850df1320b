"""Checks by hand: what they are, and confirming them for a partner."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from incentives.locks import lock_partners
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.measures import forget_measures
from incentives.tiers.models import CheckMark, ManualCheck
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import calendar_of
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


@transaction.atomic
def save_check(item: ManualCheck, *, by: Membership) -> ManualCheck:
    """Add, rename or retire a check. What was confirmed of it goes on counting where a tier asks for it."""
    check(by, "incentives.change_programme")
    is_new = item._state.adding
    item.save()
    forget_measures()
    record("tier.check_saved", subject=item, by=by, data={"name": item.name, "new": is_new})
    return item


@transaction.atomic
def confirm_check(
    partner: Partner,
    item: ManualCheck,
    *,
    note: str,
    expires_on: dt.date | None = None,
    by: Membership,
) -> CheckMark:
    """Confirm a check from today on, in place of an earlier confirmation, and evaluate the partner."""
    check(by, "incentives.confirm_check", partner)
    today = calendar_of(tenant_in_scope()).today()
    if not item.is_active:
        raise ActionRefused(_("This check is no longer in use."), field="item")
    if not note.strip():
        raise ActionRefused(_("Say what was looked at, for who asks later."), field="note")
    if expires_on is not None and expires_on < today:
        raise ActionRefused(_("The last day lies in the past."), field="expires_on")
    lock_partners("tiers", [partner.pk])
    CheckMark.objects.filter(partner=partner, item=item, withdrawn_on__isnull=True).update(
        withdrawn_on=today, withdrawn_by=by
    )
    mark = CheckMark.objects.create(
        partner=partner, item=item, given_on=today, expires_on=expires_on, note=note.strip(), given_by=by
    )
    record(
        "tier.check_confirmed",
        subject=partner,
        by=by,
        data={"check": item.name, "note": mark.note, "until": str(expires_on or "")},
    )
    evaluate_tiers([partner.pk])
    return mark


@transaction.atomic
def withdraw_check(mark: CheckMark, *, by: Membership) -> CheckMark:
    """No longer from today on."""
    check(by, "incentives.confirm_check", mark.partner)
    lock_partners("tiers", [mark.partner_id])
    found = CheckMark.objects.select_related("partner", "item").get(pk=mark.pk)
    if found.withdrawn_on is not None:
        raise ActionRefused(_("It has been withdrawn already."))
    found.withdrawn_on, found.withdrawn_by = calendar_of(tenant_in_scope()).today(), by
    found.save(update_fields=["withdrawn_on", "withdrawn_by"])
    record("tier.check_withdrawn", subject=found.partner, by=by, data={"check": found.item.name})
    evaluate_tiers([found.partner_id])
    return found
