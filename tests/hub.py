"""A whole hub of its own for tests that need real processes: database, broker, worker, beat, web.

    with Hub(tmp_path, allow="127.0.0.1:8900") as hub:
        hub.manage("add_blog", url)
        worker = hub.start("worker")
        hub.until(lambda: hub.value("SELECT count(*) FROM aggregator_post") == 3)
        worker.kill()

Every process ends with the hub, by its pid.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg2
from celery import Celery
from django.conf import settings

from bloghub import embedded
from bloghub.schedule import BEAT_SCHEDULE
from tests import moulds

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # s a test waits for something that comes by itself


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Hub:
    """Data directory, environment and processes of one hub; migrated and without blogs at the start."""

    def __init__(self, data_dir: Path, *, allow: str = "", **environment: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BLOGHUB_", "DJANGO_"))},
            "BLOGHUB_DATA_DIR": str(data_dir),
            "BLOGHUB_EMBEDDED_FSYNC": "off",
            "BLOGHUB_FETCH_ALLOW": allow,
            "PORT": str(self.port),
            **environment,
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        moulds.copy_hub(self.data_dir, self.environment)
        self.servers = embedded.use(self.data_dir)
        self.database = psycopg2.connect(embedded.addresses(self.data_dir).database_url)
        self.database.autocommit = True
        self.messages = Celery(broker=embedded.addresses(self.data_dir).redis_url, set_as_current=False)
        self.messages.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            self.end(process)
        self.messages.close()
        self.database.close()
        self.servers.close()

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """manage.py, to its end."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, part: str) -> subprocess.Popen[bytes]:
        """``worker``, ``beat`` or ``web``, in a process group of its own; its log is ``<part>.log``."""
        celery = [sys.executable, "-m", "celery", "-A", "bloghub"]
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:bloghub.serving"]
        command = {
            "worker": [
                *celery,
                "worker",
                "--queues=celery,people,push",
                "--concurrency=2",
                "--loglevel=INFO",
                "-n",
                f"w{len(self.processes)}@%h",
            ],
            "beat": [*celery, "beat", "--schedule", str(self.data_dir / f"beat-{len(self.processes)}")],
            "web": [*gunicorn, "bloghub.wsgi", "-w2", "-b", f"127.0.0.1:{self.port}"],
        }[part]
        with (self.data_dir / f"{part}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    @staticmethod
    def end(process: subprocess.Popen[bytes], sign: signal.Signals = signal.SIGKILL) -> None:
        """Ends a process with its children."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        process.wait(PATIENCE)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def tick(self) -> None:
        """What beat does every ten seconds. Here it comes once and never expires: a worker may be long in starting."""
        self.messages.send_task(BEAT_SCHEDULE["claim-due-feeds"]["task"])

    @staticmethod
    def until(condition: Callable[[], bool], what: str = "", patience: float = PATIENCE) -> None:
        """Waits for something that comes by itself."""
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"waited {patience} s in vain: {what}"
            time.sleep(0.1)
