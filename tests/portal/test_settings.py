"""The environment comes in through the settings, which are loud when something in it is wrong."""

import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

SETTINGS = Path(__file__).resolve().parents[2] / "portal" / "settings.py"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORTAL_ENV", "staging", "PORTAL_ENV must be development, test or production, not 'staging'."),
        (
            "PORTAL_URL",
            "portal.example.com",
            "PORTAL_URL must be an address that starts with https:// or http://.",
        ),
        ("REDIS_URL", "valkey.internal:6379", "REDIS_URL must be an address that starts with redis://"),
        ("DATABASE_URL", "mysql://db/portal", "DATABASE_URL must look like postgres://"),
        ("EMAIL_URL", "mail.example.com", "EMAIL_URL must start with smtp://"),
        ("DEBUG", "perhaps", "DEBUG must be true or false, not 'perhaps'."),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be json or console, not 'xml'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not 'loud'."),
        ("FILES_MAX_MB", "-1", "FILES_MAX_MB must be a whole number of megabytes"),
        ("WEB_LOCK_SECONDS", "0", "WEB_LOCK_SECONDS must be a whole number of seconds"),
    ],
)
def test_what_is_wrong_is_named(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        runpy.run_path(str(SETTINGS))
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (name, f"The environment variable {name} must be set.")
        for name in ("SECRET_KEY", "PORTAL_URL", "DATABASE_URL", "REDIS_URL", "EMAIL_URL")
    ],
)
def test_production_has_no_default_for_what_it_needs(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = {
        "PORTAL_ENV": "production",
        "SECRET_KEY": "x" * 50,
        "PORTAL_URL": "https://portal.example.com",
        "DATABASE_URL": "postgres://portal_app:x@db/portal",
        "REDIS_URL": "redis://broker/0",
        "EMAIL_URL": "smtp://mail.example.com",
    }
    for key, value in production.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv(name)
    with pytest.raises(ImproperlyConfigured) as refusal:
        runpy.run_path(str(SETTINGS))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("name", ["DEMO", "DEBUG"])
def test_production_is_neither_a_demo_nor_debugged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ENV", "production")
    monkeypatch.setenv(name, "true")
    with pytest.raises(ImproperlyConfigured, match="DEBUG and DEMO must be off in production"):
        runpy.run_path(str(SETTINGS))


@pytest.mark.parametrize(
    ("prepared", "more"), [("true", " -c plan_cache_mode=force_custom_plan"), ("false", "")]
)
def test_what_the_address_asks_of_each_connection_stays(
    prepared: str, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREPARED_STATEMENTS", prepared)
    monkeypatch.setenv(
        "DATABASE_URL", "postgres://portal_app:x@db/portal?sslmode=require&options=-c%20search_path%3Dportal"
    )
    options = runpy.run_path(str(SETTINGS))["DATABASES"]["default"]["OPTIONS"]
    assert options["options"].split() == f"-c search_path=portal{more}".split()
    assert options["sslmode"] == "require"
