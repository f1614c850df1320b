"""Who computes for a partner holds that partner's lock until the transaction ends."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection


def lock_partners(purpose: str, partner_ids: Collection[UUID]) -> None:
    """Wait for the partners' locks for one purpose (`ledger`, `tiers`), in one statement and one order.

    What a waiting transaction reads after this includes what the one before it has committed.
    """
    keys = [f"{purpose}:{partner_id}" for partner_id in sorted(set(partner_ids))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(hashtextextended(key, 0)))"
            " FROM (SELECT key FROM unnest(%s::text[]) WITH ORDINALITY AS t(key, n) ORDER BY n) AS keys",
            [keys],
        )
