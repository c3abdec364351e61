"""Content codings of HTTP (RFC 9110 section 8.4), decoded piece by piece under a limit.

Owns the refusal of bombs: no call returns, or holds, more than the room that is left. Knows nothing of requests.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # ships no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
ZSTD_WINDOW_LOG = 23  # 8 MiB, the most that RFC 9659 lets a server use
MAX_MEMBERS = 16  # gzip members or zstd frames in one body; each costs a copy of what is left

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's names for the three wrappings, as window bits
_DEFLATE_METHOD = 8  # low half of the first byte of a zlib stream (RFC 1950)
_FAILURES = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


class BrokenCodingError(ValueError):
    """The bytes are not what the coding says, or the coding is none that BlogHub reads."""


class TooMuchError(ValueError):
    """More would come out than the limit allows."""


class _Stream(Protocol):
    """What zlib's and zstd's decompressors share."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Members:
    """A body of one or more streams, one after the other, each beginning with ``magic``."""

    def __init__(self, start: Callable[[bytes], _Stream], magic: bytes) -> None:
        self._start, self._magic = start, magic
        self._stream: _Stream | None = None
        self._members = 0

    @property
    def complete(self) -> bool:
        return self._stream is not None and self._stream.eof

    def decode(self, data: bytes, most: int) -> bytes:
        out = b""
        while data and len(out) < most:
            if self._stream is None or self._stream.eof:
                if self._members and not data.startswith(self._magic):
                    break  # padding after the end, which some servers send
                self._next_member(data)
            assert self._stream is not None  # noqa: S101 - for the type checker
            out += self._stream.decompress(data, most - len(out))
            data = self._stream.unused_data if self._stream.eof else b""
        return out

    def _next_member(self, data: bytes) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise BrokenCodingError("too many members")
        self._stream = self._start(data)


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._stream.is_finished())

    def decode(self, data: bytes, most: int) -> bytes:
        return bytes(self._stream.process(data, output_buffer_limit=most))


def _gzip() -> _Members:
    return _Members(lambda data: zlib.decompressobj(_GZIP), b"\x1f\x8b")


def _deflate() -> _Members:
    """With zlib's wrapping as the RFC wants it, or without, as many servers send it."""
    return _Members(
        lambda data: zlib.decompressobj(_ZLIB if data[0] & 0x0F == _DEFLATE_METHOD else _RAW), b"never a second"
    )


def _zstd() -> _Members:
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return _Members(lambda data: zstd.ZstdDecompressor(options=options), b"\x28\xb5\x2f\xfd")


_CODINGS: dict[str, Callable[[], _Members | _Brotli]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _Brotli,
    "zstd": _zstd,
}


class Decoder:
    """Decodes one body. ``limit`` is in bytes and counts what comes out."""

    def __init__(self, coding: str, limit: int) -> None:
        self._room = limit
        self._fed = False
        self._coding = _CODINGS[coding]()

    @classmethod
    def for_header(cls, content_encoding: str, limit: int) -> Decoder | None:
        """The decoder for a ``Content-Encoding`` value, None when nothing is encoded.

        Raises BrokenCodingError for more than one coding and for an unknown one.
        """
        codings = [coding.strip().lower() for coding in content_encoding.split(",")]
        codings = [coding for coding in codings if coding not in ("", "identity")]
        if not codings:
            return None
        if len(codings) > 1 or codings[0] not in _CODINGS:
            raise BrokenCodingError("an unknown coding, or more than one")
        return cls(codings[0], limit)

    def feed(self, data: bytes) -> bytes:
        """What ``data`` adds to the body. Raises BrokenCodingError and TooMuchError."""
        try:
            out = self._coding.decode(data, self._room + 1)
        except _FAILURES as error:
            raise BrokenCodingError(str(error)) from error
        self._fed = True
        self._room -= len(out)
        if self._room < 0:
            raise TooMuchError
        return out

    def finish(self) -> None:
        """Raises BrokenCodingError when the body stopped before its end; no body at all is none."""
        if self._fed and not self._coding.complete:
            raise BrokenCodingError("the body ends too early")
