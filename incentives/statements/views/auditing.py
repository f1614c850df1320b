"""The check of the ledger: started by an admin, done by a job, read here."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incentives.statements.audit import Finding, findings_of, last_audit, start_audit, sums_of
from portal.accounts.access import requires
from portal.jobs.enums import JobState
from portal.money import quick_money
from portal.shell.addresses import turl


@require_http_methods(["GET", "HEAD", "POST"])
@requires("statements.approve")
def check_ledger(request: HttpRequest, tenant: str) -> HttpResponse:
    """What the last check found; a POST starts one."""
    job = last_audit()
    if request.method == "POST":
        if job is None or job.has_ended:
            start_audit(by=request.membership)
        else:
            messages.info(request, _("The ledger is being checked already."))
        return redirect(turl(request, "statements:check_ledger"))
    done = job if job and job.state == JobState.DONE else None
    return render(
        request,
        "statements/check_ledger.html",
        {
            "title": _("Check of the ledger"),
            "subtitle": _(
                "Every entry is computed again from its plan version and the numbers that it keeps; statements, payments"
                " and the earnings shown are compared with the entries."
            ),
            "back_url": turl(request, "statements:closings"),
            "back_label": _("Payouts"),
            "job": job,
            "done": done,
            "sums": [(quick_money(total, currency), currency) for currency, total in sums_of(done).items()]
            if done
            else [],
            "findings": [(row, _address(request, row)) for row in findings_of(done)] if done else [],
        },
    )


def _address(request: HttpRequest, found: Finding) -> str:
    if not found.id:
        return turl(request, "incentives:earnings")
    if found.kind == "entry":
        return turl(request, "incentives:recompute", found.id)
    return turl(request, "statements:detail", found.id)
