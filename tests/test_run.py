"""``make run`` as the operator meets it: what it says, that it serves, that it stops, that the data stays."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest

from bloghub import embedded
from bloghub.probe import answers
from bloghub.supervisor import demo_port
from tests.hub import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180.0  # s


class Run:
    """A supervisor with a port of its own; everything it started is found by its data directory."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir, self.port = data_dir, free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("BLOGHUB_", "DJANGO_"))}
        self.environment = {
            **clean,
            "PORT": str(self.port),
            "BLOGHUB_DATA_DIR": str(data_dir),
            "BLOGHUB_EMBEDDED_FSYNC": "off",
            **environment,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bloghub.supervisor"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def said_until(self, end: str) -> list[str]:
        """The lines it says, up to one that begins with ``end``, or to its end."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip())
            if line.startswith(end):
                break
        return lines

    def family(self) -> list[psutil.Process]:
        """Every living process that belongs to this hub, by its environment or its command line."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        mine = str(self.data_dir)
        try:
            words = [*process.cmdline(), process.environ().get("BLOGHUB_DATA_DIR", "")]
            return process.status() != psutil.STATUS_ZOMBIE and any(word.startswith(mine) for word in words)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def part(self, word: str) -> psutil.Process:
        """The leading process of web, worker or beat."""
        return next(one for one in psutil.Process(self.process.pid).children() if word in one.cmdline())


@contextmanager
def running(data_dir: Path, **environment: str) -> Iterator[Run]:
    run = Run(data_dir, **environment)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(PATIENCE)
        for process in run.family():
            process.kill()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def rows(data_dir: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(embedded.use(data_dir)), closing(psycopg2.connect(embedded.addresses(data_dir).database_url)) as base:
        base.autocommit = True
        with base.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def test_it_serves_stops_and_finds_its_data_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    with running(data_dir, DEMO="0") as run:
        said = run.said_until("Ctrl-C")
        parts = "PostgreSQL, Redis, migrations, web, worker, messenger, pusher, beat. "
        assert said[0].startswith(f"BlogHub starts {parts}")
        assert said[1] == f"Open http://127.0.0.1:{run.port}/"
        assert "http" in said[2]
        assert len(said) == 4
        assert answers(run.port, "/healthz")
        listening = [
            one.laddr.ip
            for process in run.family()
            for one in process.net_connections("inet")
            if one.status == "LISTEN"
        ]
        assert set(listening) == {"127.0.0.1"}
        rows(data_dir, "CREATE TABLE kept AS SELECT 1 AS number")
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(PATIENCE) == 0
        assert run.family() == []
        assert {stat.S_IMODE(log.stat().st_mode) for log in (data_dir / "log").glob("*.log")} == {0o600}

    with running(data_dir, DEMO="0") as again:
        again.said_until("Ctrl-C")
        assert rows(data_dir, "SELECT number FROM kept") == [(1,)]
        _dies_and_comes_back(again)
        again.process.kill()
        until(lambda: again.family() == [], "the end of all after the supervisor's death")


def _dies_and_comes_back(run: Run) -> None:
    beat = run.part("beat")
    beat.kill()
    assert run.said_until("beat has ended")[-1].startswith("beat has ended (signal 9), again in ")
    until(lambda: any("beat" in one.cmdline() for one in _children(run)), "a new beat")


def _children(run: Run) -> list[psutil.Process]:
    return [one for one in psutil.Process(run.process.pid).children() if one.status() != psutil.STATUS_ZOMBIE]


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path / "var", PORT=str(port)) as run:
            assert run.said_until("-") == [f"Port {port} is in use. Another one: make run PORT={port + 1}"]
            assert run.process.wait(PATIENCE) == 1
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "http", "PORT must be a number from 1 to 65535, not 'http'."),
        ("PORT", "70000", "PORT must be a number from 1 to 65535, not '70000'."),
        ("DEMO", "maybe", "DEMO must be 0 or 1, not 'maybe'."),
    ],
)
def test_a_wrong_choice_is_said_in_one_line(tmp_path: Path, name: str, value: str, line: str) -> None:
    with running(tmp_path / "var", **{name: value}) as run:
        assert run.said_until("-") == [line]
        assert run.process.wait(PATIENCE) == 1


def test_the_demos_port_stays_and_moves_only_when_it_must(tmp_path: Path) -> None:
    port = demo_port(tmp_path)
    assert demo_port(tmp_path) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        moved = demo_port(tmp_path)
        assert moved != port
    assert demo_port(tmp_path) == moved
