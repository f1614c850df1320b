"""Statements of learning systems, as the Experience API 1.0.3 describes them (sections 2.2 to 2.4 of its part two).

Every valid statement is kept. `completed` and `passed` of a known person and course become a completion; what
names nobody we know waits, and is matched again when asked.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from partners.training import queries
from partners.training.actions import complete
from partners.training.enums import CompletedVia, StatementOutcome
from partners.training.models import Statement
from portal.accounts.access import check
from portal.accounts.models import Membership

VERSION = "1.0.3"
VERBS = "http://adlnet.gov/expapi/verbs/"
COMPLETING = frozenset({f"{VERBS}completed", f"{VERBS}passed"})
IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
MOST_STATEMENTS = 500


class Contradiction(Exception):
    """A statement of this id is kept already, and says something else."""


@dataclass(frozen=True)
class Report:
    """What a statement says, taken apart."""

    statement_id: UUID
    actor: str
    verb: str
    activity: str
    said_at: datetime
    score: int | None
    is_completed: bool
    raw: dict[str, Any]

    @property
    def digest(self) -> str:
        said = {key: value for key, value in self.raw.items() if key not in {"id", "stored", "authority"}}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read(raw: Any, statement_id: UUID | None = None) -> Report:
    """Take a statement apart. Raises ValidationError with what is wrong with it."""
    if not isinstance(raw, dict):
        raise ValidationError(_("A statement is a JSON object."))
    given = _identifier(raw.get("id"))
    if statement_id and given and given != statement_id:
        raise ValidationError(_("The statement's id is not the one in the address."))
    verb, activity = raw.get("verb"), raw.get("object")
    if not isinstance(verb, dict) or not _is_iri(verb.get("id")):
        raise ValidationError(_("verb.id must be an absolute address."))
    if not isinstance(activity, dict) or activity.get("objectType", "Activity") != "Activity":
        raise ValidationError(_("object must be an activity."))
    if not _is_iri(activity.get("id")):
        raise ValidationError(_("object.id must be an absolute address."))
    result = raw.get("result", {})
    if not isinstance(result, dict):
        raise ValidationError(_("result must be a JSON object."))
    return Report(
        statement_id=statement_id or given or uuid7(),
        actor=_actor(raw.get("actor")),
        verb=verb["id"][:300],
        activity=activity["id"][:300],
        said_at=_moment(raw.get("timestamp")),
        score=_percent(result),
        is_completed=verb["id"] in COMPLETING
        and result.get("completion") is not False
        and result.get("success") is not False,
        raw=raw,
    )


def store(reports: Iterable[Report], *, by: Membership) -> list[Statement]:
    """Keep statements and act on them; one that is there already is left as it is.

    Raises Contradiction when one says something else than the kept statement of its id.
    """
    check(by, "training.record_completion")
    kept = []
    for report in reports:
        statement, new = Statement.objects.get_or_create(
            statement_id=report.statement_id,
            defaults={
                "actor": report.actor,
                "verb": report.verb,
                "activity": report.activity,
                "raw": report.raw,
                "digest": report.digest,
                "outcome": StatementOutcome.NOTED,
            },
        )
        if not new and statement.digest != report.digest:
            raise Contradiction(str(report.statement_id))
        if new:
            _act(statement, report, by)
        kept.append(statement)
    return kept


def match_again(*, by: Membership) -> int:
    """Try the statements that named nobody or nothing we knew; returns how many became completions."""
    check(by, "training.view_statements")
    # What still names nobody must not keep the rest from its turn, so who was tried longest ago comes first.
    waiting = (
        Statement.objects.select_for_update(of=("self",))
        .filter(outcome__in=(StatementOutcome.NO_PERSON, StatementOutcome.NO_COURSE))
        .order_by(F("tried_at").asc(nulls_first=True), "pk")
    )
    found = list(waiting[:MOST_STATEMENTS])
    for statement in found:
        _act(statement, read(statement.raw, statement.statement_id), by)
    return sum(statement.outcome == StatementOutcome.COMPLETED for statement in found)


def _act(statement: Statement, report: Report, by: Membership) -> None:
    if not report.is_completed:
        return
    course = queries.course_called(report.activity)
    member = queries.person_named(report.actor)
    if course is None:
        statement.outcome = StatementOutcome.NO_COURSE
    elif member is None:
        statement.outcome = StatementOutcome.NO_PERSON
    else:
        zone = member.tenant.zone
        # A learning system's clock may be a little ahead of ours.
        day = min(timezone.localdate(report.said_at, zone), timezone.localdate(timezone=zone))
        statement.completion = complete(
            course,
            member,
            on=day,
            via=CompletedVia.XAPI,
            by=by,
            score=report.score,
            external_id=str(report.statement_id),
        )
        statement.outcome = StatementOutcome.COMPLETED
    statement.tried_at = timezone.now()
    statement.save(update_fields=["outcome", "completion", "tried_at"])


def _actor(actor: Any) -> str:
    """The one inverse functional identifier of the agent, such as `mailto:ada@example.com`."""
    if not isinstance(actor, dict):
        raise ValidationError(_("actor must be a JSON object."))
    given = [name for name in IDENTIFIERS if name in actor]
    if len(given) != 1:
        raise ValidationError(_("actor needs exactly one of mbox, mbox_sha1sum, openid and account."))
    value = actor[given[0]]
    if given[0] == "account":
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            raise ValidationError(_("actor.account needs homePage and name."))
        return f"account:{value['name']}"[:300]
    if not isinstance(value, str) or (given[0] == "mbox" and not value.startswith("mailto:")):
        raise ValidationError(_("actor.mbox must begin with mailto:."))
    return (value if given[0] == "mbox" else f"{given[0]}:{value}")[:300]


def _identifier(value: Any) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValidationError(_("id must be a UUID.")) from error


def _moment(value: Any) -> datetime:
    if value is None:
        return timezone.now()
    try:
        moment = parse_datetime(value)
    except (ValueError, TypeError):
        moment = None
    if moment is None:
        raise ValidationError(_("timestamp must be a date and time (ISO 8601)."))
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, UTC)


def _percent(result: dict[str, Any]) -> int | None:
    score = result.get("score")
    if score is None:
        return None
    scaled = score.get("scaled") if isinstance(score, dict) else None
    if scaled is None:
        return None
    if isinstance(scaled, bool) or not isinstance(scaled, int | float) or not -1 <= scaled <= 1:
        raise ValidationError(_("result.score.scaled must lie between -1 and 1."))
    return max(0, int(scaled * 100))


def _is_iri(value: Any) -> bool:
    return isinstance(value, str) and bool(urlsplit(value).scheme)
