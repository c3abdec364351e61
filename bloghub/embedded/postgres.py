"""The embedded PostgreSQL: how it is made, configured, and started again after a power cut."""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bloghub.embedded.account import Account, EmbeddedError, postgres_programs
from bloghub.embedded.place import Place
from bloghub.embedded.server import ENVIRONMENT, Server, accepts, memory

_SOCKET, _PID_FILE, _PASSWORDS_MARK = ".s.PGSQL.5432", "postmaster.pid", "bloghub.passwords"
_STATUS_LINE = 7  # of postmaster.pid (LOCK_FILE_LINE_PM_STATUS, counted from 0)
_ORPHANS_LIMIT = 30.0  # s


def is_answering(place: Place) -> bool:
    """Whether the server of the place takes connections now."""
    return _is_ready(place.postgres / _PID_FILE) and accepts(place.socket_dir() / _SOCKET)


class Postgres(Server):
    """PostgreSQL on a socket: role ``bloghub`` owns the database and is no superuser; ``bloghub_admin`` is."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": ends the sessions, loses no commit

    def __init__(self, place: Place, account: Account, *, fsync: bool = True) -> None:
        super().__init__(place, account, place.postgres, place.postgres / _PID_FILE)
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
        for lock_file in (self.pid_file, self.place.socket_dir() / f"{_SOCKET}.lock"):
            self._disarm(lock_file)

    def start(self) -> None:
        """Waits for the last sessions of a server that was killed, which hold its shared memory for a moment."""
        deadline = time.monotonic() + _ORPHANS_LIMIT
        while True:
            try:
                return super().start()
            except EmbeddedError as error:
                if "shared memory" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _disarm(self, lock_file: Path) -> None:
        """After a power cut its number may belong to another process by now, and PostgreSQL would refuse to start.

        PostgreSQL ignores the number of the process that starts it, so it gets ours. The file must stay: by its other
        lines PostgreSQL finds out whether sessions of the old server still live.
        """
        if self.pid() is None and lock_file.exists():
            _, *others = lock_file.read_text().split("\n")
            lock_file.write_text("\n".join([str(os.getpid()), *others]))

    def command(self) -> list[str | Path]:
        return [self._programs / "postgres", "-D", self.directory, *_options(self._settings())]

    def is_ready(self) -> bool:
        return self.pid() is not None and _is_ready(self.pid_file)

    def _settings(self) -> dict[str, str | float]:
        """For a small server that shares its machine with the hub; everything else is PostgreSQL's own choice."""
        available = memory()
        return {
            "listen_addresses": "",
            "unix_socket_directories": str(self.place.socket_dir()),
            "unix_socket_permissions": "0700",
            "max_connections": 100,
            "shared_buffers": f"{max(32, min(256, available // 8))}MB",
            "effective_cache_size": f"{max(64, available // 2)}MB",
            "maintenance_work_mem": f"{max(16, min(128, available // 16))}MB",
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
        # The wheel has no ICU, and the locales of C libraries differ: PostgreSQL's own is the same everywhere.
        # Trigrams still ask the C library which characters are letters
        words = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        words += [f"--lc-ctype={_character_type()}", "-U", "bloghub_admin", "-A", "scram-sha-256", "--no-instructions"]
        sync = [] if self._fsync else ["--no-sync"]
        self._run([self._programs / "initdb", "-D", draft, f"--pwfile={password_file}", *words, *sync], b"")

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
            env=ENVIRONMENT,
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


def _options(settings: Mapping[str, str | float]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _is_ready(postmaster_pid: Path) -> bool:
    try:
        return postmaster_pid.read_text().split("\n")[_STATUS_LINE].strip() == "ready"
    except (OSError, IndexError):
        return False


def _character_type() -> str:
    """A locale of this machine that knows the letters of all languages."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                return locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
