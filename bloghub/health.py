"""Two answers for machines: is this process alive, and may it be sent visitors. They tell nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

BROKER_PATIENCE = 2  # s; a frozen broker must not freeze the one who asks


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 ``ok`` when process, database and broker answer, else 503 ``fail``."""
    return _answer(database_answers, broker_answers)


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 ``ok`` when pages can be served: the database answers and is migrated. The broker may be away."""
    return _answer(database_answers, database_is_migrated)


def _answer(*checks: Callable[[], bool]) -> HttpResponse:
    well = all(check() for check in checks)
    return HttpResponse("ok\n" if well else "fail\n", status=200 if well else 503, content_type="text/plain")


def database_answers() -> bool:
    """Whether a statement gets through."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def database_is_migrated() -> bool:
    """Whether the schema is the one this code expects."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def broker_answers() -> bool:
    """Whether the broker takes a connection within its patience."""
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_PATIENCE) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_PATIENCE)
            channel: Any = broker.default_channel
            channel.client.ping()
    except (OperationalError, OSError, RedisError):
        return False
    return True
