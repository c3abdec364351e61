"""Which addresses the fetch policy opens, and what it says about those it does not."""

import logging
import socket

import pytest

from bloghub.lib.addresses import FetchPolicy, Refusal, _tell_opened, read_url
from bloghub.lib.networks import literal_address

OPEN = FetchPolicy.parse()


def words(text: str) -> list[str]:
    return text.split()


CLOSED_ADDRESSES = words("""
0.0.0.0 0.1.2.3 127.0.0.1 127.255.255.254 169.254.169.254 169.254.0.1 100.64.0.1 100.100.100.200 168.63.129.16
192.0.0.8 192.0.0.9 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 fe80::1 febf::1 fec0::1 ff02::1 100::1 2001:db8::1 3fff::1 5f00::1 4000::1 fd00:ec2::254 fd20:ce::254
::ffff:127.0.0.1 ::ffff:169.254.169.254 ::169.254.169.254 ::127.0.0.1 ::ffff:0:127.0.0.1 ::8.8.8.8
64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::1 64:ff9b:1:a9fe:a9:fe00:: 2002:a9fe:a9fe:: 2002:808:808::1
2001:0:a9fe:a9fe::1 2001::1 2001:2::1 2001:10::1 2a01::5efe:127.0.0.1 fd12::200:5efe:169.254.169.254
""")

OPEN_ADDRESSES = words("""
8.8.8.8 10.20.30.40 172.16.0.1 172.31.255.255 192.168.1.1 100.63.255.255 100.128.0.1 198.17.255.255 223.255.255.255
2a01:4f8::1 2001:200::1 2606:4700::1111 fd00::7 fdab:cdef::1 ::ffff:10.20.30.40 ::ffff:8.8.8.8 64:ff9b::808:808
""")

# What the parsers of URLs and of names make 127.0.0.1 or 169.254.169.254 out of.
DISGUISED_HOSTS = words("""
127.0.0.1 2130706433 0x7f000001 0x7f.1 017700000001 0177.0.0.1 127.1 127.0.1 0 0.0.0.0 [::] [::1] [0:0:0:0:0:0:0:1]
[::ffff:127.0.0.1] [::ffff:7f00:1] 169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376
[::ffff:169.254.169.254]
[64:ff9b::169.254.169.254] [fe80::1] [fe80::1%25lo] 127。0。0。1 \uff11\uff12\uff17.0.0.1 ①②⑦.⓪.⓪.①
127.0.0.1. 127.1. localhost LOCALHOST. a.localhost
""")


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
@pytest.mark.parametrize("port", [80, 443, 6379])
def test_special_addresses_are_closed_on_every_port(address: str, port: int) -> None:
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    refusal = OPEN.judge("blogs.example", port, packed)
    assert refusal is not None
    assert address not in refusal.reason and address not in refusal.hint


@pytest.mark.parametrize(
    "host",
    words("""
    169.254.169.254 169.254.1.1 100.100.100.200 168.63.129.16 192.0.0.192 [fe80::1] [fd00:ec2::254] [fd20:ce::254]
    [::ffff:169.254.169.254] [64:ff9b::169.254.169.254] [2002:a9fe:a9fe::1]
    """),
)
@pytest.mark.parametrize("allow", ["", "only", "10.0.0.0/8"])
@pytest.mark.parametrize("port", ["", ":8080"])
def test_no_line_is_suggested_that_would_open_a_machines_own_network(host: str, allow: str, port: str) -> None:
    refusal = FetchPolicy.parse(allow).judge_url(f"http://{host}{port}/feed")
    assert refusal is not None
    assert (refusal.code, refusal.hint) == ("blocked_address", "")
    assert refusal.reason == "This address belongs to a machine's own network or cloud, never to a blog."


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
@pytest.mark.parametrize("allow", ["0.0.0.0/0,::/0", "blogs.example", "only,blogs.example"])
def test_no_entry_without_a_port_opens_them(address: str, allow: str) -> None:
    parsed = literal_address(address)
    assert parsed is not None
    assert FetchPolicy.parse(allow).judge("blogs.example", 80, parsed) is not None


@pytest.mark.parametrize("address", OPEN_ADDRESSES)
def test_public_and_private_addresses_are_open_on_web_ports_only(address: str) -> None:
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    assert OPEN.judge("blogs.example", 80, packed) is None
    assert OPEN.judge("blogs.example", 443, packed) is None
    refused = OPEN.judge("blogs.example", 8080, packed)
    assert refused == Refusal(
        "blocked_port", "BlogHub does not visit port 8080.", "BLOGHUB_FETCH_ALLOW=blogs.example:8080"
    )


