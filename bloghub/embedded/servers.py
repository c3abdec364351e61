"""The two embedded servers: how each is made, started, asked whether it answers, and stopped.

Owns their configuration. Does not decide when they run (``keeper.py``) nor as whom (``account.py``).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from bloghub.embedded.account import Account, EmbeddedError, postgres_programs, valkey_program
from bloghub.embedded.place import Place

_POSTGRES_SOCKET, _REDIS_SOCKET = ".s.PGSQL.5432", "redis.sock"
_PASSWORDS_MARK = "bloghub.passwords"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_READY_LIMIT, _STOP_LIMIT = 290.0, 30.0  # s
_STATUS_LINE = 7  # of postmaster.pid (LOCK_FILE_LINE_PM_STATUS, counted from 0)
_MEBIBYTE = 1024 * 1024


def is_answering(place: Place) -> bool:
    """Whether both servers of the place take connections now."""
    sockets = place.socket_dir()
    return (
        _is_ready(place.postgres / "postmaster.pid")
        and _accepts(sockets / _POSTGRES_SOCKET)
        and _accepts(sockets / _REDIS_SOCKET)
    )


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
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        assert self._child.stdin is not None  # noqa: S101 - given as PIPE above
        with contextlib.suppress(BrokenPipeError), self._child.stdin as standard_input:
            standard_input.write(self.configuration())

    def _last_line(self) -> str:
        lines = self.place.log(self.name.lower()).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "its log is empty"


class Postgres(Server):
    """PostgreSQL on a socket: role ``bloghub`` owns the database and is no superuser; ``bloghub_admin`` is."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": ends the sessions, loses no commit

    def __init__(self, place: Place, account: Account, *, fsync: bool = True) -> None:
        super().__init__(place, account, place.postgres, place.postgres / "postmaster.pid")
        self._fsync, self._programs = fsync, postgres_programs()

    def prepare(self) -> None:
        if not self.directory.exists():
            self._create()
        kept, ours = (self.directory / "PG_VERSION").read_text().strip(), self._version()
        if kept != ours:
            raise EmbeddedError(
                f"{self.directory} was written by PostgreSQL {kept}, this is {ours}: see README, Operate."
            )
        if self._passwords_mark() != (self.directory / _PASSWORDS_MARK).read_text():
            self._run_sql(self.directory, self._password_statements("ALTER"))
            self._write_mark(self.directory)
        # After a power cut the number in it may belong to another process by now, and PostgreSQL would refuse to start
        if self.pid() is None:
            self.pid_file.unlink(missing_ok=True)

    def command(self) -> list[str | Path]:
        return [self._programs / "postgres", "-D", self.directory, *_options(self._settings())]

    def is_ready(self) -> bool:
        return self.pid() is not None and _is_ready(self.pid_file)

    def _settings(self) -> dict[str, str | float]:
        """For a small server that shares its machine with the hub; everything else is PostgreSQL's own choice."""
        memory = _memory()
        return {
            "listen_addresses": "",
            "unix_socket_directories": str(self.place.socket_dir()),
            "unix_socket_permissions": "0700",
            "max_connections": 100,
            "shared_buffers": f"{max(32, min(256, memory // 8))}MB",
            "effective_cache_size": f"{max(64, memory // 2)}MB",
            "maintenance_work_mem": f"{max(16, min(128, memory // 16))}MB",
            "work_mem": "16MB",
            "jit": "off",  # our queries are short: compiling them costs more than it saves
            "random_page_cost": 1.1,
            "max_parallel_workers_per_gather": 0,  # two cores, many readers
            "wal_compression": "on",
            "max_wal_size": "1GB",
            "synchronous_commit": "on",
            "fsync": "on" if self._fsync else "off",
            "full_page_writes": "on" if self._fsync else "off",
            "log_min_messages": "warning",
            "log_line_prefix": "%m [%p] ",
            "log_timezone": "UTC",
            "timezone": "UTC",
        }

    def _create(self) -> None:
        """Made beside its place and moved there when complete, so a half-made one is never taken for a database."""
        draft = self.directory.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        self.place.make_private(draft, self.account)
        password_file = draft.with_name("postgres.pw")
        password_file.unlink(missing_ok=True)
        password_file.touch(0o600)
        self.account.give(password_file)
        password_file.write_text(self.place.secrets().database_admin_password)
        try:
            self._initdb(draft, password_file)
        finally:
            password_file.unlink()
        (draft / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        self._run_sql(draft, self._password_statements("CREATE") + _DATABASE_STATEMENTS)
        self._write_mark(draft)
        draft.rename(self.directory)

    def _initdb(self, draft: Path, password_file: Path) -> None:
        # The wheel has no ICU, and the C library's locales differ from machine to machine: PostgreSQL's own is the same
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        words: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            draft,
            "-U",
            "bloghub_admin",
            "-A",
            "scram-sha-256",
            "--no-instructions",
        ]
        sync = [] if self._fsync else ["--no-sync"]
        self._run([*words, f"--pwfile={password_file}", *locale, *sync], b"")

    def _run_sql(self, directory: Path, statements: str) -> None:
        """In single-user mode: no connection, so nobody else can be there, and no password."""
        options = {"exit_on_error": "on", "log_min_messages": "error", "fsync": "on" if self._fsync else "off"}
        words: list[str | Path] = [
            self._programs / "postgres",
            "--single",
            "-j",
            "-D",
            directory,
            *_options(options),
            "template1",
        ]
        self._run(words, statements.encode())

    def _run(self, words: Sequence[str | Path], standard_input: bytes) -> None:
        done = subprocess.run(  # noqa: S603 - a program of our own wheels
            self.account.command(*words),
            input=standard_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_ENVIRONMENT,
            check=False,
        )
        if done.returncode:
            lines = done.stdout.decode(errors="replace").strip().splitlines() or ["(it said nothing)"]
            raise EmbeddedError(f"PostgreSQL could not be set up: {lines[-1]}")

    def _password_statements(self, verb: str) -> str:
        made = self.place.secrets()
        role = f"{verb} ROLE bloghub LOGIN NOSUPERUSER NOCREATEROLE CREATEDB PASSWORD '{made.database_password}';\n\n"
        return f"{role}ALTER ROLE bloghub_admin PASSWORD '{made.database_admin_password}';\n\n"

    def _passwords_mark(self) -> str:
        """Tells whether the secrets are still those the roles were made with."""
        made = self.place.secrets()
        return hashlib.sha256(f"{made.database_password} {made.database_admin_password}".encode()).hexdigest()

    def _write_mark(self, directory: Path) -> None:
        mark = directory / _PASSWORDS_MARK
        mark.write_text(self._passwords_mark())
        mark.chmod(0o600)
        self.account.give(mark)

    def _version(self) -> str:
        program = [str(self._programs / "postgres"), "--version"]
        said = subprocess.check_output(program, text=True)  # noqa: S603 - a program of our own wheels
        return said.split()[-1].split(".")[0]


