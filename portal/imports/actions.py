"""Writes on imports: start, check, answer, commit, discard."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.access import check as check_permission
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.imports.checking import Checked, check_table
from portal.imports.columns import Answer, Unknown
from portal.imports.enums import TRANSITIONS, Decision, RunState
from portal.imports.guessing import guess_mapping, heading_key
from portal.imports.limits import current_limits
from portal.imports.models import ColumnMemory, ImportFile, ImportPart, ImportRun, ValueMemory
from portal.imports.parsing import DateOrder, key_of
from portal.imports.parts import read_part, write_parts
from portal.imports.problems import FileRefused
from portal.imports.reading import Table, read_table
from portal.imports.targets import Context, Target, Written, get_target
from portal.jobs import runner
from portal.jobs.actions import create_job
from portal.jobs.models import Job
from portal.tenancy.db import lock
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id
from portal.tenancy.sequences import SetAside

SAMPLES = 5
HEAD_ROWS = 200
SHOWN_UNKNOWN = 200


def start_run(*, by: Membership, target: str, file_name: str, content: bytes) -> ImportRun:
    """Keep an upload whose head can be read, with a first guess at its columns. Raises FileRefused."""
    importing = get_target(target)
    check_permission(by, importing.permission)
    table = read_table(content, current_limits(), head=HEAD_ROWS)
    run = ImportRun.objects.create(
        target=target,
        file_name=file_name[-200:],
        size=len(content),
        reading=_describe(table),
        options={"mapping": _guess(importing, table)},
        created_by=by,
    )
    ImportFile.objects.create(run=run, content=zlib.compress(content, 1))
    return run


def map_columns(
    run: ImportRun,
    *,
    by: Membership,
    mapping: Mapping[str, int],
    currency: str = "",
    rates: Mapping[str, Decimal] | None = None,
    remember: bool = True,
    inline: bool = False,
) -> ImportRun:
    """Say which column is which field (field name -> column number) and have the file checked: here when it
    is small or `inline`, else by a worker. Raises ActionRefused where a field that must be there is not."""
    with transaction.atomic():
        run = _locked(run, "check", by)
        target = get_target(run.target)
        _check_mapping(target, mapping, len(run.reading["headers"]))
        run.options = {**run.options, "mapping": dict(mapping), "currency": currency}
        if rates is not None:
            run.options["rates"] = {code: str(rate) for code, rate in rates.items()}
        if remember:
            _remember_columns(run, mapping)
        return _have_checked(run, by, inline=inline)


def answer_questions(
    run: ImportRun,
    *,
    by: Membership,
    answers: Mapping[str, Mapping[str, Answer]],
    orders: Mapping[str, DateOrder] | None = None,
    rates: Mapping[str, Decimal] | None = None,
    inline: bool = False,
) -> ImportRun:
    """Decide what unknown texts stand for (field -> text -> answer), which of day and month comes first, and
    at which rate other currencies count; then check anew. The tenant's next import knows the answers."""
    with transaction.atomic():
        run = _locked(run, "check", by)
        _remember_values(run, answers)
        options = dict(run.options)
        options["orders"] = {**options.get("orders", {}), **{f: str(o) for f, o in (orders or {}).items()}}
        options["rates"] = {**options.get("rates", {}), **{c: str(r) for c, r in (rates or {}).items()}}
        everything = {field: asdict(given["*"]) for field, given in answers.items() if "*" in given}
        options["everything"] = {**options.get("everything", {}), **everything}
        run.options = options
        return _have_checked(run, by, inline=inline)


def check_again(run: ImportRun, *, by: Membership) -> ImportRun:
    with transaction.atomic():
        run = _locked(run, "check", by)
        return _have_checked(run, by)


