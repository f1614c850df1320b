"""What import tests share: a way to run a file through all steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from portal.accounts.models import Membership
from portal.imports import actions
from portal.imports.columns import Answer
from portal.imports.enums import Outcome
from portal.imports.models import ImportRun
from portal.imports.parsing import DateOrder
from portal.imports.parts import read_rows
from portal.jobs.runner import do_chunk


@dataclass
class Importer:
    """Runs files in the tenant in scope, as its admin."""

    by: Membership

    def check(
        self,
        target: str,
        content: str | bytes,
        *,
        mapping: Mapping[str, int] | None = None,
        answers: Mapping[str, Mapping[str, Answer]] | None = None,
        orders: Mapping[str, DateOrder] | None = None,
        currency: str = "",
        rates: Mapping[str, Decimal] | None = None,
    ) -> ImportRun:
        data = content.encode() if isinstance(content, str) else content
        run = actions.start_run(by=self.by, target=target, file_name=f"{target}.csv", content=data)
        run = actions.map_columns(
            run,
            by=self.by,
            mapping=run.options["mapping"] if mapping is None else mapping,
            currency=currency,
            rates=rates,
            inline=True,
        )
        if answers or orders:
            run = actions.answer_questions(
                run, by=self.by, answers=answers or {}, orders=orders or {}, inline=True
            )
        return run

    def commit(self, run: ImportRun, *, all_or_nothing: bool = False) -> ImportRun:
        run = actions.commit_run(run, by=self.by, all_or_nothing=all_or_nothing, inline=True)
        while do_chunk(run.tenant_id, run.job_id):
            pass
        return ImportRun.objects.select_related("job", "created_by").get(pk=run.pk)

    def run(self, target: str, content: str | bytes, **options: object) -> ImportRun:
        return self.commit(self.check(target, content, **options))


def rows_of(run: ImportRun, outcome: str) -> list[dict]:
    """The checked rows with an outcome, at most a thousand."""
    frame = read_rows(run, Outcome(outcome), start=0, count=1000)
    return [] if frame is None else frame.to_dicts()
