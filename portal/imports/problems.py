"""Why a file or a row is refused, in words for the person who imports it.

Rows keep a code and its parameters, so that the words come in the reader's language.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class FileRefused(Exception):
    """The file cannot be read as a table. `message` says why and what to do."""

    def __init__(self, message: str | Promise):
        super().__init__(str(message))
        self.message = message


# What a cell should have held, by code. Parameters come from the field and the parser.
EXPECTED: Mapping[str, str | Promise] = {
    "required": _("a value; this column may not be empty"),
    "date": _("a date, such as 2026-03-31, 31-03-2026, 3/31/2026 or 31 March 2026"),
    "date_range": _("a date between 1900 and 2199"),
    "date_order": _("a date whose day and month can be told apart; say which comes first"),
    "date_mixed": _("a date in one order; this column mixes day-first and month-first dates"),
    "number": _("a number, such as 1054, 1,054.00, 1.054,00 or (500)"),
    "number_range": _("a smaller number"),
    "integer": _("a whole number"),
    "negative": _("a number that is not negative"),
    "positive": _("more than 0"),
    "currency": _("a currency code, such as EUR or USD"),
    "currency_mixed": _("an amount in %(currency)s, as its currency column says"),
    "currency_sign": _("a currency code beside the amount; in this file %(sign)s may be any of %(codes)s"),
    "own_currency": _("an amount in %(currency)s"),
    "no_rate": _("a currency with an exchange rate; none was given for %(currency)s"),
    "too_long": _("at most %(limit)s characters"),
    "cell_too_long": _("at most %(limit)s characters in a cell"),
    "unknown": _("a known value; say what it stands for"),
    "no_product": _("a product that is on sale, by its name or article number"),
    "ambiguous_name": _(
        "a name that only one record has; use its number where it has one, or the ID in its page’s address"
    ),
    "ambiguous_within": _(
        "a name that only one record has; fill in “%(other)s” as well, or use the ID in its page’s address"
    ),
    "not_within": _("one that belongs to what “%(other)s” says"),
    "refused_value": _("another value; you chose to refuse this one"),
    "fields": _("%(expected)s cells, as in the header"),
    "formula": _("a value; this formula has no stored result. Open the file in a spreadsheet and save it"),
    "error_value": _("a value instead of a spreadsheet error"),
    "repeated": _("a key that no other row has; row %(row)s has the same one but other values"),
    "name_taken": _("a name that nothing else of the partner has"),
    "close_before_start": _("a date that is not before the start date (%(other)s)"),
    "missing_close": _("the date on which the deal was closed"),
    "missing_revenue": _("the amount for which the deal was won"),
    "end_before_start": _("an end date that is not before the start date (%(other)s)"),
    "locked": _("a record that an import may change; this one has a life of its own in the portal"),
    "url": _("a web address"),
    "long_ago": _("a date since 1990"),
    "clicks": _("at most as many clicks as impressions (%(other)s)"),
    "future": _("a date that is not in the future"),
    "passed": _("a date that has not passed"),
    "not_begun": _("an event that has begun"),
    "percent": _("a number from 0 to 100"),
}


def expected(code: str, params: Mapping[str, Any] | None = None) -> str:
    text = str(EXPECTED[code])
    return text % params if params else text


def sentence(problem: Mapping[str, Any]) -> str:
    """One problem of a row in a line: column, what was found, what was expected."""
    found = problem["found"]
    said = _("“%(found)s”") % {"found": found} if found else str(_("nothing"))
    return str(
        _("%(column)s: found %(found)s, expected %(expected)s.")
        % {
            "column": problem["column"],
            "found": said,
            "expected": expected(problem["code"], problem.get("params")),
        }
    )
