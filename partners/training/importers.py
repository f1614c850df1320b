"""How completions come in from files: of courses, by people that the portal knows."""

from typing import Any
from uuid import UUID

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.training.actions import complete
from partners.training.enums import CompletedVia
from partners.training.models import Completion, Course
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.events.record import record
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Problem, Target, Written, register
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id


def known_people() -> list[Known]:
    """The people of partners with access, by name or e-mail address."""
    people = Membership.objects.filter(
        tenant_id=current_tenant_id(), is_active=True, role__in=sorted(PARTNER_ROLES)
    )
    return [
        Known(str(pk), email, (name,))
        for pk, name, email in people.values_list("pk", "user__name", "user__email")
    ]


def known_courses() -> list[Known]:
    rows = Course.objects.order_by("title").values_list("pk", "title", "external_id")
    return [Known(str(pk), title, (external,)) for pk, title, external in rows]


class CompletionTarget(Target):
    """Each row is written by the action that every completion comes through, so that paths and validity follow."""

    key = "completions"
    recognised_by = ("member", "course", "completed_on")
    label = _("Course completions")
    noun = _("completions")
    permission = "imports.run_import"
    list_url = "training:completions"
    fields = (
        Field(
            "external_id",
            _("ID in your system"),
            max_length=100,
            synonyms=("id", "external id", "completion id", "record id", "certificate id"),
            help=_("Recognises the completion when the file comes again."),
        ),
        Field(
            "member",
            _("Person"),
            Kind.LOOKUP,
            required=True,
            synonyms=("email", "e-mail", "person", "user", "learner", "email address", "participant"),
            lookup=Lookup(known_people),
            help=_("The e-mail address with which the person signs in."),
        ),
        Field(
            "course",
            _("Course"),
            Kind.LOOKUP,
            required=True,
            synonyms=("course name", "course title", "training", "module", "activity id"),
            lookup=Lookup(known_courses),
        ),
        Field(
            "completed_on",
            _("Completed on"),
            Kind.DATE,
            required=True,
            synonyms=("date", "completion date", "completed", "finished", "passed on"),
        ),
        Field(
            "score", _("Score in %"), Kind.INTEGER, non_negative=True, synonyms=("score", "grade", "result")
        ),
        Field(
            "note",
            _("Proof"),
            max_length=500,
            synonyms=("note", "certificate", "certificate number", "remark"),
        ),
    )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        today = timezone.localdate(timezone=current_tenant().zone)
        return [
            Problem(pl.col("completed_on") > today, "completed_on", "future"),
            Problem(pl.col("score") > 100, "score", "percent"),
        ]

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A person completes a course once a day."""
        rows = Completion.objects.filter(
            revoked_at=None, course__isnull=False, member__in=frame["member"].drop_nulls().unique().to_list()
        ).values_list("pk", "member", "course", "completed_on")
        known = pl.DataFrame(
            [[str(pk), str(member), str(course), day] for pk, member, course, day in rows],
            schema={
                "id": pl.String(),
                "member": pl.String(),
                "course": pl.String(),
                "completed_on": pl.Date(),
            },
            orient="row",
        )
        key = ["member", "course", "completed_on"]
        return frame.select("row", *key).join(known, on=key, how="inner")

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        people = Membership.objects.select_related("user", "tenant").in_bulk(
            [UUID(pk) for pk in frame["member"].unique().to_list()]
        )
        courses = Course.objects.in_bulk([UUID(pk) for pk in frame["course"].unique().to_list()])
        created = 0
        for row in frame.sort("completed_on", "row").iter_rows(named=True):
            created += self._write(row, people, courses, context)
        if created:
            record("completions.imported", subject=context.source, by=context.by, data={"count": created})
        return Written(created=created, changed=0)

    @staticmethod
    def _write(row: dict[str, Any], people: Any, courses: Any, context: Context) -> bool:
        course, member = courses[UUID(row["course"])], people[UUID(row["member"])]
        there = Completion.objects.filter(
            course=course, member=member, completed_on=row["completed_on"], revoked_at=None
        )
        if there.exists():
            return False
        external = row["external_id"] or ""
        if external and Completion.objects.filter(external_id=external).exists():
            return False
        completion = complete(
            course,
            member,
            on=row["completed_on"],
            via=CompletedVia.IMPORT,
            by=context.by,
            score=row["score"],
            note=row["note"] or "",
            external_id=external,
        )
        Completion.objects.filter(pk=completion.pk).update(import_id=context.run_id)
        return True


register(CompletionTarget())
