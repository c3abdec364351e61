"""Mail: one recipient and one subject, whatever stands in them."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.parser import Parser
from email.policy import default
from email.utils import parseaddr

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from bloghub.lib.mail import (
    LetterRefusedError,
    compose,
    is_address,
    message_id,
)
from bloghub.lib.text import plain_line
from tests.lib.letters import composed, deliver, letter
from tests.smtp import Sink, serve


def test_a_letter_arrives_as_text_and_html(settings: Settings) -> None:
    with serve(Sink()) as sink:
        deliver(sink, settings, letter(), letter(key="2"))
    [message, second] = sink.messages
    assert [to for to, _ in sink.letters] == [["aino@example.com"]] * 2
    assert message["From"] == settings.MAIL_FROM
    assert (message["To"], message["Subject"]) == ("aino@example.com", "Bo Ekdahl answered you")
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = message.iter_parts()
    assert plain.get_content().splitlines() == ["Word for word, ääkkösetkin."]
    assert rich.get_content().strip() == "<p>Word for word, ääkkösetkin.</p>"
    assert message["Message-ID"] != second["Message-ID"]


def test_it_says_that_a_machine_wrote_it_and_how_to_end_it(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://blogs.example"
    url = "https://blogs.example/notifications/ending/" + "x" * 120 + "/"
    wire = compose(letter(unsubscribe_url=url, list_name="notifications"), timezone.now()).decode()
    assert f"\r\nList-Unsubscribe: <{url}>\r\n" in wire
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in wire
    assert "\r\nList-Id: <notifications.blogs.example>\r\n" in wire
    assert "\r\nAuto-Submitted: auto-generated\r\n" in wire


def test_letters_of_one_conversation_are_filed_together(settings: Settings) -> None:
    first = composed(threads=("post:4",))
    second = composed(key="2", threads=("post:4", "post:5"))
    assert first["In-Reply-To"] == second["In-Reply-To"] == first["References"]
    assert len(second["References"].split()) == 2
    other = composed(to="bo@example.com", threads=("post:4",))
    assert other["In-Reply-To"] != first["In-Reply-To"]


BODIES = [
    "",
    "one\ntwo\r\nthree\rfour",
    "trailing  \n\t\n.\n..\nFrom here\n--=_x\n--\n",
    "= a=3D b " * 40,
    "x" * 5_000,
    "ääkköset 漢字 🫖 \u2028 \x00 \x1b[31m\n" * 30,
    "\n\n  space around  \n\n",
]


@pytest.mark.parametrize("text", BODIES)
def test_words_arrive_as_they_were_written(text: str) -> None:
    data = compose(letter(text=text, html=f"<pre>{text}</pre>", subject="ä" * 140), timezone.now())
    message = message_from_bytes(data, policy=default)
    plain, rich = (part.get_content() for part in message.iter_parts())
    assert plain.encode().splitlines() == text.encode().splitlines()
    assert rich.encode().splitlines() == f"<pre>{text}</pre>".encode().splitlines()
    assert not message.defects
    assert not [part.defects for part in message.walk() if part.defects]
    assert all(len(line) <= 76 for line in data.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|[^\x00-\x7f]", data)


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("BlogHub <blogs@corp.example>", "blogs@corp.example"),
        ('"Yhtiö, \\"Blogit\\"" <blogs@yhtiö.example>', "blogs@xn--yhti-8qa.example"),
    ],
)
def test_the_sender_has_a_name(settings: Settings, sender: str, address: str) -> None:
    settings.MAIL_FROM = sender
    with serve(Sink()) as sink:
        deliver(sink, settings, letter())
    [shown] = sink.messages[0]["From"].addresses
    assert (shown.display_name, shown.addr_spec) == (parseaddr(sender)[0], address)


def test_the_same_letter_has_the_same_id_always(settings: Settings) -> None:
    assert message_id("1") == message_id("1") != message_id("2")
    settings.SECRET_KEY = "another hub"
    assert message_id("1") != message_id("2")


HOSTILE = [
    "Hello\r\nBcc: eve@evil.example",
    "Hello\nBcc: eve@evil.example\n\nAnother body",
    "Hello\rBcc: eve@evil.example",
    "Hello\u2028Bcc: eve@evil.example\u0085Cc: eve@evil.example",
    "\x00\x1b[31m\u202egnp.exe\u200b",
    "=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=",
    "ä" * 10_000,
    "\ud800broken",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_written_adds_a_header_or_a_recipient(settings: Settings, text: str) -> None:
    settings.MAIL_FROM = "BlogHub <blogs@corp.example>"
    with serve(Sink()) as sink:
        deliver(sink, settings, letter(subject=text))
    [(recipients, data)] = sink.letters
    assert recipients == ["aino@example.com"]
    head = re.sub(rb"\r\n[ \t]", b" ", data.partition(b"\r\n\r\n")[0])
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")]
    assert names.count(b"subject") == names.count(b"to") == 1
    assert not {b"bcc", b"cc"} & set(names)
    shown = str(make_header(decode_header(Parser().parsestr(head.decode())["Subject"])))
    assert shown == plain_line(text, 150)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "aino",
        "aino@example.com\r\nBcc: eve@evil.example",
        "aino@example.com, eve@evil.example",
        "aino@example.com>\r\nRCPT TO:<eve@evil.example",
        '"a b"@example.com',
        "aino @example.com",
        "aino..k@example.com",
        ".aino@example.com",
        "aino@example.com.",
        "aino@example.com，eve@evil.example",
        "aino@evil.example＞",
        "ääkkö@example.com",
        "a" * 65 + "@example.com",
        "aino@" + "ä" * 80 + ".example",
    ],
)
def test_what_is_no_address_gets_nothing(settings: Settings, address: str) -> None:
    with serve(Sink()) as sink, pytest.raises(LetterRefusedError) as refused:
        deliver(sink, settings, letter(to=address))
    assert refused.value.lasting
    assert not is_address(address)
    assert (sink.letters, sink.in_clear) == ([], [])


def test_a_domain_of_another_script_is_written_in_ascii(settings: Settings) -> None:
    with serve(Sink()) as sink:
        deliver(sink, settings, letter(to="aino@yhtiö.example"))
    assert sink.letters[0][0] == ["aino@xn--yhti-8qa.example"]
