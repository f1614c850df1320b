"""Columns of training's lists."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.training.enums import EXPIRES_SOON_DAYS, CourseStatus, StatementOutcome
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, NumberColumn, Table, badge_html

STATUS_TONES = {
    CourseStatus.DRAFT: ("neutral", "pencil"),
    CourseStatus.PUBLISHED: ("success", "check"),
    CourseStatus.ARCHIVED: ("neutral", "archive"),
}


class VendorCourseTable(Table):
    title = LinkColumn(_("Course"), to="training:course")
    kind = Column(_("Kind"))
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    is_required = Column(_("Required"))
    enrolled_count = NumberColumn(_("Taking it"))
    holder_count = NumberColumn(_("Hold it now"))

    class Meta(Table.Meta):
        caption = _("Courses")

    def render_is_required(self, value: bool) -> Any:
        return _("Yes") if value else _("No")


class StateColumn(Column):
    """What a course means to the person who looks."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, empty_values=(), orderable=False, **kwargs)

    def cell(self, value: Any, record: Any, table: Table) -> str:
        label, tone, icon = course_state(record)
        return badge_html(label, tone, icon) if label else "–"

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [str(course_state(record)[0])]


class MyCourseTable(Table):
    title = LinkColumn(_("Course"), to="training:course")
    kind = Column(_("Kind"))
    minutes = NumberColumn(_("Minutes"), phone=False)
    state = StateColumn(_("You"), accessor="pk")
    valid_until = DateColumn(_("Valid until"))

    class Meta(Table.Meta):
        caption = _("Courses")


class CompletionTable(Table):
    member = Column(_("Person"), accessor="member__user", order_by="member__user__name")
    partner = Column(_("Partner"), order_by="partner__name")
    title = LinkColumn(
        _("Course or path"),
        to="training:completion",
        order_by=("course__title", "path__title"),
        needs=("course", "path"),
    )
    completed_on = DateColumn(_("Completed on"))
    valid_until = DateColumn(_("Valid until"))
    via = Column(_("How"), phone=False)
    score = NumberColumn(_("Score in %"), phone=False)
    certificate = LinkColumn(_("Certificate"), to="training:completion")

    class Meta(Table.Meta):
        caption = _("Completions")


class PathTable(Table):
    title = LinkColumn(_("Path"), to="training:path")
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    is_required = Column(_("Required"))
    course_count = NumberColumn(_("Courses"))

    class Meta(Table.Meta):
        caption = _("Learning paths")

    def render_is_required(self, value: bool) -> Any:
        return _("Yes") if value else _("No")


class ProgressColumn(Column):
    """How many of a path's courses the person holds."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, empty_values=(), orderable=False, **kwargs)

    def cell(self, value: Any, record: Any, table: Table) -> str:
        words = _t("%(held)s of %(all)s") % {"held": record.held_count, "all": record.course_count}
        done = record.course_count and record.held_count == record.course_count
        return badge_html(words, "success" if done else "neutral", "check" if done else "route")

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [f"{record.held_count}/{record.course_count}"]


class MyPathTable(Table):
    title = LinkColumn(_("Path"), to="training:path")
    held_count = ProgressColumn(_("Courses you hold"))
    completed_on = DateColumn(_("Completed on"))
    valid_until = DateColumn(_("Valid until"))

    class Meta(Table.Meta):
        caption = _("Learning paths")


STATE_WORDS = {
    "overdue": (_("Overdue"), "danger", "alarm"),
    "missing": (_("Missing"), "warning", "alert-circle"),
    "expiring": (_("Runs out soon"), "warning", "clock"),
    "met": (_("Done"), "success", "check"),
}


class DutyStateColumn(Column):
    def cell(self, value: Any, record: Any, table: Table) -> str:
        return badge_html(*STATE_WORDS[value])

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [str(STATE_WORDS[value][0])]


class DutyTable(Table):
    member = Column(_("Person"), accessor="member__user", order_by="member__user__name")
    partner = Column(_("Partner"), order_by="partner__name")
    course = LinkColumn(_("Course"), to="training:course", pk="course_id", order_by="course__title")
    path = Column(_("For the path"), order_by="path__title", phone=False)
    state = DutyStateColumn(_("State"))
    due_on = DateColumn(_("Due"))
    completed_on = DateColumn(_("Completed on"), phone=False)
    valid_until = DateColumn(_("Valid until"), phone=False)

    class Meta(Table.Meta):
        caption = _("Required courses")


class OwnDutyTable(DutyTable):
    class Meta(DutyTable.Meta):
        exclude = ("partner",)


class OwnCompletionTable(CompletionTable):
    class Meta(CompletionTable.Meta):
        exclude = ("partner",)


class StatementTable(Table):
    created_at = DateColumn(_("Received"), time=True)
    actor = Column(_("Person"))
    verb = Column(_("Verb"))
    activity = Column(_("Activity"), phone=False)
    outcome = BadgeColumn(
        _("Outcome"),
        tones={
            StatementOutcome.COMPLETED: ("success", "check"),
            StatementOutcome.FAILED: ("danger", "x"),
            StatementOutcome.NO_PERSON: ("warning", "user-question"),
            StatementOutcome.NO_COURSE: ("warning", "help"),
        },
    )

    class Meta(Table.Meta):
        caption = _("xAPI statements")

    def render_verb(self, value: str) -> Any:
        return value.rstrip("/").rpartition("/")[2]


def course_state(course: Any) -> tuple[str, str, str]:
    """Words, tone and icon for where the person stands with an annotated course of `queries.catalogue`."""
    today = timezone.localdate()
    if course.completed_on is not None:
        if course.valid_until is None:
            return _t("Completed"), "success", "check"
        days = (course.valid_until - today).days
        if days < 0:
            return _t("Run out"), "danger", "clock-off"
        if days <= EXPIRES_SOON_DAYS:
            return _t("Runs out soon"), "warning", "clock"
        return _t("Completed"), "success", "check"
    if course.is_enrolled:
        if course.due_on is not None and course.due_on < today:
            return _t("Overdue"), "danger", "alarm"
        return _t("Taking it"), "info", "player-play"
    return "", "neutral", ""
