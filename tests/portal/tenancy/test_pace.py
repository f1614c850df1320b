"""Answers that leave at set times."""

import pytest

from portal.tenancy import pace
from portal.tenancy.pace import keep_pace, paced


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("work", "asked", "leaves"),
    [
        (0.01, [], 0.01),
        (0.01, [(0.2, 0.0)], 0.2),
        (0.19, [(0.2, 0.0)], 0.2),
        # What takes longer does not show how much longer.
        (0.21, [(0.2, 0.0)], 0.4),
        (0.39, [(0.2, 0.0), (0.2, 0.0)], 0.4),
        (0.01, [(0.2, 0.0), (0.2, 1.1)], 1.2),
    ],
)
def test_an_answer_leaves_at_a_set_time(
    work: float, asked: list[tuple[float, float]], leaves: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    with paced():
        for step, least in asked:
            keep_pace(step, least=least)
        clock.now += work
    assert clock.now - 100.0 == pytest.approx(leaves)


def test_a_moment_that_has_just_gone_by_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # At the second look 0.2 seconds have gone by; at the third it is the set time already, and a little more.
    moments = iter((100.0, 100.2, 100.2500001))
    clock = Clock()
    monkeypatch.setattr(clock, "monotonic", lambda: next(moments))
    waits: list[float] = []
    monkeypatch.setattr(clock, "sleep", waits.append)
    monkeypatch.setattr(pace, "time", clock)
    with paced():
        keep_pace(0.25)
    assert waits == [0.0]


def test_outside_of_a_request_nobody_waits() -> None:
    keep_pace(1000)
    with paced():
        pass
