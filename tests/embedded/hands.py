"""Using the embedded servers from here and from processes beside this one, and looking at what runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from kombu import Connection

from bloghub import embedded
from bloghub.embedded.locks import Lock
from bloghub.embedded.place import Place

ROOT = Path(__file__).resolve().parent.parent.parent
USER = """
import sys
from pathlib import Path
from bloghub import embedded
embedded.use(Path(sys.argv[1]))
print("in", flush=True)
sys.stdin.read()
"""

FORKING_USER = USER.replace("sys.stdin", "import os, time\nprint(os.fork() or time.sleep(99), flush=True)\nsys.stdin")


def until(condition: Callable[[], bool], what: str, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def is_kept(data_dir: Path) -> bool:
    return Lock.is_taken(Place(data_dir).keeper)


def processes(data_dir: Path) -> dict[str, psutil.Process]:
    """The servers of a data directory by their programs' names, found without asking the code under test."""
    found = {}
    for process in psutil.process_iter(["cmdline", "name"]):
        words = process.info["cmdline"] or []
        if str(data_dir / "postgres") in words or str(data_dir / "redis") in words:
            found[process.info["name"]] = process
    return found


def keeper_of(data_dir: Path) -> psutil.Process:
    return next(iter(processes(data_dir).values())).parent()


def ask(data_dir: Path, statement: str) -> Any:
    with closing(psycopg2.connect(embedded.addresses(data_dir).database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None


@contextmanager
def redis(data_dir: Path) -> Iterator[Any]:
    with Connection(embedded.addresses(data_dir).redis_url) as connection:
        channel: Any = connection.default_channel
        yield channel.client


def ping(url: str) -> None:
    with Connection(url, transport_options={"max_retries": 1}) as connection:  # or a refusal takes six seconds
        channel: Any = connection.default_channel
        channel.client.ping()


def both_answer(data_dir: Path) -> bool:
    try:
        with redis(data_dir) as client:
            return bool(ask(data_dir, "SELECT 1") == [(1,)] and client.ping())
    except (psycopg2.OperationalError, OSError):
        return False


@contextmanager
def another_process(
    data_dir: Path, *command: str, script: str = USER, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One that uses the servers; it ends when its standard input does."""
    words = [*(command or (sys.executable,)), "-c", script, str(data_dir)]
    environment = {**os.environ, **environment}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        yield process
        process.kill()
