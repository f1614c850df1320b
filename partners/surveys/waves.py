"""Waves: the calendar quarters in which answers are counted together.

Of an anonymous survey a wave shows when it is over, and only where it has five answers or more. What has been shown
never changes again, so that two looks at different times differ by whole waves and never by a person.
"""

import datetime as dt

FEWEST = 5


def wave_of(day: dt.date) -> dt.date:
    """The first day of the day's quarter."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def after(wave: dt.date) -> dt.date:
    """The first day of the next wave."""
    return wave_of(wave + dt.timedelta(days=95))


def before(wave: dt.date) -> dt.date:
    return wave_of(wave - dt.timedelta(days=1))


def is_over(wave: dt.date, today: dt.date) -> bool:
    """From the second day of the next wave: an answer that was on its way at midnight has arrived by then."""
    return today > after(wave)
