"""Who must have which course by when, kept as rows: they are shown, reminded of and counted."""

import json
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.training.enums import CourseStatus
from partners.training.models import Course, Duty, Path, PathCourse, Requirement
from portal.events.record import EventDraft, record_many
from portal.shell.registry import segment_codes
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

# One person's course is asked of once, by the rule that wants it soonest.
_WANT = """WITH rule AS (SELECT * FROM jsonb_to_recordset(%(rules)s::jsonb) AS r(course uuid, path uuid,
    types text[], roles text[], partners uuid[], days int)),
want AS (
    SELECT DISTINCT ON (m.id, r.course) m.id AS member_id, m.partner_id, r.course AS course_id, r.path AS path_id, r.days
    FROM rule r
    JOIN accounts_membership m ON m.tenant_id = %(tenant)s AND m.is_active
        AND (cardinality(r.roles) = 0 OR m.role = ANY(r.roles))
    JOIN directory_partner p ON p.tenant_id = m.tenant_id AND p.id = m.partner_id AND p.status = ANY(%(trading)s)
        AND (cardinality(r.types) = 0 OR p.type = ANY(r.types)) AND (r.partners IS NULL OR p.id = ANY(r.partners))
    WHERE {these} ORDER BY m.id, r.course, r.days, r.path NULLS FIRST)"""
_END = """UPDATE training_duty d SET ended_on = %(today)s WHERE d.tenant_id = %(tenant)s AND d.ended_on IS NULL AND {these}
    AND NOT EXISTS (SELECT FROM want w WHERE w.member_id = d.member_id AND w.course_id = d.course_id
        AND w.partner_id = d.partner_id)"""
_CHANGE = """UPDATE training_duty d SET path_id = w.path_id, due_on = d.since + w.days FROM want w
    WHERE d.tenant_id = %(tenant)s AND d.ended_on IS NULL AND w.member_id = d.member_id AND w.course_id = d.course_id
    AND (d.path_id, d.due_on) IS DISTINCT FROM (w.path_id, d.since + w.days)"""
_MISSING = """SELECT w.course_id, w.path_id, w.member_id, w.partner_id, w.days FROM want w
    WHERE NOT EXISTS (SELECT FROM training_duty d WHERE d.tenant_id = %(tenant)s AND d.ended_on IS NULL
        AND d.member_id = w.member_id AND d.course_id = w.course_id)"""


def refresh_duties(today: date, *, partner_ids: Collection[UUID] | None = None) -> int:
    """Begin and end duties as courses, paths, people and their partners are now; how many began.

    For the people of these partners, or of all. It runs on the vendor's side and may run at any time.
    """
    lock("training.duties", current_tenant_id())
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "today": today,
        "trading": sorted(TRADING_STATUSES),
        "partners": None if partner_ids is None else list(partner_ids),
        "rules": json.dumps(_rules(today), default=str),
    }
    these = "{0}.partner_id = ANY(%(partners)s)" if partner_ids is not None else "true"
    want = _WANT.format(these=these.format("m"))
    with connection.cursor() as cursor:
        cursor.execute(f"{want} {_END.format(these=these.format('d'))} RETURNING d.partner_id", values)
        touched = {partner for (partner,) in cursor.fetchall()}
        cursor.execute(f"{want} {_CHANGE}", values)
        cursor.execute(f"{want} {_MISSING}", values)
        missing = cursor.fetchall()
    Duty.objects.bulk_create(
        [
            Duty(
                course_id=course,
                path_id=path,
                member_id=member,
                partner_id=partner,
                since=today,
                due_on=today + timedelta(days=days),
            )
            for course, path, member, partner, days in missing
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    touched |= {partner for _course, _path, _member, partner, _days in missing}
    record_many(
        EventDraft("duties.changed", partner, None, partner.pk, {"new": {"day": today.isoformat()}})
        for partner in Partner.objects.filter(pk__in=touched).order_by("pk")
    )
    return len(missing)


def _rules(today: date) -> list[dict[str, Any]]:
    """Each required course with whom it is required of; a required path asks for each of its courses."""
    offered = {"is_required": True, "status": CourseStatus.PUBLISHED}
    courses, paths = list(Course.objects.filter(**offered)), list(Path.objects.filter(**offered))
    steps: dict[UUID, list[UUID]] = {path.pk: [] for path in paths}
    for path_id, course_id in PathCourse.objects.filter(
        path__in=paths, course__status=CourseStatus.PUBLISHED
    ).values_list("path", "course"):
        steps[path_id].append(course_id)
    codes = _codes(today) if any(rule.required_segments for rule in (*courses, *paths)) else {}
    rules = [_rule(course, course.pk, None, codes) for course in courses]
    return rules + [_rule(path, course, path.pk, codes) for path in paths for course in steps[path.pk]]


def _rule(of: Requirement, course: UUID, path: UUID | None, codes: dict[UUID, str]) -> dict[str, Any]:
    partners = [pk for pk, code in codes.items() if code in of.required_segments]
    return {
        "course": course,
        "path": path,
        "types": of.required_types,
        "roles": of.required_roles,
        "partners": partners if of.required_segments else None,
        "days": of.due_days,
    }


def _codes(today: date) -> dict[UUID, str]:
    partners = Partner.objects.filter(status__in=sorted(TRADING_STATUSES)).values_list("pk", flat=True)
    return {pk: code for (pk, _day), code in segment_codes((pk, today) for pk in partners).items()}
