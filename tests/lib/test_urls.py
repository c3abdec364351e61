"""What the address of a stranger may become."""

import pytest
from hypothesis import given, strategies as st

from bloghub.lib.urls import LINK_SCHEMES, absolute_url, host_of, is_web_url, normalise_url

BASE = "https://blog.example/2026/post"


@pytest.mark.parametrize(
    ("given_url", "expected"),
    [
        ("https://a.example/x?y=1#z", "https://a.example/x?y=1#z"),
        ("../x", "https://blog.example/x"),
        ("/accounts/logout", "https://blog.example/accounts/logout"),
        ("//evil.example/a", "https://evil.example/a"),
        ("\\\\evil.example/a", "https://evil.example/a"),
        ("ht\ttps://a.example/", "https://a.example/"),
        (" https://a.example/ ", "https://a.example/"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("https://a.example/%C3%A4", "https://a.example/%C3%A4"),
        ("https://a.example/ä", "https://a.example/%C3%A4"),
        ('https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E"),
        ("https://user:secret@a.example/", "https://a.example/"),
        ("https://münchen.example/", "https://münchen.example/"),
        ("", ""),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("\x00javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("vbscript:x", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("mailto:a@b.example", ""),
        ("http://[::1", ""),
        ("http://a.example:99999/", ""),
        ("http://a.example:x/", ""),
        ("http://a\u200bb.example/", ""),
        ("http:///path", ""),
        ("https://a.example/" + "x" * 3000, ""),
    ],
)
def test_an_address_becomes_absolute_and_safe_or_nothing(given_url: str, expected: str) -> None:
    assert absolute_url(given_url, BASE) == expected


def test_mail_addresses_pass_only_where_asked_for() -> None:
    assert absolute_url("mailto:a@b.example?subject=x y", BASE, LINK_SCHEMES) == "mailto:a@b.example?subject=x%20y"


def test_a_relative_address_without_base_is_nothing() -> None:
    assert absolute_url("/x") == ""


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http:", "//", "java\tscript:", "http://h/"]))
def test_whatever_comes_in_only_web_addresses_come_out(text: str, start: str) -> None:
    url = absolute_url(start + text, BASE)
    assert url == "" or (url.startswith(("http://", "https://")) and not set(url) & set(" \t\r\n\"'<>\\`\0") - {"'"})
    assert absolute_url(url, BASE) == url


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP://Blog.Example:80", "http://blog.example/"),
        ("https://blog.example:443/a#x", "https://blog.example/a"),
        ("https://blog.example/%7euser/%c3%a4", "https://blog.example/~user/%C3%A4"),
    ],
)
def test_addresses_of_one_thing_are_equal_when_normalised(one: str, other: str) -> None:
    assert normalise_url(one) == normalise_url(other) == other


def test_what_is_no_web_address_has_no_normal_form() -> None:
    assert normalise_url("mailto:a@b") == normalise_url("feed") == ""


def test_query_strings_keep_their_order() -> None:
    assert normalise_url("http://a.example/?b=1&a=2") != normalise_url("http://a.example/?a=2&b=1")


def test_web_urls_are_told_from_others() -> None:
    assert is_web_url("http://intranet/blog")
    assert not any(map(is_web_url, ["", "/x", "ftp://a/", "javascript:1", "http://", "http://u@h/"]))


def test_host_of_an_address() -> None:
    assert host_of("https://Blog.Example.:8443/x") == "blog.example"
    assert host_of("http://[broken") == host_of("mailto:x") == ""


def test_an_address_that_grows_too_long_by_encoding_is_dropped() -> None:
    assert absolute_url("https://blogs.example/" + "文" * 500) == ""
