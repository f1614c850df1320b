"""`/healthz` for operators and load balancers: web, database, broker and workers, each by name."""

import asyncio
import dataclasses

import redis
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers
from health_check.base import HealthCheck
from health_check.checks import Database
from health_check.exceptions import ServiceUnavailable

from portal.shell.heartbeat import broker, queues_without_worker


@dataclasses.dataclass
class DatabaseAnswers(Database):
    """The database answers a query; the driver's own words may name hosts, so they stay in the log."""

    def run(self) -> None:
        try:
            super().run()
        except ServiceUnavailable as error:
            raise ServiceUnavailable("The database does not answer.") from error


@dataclasses.dataclass
class Broker(HealthCheck):
    """Valkey or Redis answers a ping."""

    def run(self) -> None:  # type: ignore[override]
        try:
            with broker() as client:
                client.ping()
        except redis.RedisError as error:
            raise ServiceUnavailable("The broker does not answer.") from error


@dataclasses.dataclass
class Workers(HealthCheck):
    """Every queue has a worker that gave a sign of life within the last seconds."""

    def run(self) -> None:  # type: ignore[override]
        try:
            missing = queues_without_worker()
        except redis.RedisError as error:
            raise ServiceUnavailable("The broker does not answer, so the workers cannot be seen.") from error
        if missing:
            raise ServiceUnavailable(f"No worker serves the queue {' and '.join(missing)}.")


CHECKS: dict[str, type[HealthCheck]] = {"database": DatabaseAnswers, "broker": Broker, "workers": Workers}


@transaction.non_atomic_requests
def health(request: HttpRequest) -> JsonResponse:
    """200 when everything works, else 503; `{"web": "ok", ...}` with a sentence where it does not."""
    results = asyncio.run(_run_checks())
    answer = {"web": "ok"} | {
        name: "ok" if result.error is None else str(result.error.message)
        for name, result in zip(CHECKS, results, strict=True)
    }
    response = JsonResponse(answer, status=200 if set(answer.values()) == {"ok"} else 503)
    add_never_cache_headers(response)
    return response


@transaction.non_atomic_requests
def live(request: HttpRequest) -> HttpResponse:
    """200 as soon as this process serves requests; asking others would restart a container in vain."""
    response = HttpResponse("ok\n", content_type="text/plain")
    add_never_cache_headers(response)
    return response


async def _run_checks() -> list:
    return await asyncio.gather(*(check().get_result() for check in CHECKS.values()))
