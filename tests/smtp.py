"""A mail server on loopback that keeps what it is given, and can misbehave: no TLS, endless waiting, refusals."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from bloghub.lib.mail import Server


@dataclass(slots=True)
class Sink:
    """What came in: ``commands`` in clear, and ``letters`` with their envelopes.

    ``drips`` answers a byte at a time and never ends; ``refuses`` maps recipients to an answer (``drip`` for none).
    """

    port: int = 0
    tls: ssl.SSLContext | None = None
    drips: bool = False
    refuses: dict[str, str] = field(default_factory=dict)
    in_clear: list[str] = field(default_factory=list)
    letters: list[tuple[list[str], bytes]] = field(default_factory=list)

    def server(self, scheme: str = "smtp", host: str = "127.0.0.1", **columns: str) -> Server:
        return Server(scheme, host, self.port, **columns)

    @property
    def messages(self) -> list[EmailMessage]:
        return [parsed(data) for _to, data in self.letters]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, "220 sink")
        secure, recipients = False, list[str]()
        while line := (await reader.readline()).decode().strip():
            if not secure:
                self.in_clear.append(line)
            verb = line.split(maxsplit=1)[0].upper()
            if verb == "EHLO":
                await self._say(writer, "250-sink\r\n250 STARTTLS" if self.tls and not secure else "250 sink")
            elif verb == "STARTTLS" and self.tls:
                await self._say(writer, "220 go on")
                await writer.start_tls(self.tls)
                secure = True
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                answer = self.refuses.get(address, "250 ok")
                recipients.append(address)
                await (self._drip(writer) if answer == "drip" else self._say(writer, answer))
            elif verb == "DATA":
                await self._say(writer, "354 go on")
                data = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append((recipients, data[:-3].replace(b"\r\n..", b"\r\n.")))
                recipients = []
                await self._say(writer, "250 kept")
            else:
                recipients = [] if verb in {"RSET", "MAIL"} else recipients
                await self._say(writer, "221 bye" if verb == "QUIT" else "250 ok")

    async def _say(self, writer: asyncio.StreamWriter, line: str) -> None:
        if self.drips:
            await self._drip(writer)
        writer.write(f"{line}\r\n".encode())
        await writer.drain()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.05)


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def kept(directory: Path) -> list[EmailMessage]:
    """The letters in a folder, as they were written."""
    return [parsed(path.read_bytes()) for path in sorted(directory.glob("*.eml"))]


@contextmanager
def serve(sink: Sink) -> Iterator[Sink]:
    """Runs the sink in a thread of its own, on a free port of the loopback address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()  # first: in this thread the browser's loop may be running
    start = asyncio.start_server(sink.talk, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(start, loop).result(5)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    talks = asyncio.all_tasks() - {asyncio.current_task()}
    for talk in talks:
        talk.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
