"""Mail: the one place that builds and sends it. What stands in a letter, and who gets one, is decided elsewhere.

A letter goes to one address, in plain text and HTML, with the headers that a machine's mail owes its readers: RFC 3834
(Auto-Submitted), RFC 2919 (List-Id), RFC 2369 and 8058 (List-Unsubscribe with one click). Nothing that somebody wrote
can add a header. Where no server is configured, letters are kept as files, so that none is lost in silence.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from bloghub.lib.text import plain_line

SUBJECT_LENGTH = 150  # characters; what a list of mails shows is shorter
MOST_THREADS = 5  # conversations one letter can be filed under
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_READY = 220  # the greeting of a server that takes mail (RFC 5321, 4.2)
_LASTING = 500  # and answers from here on will not change
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# An address as people have it; quoted local parts and comments have no use but mischief
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:\\@\x00-\x20\x7f]{1,64}@[^\s<>()\[\]\",;:\\@\x00-\x20\x7f]{1,253}")


class ServerTroubleError(Exception):
    """No mail gets through now: the server is away, too slow, refuses us, or offers no encryption."""


class LetterRefusedError(Exception):
    """This letter did not get through, others may. ``lasting``: it will not, however often it is tried."""

    def __init__(self, why: str, *, lasting: bool) -> None:
        super().__init__(why)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server: ``smtp+starttls://user:password@host:587``, ``smtps://…:465``, ``smtp://127.0.0.1:25``."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Server:
        """Reads the address; ValueError, without the password in it, when it is none or would send in clear."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("must begin with smtp+starttls://, smtps:// or smtp://, and name a host")
        insecure = parse_qs(parts.query).get("insecure") == ["1"]
        if parts.scheme == "smtp" and parts.hostname not in _LOOPBACK and not insecure:
            raise ValueError("would send mail in clear: use smtp+starttls:// or smtps://, or add ?insecure=1")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            raise ValueError("has a port that is no number") from None
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address. ``key`` names it for ever (the same letter sent again has the same Message-ID),
    ``threads`` the conversations it belongs to; ``unsubscribe_url`` takes a POST without any session (RFC 8058)."""

    to: str
    subject: str
    text: str
    html: str
    key: str
    threads: tuple[str, ...] = ()
    list_name: str = ""
    unsubscribe_url: str = ""


class Outbox(Protocol):
    def send(self, letter: Letter) -> None:
        """Hands one letter over; ServerTroubleError or LetterRefusedError when that failed."""


class _WholeHeader(BaseHeader):
    """A header of ids or addresses: never folded, since the folder would encode what is longer than a line."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        UnstructuredHeader.parse(value, kwds)

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _TextHeader(BaseHeader):
    """Words as they are. The library's own header decodes what looks encoded, line breaks among it, and folds that
    unchecked: ``=?utf-8?q?x=0D=0ABcc:…?=`` in a title would become a header of its own."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        UnstructuredHeader.parse("", kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        charset = "us-ascii" if self.isascii() and "=?" not in self else "utf-8"
        words = Header(str(self), charset, header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {words}{policy.linesep}"


class _Headers(HeaderRegistry):
    """The library's own makes a new class for every single header."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        key = name.lower()
        if key not in self._made:
            self._made[key] = super().__getitem__(name)
        return self._made[key]


def _policy() -> EmailPolicy[EmailMessage]:
    registry = _Headers()
    registry.map_to_type("subject", _TextHeader)
    for name in ("list-unsubscribe", "list-id", "references", "in-reply-to"):
        registry.map_to_type(name, _WholeHeader)
    return SMTP.clone(header_factory=registry)


_POLICY = _policy()


def is_address(address: str) -> bool:
    """Whether mail can go there: one address, no name, nothing that a header could be made of."""
    return bool(_ADDRESS.fullmatch(address)) and _ascii(address) is not None


def message_id(key: str) -> str:
    """The Message-ID for a key: the same one always, and nobody else's."""
    digest = salted_hmac("bloghub.lib.mail", key, algorithm="sha256").hexdigest()[:40]
    return f"<{digest}@{_host()}>"


