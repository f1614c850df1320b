"""What imports of the records behind figures have in common."""

import polars as pl

from portal.events.record import EventDraft, record_many
from portal.imports.targets import Context


def tell_by_partner(event: str, rows: pl.DataFrame, day: str, context: Context) -> None:
    """One event for each partner among the rows, and one for those of no partner, with the days that changed.

    They are the vendor's own: no event is the partner's, its key stands in the data.
    """
    grouped = (
        rows.group_by("partner").agg(pl.col(day).unique().sort(), pl.len().alias("count")).sort("partner")
    )
    record_many(
        EventDraft(
            event,
            context.source,
            context.by,
            None,
            {
                "new": {"partner_id": partner or ""},
                "count": count,
                "days": [str(each) for each in days if each],
            },
        )
        for partner, days, count in grouped.iter_rows()
    )
