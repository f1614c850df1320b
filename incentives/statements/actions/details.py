"""Where partners are paid, what is withheld, and how the vendor pays."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.statements import queries
from incentives.statements.models import PayeeCheck, PayoutDetails, PayoutTerms, TaxRule
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

DETAILS = ("holder", "iban", "bic", "country", "tax_number", "vat_number")


def save_details(partner: Partner, *, by: Membership, **values: str) -> PayoutDetails:
    """The partner's owner says where to pay. A new account has to be verified before money goes there."""
    check(by, "statements.change_details", partner)
    details = PayoutDetails.objects.select_for_update(of=("self",)).filter(partner=partner).first()
    old = {name: getattr(details, name) for name in DETAILS} if details else {}
    details = details or PayoutDetails(partner=partner)
    for name in DETAILS:
        setattr(details, name, values[name])
    new = {name: getattr(details, name) for name in DETAILS}
    if new == old:
        return details
    details.changed_by = by
    details.save()
    changed = sorted(name for name in DETAILS if old.get(name) != new[name])
    # The trail says that and by whom, not the numbers themselves.
    record(
        "payout.details_changed",
        subject=partner,
        by=by,
        partner_id=partner.pk,
        data={"changed": changed, "ends": details.iban[-4:]},
    )
    return details


def verify_payee(partner: Partner, *, by: Membership, fingerprint: str) -> PayeeCheck:
    """Say that the details have been checked with the partner. `fingerprint` is of those that the person saw."""
    check(by, "statements.verify_payee")
    row = _locked_check(partner)
    details = queries.payee(partner.pk).details
    if details is None:
        raise ActionRefused(_("The partner has not said yet where to pay."))
    if details.fingerprint != fingerprint:
        raise ActionRefused(_("The details have changed meanwhile. Look at them again."), code="stale")
    row.fingerprint, row.country = fingerprint, details.country
    row.verified_by, row.verified_at = by, timezone.now()
    row.save()
    record(
        "payout.details_verified",
        subject=partner,
        by=by,
        partner_id=partner.pk,
        data={"ends": details.iban[-4:]},
    )
    return row


def hold_payments(partner: Partner, *, by: Membership, reason: str) -> PayeeCheck:
    """Make no more payments to a partner until somebody lets them go on."""
    return _hold(partner, by, held=True, reason=reason)


def release_payments(partner: Partner, *, by: Membership, reason: str) -> PayeeCheck:
    return _hold(partner, by, held=False, reason=reason)


def _hold(partner: Partner, by: Membership, *, held: bool, reason: str) -> PayeeCheck:
    check(by, "statements.verify_payee")
    row = _locked_check(partner)
    if row.is_held == held:
        raise ActionRefused(_("Somebody has done that already."), code="state")
    if not reason.strip():
        raise ActionRefused(_("Say why."), field="reason")
    row.is_held, row.reason = held, reason.strip()
    row.save()
    record(
        "payout.held" if held else "payout.released",
        subject=partner,
        by=by,
        data={"reason": row.reason},
    )
    return row


def _locked_check(partner: Partner) -> PayeeCheck:
    lock("payee", partner.pk)
    return PayeeCheck.objects.filter(partner=partner).first() or PayeeCheck(partner=partner)


def save_terms(*, by: Membership, **values: Any) -> PayoutTerms:
    """How the vendor pays: `period`, `minimum` in minor units, and the account that payments come from."""
    check(by, "statements.change_terms")
    lock("payout-terms", current_tenant_id())
    terms = queries.terms()
    old = {name: getattr(terms, name) for name in values}
    for name, value in values.items():
        setattr(terms, name, value)
    terms.save()
    if old != values:
        record("payout.terms_saved", subject=terms, by=by, data={"old": old, "new": values})
    return terms


def save_tax_rule(*, by: Membership, country: str, name: str, rate: Decimal, starts_on: dt.date) -> TaxRule:
    """Withhold a fraction of payments to partners of a country from a day on, until a later rule."""
    check(by, "statements.change_terms")
    try:
        with transaction.atomic():
            rule = TaxRule.objects.create(country=country, name=name, rate=rate, starts_on=starts_on)
    except IntegrityError as error:
        raise ActionRefused(
            _("There is a rate for this country from that day already."), field="starts_on"
        ) from error
    record(
        "payout.tax_saved",
        subject=rule,
        by=by,
        data={"country": country, "name": name, "rate": str(rate), "from": starts_on.isoformat()},
    )
    return rule


def remove_tax_rule(rule: TaxRule, *, by: Membership) -> None:
    """Statements keep the rate that they were made with."""
    check(by, "statements.change_terms")
    record(
        "payout.tax_removed",
        subject=rule,
        by=by,
        data={"country": rule.country, "rate": str(rule.rate), "from": rule.starts_on.isoformat()},
    )
    rule.delete()
