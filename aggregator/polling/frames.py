"""What travels between the poller and the parsing process: length-prefixed frames of JSON, never pickles.

Owns the wire form of ``ParsedFeed`` and ``Trouble``; the process itself is ``sandbox.py``.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from aggregator.polling.types import IncomingEnclosure, IncomingPost, ParsedFeed, Trouble, TroubleKind

_LENGTH = struct.Struct("!I")
MAX_FRAME = 256 * 1024 * 1024
_CHUNK = 1 << 18
_CONVERTED = frozenset({"published_at", "updated_at", "tags", "enclosures"})
_PLAIN_FIELDS = tuple(field.name for field in fields(IncomingPost) if field.name not in _CONVERTED)
_plain_fields = attrgetter(*_PLAIN_FIELDS)
_FEED_FIELDS = tuple(field.name for field in fields(ParsedFeed) if field.name not in {"posts", "notes"})
_plain_feed_fields = attrgetter(*_FEED_FIELDS)


def send_frame(channel: socket.socket, payload: bytes) -> None:
    """Raises OSError (TimeoutError among them) when the other side does not take it."""
    channel.sendall(_LENGTH.pack(len(payload)))
    channel.sendall(payload)


def receive_frame(channel: socket.socket, deadline: float | None = None) -> bytes:
    """One frame; raises EOFError when the other side is gone, TimeoutError after ``deadline`` (``time.monotonic``)."""
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size, deadline))
    if length > MAX_FRAME:
        raise EOFError
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytes:
    buffer = bytearray(size)
    view, got = memoryview(buffer), 0
    while got < size:
        if deadline is not None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            channel.settimeout(remaining)
        count = channel.recv_into(view[got : got + _CHUNK])
        if not count:
            raise EOFError
        got += count
    return bytes(buffer)


def dump_answer(answer: ParsedFeed | Trouble, *, last: bool) -> bytes:
    """``last`` says that the process ends after this answer."""
    body = _trouble_fields(answer) if isinstance(answer, Trouble) else _feed_fields(answer)
    kind = "trouble" if isinstance(answer, Trouble) else "feed"
    return json.dumps([kind, last, body], ensure_ascii=False).encode("utf-8", "replace")


def load_answer(payload: bytes) -> tuple[ParsedFeed | Trouble, bool]:
    """The other way; ValueError, TypeError or KeyError when the payload is not what ``dump_answer`` writes."""
    kind, last, body = json.loads(payload)
    return (_trouble(body) if kind == "trouble" else _feed(body)), bool(last)


def _trouble_fields(trouble: Trouble) -> list[Any]:
    return [trouble.kind.value, trouble.code, trouble.reason]


def _trouble(values: list[Any]) -> Trouble:
    kind, code, reason = values
    return Trouble(TroubleKind(kind), code, reason)


def _feed_fields(feed: ParsedFeed) -> list[Any]:
    return [[_post_fields(post) for post in feed.posts], feed.notes, *_plain_feed_fields(feed)]


def _feed(values: list[Any]) -> ParsedFeed:
    posts, notes, *plain = values
    return ParsedFeed(
        **dict(zip(_FEED_FIELDS, plain, strict=True)),
        posts=tuple(_post(*post) for post in posts),
        notes=tuple(notes),
    )


def _post_fields(post: IncomingPost) -> list[Any]:
    return [
        post.published_at and post.published_at.isoformat(),
        post.updated_at and post.updated_at.isoformat(),
        post.tags,
        [(one.url, one.media_type, one.length, one.title, one.duration) for one in post.enclosures],
        *_plain_fields(post),
    ]


def _post(
    published_at: str | None,
    updated_at: str | None,
    tags: list[str],
    enclosures: list[list[Any]],
    *plain: Any,
) -> IncomingPost:
    """The other way of ``_post_fields``: what needs a conversion stands first, the rest as the class has it."""
    return IncomingPost(
        **dict(zip(_PLAIN_FIELDS, plain, strict=True)),
        published_at=datetime.fromisoformat(published_at) if published_at else None,
        updated_at=datetime.fromisoformat(updated_at) if updated_at else None,
        tags=tuple(tags),
        enclosures=tuple(IncomingEnclosure(*one) for one in enclosures),
    )