def check_run(run: ImportRun, table: Table | None = None) -> ImportRun:
    """Check every row and keep the result. `table` spares reading the stored upload again."""
    if table is None:
        content = zlib.decompress(ImportFile.objects.get(run=run).content)
        table = read_table(content, current_limits())
    target = get_target(run.target)
    context = context_of(run)
    checked = check_table(
        table,
        target,
        mapping=run.options["mapping"],
        answers=_answers_of(run),
        orders={field: DateOrder(order) for field, order in run.options.get("orders", {}).items()},
        context=context,
    )
    write_parts(run, checked.frame)
    run.findings = _findings(checked, table)
    run.reading = _describe(table)
    run.state = RunState.CHECKED
    run.save(update_fields=["findings", "reading", "state", "updated_at"])
    return run


def commit_run(
    run: ImportRun, *, by: Membership, all_or_nothing: bool = False, inline: bool = False
) -> ImportRun:
    """Write the good rows as a job. With `all_or_nothing` nothing is written while any row is refused, and
    all of it in one transaction, which bounds the rows. With `inline` the caller runs the job."""
    with transaction.atomic():
        run = _locked(run, "commit", by)
        counts = run.counts
        if all_or_nothing and counts["refuse"]:
            raise ActionRefused(
                _("%(count)s rows are refused, and you chose all or nothing: nothing has been imported.")
                % {"count": counts["refuse"]}
            )
        writes, most = counts["create"] + counts["change"], current_limits().all_or_nothing_rows
        if all_or_nothing and writes > most:
            raise ActionRefused(
                _(
                    "All or nothing is possible up to %(limit)s rows; this file has %(count)s to write."
                    " Split it, or import it without."
                )
                % {"limit": f"{most:,}", "count": f"{writes:,}"}
            )
        if run.findings["dates"] and any(not question["answer"] for question in run.findings["dates"]):
            raise ActionRefused(_("First say which of day and month comes first in the dates."))
        if not writes:
            raise ActionRefused(_("There is nothing to import: every row is unchanged or refused."))
        target = get_target(run.target)
        job = create_job(
            "imports.commit",
            title=_("Import %(what)s from %(file)s") % {"what": target.noun, "file": run.file_name[:120]},
            by=by,
            total=sum(counts.values()),
            payload={"run": str(run.pk)},
        )
        run.options = {**run.options, "all_or_nothing": all_or_nothing}
        run.state, run.job = RunState.IMPORTING, job
        run.save(update_fields=["options", "state", "job", "updated_at"])
        if not inline:
            runner.start(job)
    return run


def discard_run(run: ImportRun, *, by: Membership) -> ImportRun:
    """Give an import up; its file and rows are deleted."""
    with transaction.atomic():
        run = _locked(run, "discard", by)
        run.state = RunState.DISCARDED
        run.save(update_fields=["state", "updated_at"])
        forget_content(run)
    return run


def forget_content(run: ImportRun) -> None:
    ImportPart.objects.filter(run=run).delete()
    ImportFile.objects.filter(run=run).delete()


def forget_old(before: datetime) -> int:
    """Delete the content of imports untouched since `before`; those that were never finished are given up."""
    old = ImportRun.objects.filter(updated_at__lt=before)
    ids = list(old.filter(parts__isnull=False).values_list("pk", flat=True).distinct())
    ids += list(old.filter(files__isnull=False).values_list("pk", flat=True).distinct())
    for run in ImportRun.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"):
        if run.state != RunState.DONE:
            run.state = RunState.DISCARDED
        run.save(update_fields=["state", "updated_at"])
        forget_content(run)
    return len(set(ids))


def set_numbers_aside(run: ImportRun) -> SetAside:
    """The numbers that the run's new records will get, taken before the long writing begins."""
    numbers = SetAside()
    target = get_target(run.target)
    prefix, year = target.numbers_of_new()
    if prefix and run.counts["create"]:
        numbers.reserve(prefix, run.counts["create"], year=year)
    for field_name, made in run.findings["create"].items():
        lookup = target.field(field_name).lookup
        if made and lookup and lookup.prefix:
            numbers.reserve(lookup.prefix, len(made))
    return numbers


