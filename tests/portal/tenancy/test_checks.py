"""The portal does not start with a database role that could see over the walls."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.tenancy import checks

pytestmark = pytest.mark.django_db


def test_the_role_of_the_tests_may_serve() -> None:
    checks.refuse_unsafe_role()


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("'root', true, false, false, true", "The database role root is a superuser"),
        ("'wide', false, true, false, true", "The database role wide has BYPASSRLS"),
        ("'heir', false, false, true, true", "The database role heir is not NOINHERIT"),
        ("'lone', false, false, false, false", "The database role lone is not a member of portal_partner"),
    ],
)
def test_a_role_that_may_too_much_or_too_little_is_refused(
    role: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_ROLE", f"SELECT {role} WHERE %s <> ''")
    with pytest.raises(ImproperlyConfigured, match=sentence):
        checks.refuse_unsafe_role()


def test_an_old_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MINIMUM_SERVER_VERSION", 990000)
    with pytest.raises(ImproperlyConfigured, match="is too old: 15 or newer is needed"):
        checks.refuse_unsafe_role()
