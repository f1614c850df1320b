"""What operators and load balancers are told."""

import pytest
from django.test import Client

from portal.shell import heartbeat, probe
from portal.shell.heartbeat import KEY, broker

pytestmark = pytest.mark.django_db


def give_signs_of_life(*queues: str) -> None:
    with broker() as client:
        client.delete(*(KEY.format(queue=queue, worker="test@here") for queue in heartbeat.QUEUES))
        for queue in queues:
            client.set(KEY.format(queue=queue, worker="test@here"), 1, ex=60)


@pytest.mark.parametrize(
    ("alive", "status", "workers"),
    [
        (("default", "bulk"), 200, "ok"),
        (("default",), 503, "No worker serves the queue bulk."),
        ((), 503, "No worker serves the queue default and bulk."),
    ],
)
def test_each_part_is_named_and_a_missing_worker_by_its_queue(
    alive: tuple[str, ...], status: int, workers: str, client: Client
) -> None:
    give_signs_of_life(*alive)
    answer = client.get("/healthz")
    assert answer.status_code == status
    assert answer.json() == {"web": "ok", "database": "ok", "broker": "ok", "workers": workers}
    assert "no-store" in answer["Cache-Control"]
    give_signs_of_life()


def test_without_a_broker_the_process_still_lives(client: Client, settings: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {
        "web": "ok",
        "database": "ok",
        "broker": "The broker does not answer.",
        "workers": "The broker does not answer, so the workers cannot be seen.",
    }
    assert client.get("/healthz/live").status_code == 200


def test_a_container_knows_its_own_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    give_signs_of_life("default")
    monkeypatch.setattr(probe.socket, "gethostname", lambda: "here")
    assert probe.worker()
    monkeypatch.setattr(probe.socket, "gethostname", lambda: "elsewhere")
    assert not probe.worker()
    give_signs_of_life()
