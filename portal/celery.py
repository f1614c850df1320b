"""The Celery application. Run it with `celery --app portal worker`."""

import os

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from portal.shell import heartbeat
from portal.tenancy.checks import refuse_unsafe_role

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: object) -> None:
    """Celery's own logging set-up would replace the structured one."""


@worker_init.connect
def refuse_to_start_unsafely(**kwargs: object) -> None:
    """Celery logs what a receiver raises and goes on, so leaving is the way to refuse."""
    try:
        refuse_unsafe_role()
    except (ImproperlyConfigured, DatabaseError) as error:
        raise SystemExit(f"The worker does not start: {error}") from error


heartbeat.connect()
