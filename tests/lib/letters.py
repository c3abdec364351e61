"""Letters as tests write, read and send them."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from django.utils import timezone
from pytest_django.fixtures import Settings

from bloghub.lib.mail import (
    Letter,
    compose,
    outbox,
)
from tests.smtp import Sink


def letter(**changes: object) -> Letter:
    values: dict[str, object] = {
        "to": "aino@example.com",
        "subject": "Bo Ekdahl answered you",
        "text": "Word for word, ääkkösetkin.\n",
        "html": "<p>Word for word, ääkkösetkin.</p>",
        "key": "1",
    }
    return Letter(**(values | changes))  # type: ignore[arg-type]  # the tests name the columns


def composed(**changes: object) -> EmailMessage:
    """The letter as a mail program reads it."""
    return message_from_bytes(compose(letter(**changes), timezone.now()), policy=default)


def deliver(sink: Sink, settings: Settings, *letters: Letter, scheme: str = "smtp", host: str = "127.0.0.1") -> None:
    settings.MAIL_SERVER = sink.server(scheme, host)
    with outbox() as out:
        for one in letters:
            out.send(one)
