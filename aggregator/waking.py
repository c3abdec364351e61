"""Telling the workers that something is due now, from a page: a hint that may be lost, since beat looks anyhow."""

from __future__ import annotations

import logging
from threading import Thread

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

EXPIRES = 10  # s; by then beat has seen to it

log = logging.getLogger(__name__)


def wake(task: Task[[], None], queue: str = "celery") -> None:
    """Has a task without arguments done once the transaction stands.

    In a thread, because a frozen broker would hold the page for seconds; what goes wrong there is logged, no more.
    """
    told = Thread(target=_publish, args=(task, queue), name="wake", daemon=True)
    transaction.on_commit(told.start)


def _publish(task: Task[[], None], queue: str) -> None:
    try:
        task.apply_async(retry=False, expires=EXPIRES, queue=queue)
    except (BrokerError, OSError) as error:  # the row in PostgreSQL is the truth
        log.warning("the workers could not be told of %s: %s", task.name, type(error).__name__)
