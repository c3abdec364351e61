"""One process that the supervisor runs: started, its output kept in a log, started again when it dies, stopped.

Knows nothing of what the process does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LOG_LIMIT = 5_000_000  # bytes; the older part is kept as NAME.log.1
_LONGEST_PAUSE = 30.0  # s before a dead child is started again
_STEADY = 60.0  # s a child must have lived to be started again at once
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_TROUBLE = re.compile(r"\b(?:ERROR|CRITICAL)\b")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WIDEST = 240  # characters of a line shown on the console


def one_line(text: str) -> str:
    """Text of a child or a stranger, fit for the console."""
    line = _UNPRINTABLE.sub("?", text.strip())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"


def die_with(parent: int) -> Callable[[], None]:
    """For ``preexec_fn``: the child gets SIGTERM when we die, even by SIGKILL. Linux only; harmless elsewhere."""
    libc = ctypes.CDLL(None) if hasattr(os, "sched_getaffinity") else None  # loaded before the fork

    def ask_for_signal() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # died while we were being born
                os._exit(1)

    return ask_for_signal


class Child:
    """A process in a session of its own, so that Ctrl-C reaches the supervisor alone, which stops all in order."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self._command, self._environment, self._log = name, command, environment, log
        self._process: subprocess.Popen[bytes] | None = None
        self._rest, self._last_line = b"", ""
        self._started, self._pause, self._not_before = 0.0, 0.5, 0.0

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - the supervisor's own list of programs
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - safe: the supervisor has no threads
        )
        os.set_blocking(self.output(), False)

    def output(self) -> int:
        """The descriptor to wait on for what the child says."""
        assert self._process is not None  # noqa: S101 - started
        assert self._process.stdout is not None  # noqa: S101 - given as PIPE
        return self._process.stdout.fileno()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def last_line(self) -> str:
        return one_line(self._last_line)

    def read(self) -> list[str]:
        """Move what the child said into its log; returns the lines that tell of trouble. False ends are kept."""
        try:
            said = os.read(self.output(), 65_536)
        except BlockingIOError:
            return []
        if not said:
            return []
        self._write(said)
        *lines, self._rest = (self._rest + said).split(b"\n")
        self._rest = self._rest[-10_000:]
        texts = [line.decode(errors="replace") for line in lines if line.strip()]
        self._last_line = texts[-1] if texts else self._last_line
        return [one_line(text) for text in texts if _TROUBLE.search(text)]

    def revive(self) -> str:
        """When it has died: plan its next start, or start it once the pause is over. Returns what there is to say."""
        now = time.monotonic()
        if self.is_running or self._process is None:
            return ""
        if self._not_before == 0.0:
            self.read()
            self._pause = 0.5 if now - self._started > _STEADY else min(self._pause * 2, _LONGEST_PAUSE)
            self._not_before = now + self._pause
            return f"{self.name} has ended ({self.how_ended()}), again in {self._pause:.0f} s: {self.last_line}"
        if now >= self._not_before:
            self._kill_group()
            self._close_output()
            self._not_before = 0.0
            self.start()
        return ""

    def how_ended(self) -> str:
        code = self._process.poll() if self._process else None
        return f"signal {-code}" if code is not None and code < 0 else f"code {code}"

    def stop(self, limit: float, pump: Callable[[], None]) -> None:
        """Ask it to finish; kill it and its own children after ``limit`` seconds. ``pump`` reads output meanwhile."""
        if self._process is None:
            return
        deadline = time.monotonic() + limit
        if self.is_running:
            self._process.terminate()
        while self.is_running and time.monotonic() < deadline:
            pump()
        self._kill_group()
        self._process.wait()
        self.read()
        self._close_output()
        self._process = None

    def _kill_group(self) -> None:
        """The process, and whatever it started and left behind."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _close_output(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()

    def _write(self, said: bytes) -> None:
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.replace(self._log.with_name(f"{self._log.name}.1"))
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "ab") as log, contextlib.suppress(OSError):  # a full disk must not stop the hub
            log.write(said)
