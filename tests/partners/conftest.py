"""What all tests of partners' rooms share."""

import pytest

from partners.matching import queries as matching


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers about conflicts leave when they are ready."""
    monkeypatch.setattr(matching, "PACE", 0)
