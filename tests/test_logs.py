"""What the log keeps: one event a line, and no secret."""

from __future__ import annotations

import logging

import pytest

from bloghub.logs import LineFormatter


def line(message: str) -> str:
    return LineFormatter().format(logging.LogRecord("hub", logging.WARNING, "", 0, message, (), None))


@pytest.mark.parametrize("path", ["/hook/k3y_of-a-blog/", "/websub/0aF-9_x/?hub.mode=subscribe"])
def test_an_address_that_is_a_secret_is_not_kept(path: str) -> None:
    kept = line(f"Method Not Allowed (GET): {path}")
    assert path.split("/")[2] not in kept
    assert kept.startswith(f"Method Not Allowed (GET): /{path.split('/')[1]}/…/")


def test_an_owners_page_is_kept_as_it_is() -> None:
    assert line("Not Found: /blogs/aino/polling/hook/") == "Not Found: /blogs/aino/polling/hook/"


def test_what_strangers_write_stays_on_its_line() -> None:
    assert line("Not Found: /a\r\nroot: all is well\x1b[2J") == "Not Found: /a\\r\\nroot: all is well\\x1b[2J"
