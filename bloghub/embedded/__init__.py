"""PostgreSQL and a Redis-protocol server from wheels, for a hub that was given no address of either.

Owns what other modules may ask: where the two servers of a data directory answer (``addresses``), the secrets made for
it (``secrets``), and keeping them running while this process needs them (``use``). The servers themselves live under a
process of their own, the keeper (``keeper.py``), which stops them once nobody uses them any more, however the users
ended. Knows nothing of Django; runs no SQL of ours.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bloghub.embedded import postgres, valkey
from bloghub.embedded.account import EmbeddedError, runs_as
from bloghub.embedded.locks import Lock
from bloghub.embedded.place import Place, Secrets

__all__ = ["Addresses", "EmbeddedError", "Secrets", "Use", "addresses", "secrets", "use"]

_REPOSITORY = Path(__file__).resolve().parent.parent.parent
_START_LIMIT = 300.0  # s; recovery after a power cut may have much to replay
_STOP_LIMIT = 60.0  # s


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the two servers answer, as URLs with their passwords: never to be printed."""

    database_url: str
    redis_url: str


def secrets(data_dir: Path) -> Secrets:
    """The secrets of this data directory; made and kept (0600) at the first call. Starts nothing."""
    return Place(data_dir).secrets()


def addresses(data_dir: Path) -> Addresses:
    """The URLs of both servers, the same at every call. Starts nothing; makes the secrets when there are none.

    The second is written as kombu wants it; redis-py's own form of a socket's URL differs (``unix://``).
    """
    place = Place(data_dir)
    made, sockets = place.secrets(), str(place.socket_dir())
    return Addresses(
        database_url=f"postgresql://bloghub:{made.database_password}@/bloghub?host={quote(sockets, safe='')}",
        redis_url=f"redis+socket://bloghub:{made.redis_password}@{quote(sockets)}/redis.sock?virtual_host=0",
    )


class Use:
    """This process's claim on the servers of one data directory: they run at least until it is closed.

    Ends with the process, too, in whatever way that ends, because it is a shared lock on a file.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._in_use = Lock(place.in_use)
        with Lock(place.starting) as starting:
            starting.take()
            _ensure_running(place)
            self._in_use.take(shared=True)

    @property
    def is_open(self) -> bool:
        return self._in_use.is_open

    def close(self, *, wait: bool = True) -> None:
        """Let go. When nobody else uses the servers, returns once they have stopped (unless told not to wait)."""
        if self._in_use.close() and wait:
            _wait_until_stopped(self._place)


_uses: dict[Path, Use] = {}


def use(data_dir: Path) -> Use:
    """Start the servers of this data directory, or join them when they run; they stay until this process ends.

    Raises EmbeddedError with a line for the operator when they cannot be started.
    """
    place = Place(data_dir)
    held = _uses.get(place.data_dir)
    if held is None or not held.is_open:
        try:
            held = _uses[place.data_dir] = Use(place)
        except OSError as error:
            raise EmbeddedError(f"The embedded servers cannot be used: {error}") from None
        atexit.register(held.close)
    return held


def _ensure_running(place: Place) -> None:
    """Called with the starting lock held, so that nobody starts or stops beside us."""
    deadline = time.monotonic() + _START_LIMIT
    while Lock.is_taken(place.keeper):
        if postgres.is_answering(place) and valkey.is_answering(place):
            return
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The embedded servers do not answer; see {place.log('embedded')}.")
        time.sleep(0.05)
    _start_keeper(place)


def _start_keeper(place: Place) -> None:
    account = runs_as(place.data_dir)
    place.prepare(account)
    with place.open_log("embedded") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "bloghub.embedded.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=_REPOSITORY,
            start_new_session=True,  # Ctrl-C in our terminal is not meant for the servers
        )
    assert keeper.stdin is not None  # noqa: S101 - given as PIPE above
    assert keeper.stdout is not None  # noqa: S101 - given as PIPE above
    with keeper.stdin as question, keeper.stdout as answer:
        order = {
            "data_dir": str(place.data_dir),
            "account": account.as_list(),
            "fsync": os.environ.get("BLOGHUB_EMBEDDED_FSYNC", "").lower() != "off",
        }
        question.write(json.dumps(order).encode())
        question.close()
        ready, _, _ = select.select([answer], [], [], _START_LIMIT)
        said = answer.readline().decode().strip() if ready else "they did not answer in time"
    if said != "ready":
        raise EmbeddedError(f"The embedded servers did not start: {said or 'see'} ({place.log('embedded').parent})")
    keeper.returncode = 0  # it outlives us by design: no warning about a child left running


def _wait_until_stopped(place: Place) -> None:
    """Until the keeper is gone, or somebody else turns out to use the servers."""
    deadline = time.monotonic() + _STOP_LIMIT
    busy = 0
    while Lock.is_taken(place.keeper) and time.monotonic() < deadline:
        # The keeper looks now and then, and another process may be leaving at this very moment: look more than once
        busy = busy + 1 if Lock.is_taken(place.in_use, exclusively=True) else 0
        if busy > 3:  # noqa: PLR2004 - times in a row
            return
        time.sleep(0.02)


def _forget_in_child() -> None:
    """A forked child (a Celery worker's, gunicorn's) must not keep its parent's claim alive."""
    for held in _uses.values():
        held._in_use.drop()
    _uses.clear()


os.register_at_fork(after_in_child=_forget_in_child)
