"""Calls as engines write them, and as nobody should."""

from __future__ import annotations

from xml.parsers import expat
from xmlrpc.client import Fault, dumps, loads

import pytest

from aggregator.pushing import xmlrpc
from aggregator.pushing.xmlrpc import MAX_ARGUMENTS, NOT_A_CALL, Call, CallError, read_call

HEAD = b'<?xml version="1.0"?>'
PING = b"<methodCall><methodName>weblogUpdates.ping</methodName><params>%s</params></methodCall>"
VALUE = b"<param><value>%s</value></param>"


def ping(*values: bytes) -> bytes:
    return HEAD + PING % b"".join(VALUE % value for value in values)


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        (ping(b"<string>A blog</string>", b"<string>https://a.example/</string>"), ("A blog", "https://a.example/")),
        (ping(b"A blog", b" https://a.example/\n"), ("A blog", "https://a.example/")),
        (ping(b"\n<string>A</string>\n", b"<string></string>"), ("A", "")),
        (ping(b"<string>A &amp; B</string>"), ("A & B",)),
        (ping(b"<array><data><value>tag</value></data></array>", b"x"), ("", "x")),
        (PING % b"", ()),
        (dumps(("Ä", "https://a.example/ä"), "weblogUpdates.ping").encode(), ("Ä", "https://a.example/ä")),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + PING % (VALUE % b"\xe4"), ("ä",)),
        (("\ufeff" + ping(b"A").decode()).encode("utf-16-le"), ("A",)),
    ],
)
def test_a_call_is_read(body: bytes, arguments: tuple[str, ...]) -> None:
    assert read_call(body) == Call("weblogUpdates.ping", arguments)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"url=https://a.example/",
        b"<methodCall>",
        b"<methodCall/>",
        b"<methodResponse><params/></methodResponse>",
        b'<?xml version="1.0" encoding="utf-7"?>' + PING,
        b'<?xml version="1.0" encoding="nobody-knows"?>' + PING,
        b"<a>" * 1000 + b"</a>" * 1000,
        ping(*[b"x"] * (MAX_ARGUMENTS + 1)),
    ],
)
def test_what_is_no_call_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(CallError) as caught:
        read_call(body)
    assert caught.value.code == NOT_A_CALL


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]>",
        b'<!DOCTYPE x [<!ENTITY l8 SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd">',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>',
        b"<!DOCTYPE x>",
    ],
)
def test_no_document_type_is_looked_at(doctype: bytes) -> None:
    with pytest.raises(CallError):
        read_call(HEAD + doctype + PING % (VALUE % b"&l8;"))


def test_python_reads_what_is_answered() -> None:
    [found], _method = loads(xmlrpc.answer("Thanks & <more>.", error=False))
    assert found == {"flerror": False, "message": "Thanks & <more>."}
    with pytest.raises(Fault) as caught:
        loads(xmlrpc.fault(CallError(-32601, "No <such>.")))
    assert (caught.value.faultCode, caught.value.faultString) == (-32601, "No <such>.")


def test_the_parser_itself_would_have_followed_an_entity() -> None:
    """So that the refusal above means something."""
    seen: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = seen.append
    parser.Parse(HEAD + b'<!DOCTYPE x [<!ENTITY l "ha">]><x>&l;</x>', True)
    assert seen == ["ha"]
