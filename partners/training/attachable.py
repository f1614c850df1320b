"""Courses and completions as what files hang on: the file that a course is, and the proof of a completion."""

from uuid import UUID

from partners.training import queries
from partners.training.models import Completion, Course
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.shell.subjects import Subject, register


def _find_completion(member: Membership, pk: UUID) -> Completion | None:
    return queries.visible_completions(member).filter(pk=pk).first()


register(
    Subject(
        Course,
        find=queries.find_course,
        may_add=lambda member, course: can(member, "training.change_course"),
        partner_of=lambda course: None,
        url_name="training:course",
        event="course",
    )
)
register(
    Subject(
        Completion,
        find=_find_completion,
        may_add=lambda member, completion: can(member, "training.record_completion"),
        partner_of=lambda completion: completion.partner_id,
        url_name="training:completion",
        event="completion",
    )
)
