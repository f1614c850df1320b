"""Amounts of the ledger in the tenant's currency, in SQL, for sources of facts."""

from portal.money import CURRENCIES, digits

_ODD = sorted(code for code in CURRENCIES if digits(code) != 2)
# Constants of a source that uses this, and its WITH clause: the currencies whose minor unit is no hundredth.
VALUES = {"odd_currencies": _ODD, "odd_digits": [digits(code) for code in _ODD]}
ODD = """odd AS MATERIALIZED (
    SELECT * FROM unnest(%(odd_currencies)s::text[], %(odd_digits)s::int[]) AS c(code, n)
)"""


def _digits(currency: str) -> str:
    return f"COALESCE((SELECT c.n FROM odd c WHERE c.code = {currency}), 2)"


def in_tenants_currency(entry: str, day: str, per_unit: str = "NULL::numeric") -> str:
    """Minor units of the tenant's currency (`t`) for the entry's, before rounding: NULL where no rate is known.

    `per_unit` is the entry's currency per unit of the tenant's, where the entry was worked out by one; otherwise the
    programme's rate of the `day` holds.
    """
    scale = f"10::numeric ^ ({_digits('t.currency')} - {_digits(f'{entry}.currency')})"
    return f"""CASE WHEN {entry}.currency = t.currency THEN {entry}.amount
        WHEN {per_unit} IS NOT NULL THEN {entry}.amount * {scale} / {per_unit}
        ELSE {entry}.amount * {scale} * (
            SELECT x.rate FROM rates_exchangerate x WHERE x.tenant_id = {entry}.tenant_id
                AND x.currency = {entry}.currency AND x.starts_on <= {day} ORDER BY x.starts_on DESC LIMIT 1
        ) END"""
