"""Parsing in a process of its own, under limits, with nothing to steal: no environment, no open files, no Django.

A document that breaks the limits ends that process and becomes a ``Trouble``; the poller and the other feeds go on.
Owns the process and its limits; what a document means is decided in ``parse.py`` and ``clean.py``.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

from aggregator.polling.frames import dump_answer, load_answer, receive_frame, send_frame
from aggregator.polling.limits import ParseError
from aggregator.polling.types import ParsedFeed, Trouble, TroubleKind

CPU_SECONDS = 10.0  # a document; a healthy one takes 0.02
WALL_SECONDS = 20.0
MEMORY = 512 * 1024 * 1024  # address space beyond what the process has after its imports
OPEN_FILES = 16  # modules for rare encodings are still imported on demand
DOCUMENTS = 2000  # then a fresh process, whatever may have leaked
RETIRE_AT = 160 * 1024 * 1024  # resident bytes after a document: the memory is given back

_STATM = Path("/proc/self/statm")
_ROOT = str(Path(__file__).resolve().parent.parent.parent)
_COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from aggregator.polling.sandbox import serve; serve()"

_TIMED_OUT = Trouble(TroubleKind.TOO_SLOW, "parser_timeout", "Reading the feed took too long; it was given up.")
_DIED = Trouble(
    TroubleKind.NOT_A_FEED, "parser_died", "The feed cannot be read: it broke the program that reads feeds."
)
_NO_MEMORY = Trouble(TroubleKind.TOO_LARGE, "parser_memory", "Reading the feed took too much memory; it was given up.")
_TOO_DEEP = Trouble(TroubleKind.NOT_A_FEED, "too_deep", "The feed is nested too deeply to be read.")


class Parser:
    """The parent's side: one child process, started when first needed and again after its end. Safe in threads.

    After a fork the copy in the new process forgets the child and starts one of its own.
    """

    def __init__(self, *, cpu_seconds: float = CPU_SECONDS, wall_seconds: float = WALL_SECONDS) -> None:
        self._cpu_seconds, self._wall_seconds = cpu_seconds, wall_seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._documents = 0
        self._lock = threading.Lock()
        _parsers.add(self)

    def parse(self, body: bytes, *, url: str, content_type: str = "") -> ParsedFeed | Trouble:
        """The feed in ``body``, parsed and cleaned, or why there is none. Takes ``wall_seconds`` at most."""
        header = json.dumps([url, content_type]).encode()
        with self._lock:
            answer = self._ask(header, body)
            if answer is _DIED:  # perhaps somebody else's doing (the kernel's memory killer, an operator): once more
                answer = self._ask(header, body)
        return answer

    def _ask(self, header: bytes, body: bytes) -> ParsedFeed | Trouble:
        deadline = time.monotonic() + self._wall_seconds
        try:
            channel = self._ready()
            channel.settimeout(self._wall_seconds)
            send_frame(channel, header)
            send_frame(channel, body)
            answer, last = load_answer(receive_frame(channel, deadline))
        except TimeoutError:
            self._end(kill=True)
            return _TIMED_OUT
        except (EOFError, OSError, ValueError, TypeError):
            return self._post_mortem()
        except BaseException:  # a time limit's signal: the answer still to come must not be taken for the next one's
            self._end(kill=True)
            raise
        self._documents += 1
        if last or self._documents >= DOCUMENTS:
            self._end(kill=False)
        return answer

    def close(self) -> None:
        """End the child. The next ``parse`` starts another."""
        with self._lock:
            self._end(kill=True)

    @property
    def child_pid(self) -> int | None:
        """The process that parses now, if one runs."""
        return self._child.pid if self._child else None

    def _ready(self) -> socket.socket:
        if self._channel is None or self._child is None or self._child.poll() is not None:
            self._end(kill=True)
            self._channel = self._start()
        return self._channel

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                [sys.executable, "-I", "-c", _COMMAND, _ROOT, str(self._cpu_seconds)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={},
                close_fds=True,
                start_new_session=True,  # Ctrl-C is for the parent; the child ends when the channel closes
                cwd="/",
            )
        self._documents = 0
        return ours

    def _post_mortem(self) -> Trouble:
        """What the death of the child says about the document."""
        code = None
        if self._child:
            try:
                code = self._child.wait(1)
            except subprocess.TimeoutExpired:
                code = None
        self._end(kill=True)
        return _TIMED_OUT if code == -signal.SIGPROF else _DIED

    def _end(self, *, kill: bool) -> None:
        channel, child = self._channel, self._child
        self._channel = self._child = None
        if channel:
            channel.close()
        if child:
            if kill:
                child.kill()
            child.wait()

    def _forget(self) -> None:
        """In a forked copy: the child belongs to the other process; only our copy of the channel is closed."""
        self._lock = threading.Lock()
        if self._channel:
            self._channel.close()
        if self._child:
            self._child.returncode = 0  # not ours to wait for
        self._channel = self._child = None


_parsers: weakref.WeakSet[Parser] = weakref.WeakSet()


def _after_fork() -> None:
    for parser in list(_parsers):
        parser._forget()


def _at_exit() -> None:
    for parser in list(_parsers):
        parser.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)


def serve() -> None:
    """The child's side: answer documents from standard input, a socket, until it closes."""
    # Imported before the limits and only here: the parent never loads feedparser or nh3.
    from aggregator.polling.clean import clean_feed  # noqa: PLC0415
    from aggregator.polling.parse import parse_feed  # noqa: PLC0415

    def answer(body: bytes, url: str, content_type: str) -> ParsedFeed | Trouble:
        try:
            return clean_feed(parse_feed(body, url=url, content_type=content_type), url=url)
        except ParseError as error:
            return error.trouble
        except MemoryError:
            return _NO_MEMORY
        except RecursionError:
            return _TOO_DEEP

    channel = socket.socket(fileno=0)
    cpu_seconds = float(sys.argv[2])
    _limit_process()
    last = False
    while not last:
        try:
            url, content_type = json.loads(receive_frame(channel))
            body = receive_frame(channel)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # SIGPROF ends the process: its default action
        found = answer(body, url, content_type)
        del body
        last = found is _NO_MEMORY or _resident() > RETIRE_AT
        payload = dump_answer(found, last=last)
        signal.setitimer(signal.ITIMER_PROF, 0)
        send_frame(channel, payload)


def _limit_process() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    if _STATM.exists():  # elsewhere address space cannot be measured, and macOS does not enforce the limit
        limit = _pages(0) + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _resident() -> int:
    """Bytes in memory now. (``ru_maxrss`` would not do on Linux: it starts at the size of the parent.)"""
    return _pages(1) if _STATM.exists() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _pages(field: int) -> int:
    return int(_STATM.read_text().split()[field]) * resource.getpagesize()