@pytest.mark.parametrize("host", DISGUISED_HOSTS)
@pytest.mark.parametrize("port", ["", ":443", ":6379", ":5432"])
def test_disguised_loopback_and_metadata_are_refused_without_a_look_up(host: str, port: str) -> None:
    assert OPEN.judge_url(f"http://{host}{port}/feed") is not None


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "blocked_scheme"),
        ("ftp://allowed/x", "blocked_scheme"),
        ("gopher://allowed/", "blocked_scheme"),
        ("data:text/xml,<rss/>", "blocked_scheme"),
        ("//allowed/feed", "blocked_scheme"),
        ("http:/allowed", "blocked_scheme"),
        ("", "blocked_scheme"),
        ("http://a@allowed", "bad_address"),
        ("http://allowed@169.254.169.254", "bad_address"),
        ("http://allowed#@x", "bad_address"),
        ("http://allowed\\@x/", "bad_address"),
        ("http://allowed/%0d%0aX-Y:1", "bad_address"),
        ("http://allowed%0d%0aX-Y:1/", "bad_address"),
        ("http://allowed/a\r\nX-Y: 1", "bad_address"),
        ("http://allo\nwed/", "bad_address"),
        ("http://allowed/a b", "bad_address"),
        ("http://allowed/\x00", "bad_address"),
        ("http://allowed/\ud800", "bad_address"),
        ("http://allowed:22/", "blocked_port"),
        ("http://allowed:25/", "blocked_port"),
        ("http://allowed:0/", "bad_address"),
        ("http://allowed:65536/", "bad_address"),
        ("http://allowed:-1/", "bad_address"),
        ("http:///feed", "bad_address"),
        ("http://[::1", "bad_address"),
        ("http://allowed/" + "a" * 8_192, "bad_address"),
        ("http://allowed/" + "ä" * 500, "bad_address"),
    ],
)
def test_a_url_of_the_wrong_form_is_refused(url: str, code: str) -> None:
    refusal = OPEN.judge_url(url)
    assert refusal is not None
    assert refusal.code == code


def test_a_good_url_is_read_as_the_client_will_send_it() -> None:
    assert OPEN.judge_url("https://blogs.example/feed?a=b@c") is None
    assert str(read_url("HTTPS://Bücher.Example/Ä+feed")) == "https://xn--bcher-kva.example/%C3%84+feed"
    assert str(read_url("http://blogs.example/feed#top")) == "http://blogs.example/feed"


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("127.0.0.1:8900", "http://127.0.0.1:8900/"),
        ("127.0.0.0/8:8900", "http://127.0.1.3:8900/"),
        ("[::1]:8900", "http://[::1]:8900/"),
        ("[fe80::/10]:8900", "http://[fe80::1]:8900/"),
        ("10.20.30.0/24:8080", "http://10.20.30.40:8080/"),
        ("intern.example:8080", "http://intern.example:8080/"),
        ("Intern.Example.:8080", "http://intern.example:8080/"),
        ("10.20.30.0/24,only", "http://10.20.30.40/"),
        ("fd00::/8, only", "http://[fd00::7]/"),
        ("only,intern.example", "https://intern.example/"),
    ],
)
def test_an_entry_opens_what_it_names_and_nothing_beside(allow: str, url: str) -> None:
    policy = FetchPolicy.parse(allow)
    assert policy.judge_url(url) is None
    assert policy.judge_url(f"{url[:-1].removesuffix(':8900').removesuffix(':8080')}:8901/") is not None
    assert policy.judge_url("http://169.254.169.254:8900/") is not None


def test_a_named_host_with_a_port_opens_a_closed_address_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _tell_opened.cache_clear()
    policy = FetchPolicy.parse("localhost:8900")
    packed = socket.inet_aton("127.0.0.1")
    with caplog.at_level(logging.WARNING):
        assert policy.judge("localhost", 8900, packed) is None
        assert policy.judge("localhost", 8900, packed) is None
    assert [record.getMessage() for record in caplog.records] == [
        "BLOGHUB_FETCH_ALLOW: localhost:8900 opens 127.0.0.1, which is otherwise always closed"
    ]
    assert policy.judge("evil.example", 8900, packed) is not None


def test_only_closes_what_no_entry_names_and_says_the_line_to_add() -> None:
    policy = FetchPolicy.parse("10.20.30.0/24:80,only")
    assert policy.judge_url("http://10.20.30.40/") is None
    refusals = {url: policy.judge_url(url) for url in ("http://10.20.30.40:8080/", "http://10.20.31.1/")}
    assert [refusal.hint for refusal in refusals.values() if refusal] == [
        "BLOGHUB_FETCH_ALLOW=10.20.30.0/24:80,10.20.30.40:8080,only",
        "BLOGHUB_FETCH_ALLOW=10.20.30.0/24:80,10.20.31.1:80,only",
    ]
    assert policy.judge_url("http://any.example/") is None  # its address decides
    assert policy.judge("any.example", 80, socket.inet_aton("10.20.31.1")) is not None
    assert policy.judge_url("https://any.example/") is not None  # no entry speaks of 443


@pytest.mark.parametrize("own", ["127.0.0.1:5432", "localhost:5432", "[::1]:5432", "0.0.0.0:5432"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"])
def test_nothing_opens_the_hubs_own_endpoints(own: str, host: str) -> None:
    policy = FetchPolicy.parse("127.0.0.0/8:5432,0.0.0.0:5432,[::1]:5432", own=[own])
    refusal = policy.judge_url(f"http://{host}:5432/")
    assert refusal == Refusal("own_address", "This address belongs to BlogHub itself.")


def test_the_hubs_own_name_is_closed_but_its_neighbours_are_not() -> None:
    policy = FetchPolicy.parse(own=["hub.example:443", "10.0.0.5:6379"])
    assert policy.judge_url("https://hub.example/latest/") is not None
    assert policy.judge_url("https://HUB.example./latest/") is not None
    assert policy.judge_url("https://blog.example/") is None
    assert policy.judge_url("http://10.0.0.5/") is None


@pytest.mark.parametrize("allow", ["127.1:80", "host:0", "host:65536", "host:x", "host:", "10.0.0.0/33", "a b", "[::1"])
def test_a_setting_that_cannot_be_read_is_an_error_that_names_the_item(allow: str) -> None:
    with pytest.raises(ValueError, match="BLOGHUB_FETCH_ALLOW: "):
        FetchPolicy.parse(f"blogs.example,{allow}")
