"""What ``make run`` runs: the whole hub on this machine, for this machine only, until Ctrl-C.

Owns the order in which the parts start and stop, and everything that is said on the console. How one process is run is
``child.py``'s, the servers are ``embedded``'s, and how to sign in is told by ``manage.py signin_hint``.
"""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from bloghub import embedded
from bloghub.child import Child, die_with, one_line
from bloghub.embedded.locks import Lock
from bloghub.probe import answers
from bloghub.remembered import remember

_REPOSITORY = Path(__file__).resolve().parent.parent
_HOST = "127.0.0.1"
_DEMO_PORTS = range(20_000, 30_000)  # below the ports that outgoing connections use
_WEB_LIMIT = 120.0  # s to its first answer
# s, in the order of stopping
_STOP_LIMITS = {"beat": 5.0, "web": 8.0, "worker": 10.0, "messenger": 5.0, "pusher": 10.0, "demo": 3.0}
# SIGTERM gives a running poll this long (s, below the worker's limit above), then puts it back into the queue
_WORKER_ENDS = {"REMAP_SIGTERM": "SIGQUIT", "BLOGHUB_WORKER_SOFT_SHUTDOWN": "8"}
_LAST_PORT = 65_535


class CannotRun(Exception):
    """The hub cannot run; the message is one line for the operator."""


class Stop(BaseException):
    """Somebody asked us to stop: raised by the signal's handler wherever we are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the environment asks for."""

    port: int
    data_dir: Path
    demo: bool
    external: bool  # servers of the operator's own, by DATABASE_URL and REDIS_URL

    @classmethod
    def from_environment(cls) -> Choice:
        port = os.environ.get("PORT", "").strip() or "8000"
        if not port.isascii() or not port.isdigit() or not 0 < int(port) <= _LAST_PORT:
            raise CannotRun(f"PORT must be a number from 1 to {_LAST_PORT}, not {one_line(port)!r}.")
        demo = os.environ.get("DEMO", "").strip() or "1"
        if demo not in {"0", "1"}:
            raise CannotRun(f"DEMO must be 0 or 1, not {one_line(demo)!r}.")
        external = bool(os.environ.get("DATABASE_URL", "").strip())
        data_dir = Path(os.environ.get("BLOGHUB_DATA_DIR", "").strip() or _REPOSITORY / "var").resolve()
        return cls(int(port), data_dir, demo == "1" and not external, external)


def demo_company() -> dict[str, str]:
    """How the demo's company calls itself and which colour it wears, unless the operator says otherwise."""
    company = tomllib.loads((_REPOSITORY / "demo" / "company.toml").read_text())["company"]
    return {"BLOGHUB_COMPANY": company["name"], "BLOGHUB_BRAND_COLOUR": company["accent"]}


