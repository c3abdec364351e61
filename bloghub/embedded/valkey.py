"""The embedded Redis-protocol server: its configuration, and its start with or without what it remembers."""

from __future__ import annotations

import hashlib
import signal
import socket
import time
from pathlib import Path

from bloghub.embedded.account import Account, EmbeddedError, valkey_program
from bloghub.embedded.place import Place
from bloghub.embedded.server import Server, accepts, memory

_SOCKET = "redis.sock"


def is_answering(place: Place) -> bool:
    """Whether the server of the place takes connections now."""
    return accepts(place.socket_dir() / _SOCKET)


class Valkey(Server):
    """A Redis-protocol server on a socket: one user with a password, without the dangerous commands."""

    name = "Redis"
    stop_signal = signal.SIGTERM

    def __init__(self, place: Place, account: Account) -> None:
        super().__init__(place, account, place.redis, place.redis / "valkey.pid")
        self._socket = place.socket_dir() / _SOCKET

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
            f"maxmemory {max(64, min(256, memory() // 8))}mb",
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
