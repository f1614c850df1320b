"""What the parts of the engagement score weigh for the tenant in scope.

The tenant's weights are versions of the KPI `engagement_score`, kept as those of its own KPIs: they hold for the periods
that end after a day, and what was measured before keeps the weights that it had.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from metrics.defining import publish_built_in
from metrics.kpis.engagement import PARTS, Part, weighted_mean
from metrics.models import OwnKpiVersion
from metrics.own import catalogue_now
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.jobs.models import Job

CODE = "engagement_score"
HEAVIEST = 100


def versions() -> list[OwnKpiVersion]:
    """The weights that were set, the newest first; none where the parts weigh the same as they always have."""
    found = OwnKpiVersion.objects.filter(kpi__code=CODE).select_related("kpi", "published_by__user")
    return list(found.order_by("-number"))


def weights_in(formula: str) -> dict[str, int]:
    """The weights that a formula of `weighted_mean` was made with, by part; 0 for what it leaves out."""
    return {part.name: _weight(part, formula) for part in PARTS}


def _weight(part: Part, formula: str) -> int:
    found = re.search(rf"(\d+) \* COALESCE\(LEAST\({re.escape(part.formula)}, 1\)", formula)
    return int(found[1]) if found else 0


def weights_now() -> dict[str, int]:
    """The newest weights by part."""
    return weights_in(catalogue_now()[CODE].formula)


def set_weights(
    weights: Mapping[str, int], *, by: Membership, valid_from: dt.date, seen_number: int
) -> tuple[OwnKpiVersion, Job | None]:
    """Let the parts weigh this much in the periods that end after a day, today or later; 0 leaves a part out.

    With a job that recomputes those periods where the score is used and any of them is under way.
    """
    if sorted(weights) != sorted(part.name for part in PARTS):
        raise TypeError("Every part has a weight, and nothing else has.")
    if not all(0 <= weight <= HEAVIEST for weight in weights.values()) or not any(weights.values()):
        raise ActionRefused(
            _("Weights are whole numbers from 0 to %s, and at least one of them is above 0.") % HEAVIEST
        )
    parts: Sequence[tuple[str, int]] = [(part.formula, weights[part.name]) for part in PARTS]
    formula = weighted_mean([(part, weight) for part, weight in parts if weight])
    return publish_built_in(CODE, formula, by=by, valid_from=valid_from, seen_number=seen_number)
