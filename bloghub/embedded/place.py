"""Where the files of one data directory lie: its secrets, locks, logs, sockets and servers' directories.

Starts nothing. A second checkout has another data directory and so shares nothing with the first.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from secrets import token_urlsafe
from typing import BinaryIO

from bloghub.embedded.account import Account, EmbeddedError

_SOCKET_LIMIT = 107  # bytes in sockaddr_un.sun_path before its NUL (unix(7))
_LONGEST_SOCKET = ".s.PGSQL.5432"
_LOG_LIMIT = 5_000_000  # bytes; the older half is kept as NAME.log.1


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made at random for one data directory. ``instance`` names its directories elsewhere, unguessably."""

    secret_key: str
    database_password: str
    database_admin_password: str
    redis_password: str
    instance: str

    def __repr__(self) -> str:
        return "Secrets(…)"


class Place:
    """The paths of one data directory; the directory is made when it is first needed."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.postgres = self.data_dir / "postgres"
        self.redis = self.data_dir / "redis"
        self.starting = self.data_dir / ".starting.lock"
        self.in_use = self.data_dir / ".in-use.lock"
        self.keeper = self.data_dir / ".keeper.lock"
        self._secrets_file = self.data_dir / "secrets.json"
        self._make_data_dir()

    def log(self, name: str) -> Path:
        return self.data_dir / "log" / f"{name}.log"

    def open_log(self, name: str) -> BinaryIO:
        """Open a log for appending, readable by its owner alone; a long one is put aside first."""
        path = self.log(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._settle(path.parent)
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(path.with_name(f"{path.name}.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._settle(path)
        return os.fdopen(descriptor, "ab")

    def secrets(self) -> Secrets:
        """The secrets, made and stored (0600) when they are absent. Two processes at once get the same ones."""
        try:
            return self._read_secrets()
        except FileNotFoundError:
            self._write_secrets(Secrets(*(token_urlsafe(size) for size in (64, 32, 32, 32, 9))))
            return self._read_secrets()

    def socket_dir(self) -> Path:
        """The directory of both sockets: in the data directory, or under /tmp when its path is too long for one.

        Not $XDG_RUNTIME_DIR: that differs between a shell, cron and sudo, and every process must find the same place.
        """
        inside = self.data_dir / "run"
        if len(os.fsencode(inside / _LONGEST_SOCKET)) <= _SOCKET_LIMIT:
            return inside
        mark = hashlib.sha256(os.fsencode(self.data_dir) + self.secrets().instance.encode()).hexdigest()[:20]
        return Path(f"/tmp/bloghub-{mark}")  # noqa: S108 - the name cannot be guessed, the owner is checked

    def prepare(self, account: Account) -> None:
        """Make what the servers need before they start; each directory is open to their account alone."""
        for path in (self.redis, self.socket_dir()):
            self.make_private(path, account)
        for path in (self.starting, self.in_use, self.keeper):
            self._settle(path)

    def make_private(self, path: Path, account: Account) -> None:
        """A directory for the account alone; refuses one that somebody else has put there."""
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            pass
        else:
            account.give(path)
        found, owner = path.lstat(), os.geteuid() if account.user is None else account.user
        if path.is_symlink() or not path.is_dir() or found.st_uid != owner:
            raise EmbeddedError(f"{path} does not belong to the account that runs the embedded servers; remove it.")
        if found.st_mode & 0o077:
            path.chmod(0o700)

    def _settle(self, path: Path) -> None:
        """What root makes in a data directory of somebody else's is theirs, or they could not go on without root."""
        found = self.data_dir.stat()
        if os.geteuid() == 0 and found.st_uid and path.exists():
            os.chown(path, found.st_uid, found.st_gid, follow_symlinks=False)

    def _make_data_dir(self) -> None:
        if self.data_dir.is_dir():
            return
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            # Root's servers run as another account, which must pass here; what lies inside is private by itself
            self.data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise EmbeddedError(f"The data directory cannot be made: {error}. Set BLOGHUB_DATA_DIR.") from None

    def _read_secrets(self) -> Secrets:
        try:
            stored = json.loads(self._secrets_file.read_text())
            if self._secrets_file.stat().st_mode & 0o077:
                self._secrets_file.chmod(0o600)
            return Secrets(**{field.name: stored[field.name] for field in fields(Secrets)})
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EmbeddedError(f"{self._secrets_file} cannot be read: {error!r}.") from None

    def _write_secrets(self, made: Secrets) -> None:
        """Complete or absent, whenever the power goes; the first of two writers wins."""
        draft = self.data_dir / f".secrets-{token_urlsafe(9)}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(asdict(made), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            self._settle(draft)
            self._secrets_file.hardlink_to(draft)
        except FileExistsError:
            pass
        except OSError as error:
            raise EmbeddedError(f"The secrets cannot be stored: {error}. Set BLOGHUB_DATA_DIR.") from None
        finally:
            draft.unlink(missing_ok=True)
