"""The Celery application. Tasks live in each app's ``tasks.py``; what runs when stands in ``schedule.py``."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bloghub.settings")
os.environ.setdefault("BLOGHUB_ROLE", "worker")  # a web process has chosen its role before it comes here

from celery import Celery, Task

from bloghub import broker
from bloghub.schedule import BEAT_SCHEDULE

broker.use()


class OutOfMemoryError(Exception):
    """A task ran out of memory: an ordinary failure, where a bare MemoryError would end the worker for ever."""


class BlogHubTask(Task):  # type: ignore[type-arg]  # not generic when it runs
    """Turns MemoryError into a failure of the one task (on celery 5.7 it ends the worker and comes back)."""

    max_retries = 2
    default_retry_delay = 10  # s

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except MemoryError:
            raise OutOfMemoryError(self.name) from None


app = Celery("bloghub", task_cls=BlogHubTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
app.autodiscover_tasks()