def commit_part(run: ImportRun, job: Job, position: int, numbers: SetAside) -> tuple[Written, int] | None:
    """Write one part in the transaction of the caller; how much, and the part's rows. None behind the last.

    Imports of one kind wait for each other here, so that two files cannot both create one record.
    """
    lock("imports", current_tenant_id(), run.target)
    target, context = get_target(run.target), context_of(run, job, numbers)
    if position == 0:
        _create_named(run, target, context)
    frame = read_part(run, position)
    if frame is None:
        return None
    rows = frame.filter(pl.col("outcome").is_in(["create", "change"]))
    written = target.write(rows, context) if len(rows) else Written(0, 0)
    return written, len(frame)


def finish_run(run: ImportRun, result: Mapping[str, Any]) -> None:
    run.state, run.result, run.finished_at = RunState.DONE, dict(result), timezone.now()
    run.save(update_fields=["state", "result", "finished_at", "updated_at"])
    ImportFile.objects.filter(run=run).delete()
    # By nobody: it ends long after its person has asked for it, who wants to hear of it.
    record("import.finished", subject=run, data={"file": run.file_name, **result})


def context_of(run: ImportRun, job: Job | None = None, numbers: SetAside | None = None) -> Context:
    tenant = Tenant.objects.get(pk=run.tenant_id)
    return Context(
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        tenant_currency=tenant.currency,
        currency=run.options.get("currency") or tenant.currency,
        rates={tenant.currency: Decimal(1)}
        | {code: Decimal(rate) for code, rate in run.options.get("rates", {}).items()},
        run_id=run.pk,
        job=job,
        by=run.created_by,
        numbers=numbers or SetAside(),
    )


# --- helpers -----------------------------------------------------------------------------------


def _locked(run: ImportRun, verb: str, by: Membership) -> ImportRun:
    run = ImportRun.objects.select_for_update(of=("self",)).select_related("job", "created_by").get(pk=run.pk)
    check_permission(by, get_target(run.target).permission)
    sources, _state = TRANSITIONS[verb]
    busy = run.job is not None and not run.job.has_ended
    if run.state not in sources or busy:
        raise ActionRefused(
            _("This import is now “%(state)s”.") % {"state": run.get_state_display()}, code="state"
        )
    return run


def _have_checked(run: ImportRun, by: Membership, *, inline: bool = False) -> ImportRun:
    """Small files at once; the rest, and workbooks whose size is not known yet, by a worker."""
    limits = current_limits()
    run.state, run.job = RunState.CHECKING, None
    rows = run.reading["rows"]
    if inline or (run.reading["complete"] and rows <= limits.inline_rows):
        run.save(update_fields=["options", "state", "job", "updated_at"])
        return _checked_or_refused(run)
    run.job = create_job(
        "imports.check",
        title=_("Check %(file)s") % {"file": run.file_name[:120]},
        by=by,
        total=rows,
        payload={"run": str(run.pk)},
    )
    run.save(update_fields=["options", "state", "job", "updated_at"])
    runner.start(run.job)
    return run


def _checked_or_refused(run: ImportRun) -> ImportRun:
    try:
        return check_run(run)
    except FileRefused as refusal:
        raise ActionRefused(refusal.message) from refusal


def _describe(table: Table) -> dict[str, Any]:
    samples = [
        table.frame[column].drop_nulls().unique(maintain_order=True).head(SAMPLES) for column in table.columns
    ]
    return {
        "kind": table.kind,
        "headers": table.headers,
        "samples": [[text[:80] for text in sample] for sample in samples],
        "rows": len(table.frame),
        "complete": table.kind == "csv" or len(table.frame) < HEAD_ROWS,
        "details": table.details,
        "notes": table.notes,
    }


def _guess(target: Target, table: Table) -> dict[str, int]:
    remembered = dict(ColumnMemory.objects.filter(target=target.key).values_list("heading", "field"))
    samples = [table.frame[column].drop_nulls().head(50).to_list() for column in table.columns]
    return guess_mapping(target, table.headers, samples, remembered)


