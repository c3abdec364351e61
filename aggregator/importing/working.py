"""Working on an import: a slice of its rows at a time, under a lease, so that it can be stopped and nothing is lost.

One worker is at one import at a time; the others keep polling. A row is settled in the transaction that says so: a
worker that is killed leaves the rest of its slice to the next when the lease runs out, and one that comes back too late
is refused by the lease it held.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import DataError, IntegrityError, transaction

from aggregator.exploring import explored
from aggregator.importing.judging import judge, settle_known
from aggregator.importing.owners import Directory
from aggregator.models import Blog, BlogImport, ImportRow, RowState
from aggregator.polling.types import Trouble
from aggregator.registration import Preview, preview_of, register

SLICE = 300  # rows under one lease
SECONDS = 45.0  # for one slice; what has not been looked at by then is the next slice's
LEASE = timedelta(seconds=180)  # must outlive a slice and the longest exploration, or two would look at one row
PULSE = 1.0  # s; how soon a stopped import stops

log = logging.getLogger(__name__)


def work(pk: int, now: datetime) -> bool:
    """One slice of a running import, for the workers. Whether rows are left, and nobody has stopped it."""
    taken = take(pk, now)
    if taken is None:
        return False
    with closing(settle(taken)) as settled:
        for _rows in settled:
            pass
    return BlogImport.objects.idle(now).filter(pk=pk).exists()


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows of one import, leased until ``lease``, which nobody else's lease is."""

    import_id: int
    lease: datetime
    rows: list[ImportRow]
    is_running: bool  # what the import must stay for us to go on


def take(pk: int, now: datetime, *, is_running: bool = True) -> Slice | None:
    """Leases the next rows; None when there are none, when somebody has some, or when the import was stopped.

    A command of the shell takes rows of imports that do *not* run, which the workers leave alone.
    """
    with transaction.atomic():
        imports = BlogImport.objects.select_for_update(skip_locked=True, of=("self",))
        if not imports.filter(pk=pk, is_running=is_running).exists():
            return None
        rows = ImportRow.objects.filter(blog_import=pk)
        if rows.filter(lease_until__gte=now).exists():
            return None
        taken = Slice(pk, now + LEASE, list(rows.pending().order_by("position")[:SLICE]), is_running)
        rows.filter(pk__in=[row.pk for row in taken.rows]).update(lease_until=taken.lease)
    return taken if taken.rows else None


def settle(taken: Slice) -> Generator[list[ImportRow]]:
    """Looks at the rows of a slice that wait, and registers those that were chosen; yields what is settled, as it is.

    Closing the generator gives back what is left.
    """
    chosen = [row for row in taken.rows if row.state == RowState.CHOSEN]
    waiting = [row for row in taken.rows if row.state == RowState.WAITS]
    try:
        yield from _register_all(taken, chosen)
        yield from _look_at_all(taken, waiting)
    finally:
        ImportRow.objects.filter(blog_import=taken.import_id).held(taken.lease).update(lease_until=None)


# --- looking -----------------------------------------------------------------------------------------------------


def _look_at_all(taken: Slice, rows: Sequence[ImportRow]) -> Generator[list[ImportRow]]:
    known = settle_known(rows)
    if known:
        yield known
    settled = {row.pk for row in known}
    left = [row for row in rows if row.pk not in settled]
    deadline = monotonic() + SECONDS
    with closing(explored([row.address for row in left], pulse=PULSE)) as handfuls:
        for handful in handfuls:
            seen = {left[place].pk: preview_of(outcome) for place, outcome in handful}
            done = _judged(taken, seen)
            if done is None:
                return
            if done:
                yield done
            if monotonic() > deadline:
                return


def _judged(taken: Slice, seen: Mapping[int, Preview | Trouble]) -> list[ImportRow] | None:
    """Settles what was seen of rows that are still ours; None when the import was stopped, or is gone."""
    with transaction.atomic():
        imports = BlogImport.objects.select_for_update(of=("self",)).filter(pk=taken.import_id)
        if not imports.filter(is_running=taken.is_running).exists():
            return None
        if not seen:
            return []
        ours = ImportRow.objects.filter(blog_import=taken.import_id, pk__in=seen).held(taken.lease)
        pairs = [(row, seen[row.pk]) for row in ours]
        judge(pairs)
    return [row for row, _outcome in pairs]


# --- registering -------------------------------------------------------------------------------------------------


def _register_all(taken: Slice, rows: Sequence[ImportRow]) -> Generator[list[ImportRow]]:
    doubles = _owners_of_doubles(rows)
    directory = Directory(cell for row in rows for cell in [row.owner, *doubles.get(row.pk, [])])
    for row in rows:
        if not BlogImport.objects.filter(pk=taken.import_id, is_running=taken.is_running).exists():
            return
        cell = " ".join([row.owner, *doubles.get(row.pk, [])])
        done = _registered(row.pk, taken.lease, directory, cell)
        if done is not None:
            yield [done]


def _registered(pk: int, lease: datetime, directory: Directory, cell: str) -> ImportRow | None:
    """One row, in one transaction with its blog: killed in between, it is as if nothing had happened."""
    try:
        with transaction.atomic():
            row = ImportRow.objects.select_for_update(of=("self",)).held(lease).filter(pk=pk).first()
            if row is None:
                return None
            row.state, row.blog = _blog_of(row, directory, cell)
            return _closed(row)
    except (DataError, IntegrityError, TypeError, KeyError) as error:  # one bad row must not stop the others
        log.warning("row %s of an import could not be registered: %s", pk, error)
    with transaction.atomic():
        row = ImportRow.objects.select_for_update(of=("self",)).held(lease).get(pk=pk)
        row.state, row.outcome = RowState.FAILED, "The database refused this blog; the log of the workers says why."
        return _closed(row)


def _blog_of(row: ImportRow, directory: Directory, cell: str) -> tuple[RowState, Blog]:
    found = Preview.from_state(row.preview or {})
    known = found.known_blog()
    if known is not None:
        return RowState.KNOWN, known
    owners = directory.owners(cell)
    title = "" if found.has_own_title else row.title
    return RowState.REGISTERED, register(found, title=title, owners=owners.people, contact_email=owners.mail)


def _closed(row: ImportRow) -> ImportRow:
    row.lease_until = None
    row.save(update_fields=["state", "blog", "outcome", "lease_until"])
    ImportRow.objects.filter(same_as=row).update(blog=row.blog)
    return row


def _owners_of_doubles(rows: Iterable[ImportRow]) -> dict[int, list[str]]:
    """Whoever a list names for the same blog on another line is an owner, too."""
    doubles = ImportRow.objects.filter(same_as__in=[row.pk for row in rows]).exclude(owner="")
    found: dict[int, list[str]] = {}
    for first, owner in doubles.order_by("position").values_list("same_as_id", "owner"):
        found.setdefault(first, []).append(owner)
    return found
