"""Advisory file locks (flock) that end with the process that holds them. Knows nothing of what they protect."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class Lock:
    """A lock on a file made for it. Python closes the descriptor in every program we start, so none inherits it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.is_open = True

    def take(self, *, shared: bool = False) -> None:
        """Wait for the lock."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_take(self, *, shared: bool = False) -> bool:
        """Whether the lock could be had at once."""
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the lock go and stay ready to take it again."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> bool:
        """Release it, also for forked copies of the descriptor. False when that was done before."""
        if not self.is_open:
            return False
        self.release()
        self.drop()
        return True

    def drop(self) -> None:
        """Forget our copy of the descriptor; the process we were forked from keeps its lock."""
        if self.is_open:
            self.is_open = False
            os.close(self._descriptor)

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def is_taken(cls, path: Path, *, exclusively: bool = False) -> bool:
        """Whether somebody holds the lock exclusively; with ``exclusively``, whether anybody holds it at all."""
        with cls(path) as lock:
            return not lock.try_take(shared=not exclusively)
