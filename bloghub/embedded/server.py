"""What both embedded servers have in common: a process on a directory, found again, waited for, stopped.

Does not decide when it runs (``keeper.py``) nor as whom (``account.py``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from bloghub.embedded.account import Account, EmbeddedError
from bloghub.embedded.place import Place

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_READY_LIMIT, _STOP_LIMIT = 290.0, 30.0  # s
_MEBIBYTE = 1024 * 1024


class Server(ABC):
    """One server process. Found again by its pid file and its command line, so it need not be our child."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, place: Place, account: Account, directory: Path, pid_file: Path) -> None:
        self.place, self.account, self.directory, self.pid_file = place, account, directory, pid_file
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def command(self) -> list[str | Path]: ...

    @abstractmethod
    def is_ready(self) -> bool: ...

    def configuration(self) -> bytes:
        """What the server reads from its standard input."""
        return b""

    def pid(self) -> int | None:
        """The process of this server, and not one that got its number later."""
        try:
            pid = int(self.pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _is_server_of(pid, self.directory) else None

    def is_running(self) -> bool:
        if self._child is not None and self._child.poll() is None:
            return True
        return self.pid() is not None

    def start(self) -> None:
        """Returns when the server answers; joins one that was left running. Raises EmbeddedError."""
        if not self.is_running():
            self.prepare()
            self._spawn()
        deadline = time.monotonic() + _READY_LIMIT
        while not self.is_ready():
            if not self.is_running():
                raise EmbeddedError(f"{self.name} ended at once: {self._last_line()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} does not answer.")
            time.sleep(0.01)

    def stop(self) -> None:
        """Ask it to end, in the way that loses nothing; kill it only when it does not."""
        for number, limit in ((self.stop_signal, _STOP_LIMIT), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            self._signal(number)
            deadline = time.monotonic() + limit
            while self.is_running():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            else:
                return

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid() or (self._child.pid if self._child and self._child.poll() is None else None)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _spawn(self) -> None:
        with self.place.open_log(self.name.lower()) as log:
            self._child = subprocess.Popen(  # noqa: S603 - a program of our own wheels
                self.account.command(*self.command()),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )
        assert self._child.stdin is not None  # noqa: S101 - given as PIPE above
        with contextlib.suppress(BrokenPipeError), self._child.stdin as standard_input:
            standard_input.write(self.configuration())

    def _last_line(self) -> str:
        lines = self.place.log(self.name.lower()).read_text(errors="replace").strip().splitlines()[-5:]
        fatal = [line for line in lines if "FATAL" in line or "Fatal" in line]
        return (fatal or lines or ["its log is empty"])[-1]


def accepts(path: Path) -> bool:
    """Whether a server listens at this socket."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
    except OSError:
        return False
    return True


def _is_server_of(pid: int, directory: Path) -> bool:
    """Whether the process lives and was started on this directory.

    Asked by its command line, as a container's root may not see the working directory of other accounts' processes.
    """
    try:
        return os.fsencode(directory) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def memory() -> int:
    """What this machine, or the container we are in, has: MiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no cgroup of version 2, or "max"
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total // _MEBIBYTE