# template1 has the extensions as well, so the databases that tests make have them, too. -j: a blank line ends each
_DATABASE_STATEMENTS = """CREATE EXTENSION pg_trgm;

CREATE EXTENSION unaccent;

CREATE EXTENSION citext;

CREATE DATABASE bloghub OWNER bloghub TEMPLATE template1;

REVOKE ALL ON DATABASE bloghub FROM PUBLIC;

"""


class Valkey(Server):
    """A Redis-protocol server on a socket: one user with a password, without the dangerous commands."""

    name = "Redis"
    stop_signal = signal.SIGTERM

    def __init__(self, place: Place, account: Account) -> None:
        super().__init__(place, account, place.redis, place.redis / "valkey.pid")
        self._socket = place.socket_dir() / _REDIS_SOCKET

    def prepare(self) -> None:
        self.pid_file.unlink(missing_ok=True)

    def command(self) -> list[str | Path]:
        # The rest comes by standard input: a command line is public. It has to keep the directory, see _is_server_of
        return [valkey_program(), "--dir", self.directory, "--set-proc-title", "no", "-"]

    def configuration(self) -> bytes:
        password = hashlib.sha256(self.place.secrets().redis_password.encode()).hexdigest()
        lines = [
            "port 0",
            f'unixsocket "{self._socket}"',
            "unixsocketperm 700",
            "protected-mode yes",
            f'pidfile "{self.pid_file}"',
            "daemonize no",
            "loglevel warning",
            'save ""',
            "appendonly yes",
            "appendfsync everysec",
            "auto-aof-rewrite-min-size 16mb",
            f"maxmemory {max(64, min(256, _memory() // 8))}mb",
            "maxmemory-policy noeviction",
            "user default off",
            # What the transport of kombu needs lies outside these two groups, but for info; flushdb empties a cache
            f"user bloghub on #{password} ~* &* +@all -@dangerous -@admin +info +flushdb",
        ]
        return "\n".join(lines).encode()

    def is_ready(self) -> bool:
        password = self.place.secrets().redis_password
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self._socket))
                connection.sendall(f"AUTH bloghub {password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            return False

    def start(self) -> None:
        """With its messages set aside when it cannot read them any more: they are hints, PostgreSQL is the truth."""
        try:
            super().start()
        except EmbeddedError:
            self.directory.rename(self.directory.with_name(f"redis.unreadable-{time.time_ns()}"))
            self.place.make_private(self.directory, self.account)
            super().start()


def _options(settings: Mapping[str, str | float]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _is_ready(postmaster_pid: Path) -> bool:
    try:
        return postmaster_pid.read_text().split("\n")[_STATUS_LINE].strip() == "ready"
    except (OSError, IndexError):
        return False


def _accepts(path: Path) -> bool:
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


def _memory() -> int:
    """What this machine, or the container we are in, has: MiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no cgroup of version 2, or "max"
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total // _MEBIBYTE
