"""Each worker writes a sign of life to the broker every few seconds; the health check reads it.

Asking workers (`inspect ping`) takes a second and fails while they are busy; a key with an expiry does not.
"""

from datetime import timedelta
from typing import Any

import redis
from celery.signals import celeryd_after_setup, heartbeat_sent, worker_shutting_down
from django.conf import settings

KEY = "portal:worker:{queue}:{worker}"
# Celery sends its own heartbeat, which calls us, every two seconds.
EXPIRY = timedelta(seconds=12)
QUEUES = ("default", "bulk")

_served: dict[str, Any] = {"worker": None, "queues": ()}


def broker() -> redis.Redis:
    """A client of the broker that gives up within two seconds."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


def remember_worker(sender: str, instance: Any, **kwargs: Any) -> None:
    _served.update(worker=sender, queues=tuple(instance.app.amqp.queues.consume_from), client=broker())


def write_sign_of_life(**kwargs: Any) -> None:
    with _served["client"].pipeline(transaction=False) as pipeline:
        for queue in _served["queues"]:
            pipeline.set(KEY.format(queue=queue, worker=_served["worker"]), 1, ex=EXPIRY)
        pipeline.execute()


def remove_sign_of_life(**kwargs: Any) -> None:
    keys = [KEY.format(queue=queue, worker=_served["worker"]) for queue in _served["queues"]]
    if keys:
        _served["client"].delete(*keys)


def queues_without_worker() -> list[str]:
    """The queues that no living worker serves. Raises redis.RedisError when the broker is away."""
    with broker() as client:
        keys = client.scan_iter(KEY.format(queue="*", worker="*"), count=1000)
        alive = {key.decode().split(":")[2] for key in keys}
    return [queue for queue in QUEUES if queue not in alive]


def connect() -> None:
    """Let every worker of this process's Celery application give signs of life."""
    celeryd_after_setup.connect(remember_worker)
    heartbeat_sent.connect(write_sign_of_life)
    worker_shutting_down.connect(remove_sign_of_life)
