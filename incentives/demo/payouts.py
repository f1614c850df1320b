"""The demonstration's quarters are closed and paid; the latest close waits for its approval."""

import datetime as dt
import random
from collections.abc import Mapping

from stdnum import iban

from incentives.statements import actions, queries
from incentives.statements.checklist import checks
from incentives.statements.enums import Method
from metrics.periods import calendar_of
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import current_tenant

WITHOUT_DETAILS = 0.12


def close_quarter(
    admin: Membership,
    manager: Membership,
    owners: Mapping[Partner, Membership],
    chance: random.Random,
    *,
    is_last: bool,
) -> None:
    """Close the quarter that is over, if there is one, and pay it; the last one stays a proposal."""
    if queries.terms()._state.adding:
        actions.save_terms(by=admin, minimum=25_00, payer_name="Northwind Systems", payer_iban=_account(1))
    calendar = calendar_of(current_tenant())
    period = queries.next_period(calendar)
    if period is None:
        return
    _give_details(admin, owners, chance)
    read = [check.key for check in checks(period)]
    closing = actions.propose_closing(period, by=manager, acknowledged=read)
    if is_last:
        return
    actions.approve_closing(closing, by=admin)
    owed = set(queries.unpaid().order_by().values_list("partner_id", flat=True))
    ready = {key for key, payee in queries.payees(owed).items() if not payee.obstacle}
    for total in queries.totals(queries.unpaid().filter(partner_id__in=ready)):
        method = Method.SEPA if total.currency == "EUR" else Method.CSV
        batch = actions.propose_batch(
            total.currency, by=manager, execution_on=calendar.today() + dt.timedelta(days=2), method=method
        )
        actions.send_batch(actions.approve_batch(batch, by=admin), by=manager)
        payments = list(batch.payments.all())
        failed = {payments[0].pk: "Account is closed"} if chance.random() < 0.2 and len(payments) > 3 else {}
        actions.settle_batch(batch, by=manager, paid_on=calendar.today(), failed=failed)


def _give_details(admin: Membership, owners: Mapping[Partner, Membership], chance: random.Random) -> None:
    """Most owners have said where to pay by now, and most of that has been verified."""
    payees = queries.payees([partner.pk for partner in owners])
    for number, (partner, owner) in enumerate(owners.items(), start=2):
        if payees[partner.pk].details or chance.random() < WITHOUT_DETAILS:
            continue
        details = actions.save_details(
            partner,
            by=owner,
            holder=partner.name[:70],
            iban=_account(number),
            bic="",
            country=partner.country or "NL",
            tax_number="",
            vat_number="",
        )
        if chance.random() > WITHOUT_DETAILS:
            actions.verify_payee(partner, by=admin, fingerprint=details.fingerprint)


def _account(number: int) -> str:
    """An account number with right check digits, at a bank that is none."""
    account = f"NOTB{number:010d}"
    return f"NL{iban.calc_check_digits(f'NL00{account}')}{account}"
