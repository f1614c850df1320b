"""How interactions and attendance come in from files."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from uuid import UUID

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.importers import EXTERNAL_ID, known_partners
from partners.engagement import actions
from partners.engagement.enums import GatheringStatus, InteractionKind
from partners.engagement.models import Gathering, Guest, Interaction
from partners.training.importers import known_people
from portal.events.record import EventDraft, record, record_many
from portal.imports.targets import Context, Field, Kind, Known, Lookup, Problem, Target, Written, register
from portal.tenancy.models import current_tenant

KINDS = {
    "call": InteractionKind.CALL,
    "phone": InteractionKind.CALL,
    "phone call": InteractionKind.CALL,
    "meeting": InteractionKind.MEETING,
    "visit": InteractionKind.MEETING,
    "video call": InteractionKind.MEETING,
    "mail": InteractionKind.MAIL,
    "email": InteractionKind.MAIL,
    "e-mail": InteractionKind.MAIL,
    "note": InteractionKind.NOTE,
    "comment": InteractionKind.NOTE,
}
CAME = {
    "yes": "yes",
    "y": "yes",
    "true": "yes",
    "1": "yes",
    "x": "yes",
    "attended": "yes",
    "present": "yes",
    "no": "no",
    "n": "no",
    "false": "no",
    "0": "no",
    "absent": "no",
    "no-show": "no",
}


def known_gatherings() -> list[Known]:
    rows = Gathering.objects.exclude(status=GatheringStatus.DRAFT).order_by("-starts_at")
    return [
        Known(str(pk), title, (external,))
        for pk, title, external in rows.values_list("pk", "title", "external_id")
    ]


def noon(day: Any) -> datetime:
    return datetime.combine(day, time(12), current_tenant().zone)


class InteractionTarget(Target):
    """Interactions that another system has logged; they are shared with the partner."""

    key = "interactions"
    label = _("Interactions")
    noun = _("interactions")
    permission = "imports.run_import"
    list_url = "engagement:interactions"
    fields = (
        EXTERNAL_ID,
        Field(
            "about",
            _("Partner"),
            Kind.LOOKUP,
            required=True,
            synonyms=("partner", "partner name", "company", "account"),
            lookup=Lookup(known_partners),
        ),
        Field(
            "kind",
            _("Kind"),
            Kind.CHOICE,
            required=True,
            synonyms=("type", "activity type", "channel"),
            choices=KINDS,
            labels=dict(InteractionKind.choices),
        ),
        Field(
            "happened_on",
            _("Day"),
            Kind.DATE,
            required=True,
            synonyms=("date", "when", "activity date", "happened on"),
        ),
        Field("subject", _("Subject"), required=True, synonyms=("title", "topic")),
        Field(
            "text",
            _("What was said"),
            max_length=10_000,
            synonyms=("text", "notes", "description", "body"),
        ),
    )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        today = timezone.localdate(timezone=current_tenant().zone)
        return [Problem(pl.col("happened_on") > today, "happened_on", "future")]

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One that is known by its id, or else of this partner, day and subject, is left as it is."""
        keys = frame["key"].drop_nulls().unique().to_list()
        known = dict(Interaction.objects.filter(external_id__in=keys).values_list("external_id", "pk"))
        rows = [(row, str(known[key])) for row, key in frame.select("row", "key").iter_rows() if key in known]
        return pl.DataFrame(rows, schema={"row": frame.schema["row"], "id": pl.String()}, orient="row")

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        keys = frame["key"].to_list()
        known = set(Interaction.objects.filter(external_id__in=keys).values_list("external_id", flat=True))
        new = [
            Interaction(
                about_id=UUID(row["about"]),
                partner_id=UUID(row["about"]),
                kind=row["kind"],
                happened_at=noon(row["happened_on"]),
                subject=row["subject"],
                text=row["text"] or "",
                external_id=row["key"],
                import_id=context.run_id,
            )
            for row in frame.iter_rows(named=True)
            if row["key"] not in known
        ]
        # Two rows of one key are one interaction.
        new = list({interaction.external_id: interaction for interaction in new}.values())
        Interaction.objects.bulk_create(new, batch_size=1000)
        self._tell(new, context)
        return Written(created=len(new), changed=0)

    @staticmethod
    def _tell(new: Iterable[Interaction], context: Context) -> None:
        """One event for each partner, with the days that its interactions count on."""
        days: dict[UUID, set[str]] = defaultdict(set)
        counts: dict[UUID, int] = defaultdict(int)
        for interaction in new:
            days[interaction.about_id].add(interaction.happened_at.isoformat())
            counts[interaction.about_id] += 1
        record_many(
            EventDraft(
                "interactions.imported",
                context.source,
                context.by,
                partner,
                {"count": counts[partner], "days": sorted(days[partner])},
            )
            for partner in sorted(counts)
        )


class AttendanceTarget(Target):
    """Who came to an event of the programme."""

    key = "attendance"
    recognised_by = ("gathering", "member")
    label = _("Attendance of events")
    noun = _("attendances")
    permission = "imports.run_import"
    list_url = "engagement:gatherings"
    fields = (
        Field(
            "gathering",
            _("Event"),
            Kind.LOOKUP,
            required=True,
            synonyms=("event", "event name", "webinar", "title", "event id"),
            lookup=Lookup(known_gatherings),
        ),
        Field(
            "member",
            _("Person"),
            Kind.LOOKUP,
            required=True,
            synonyms=("email", "e-mail", "person", "attendee", "participant", "email address"),
            lookup=Lookup(known_people),
            help=_("The e-mail address with which the person signs in."),
        ),
        Field(
            "attended",
            _("Attended"),
            Kind.CHOICE,
            synonyms=("attended", "came", "present", "status"),
            choices=CAME,
            labels={"yes": _("yes"), "no": _("no")},
            help=_("Without this column everybody in the file came."),
        ),
    )

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        ahead = Gathering.objects.filter(starts_at__gt=timezone.now()).values_list("pk", flat=True)
        return [Problem(pl.col("gathering").is_in([str(pk) for pk in ahead]), "gathering", "not_begun")]

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        guests = Guest.objects.filter(
            gathering__in=frame["gathering"].drop_nulls().unique().to_list(), attended__isnull=False
        ).values_list("pk", "gathering", "member", "attended")
        known = pl.DataFrame(
            [
                [str(pk), str(gathering), str(member), "yes" if came else "no"]
                for pk, gathering, member, came in guests
            ],
            schema=dict.fromkeys(("id", "gathering", "member", "attended"), pl.String()),
            orient="row",
        )
        keys = frame.select("row", "gathering", "member")
        return keys.join(known, on=["gathering", "member"], how="inner")

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        came: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
        for row in frame.iter_rows(named=True):
            came[UUID(row["gathering"])][UUID(row["member"])] = row["attended"] != "no"
        before = set(
            Guest.objects.filter(gathering__in=list(came), attended__isnull=False).values_list(
                "gathering_id", "member_id"
            )
        )
        for gathering in Gathering.objects.filter(pk__in=list(came)).order_by("pk"):
            actions.record_attendance(gathering, came[gathering.pk], by=context.by)
        record("attendance.imported", subject=context.source, by=context.by, data={"count": len(frame)})
        said = {(gathering, member) for gathering, members in came.items() for member in members}
        return Written(created=len(said - before), changed=len(said & before))


register(InteractionTarget())
register(AttendanceTarget())
