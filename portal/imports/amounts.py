"""What amounts in a file are worth to the tenant."""

import polars as pl

from portal.imports.targets import Context
from portal.money import convert


def in_tenant_currency(frame: pl.DataFrame, name: str, context: Context) -> pl.Series:
    """Amounts in the tenant's currency; null where there is no rate, which the check points out."""
    own = context.tenant_currency
    amounts: list[int | None] = []
    for minor, code in frame.select(name, "currency").iter_rows():
        if minor is None or code in (own, None):
            amounts.append(minor)
        else:
            rate = context.rates.get(code)
            amounts.append(None if rate is None else convert(minor, rate, code, own))
    return pl.Series(name, amounts, pl.Int64)
