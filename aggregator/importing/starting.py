"""Starting an import: a list's rows become rows of the database, those that name an address twice at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from django.db import transaction

from aggregator.importing.reading import Row
from aggregator.models import BlogImport, ImportRow, RowState
from aggregator.polling.explore import spellings
from aggregator.polling.types import Trouble
from bloghub.lib.text import plain_line
from bloghub.lib.urls import MAX_URL_LENGTH
from bloghub.people.models import Person

_BATCH = 1000  # rows a statement
_TITLE, _OWNER, _NAME = 200, 1000, 200  # characters that the columns hold


def start(
    rows: Sequence[Row], name: str, *, by: Person | None = None, digest: str = "", is_running: bool = True
) -> BlogImport:
    """Keeps the rows; workers begin to look at them within seconds, unless it is not to run yet."""
    made: list[ImportRow] = []
    firsts: dict[str, ImportRow] = {}
    with transaction.atomic():
        found = BlogImport.objects.create(
            name=plain_line(name, _NAME), started_by=by, digest=digest, is_running=is_running
        )
        for position, row in enumerate(rows, 1):
            made.append(_row(found, position, row, firsts))
        single = [row for row in made if row.same_as is None]
        ImportRow.objects.bulk_create(single, batch_size=_BATCH)
        ImportRow.objects.bulk_create((row for row in made if row.same_as is not None), batch_size=_BATCH)
    return found


def digest_of(document: bytes, kind: str) -> str:
    """By which a list is known again: its own bytes, and as what they were read."""
    return blake2b(document, digest_size=16, person=kind.encode()[:16]).hexdigest()


def _row(found: BlogImport, position: int, row: Row, firsts: dict[str, ImportRow]) -> ImportRow:
    made = ImportRow(
        blog_import=found,
        position=position,
        line=row.line,
        address=row.address[:MAX_URL_LENGTH],
        title=plain_line(row.title, _TITLE),
        owner=plain_line(row.owner, _OWNER),
    )
    urls = spellings(row.address)
    if isinstance(urls, Trouble):
        made.state, made.outcome = RowState.FAILED, urls.reason
        return made
    made.keys = list(bare(urls))
    first = firsts.setdefault(made.keys[0], made)
    if first is not made:
        made.state, made.same_as = RowState.DOUBLE, first
    return made


def bare(urls: Iterable[str]) -> tuple[str, ...]:
    """Addresses without their scheme, each once: over http and https a feed is one."""
    return tuple(dict.fromkeys(url.partition("://")[2] for url in urls))