def _check_mapping(target: Target, mapping: Mapping[str, int], width: int) -> None:
    missing = [field for field in target.fields if field.required and field.name not in mapping]
    if len(missing) == 1:
        raise ActionRefused(
            _("Choose the column that holds “%(field)s”.") % {"field": missing[0].label},
            field=missing[0].name,
        )
    if missing:
        raise ActionRefused(
            _("Choose the columns that hold these: %(fields)s.")
            % {"fields": ", ".join(f"“{field.label}”" for field in missing)}
        )
    names = {field.name for field in target.fields}
    columns = list(mapping.values())
    if not set(mapping) <= names or any(not 0 <= column < width for column in columns):
        raise ActionRefused(_("The file has no such column. Open the import again."))
    if len(set(columns)) != len(columns):
        raise ActionRefused(_("One column cannot be two things at once: choose each column once."))


def _remember_columns(run: ImportRun, mapping: Mapping[str, int]) -> None:
    fields = {column: name for name, column in mapping.items()}
    memories = {
        heading_key(heading)[:200]: ColumnMemory(
            target=run.target, heading=heading_key(heading)[:200], field=fields.get(column, "")
        )
        for column, heading in enumerate(run.reading["headers"])
    }
    ColumnMemory.objects.bulk_create(
        memories.values(),
        update_conflicts=True,
        unique_fields=["tenant", "target", "heading"],
        update_fields=["field"],
    )


def _remember_values(run: ImportRun, answers: Mapping[str, Mapping[str, Answer]]) -> None:
    memories = {
        (field, key_of(text)[:300]): ValueMemory(
            target=run.target,
            field=field,
            text=key_of(text)[:300],
            decision=answer.decision,
            value=answer.value,
        )
        for field, given in answers.items()
        for text, answer in given.items()
        if text != "*"
    }
    ValueMemory.objects.bulk_create(
        memories.values(),
        update_conflicts=True,
        unique_fields=["tenant", "target", "field", "text"],
        update_fields=["decision", "value"],
    )


def _answers_of(run: ImportRun) -> dict[str, dict[str, Answer]]:
    answers: dict[str, dict[str, Answer]] = {}
    for memory in ValueMemory.objects.filter(target=run.target):
        answers.setdefault(memory.field, {})[memory.text] = Answer(Decision(memory.decision), memory.value)
    for field, answer in run.options.get("everything", {}).items():
        answers.setdefault(field, {})["*"] = Answer(Decision(answer["decision"]), answer["value"])
    return answers


def _findings(checked: Checked, table: Table) -> dict[str, Any]:
    return {
        "counts": checked.counts,
        "unknown": {
            field: [_unknown_json(unknown) for unknown in found[:SHOWN_UNKNOWN]]
            for field, found in checked.unknown.items()
        },
        "unknown_more": {
            field: len(found) - SHOWN_UNKNOWN
            for field, found in checked.unknown.items()
            if len(found) > SHOWN_UNKNOWN
        },
        "dates": [asdict(question) for question in checked.dates],
        "warnings": checked.warnings,
        "missing_rates": checked.missing_rates,
        "create": {
            field: {text: str(pk) for text, pk in made.items()} for field, made in checked.create.items()
        },
        "problems": checked.problem_counts,
        "faults": len(table.faults),
    }


def _unknown_json(unknown: Unknown) -> dict[str, Any]:
    return {
        "text": unknown.text,
        "rows": unknown.rows,
        "suggestions": unknown.suggestions,
        "answer": asdict(unknown.answer) if unknown.answer else None,
        "hint_only": unknown.hint_only,
    }


def _create_named(run: ImportRun, target: Target, context: Context) -> None:
    """Make the records that rows name and the person had made, unless they have appeared since the check."""
    for field_name, made in run.findings["create"].items():
        lookup = target.field(field_name).lookup
        if not made or lookup is None or lookup.create is None:
            continue
        known = lookup.known()
        ids = {record.id for record in known}
        names = {key_of(record.name) for record in known}
        new = [(UUID(pk), text) for text, pk in made.items() if pk not in ids]
        if clash := next((text for _pk, text in new if key_of(text) in names), None):
            raise ActionRefused(
                _("“%(name)s” was added to the portal after this file was checked. Check it again.")
                % {"name": clash}
            )
        lookup.create(new, context)