class Supervisor:
    """Starts the parts, keeps them running, stops them in reverse."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._logs = choice.data_dir / "log"
        self._children: dict[str, Child] = {}
        self._use: embedded.Use | None = None
        self._said: dict[str, float] = {}
        self._environment = {
            **(demo_company() if choice.demo else {}),
            **os.environ,
            "PORT": str(choice.port),
            "BLOGHUB_DATA_DIR": str(choice.data_dir),
            "BLOGHUB_DEMO": "1" if choice.demo else "0",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> None:
        """Until a Stop is raised; whatever is raised, nothing is left running."""
        try:
            self._start()
            while True:
                self._pump()
                for child in self._children.values():
                    if news := child.revive():
                        say(news)
        finally:
            self._stop()

    def _start(self) -> None:
        parts = ["web", "worker", "messenger", "pusher", "beat", *(["demo blogs"] if self._choice.demo else [])]
        servers = [] if self._choice.external else ["PostgreSQL", "Redis"]
        say(f"BlogHub starts {', '.join([*servers, 'migrations', *parts])}. Logs: {self._logs}")
        if not self._choice.external:
            self._use = embedded.use(self._choice.data_dir)
        self._logs.mkdir(mode=0o700, exist_ok=True)
        self._start_demo()
        remember(self._choice.data_dir, self._environment)
        hints = self._prepare()
        self._launch("web", "gunicorn", "bloghub.wsgi", *self._web_options())
        worker = ("--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle")
        self._launch("worker", "celery", "-A", "bloghub", "worker", *worker, **_WORKER_ENDS)
        # Telling people of comments, which waits for no poll: one process, without children
        messenger = ("--queues=people", "--pool=solo", "--hostname=messenger@%h", *worker[1:])
        self._launch("messenger", "celery", "-A", "bloghub", "worker", *messenger)
        # Polling what was pushed, which waits for no other poll: one process, without children but the parser's
        pusher = ("--queues=push", "--pool=solo", "--hostname=pusher@%h", *worker[1:])
        self._launch("pusher", "celery", "-A", "bloghub", "worker", *pusher)
        schedule = self._choice.data_dir / "beat"
        schedule.mkdir(mode=0o700, exist_ok=True)
        beat = ("--schedule", str(schedule / "schedule"), "--loglevel=WARNING")
        self._launch("beat", "celery", "-A", "bloghub", "beat", *beat)
        self._await_answer("web", self._choice.port, _WEB_LIMIT, "/healthz")
        say(f"Open http://{_HOST}:{self._choice.port}/")
        for line in [*hints, "Ctrl-C stops everything; the data stays."]:
            say(line)

    def _web_options(self) -> list[str]:
        heartbeat = ["--worker-tmp-dir", "/dev/shm"] if Path("/dev/shm").is_dir() else []  # noqa: S108 - gunicorn's own advice: a disk may block
        address = ["--bind", f"{_HOST}:{self._choice.port}", "--no-control-socket", "--log-level", "warning"]
        return [
            "--config=python:bloghub.serving",
            *address,
            "--preload",
            "--workers=2",
            "--threads=4",
            "--worker-class=gthread",
            "--graceful-timeout=5",
            *heartbeat,
        ]

    def _start_demo(self) -> None:
        if not self._choice.demo:
            return
        port = demo_port(self._choice.data_dir)
        self._environment["BLOGHUB_DEMO_ADDRESS"] = f"{_HOST}:{port}"
        state = str(self._choice.data_dir / "demo")
        self._launch("demo", "demo.serve", "--port", str(port), "--state", state)

    def _launch(self, name: str, module: str, *words: str, **environment: str) -> None:
        command = [sys.executable, "-m", module, *words]
        log = self._logs / f"{name}.log"
        child = self._children[name] = Child(name, command, self._environment | environment, log)
        child.start()

    def _await_answer(self, name: str, port: int, limit: float, path: str) -> None:
        deadline = time.monotonic() + limit
        while not answers(port, path):
            self._pump()
            if not self._children[name].is_running:
                self._pump()
                raise CannotRun(f"{name} does not start: {self._children[name].last_line}")
            if time.monotonic() > deadline:
                raise CannotRun(f"{name} does not answer; see {self._logs / f'{name}.log'}.")

    def _prepare(self) -> list[str]:
        """Migrations, static files and the demo's rows; returns the lines that tell how to sign in."""
        done = subprocess.run(
            [sys.executable, "-m", "bloghub.prepare"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # safe: the supervisor has no threads
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise CannotRun(f"The database could not be prepared: {one_line(lines[-1])}")
        return done.stdout.splitlines()

    def _pump(self) -> None:
        """Wait a moment for what the children say; show their trouble, each line once in a minute."""
        running = {child.output(): child for child in self._children.values() if child.is_running}
        ready, _, _ = select.select(list(running), [], [], 0.2)
        for descriptor in ready:
            child = running[descriptor]
            for line in child.read():
                self._say_trouble(f"{child.name}: {line}")

    def _say_trouble(self, line: str) -> None:
        now, kind = time.monotonic(), "".join(letter for letter in line if not letter.isdigit())
        self._said = {old: when for old, when in self._said.items() if now - when < 60}  # noqa: PLR2004 - a minute
        if kind not in self._said:
            self._said[kind] = now
            say(line)

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for name, limit in _STOP_LIMITS.items():
            if name in self._children:
                self._children[name].stop(limit, self._pump)
                del self._children[name]
        if self._use is not None:
            self._use.close()


def say(line: str) -> None:
    print(line, flush=True)


def is_free(port: int) -> bool:
    """Whether we could serve on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: no wait after a restart
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def demo_port(data_dir: Path) -> int:
    """The port of the demo's blogs: the same at every start, as their feeds' addresses contain it, if it can be."""
    kept = data_dir / "demo-port"
    if kept.exists() and is_free(int(kept.read_text())):
        return int(kept.read_text())
    port = next(port for port in random.sample(_DEMO_PORTS, len(_DEMO_PORTS)) if is_free(port))
    kept.write_text(str(port))
    return port


def _asked_to_stop(*_: object) -> None:
    raise Stop


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _asked_to_stop)
    if "MAKELEVEL" in os.environ:
        die_with(os.getppid())()  # a killed make takes us with it
    try:
        choice = Choice.from_environment()
        if not is_free(choice.port):
            raise CannotRun(f"Port {choice.port} is in use. Another one: make run PORT={choice.port + 1}")
        choice.data_dir.mkdir(parents=True, exist_ok=True) if choice.external else embedded.secrets(choice.data_dir)
        with Lock(choice.data_dir / ".hub.lock") as alone:
            if not alone.try_take():
                raise CannotRun(f"A hub runs with {choice.data_dir} already. For a second one set BLOGHUB_DATA_DIR.")
            Supervisor(choice).run()
    except Stop:
        return 0
    except (CannotRun, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