def compose(letter: Letter, now: datetime) -> EmailMessage:
    """The letter as it goes out. LetterRefusedError when its address is none."""
    to = _ascii(letter.to) if _ADDRESS.fullmatch(letter.to) else None
    if to is None:
        raise LetterRefusedError("this is no address", lasting=True)
    name, sender = parseaddr(settings.MAIL_FROM)
    message = EmailMessage(_POLICY)
    message["From"] = Address(plain_line(name, SUBJECT_LENGTH), addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = plain_line(letter.subject, SUBJECT_LENGTH)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(letter.key)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    if letter.list_name:
        message["List-Id"] = f"<{letter.list_name}.{_host()}>"
    if letter.threads:
        ids = [message_id(f"thread {letter.to} {thread}") for thread in letter.threads[:MOST_THREADS]]
        message["In-Reply-To"], message["References"] = ids[0], " ".join(ids)
    if letter.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message


def _ascii(address: str) -> str | None:
    """The address with its domain in ASCII (IDNA); None when it cannot be written so."""
    local, _at, domain = address.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


@contextmanager
def outbox() -> Iterator[Outbox]:
    """Where letters are handed over: the configured server, by one connection as long as it holds, or a folder."""
    server: Server | None = settings.MAIL_SERVER
    if server is None:
        yield _Folder(settings.MAIL_DIR)
        return
    line = _Line(server, settings.EMAIL_TIMEOUT)
    try:
        yield line
    finally:
        line.close()


class _Folder:
    """Letters as files, for hubs without a mail server: each opens in a mail program."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, letter: Letter) -> None:
        now = timezone.now()
        data = compose(letter, now).as_bytes()
        name = f"{now:%Y%m%d-%H%M%S}-{message_id(letter.key)[1:17]}.eml"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._directory / f".{name}.part"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
            part.replace(self._directory / name)
        except OSError as error:
            raise ServerTroubleError(f"{self._directory} cannot be written: {error.strerror}") from error


class _Line:
    """A connection to a server, opened when needed and again after trouble. No exchange outlasts ``patience``, s."""

    def __init__(self, server: Server, patience: float) -> None:
        self._server, self._patience = server, patience
        self._smtp: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        message = compose(letter, timezone.now())
        sender = parseaddr(settings.MAIL_FROM)[1]
        smtp = self._open()
        try:
            with _deadline(smtp, self._patience):
                smtp.sendmail(sender, [message["To"].addresses[0].addr_spec], message.as_bytes())
        except smtplib.SMTPRecipientsRefused as refusal:
            self.close()
            code, said = next(iter(refusal.recipients.values()))
            raise LetterRefusedError(_told(code, said), lasting=code >= _LASTING) from None
        except smtplib.SMTPResponseException as refusal:
            self.close()
            lasting = isinstance(refusal, smtplib.SMTPDataError) and refusal.smtp_code >= _LASTING
            raise LetterRefusedError(_told(refusal.smtp_code, refusal.smtp_error), lasting=lasting) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise LetterRefusedError(type(error).__name__, lasting=False) from error

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(Exception), _deadline(smtp, 1):  # the letter is handed over, or it never will be
                smtp.quit()
            smtp.close()

    def _open(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = self._connect()
            except (smtplib.SMTPException, OSError, ValueError) as error:
                raise ServerTroubleError(f"{self._server.host}:{self._server.port}: {error}") from error
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        kind = _DirectSMTP if server.scheme == "smtps" else smtplib.SMTP
        smtp = kind(local_hostname=_host(), timeout=self._patience)
        smtp._host = server.host  # type: ignore[attr-defined]  # whom the certificate must name; only __init__ would set it
        try:
            with _deadline(smtp, self._patience):
                code, said = smtp.connect(server.host, server.port)
                if code != _READY:
                    raise smtplib.SMTPConnectError(code, said)
                if server.scheme == "smtp+starttls":
                    smtp.starttls(context=ssl.create_default_context())  # raises when it is not offered
                if server.user:
                    smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


class _DirectSMTP(smtplib.SMTP_SSL):
    """TLS from the first byte, the certificate verified (smtplib's own context would not)."""

    def __init__(self, *, local_hostname: str, timeout: float) -> None:
        super().__init__(local_hostname=local_hostname, timeout=timeout, context=ssl.create_default_context())


def _told(code: int, said: bytes | str) -> str:
    return f"{code} {plain_line(said.decode('utf-8', 'replace') if isinstance(said, bytes) else said, 200)}"


@contextmanager
def _deadline(smtp: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Cuts the line after ``seconds``: a socket's own time-out begins anew with every byte a slow server drips."""
    timer = threading.Timer(seconds, _cut, [smtp])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(smtp: smtplib.SMTP) -> None:
    line = smtp.sock
    if isinstance(line, socket.socket):
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # not SSLSocket's, which would say good-bye first
