"""Lists of real planets and readers, from file to registered blogs. Their addresses stand for pages on loopback: none
of the servers they name is ever asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from aggregator.importing import working
from aggregator.importing.reading import Row, read_list
from aggregator.importing.starting import start
from aggregator.models import Blog, RowState
from tests.aggregator.looks import rss
from tests.corpus import CORPUS, needs_corpus
from tests.web import Answer, Request, Web

pytestmark = [pytest.mark.django_db, needs_corpus]


def mapped(rows: list[Row], web: Web) -> list[Row]:
    """The same list with an address of ours for each of its own."""
    places = {address: number for number, address in enumerate(dict.fromkeys(row.address for row in rows))}
    return [replace(row, address=f"{web.url}/{places[row.address]}") for row in rows]


def blog(request: Request) -> Answer:
    """One in ten is not there; the others are called by their number."""
    number = request.path.strip("/")
    return Answer(status=404) if number.endswith("7") else rss(f"Blog {number}", items=1)


@pytest.mark.parametrize("name", ["planet-pythonbrasil.opml", "planet-python-2026.ini", "engineering-blogs.opml"])
def test_a_real_list_is_imported(web: Web, name: str) -> None:
    web.routes["*"] = blog
    rows = mapped(read_list((CORPUS / "opml" / name).read_bytes()), web)
    addresses = {row.address for row in rows}
    missing = sum(address.endswith("7") for address in addresses)
    found = start(rows, name)
    while working.work(found.pk, timezone.now()):
        pass
    counts = found.counts()
    assert counts[RowState.READY] == len(addresses) - missing
    assert counts[RowState.FAILED] == missing
    assert counts[RowState.DOUBLE] == len(rows) - len(addresses)
    found.choose_ready()
    while working.work(found.pk, timezone.now()):
        pass
    assert found.counts()[RowState.REGISTERED] == Blog.objects.count() == len(addresses) - missing
    assert len(web.requests) == len(addresses)  # each was looked at once
