"""Statements of learning systems, as the Experience API 1.0.3 describes them (sections 2.2 to 2.4 of its part two).

Every valid statement is kept. `completed` and `passed` of a known person and course become a completion, `failed` is
noted as a failure; what names nobody we know waits, and is matched again when asked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from partners.training import queries
from partners.training.actions import complete
from partners.training.enums import CompletedVia, StatementOutcome
from partners.training.models import Statement
from portal.accounts.access import check
from portal.accounts.models import Membership

VERSION = "1.0.3"
VERBS = "http://adlnet.gov/expapi/verbs/"
COMPLETING = frozenset({f"{VERBS}completed", f"{VERBS}passed"})
FAILED = f"{VERBS}failed"
IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
OTHER_OBJECTS = ("Agent", "Group", "StatementRef", "SubStatement")
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
    is_failed: bool
    raw: dict[str, Any]

    @property
    def digest(self) -> str:
        said = {key: value for key, value in self.raw.items() if key not in {"id", "stored", "authority"}}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read(raw: Any, statement_id: UUID | None = None) -> Report:
    """Take a statement apart. Raises ValidationError with what is wrong with it."""
    if not isinstance(raw, dict):
        raise ValidationError(_("A statement is a JSON object."))
    if "\\u0000" in json.dumps(raw):
        raise ValidationError(_("A statement holds no null characters."))
    given = _identifier(raw.get("id"))
    if statement_id and given and given != statement_id:
        raise ValidationError(_("The statement's id is not the one in the address."))
    verb, activity = raw.get("verb"), raw.get("object")
    if not isinstance(verb, dict) or not _is_iri(verb.get("id")):
        raise ValidationError(_("verb.id must be an absolute address."))
    target = _target(activity)
    result = raw.get("result", {})
    if not isinstance(result, dict):
        raise ValidationError(_("result must be a JSON object."))
    return Report(
        # Versions beyond 5 are younger than the standard, and its client libraries refuse them.
        statement_id=statement_id or given or uuid4(),
        actor=_actor(raw.get("actor")),
        verb=verb["id"][:300],
        activity=target,
        said_at=_moment(raw.get("timestamp")),
        score=_percent(result),
        is_completed=verb["id"] in COMPLETING
        and bool(target)
        and result.get("completion") is not False
        and result.get("success") is not False,
        is_failed=verb["id"] == FAILED or (verb["id"] in COMPLETING and result.get("success") is False),
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
                "outcome": StatementOutcome.FAILED if report.is_failed else StatementOutcome.NOTED,
            },
        )
        if not new and statement.digest != report.digest:
            raise Contradiction(str(report.statement_id))
        if new:
            _act(statement, report, by)
        kept.append(statement)
    return kept


MOST_READ = 500


def find(wanted: Mapping[str, str]) -> tuple[list[Statement], dict[str, str]]:
    """Statements by the filters of the standard (agent, verb, activity, since, until, limit, ascending), the newest
    first, and the filters of the page that follows; none where there is no more.

    Raises ValidationError for a filter that cannot be read.
    """
    found = Statement.objects.all()
    for name in ("verb", "activity"):
        if name in wanted:
            if not _is_iri(wanted[name]):
                raise ValidationError(_("%s must be an absolute address.") % name)
            found = found.filter(**{name: wanted[name][:300]})
    if "agent" in wanted:
        try:
            agent = json.loads(wanted["agent"])
        except ValueError as error:
            raise ValidationError(_("agent must be a JSON object.")) from error
        found = found.filter(actor=_actor(agent))
    if "since" in wanted:
        found = found.filter(created_at__gt=_moment(wanted["since"]))
    if "until" in wanted:
        found = found.filter(created_at__lte=_moment(wanted["until"]))
    limit, ascending = _limit(wanted.get("limit", "")), wanted.get("ascending") == "true"
    after = _identifier(wanted.get("after"))
    if after is not None:
        found = found.filter(**{"pk__gt" if ascending else "pk__lt": after})
    rows = list(found.order_by("pk" if ascending else "-pk")[: limit + 1])
    more = {**wanted, "after": str(rows[limit - 1].pk)} if len(rows) > limit else {}
    return rows[:limit], more


def _limit(text: str) -> int:
    if text in ("", "0"):
        return MOST_READ
    if not (text.isascii() and text.isdecimal()):
        raise ValidationError(_("limit must be a whole number."))
    return min(int(text[:6]), MOST_READ)


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


def _target(target: Any) -> str:
    """The id of the activity that a statement is about; empty where it is about something else the standard knows."""
    if not isinstance(target, dict):
        raise ValidationError(_("object must be a JSON object."))
    kind = target.get("objectType", "Activity")
    if kind in OTHER_OBJECTS:
        return ""
    if kind != "Activity":
        raise ValidationError(_("object.objectType is none that the standard knows."))
    if not _is_iri(target.get("id")):
        raise ValidationError(_("object.id must be an absolute address."))
    return target["id"][:300]


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
    # In every time zone there must be such a day.
    if moment is None or not MINYEAR < moment.year < MAXYEAR:
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
