"""The import of the pages, from the command line."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import override

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.imports import actions
from portal.imports.columns import LIKELY, Answer, clear_suggestion, vocabulary_of
from portal.imports.enums import Decision, Outcome
from portal.imports.limits import current_limits
from portal.imports.models import ImportRun
from portal.imports.parsing import DateOrder, key_of
from portal.imports.parts import refused_rows
from portal.imports.problems import FileRefused, sentence
from portal.imports.reading import check_size
from portal.imports.targets import Field, Target, get_target, targets
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import run_inline
from portal.rates.queries import rates_on
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

SHOWN_REFUSED = 20


class Command(BaseCommand):
    help = "Import partners, customers, products or deals from a CSV or XLSX file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--target", required=True, choices=[target.key for target in targets()])
        parser.add_argument("--by", metavar="E-MAIL", help="the admin who imports (default: the first)")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="a column's field; FIELD empty leaves it out",
        )
        parser.add_argument(
            "--value",
            action="append",
            default=[],
            metavar="FIELD:TEXT=KNOWN",
            help="what an unknown text stands for; =! creates it, = leaves it empty (TEXT * means all)",
        )
        parser.add_argument(
            "--accept-suggestions",
            action="store_true",
            help=f"take a suggestion that is {LIKELY}%% alike and clearly the best",
        )
        parser.add_argument(
            "--currency", default="", help="of amounts that name none (default: the tenant's)"
        )
        parser.add_argument(
            "--rate", action="append", default=[], metavar="USD=0.92", help="tenant's currency per unit"
        )
        parser.add_argument("--dates", choices=["dmy", "mdy"], help="where a column leaves it open")
        parser.add_argument("--all-or-nothing", action="store_true")
        parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        with override("en"):
            try:
                check_size(path.stat().st_size, current_limits())
                run = self._check(tenant, path, options)
                self._commit(tenant, run, options)
            except (FileRefused, ActionRefused) as refusal:
                raise CommandError(str(refusal.message)) from refusal

    def _check(self, tenant: Tenant, path: Path, options: Mapping[str, Any]) -> ImportRun:
        target = get_target(options["target"])
        with tenant_scope(tenant.pk):
            by = _admin(tenant, options["by"])
            run = actions.start_run(by=by, target=target.key, file_name=path.name, content=path.read_bytes())
            mapping = _mapping(run, target, options["map"])
            # What is said counts before what the programme's table of rates says.
            rates = rates_on(timezone.localdate(timezone=tenant.zone)) | dict(
                _rate(text) for text in options["rate"]
            )
            run = actions.map_columns(
                run,
                by=by,
                mapping=mapping,
                currency=options["currency"].upper(),
                rates=rates,
                remember=False,
                inline=True,
            )
            answers = _answers(run, target, options["value"], accept=options["accept_suggestions"])
            orders = {
                q["field"]: DateOrder(options["dates"]) for q in run.findings["dates"] if options["dates"]
            }
            if answers or orders:
                run = actions.answer_questions(run, by=by, answers=answers, orders=orders, inline=True)
        self._report(tenant, run, target)
        return run

    def _report(self, tenant: Tenant, run: ImportRun, target: Target) -> None:
        counts = run.counts
        self.stdout.write(
            f"{run.file_name}: {sum(counts.values())} rows: "
            + ", ".join(f"{counts[outcome.value]} to {verb}" for outcome, verb in _VERBS.items())
        )
        for name, column in run.options["mapping"].items():
            self.stdout.write(f"  {run.reading['headers'][column]} -> {name}")
        for field, found in run.findings["unknown"].items():
            for unknown in found[:SHOWN_REFUSED]:
                self._report_unknown(target.field(field), unknown)
        for question in run.findings["dates"]:
            if not question["answer"]:
                self.stdout.write(
                    f"  dates in {question['field']} can be read in two ways: say --dates dmy or mdy"
                )
        for code in run.findings["missing_rates"]:
            self.stdout.write(f"  amounts in {code} need a rate: say --rate {code}=...")
        for warning in run.findings["warnings"]:
            self.stdout.write(f"  {warning['count']} {warning['text']}")
        with tenant_scope(tenant.pk):
            for shown, row in enumerate(refused_rows(run)):
                if shown == SHOWN_REFUSED:
                    self.stdout.write(f"  ... and {counts['refuse'] - shown} more refused rows")
                    break
                self.stdout.write(f"  row {row['row']}: {_sentences(row['problems'])}")

    def _report_unknown(self, field: Field, unknown: Mapping[str, Any]) -> None:
        answer = unknown["answer"]
        if answer:
            said = answer["decision"] + (f" {answer['value']}" if answer["value"] else "")
        else:
            labels = ", ".join(f"{label} ({score}%)" for _value, label, score in unknown["suggestions"])
            said = f"like {labels}" if labels else "nothing like it is known"
        self.stdout.write(f"  {field.name} “{unknown['text']}” in {unknown['rows']} rows: {said}")

    def _commit(self, tenant: Tenant, run: ImportRun, options: Mapping[str, Any]) -> None:
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")
            return
        if not run.counts["create"] + run.counts["change"] and not (
            options["all_or_nothing"] and run.counts["refuse"]
        ):
            self.stdout.write("Nothing to write.")
            return
        assert run.created_by is not None
        with tenant_scope(tenant.pk):
            run = actions.commit_run(
                run, by=run.created_by, all_or_nothing=options["all_or_nothing"], inline=True
            )
        assert run.job is not None
        result = _finished(run_inline(run.job)).result
        self.stdout.write(
            f"Imported: {result['created']} created, {result['changed']} changed,"
            f" {result['skipped']} unchanged, {result['refused']} refused."
        )


_VERBS = {Outcome.CREATE: "create", Outcome.CHANGE: "change", Outcome.SKIP: "skip", Outcome.REFUSE: "refuse"}


def _admin(tenant: Tenant, email: str | None) -> Membership:
    admins = Membership.objects.filter(tenant=tenant, role=Role.ADMIN, is_active=True).select_related("user")
    admin = (admins.filter(user__email__iexact=email) if email else admins.order_by("created_at")).first()
    if admin is None:
        raise CommandError(f"There is no admin {email or ''} in {tenant.slug}.".replace("  ", " "))
    return admin


def _mapping(run: ImportRun, target: Target, pairs: list[str]) -> dict[str, int]:
    mapping = dict(run.options["mapping"])
    headers = {header.casefold(): number for number, header in enumerate(run.reading["headers"])}
    names = {field.name for field in target.fields}
    for pair in pairs:
        header, _sign, field = pair.rpartition("=")
        if header.casefold() not in headers:
            raise CommandError(
                f"The file has no column {header!r}; it has {', '.join(run.reading['headers'])}."
            )
        if field and field not in names:
            raise CommandError(f"There is no field {field!r}; there are {', '.join(sorted(names))}.")
        column = headers[header.casefold()]
        mapping = {name: number for name, number in mapping.items() if number != column and name != field}
        if field:
            mapping[field] = column
    return mapping


def _answers(
    run: ImportRun, target: Target, texts: list[str], *, accept: bool
) -> dict[str, dict[str, Answer]]:
    answers: dict[str, dict[str, Answer]] = {}
    for text in texts:
        name, _colon, pair = text.partition(":")
        said, _sign, known = pair.rpartition("=")
        if name not in {field.name for field in target.fields} or not said:
            raise CommandError(f"Write --value FIELD:TEXT=KNOWN, not {text!r}.")
        answers.setdefault(name, {})[said] = _answer(target.field(name), known)
    if accept:
        for name, found in run.findings["unknown"].items():
            for unknown in found:
                if best := clear_suggestion(unknown["suggestions"]):
                    answers.setdefault(name, {}).setdefault(unknown["text"], Answer(Decision.USE, best))
    return answers


def _answer(field: Field, known: str) -> Answer:
    if known == "!":
        return Answer(Decision.CREATE)
    if not known:
        return Answer(Decision.EMPTY)
    vocabulary = vocabulary_of(field, field.lookup.known() if field.lookup else None)
    if vocabulary is None:
        return Answer(Decision.USE, known)
    value = vocabulary.keys.get(key_of(known))
    if value is None:
        raise CommandError(f"{known!r} is not a known value of {field.name}.")
    return Answer(Decision.USE, value)


def _rate(text: str) -> tuple[str, Decimal]:
    code, _sign, number = text.partition("=")
    try:
        return code.strip().upper(), Decimal(number)
    except InvalidOperation as error:
        raise CommandError(f"Write --rate USD=0.92, not {text!r}.") from error


def _finished(job: Job) -> Job:
    if job.state != JobState.DONE:
        raise CommandError(job.error or f"The job is {job.get_state_display().lower()}.")
    return job


def _sentences(problems: str) -> str:
    return " ".join(sentence(problem) for problem in json.loads(problems))
