"""Which tier was held when. Pure."""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TierHistory:
    """Which tier a partner held on which day: `(first day, tier)` by rising day over the lowest tier.

    A change to None falls back to the lowest tier.
    """

    base: UUID | None
    changes: tuple[tuple[dt.date, UUID | None], ...] = ()

    def on(self, day: dt.date) -> UUID | None:
        return self._at(day)[1]

    def since(self, day: dt.date) -> dt.date | None:
        """The first day of the stretch that `day` lies in; None where it has always been so."""
        return self._at(day)[0]

    def _at(self, day: dt.date) -> tuple[dt.date | None, UUID | None]:
        index = bisect_right(self.changes, day, key=lambda change: change[0])
        if not index:
            return None, self.base
        start, tier = self.changes[index - 1]
        return start, tier or self.base
