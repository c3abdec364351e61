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
from binascii import b2a_qp
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Protocol
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
_BOUNDARY = "=_one-letter-in-two-forms"  # no quoted-printable line can look like it (RFC 2045, 6.7)
_BETWEEN = f"\r\n--{_BOUNDARY}".encode()
# An address as people have it; quoted local parts and comments have no use but mischief (RFC 5322, 3.2.3 and 3.4.1)
_WORDS = r"[^\s<>()\[\]\",;:\\@.\x00-\x20\x7f]+"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@.{{1,253}}\Z){_WORDS}(?:\.{_WORDS})*@{_WORDS}(?:\.{_WORDS})*")


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


def is_address(address: str) -> bool:
    """Whether mail can go there: one address, no name, nothing that a header could be made of."""
    return _written(address) is not None


def _written(address: str) -> str | None:
    """The address with its domain in ASCII (IDNA); None when it is none, or cannot be written so."""
    local, at, domain = address.rpartition("@")
    try:
        written = f"{local.encode('ascii').decode()}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
    return written if _ADDRESS.fullmatch(written) else None


def message_id(key: str) -> str:
    """The Message-ID for a key: the same one always, and nobody else's."""
    digest = salted_hmac("bloghub.lib.mail", key, algorithm="sha256").hexdigest()[:40]
    return f"<{digest}@{_host()}>"


def compose(letter: Letter, now: datetime) -> bytes:
    """The letter as it goes out (RFC 5322 and 2046). LetterRefusedError when its address is none.

    Written as text, since the library's message parses every header it is given, and takes many times as long.
    """
    head = "\r\n".join(_headers(letter, now)).encode("ascii")
    forms = [_form("plain", letter.text), _form("html", letter.html)]
    return b"".join([head, b"\r\n", *(_BETWEEN + form for form in forms), _BETWEEN, b"--\r\n"])


def _headers(letter: Letter, now: datetime) -> Iterator[str]:
    """What stands above the letter, a header each. What somebody wrote is in the subject alone."""
    yield _from(settings.MAIL_FROM)
    yield f"To: {_recipient(letter)}"
    yield _subject(plain_line(letter.subject, SUBJECT_LENGTH))
    yield f"Date: {format_datetime(now)}"
    yield f"Message-ID: {message_id(letter.key)}"
    yield "Auto-Submitted: auto-generated"
    yield "X-Auto-Response-Suppress: All"  # the same for Exchange
    if letter.list_name:
        yield f"List-Id: <{letter.list_name}.{_host()}>"
    if letter.threads:
        ids = [message_id(f"thread {letter.to} {thread}") for thread in letter.threads[:MOST_THREADS]]
        yield f"In-Reply-To: {ids[0]}"
        yield f"References: {' '.join(ids)}"
    if letter.unsubscribe_url:
        yield f"List-Unsubscribe: <{letter.unsubscribe_url}>"
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    yield "MIME-Version: 1.0"
    yield f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"'


def _recipient(letter: Letter) -> str:
    to = _written(letter.to)
    if to is None:
        raise LetterRefusedError("this is no address", lasting=True)
    return to


@lru_cache(maxsize=1)
def _from(mail_from: str) -> str:
    message = EmailMessage(SMTP)
    message["From"] = Address(plain_line(parseaddr(mail_from)[0], SUBJECT_LENGTH), addr_spec=_sender(mail_from))
    return str(SMTP.fold("From", message["From"])).removesuffix("\r\n")


def _sender(mail_from: str) -> str:
    address = parseaddr(mail_from)[1]
    return _written(address) or address  # the settings refuse what is none


@lru_cache(maxsize=64)  # one for all digests of a week
def _subject(words: str) -> str:
    """Words as they are. The library's message would decode what looks encoded, line breaks among it, and fold that
    unchecked: ``=?utf-8?q?x=0D=0ABcc:…?=`` in a title would become a header of its own."""
    charset = "us-ascii" if words.isascii() and "=?" not in words else "utf-8"
    return "Subject: " + Header(words, charset, header_name="Subject").encode(linesep="\r\n")


def _form(subtype: str, text: str) -> bytes:
    """One form of the letter with what goes before it, from the end of its boundary on (RFC 2045)."""
    head = f'\r\nContent-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    lines = text.encode("utf-8", "replace").splitlines()
    return head.encode() + b2a_qp(b"\r\n".join([*lines, b""]))  # breaks long lines as the first one ends


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
        data = compose(letter, now)
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
        data, to = compose(letter, timezone.now()), _recipient(letter)
        smtp = self._open()
        try:
            with _deadline(smtp, self._patience):
                smtp.sendmail(_sender(settings.MAIL_FROM), [to], data)
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
