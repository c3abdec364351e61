"""The keeper: a small process per data directory that starts its two servers, revives them, and stops them at the end.

The end is when no process holds the "in use" lock any more; a user that was killed holds nothing. Run by
``bloghub.embedded`` as a program, told what to do by standard input, answers with one line: ready, or what went wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bloghub.embedded.account import Account, EmbeddedError
from bloghub.embedded.locks import Lock
from bloghub.embedded.place import Place
from bloghub.embedded.postgres import Postgres
from bloghub.embedded.server import Server
from bloghub.embedded.valkey import Valkey

_LOOK_EVERY = 0.2  # s
_LONGEST_PAUSE = 30.0  # s between two attempts to revive a server
_STEADY = 60.0  # s a server must have run to be trusted again


class Revival:
    """Starts a server again that ended by itself, with pauses that grow while it does not stay."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._pause, self._started, self._not_before = 0.5, time.monotonic(), 0.0

    def look(self) -> None:
        now = time.monotonic()
        if self.server.is_running() or now < self._not_before:
            return
        self._pause = 0.5 if now - self._started > _STEADY else min(self._pause * 2, _LONGEST_PAUSE)
        say(f"{self.server.name} has ended, starting it again")
        try:
            self.server.start()
        except EmbeddedError as error:
            say(str(error))
        self._started = time.monotonic()
        self._not_before = self._started + self._pause


class Keeper:
    """Holds the keeper lock of its place from before the servers start until after they have stopped."""

    def __init__(self, place: Place, servers: list[Server]) -> None:
        self._servers = servers
        self._in_use, self._starting, self._alone = Lock(place.in_use), Lock(place.starting), Lock(place.keeper)
        self._told_to_stop = False

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._stop_soon)
        self._alone.take()
        try:
            for server in self._servers:
                server.start()
        except (EmbeddedError, OSError) as error:
            self._stop()
            answer(" ".join(str(error).split()))
            return 1
        answer("ready")
        self._watch()
        self._stop()
        return 0

    def _watch(self) -> None:
        revivals = [Revival(server) for server in self._servers]
        while not self._told_to_stop and not self._is_unused():
            time.sleep(_LOOK_EVERY)
            for revival in revivals:
                revival.look()

    def _is_unused(self) -> bool:
        """True with the starting lock held, so that nobody can come while we stop."""
        if not self._starting.try_take():
            return False  # somebody is just coming
        if not self._in_use.try_take():
            self._starting.release()
            return False
        self._in_use.release()
        return True

    def _stop(self) -> None:
        for server in reversed(self._servers):
            server.stop()
        self._alone.close()  # before the starting lock, or who waits for that would take us for alive
        self._starting.close()

    def _stop_soon(self, *_: object) -> None:
        self._told_to_stop = True


def answer(line: str) -> None:
    """To whoever started us; they may be gone by now. Afterwards nobody's pipe is kept open by us."""
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 0)


def say(line: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", file=sys.stderr, flush=True)


def main() -> int:
    order = json.load(sys.stdin)
    place, account = Place(Path(order["data_dir"])), Account(*order["account"])
    return Keeper(place, [Postgres(place, account, fsync=order["fsync"]), Valkey(place, account)]).run()


if __name__ == "__main__":
    sys.exit(main())
