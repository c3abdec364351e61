"""New posts and comments told to those whose saved searches find them. How they are told is bloghub/notifications'
business; which words say which searches to ask, saving.py's.

Rows are matched in the order of their ids, in the background, each once: how far, is a row that changes with what was
told, in one transaction. An edit keeps its row and tells nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import connection, transaction
from django.db.models import Max

from aggregator.models import Blog, MatchTally, SavedSearch, Searchable
from aggregator.models.saved_search import ANY_ROW
from aggregator.search import saving
from aggregator.search.index import text_of
from aggregator.search.kinds import COMMENT, kind_of
from aggregator.search.lexemes import with_stems
from aggregator.search.names import Narrowed, narrowed
from bloghub.lib.prepared import Prepared
from bloghub.lib.text import plain_line
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event
from bloghub.notifications.telling_many import tell_many

BATCH = 200  # rows a transaction
NEWS = timedelta(days=2)  # what came out before is the history of a blog that was registered only now
_TITLE = 120  # characters of what is quoted of a post's title

# Every row up to the newest we see is there, or never will be, once the transactions now under way have ended: each has
# its number before its rows have ids, and we ask for ours after we have looked
_OLDEST = """
    SELECT ours, ours - coalesce(max(age(backend_xid) - age(pg_current_xact_id()::xid)), 0)
      FROM (SELECT pg_current_xact_id()::text::bigint AS ours) AS we
      LEFT JOIN pg_stat_activity AS other
        ON other.datname = current_database() AND other.pid <> pg_backend_pid() AND other.backend_xid IS NOT NULL
     GROUP BY ours
"""

# Words with their stems: the forms of what somebody asks for may be in no vocabulary yet
_MATCHES = Prepared("""
    WITH fresh AS MATERIALIZED (
        SELECT id, author_id, one.words::tsvector AS words
          FROM unnest(%(rows)s::bigint[], %(words)s::text[]) AS one (id, words) JOIN aggregator_searchable USING (id)
    ), candidates AS MATERIALIZED (
        SELECT DISTINCT fresh.id, key.search_id
          FROM fresh CROSS JOIN LATERAL unnest(tsvector_to_array(fresh.words) || %(any)s::text) AS one (lexeme)
          JOIN aggregator_savedsearchkey AS key ON key.lexeme = one.lexeme
    )
    SELECT saved.id, fresh.id
      FROM candidates JOIN fresh USING (id) JOIN aggregator_savedsearch AS saved ON saved.id = candidates.search_id
     WHERE saved.is_told AND saved.after < fresh.id AND saved.person_id IS DISTINCT FROM fresh.author_id
       AND (saved.asked IS NULL OR fresh.words @@ saved.asked)
     ORDER BY saved.id, fresh.id
""")
_HOLDS = "SELECT found.id FROM aggregator_searchable AS found WHERE found.id = ANY (%(rows)s) AND "


def tell_of_matches(now: datetime) -> int:
    """Matches every row that was not matched yet, and tells; returns how many rows that were.

    Safe to run twice and by two workers: the second has nothing to do while the first is at it.
    """
    MatchTally.objects.get_or_create(pk=1)
    matched = batch = _tell_batch(now)
    while batch == BATCH:
        batch = _tell_batch(now)
        matched += batch
    return matched


def _tell_batch(now: datetime) -> int:
    with transaction.atomic():
        newest = Searchable.objects.aggregate(newest=Max("pk"))["newest"] or 0
        tally = MatchTally.objects.select_for_update(skip_locked=True).first()
        if tally is None or newest <= tally.matched_to:
            return 0
        ready = _ready(tally, newest)
        waiting = Searchable.objects.filter(pk__gt=tally.matched_to, pk__lte=ready, published_at__gt=now - NEWS)
        rows = list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])
        _tell(matches(rows), now)
        tally.matched_to = rows[-1] if len(rows) == BATCH else ready
        tally.save()
    return len(rows)


def _ready(tally: MatchTally, newest: int) -> int:
    """The id up to which all rows are there. While others are at work that is where we have been before, once they are
    done; so nobody who always writes can keep us waiting."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        ours, oldest = cursor.fetchone()
    if oldest >= ours:
        return newest
    ready = max(tally.matched_to, tally.seen_to) if oldest > tally.seen_by else tally.matched_to
    if oldest > tally.seen_by:
        tally.seen_to, tally.seen_by = newest, ours
    return ready


def matches(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Which saved searches ask for the words of which of these rows, as ids; in two statements."""
    stored = Searchable.objects.filter(pk__in=rows).values_list("pk", "words", "language") if rows else ()
    words = {pk: with_stems(words, language) for pk, words, language in stored}
    found = _MATCHES.rows(rows=list(words), words=list(words.values()), any=ANY_ROW) if words else []
    return [(search, row) for search, row in found]


def _tell(matched: Sequence[tuple[int, int]], now: datetime) -> None:
    if not matched:
        return
    searches = SavedSearch.objects.select_related("person").in_bulk({search for search, _row in matched})
    rows = _rows({row for _search, row in matched})
    pairs = [(searches[search], rows[row]) for search, row in matched if search in searches and row in rows]
    told = [pair for search, found in groupby(pairs, lambda pair: pair[0]) for pair in _holding(search, found, now)]
    readers = _readers(told)
    said = _said(rows.values())
    events = [
        (_event(search, row, said[row.pk], now), search.person_id)
        for search, row in sorted(told, key=lambda pair: pair[1].pk)
        if search.person_id in readers[row.blog_id] and row.pk in said
    ]
    tell_many(events, Kind.MATCH, now)


def _rows(pks: Collection[int]) -> dict[int, Searchable]:
    """These rows, which nobody removes before we are done: what they take back then is what we have told."""
    rows = Searchable.objects.select_related("blog", "post").defer("words", "post__content_html")
    return rows.select_for_update(no_key=True, of=("self",)).order_by("pk").in_bulk(pks)


def _holding(
    search: SavedSearch, pairs: Iterable[tuple[SavedSearch, Searchable]], now: datetime
) -> Iterator[tuple[SavedSearch, Searchable]]:
    """Those of which the filters hold, too, as they are understood at this moment."""
    rows = {row.pk: row for _search, row in pairs}
    here = now.astimezone(search.person.zone)
    query = saving.read(search.query, here)
    held = _held(narrowed(query, search.person, here), list(rows)) if query.filters else rows
    yield from ((search, rows[pk]) for pk in held)


def _held(filters: Narrowed, rows: list[int]) -> list[int]:
    conditions = " AND ".join(["true", *filters.conditions])
    if filters.lexemes:
        conditions += " AND found.words @@ %(lexemes)s::tsquery"
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLDS + conditions, {**filters.parameters, "rows": rows, "lexemes": " & ".join(filters.lexemes)}
        )
        return [pk for (pk,) in cursor.fetchall()]


def _readers(told: Sequence[tuple[SavedSearch, Searchable]]) -> dict[int, set[int]]:
    """Who of these may see each of the blogs, by the blog's id; at most a query for each that is restricted."""
    blogs = {row.blog_id: row.blog for _search, row in told}
    people = {search.person_id for search, _row in told}
    return {pk: Blog.objects.readers_among(blog, people) for pk, blog in blogs.items()}


def _said(rows: Iterable[Searchable]) -> dict[int, str]:
    """What was said, by the row's id; nothing of comments that are gone since."""
    rows = list(rows)
    comments = {row.comment_id: row for row in rows if row.comment_id}
    texts = kind_of(COMMENT).texts(list(comments)) if comments else {}
    said = {comments[pk].pk: text_of(html) for pk, html in texts.items()}
    return said | {row.pk: row.post.excerpt for row in rows if not row.comment_id}


def _event(search: SavedSearch, row: Searchable, said: str, now: datetime) -> Event:
    """A comment is the same event as when its conversation is told of it: nobody is told of it twice."""
    title = plain_line(str(row.post), _TITLE)
    return Event(
        key=_key(row),
        group=search.group,
        actor_id=row.author_id,
        title=search.name,
        excerpt=f"{title} – {said}" if said else title,
        url=search.match_address(_key(row)),
        scope=row.blog_id,
        happened_at=now,
    )


def events_about(post_ids: Collection[int]) -> list[str]:
    """What people may have been told about these posts and what was said under them, to be taken back with them."""
    rows = Searchable.objects.filter(post__in=post_ids).only("post_id", "comment_id")
    return [_key(row) for row in rows]


def _key(row: Searchable) -> str:
    return f"comment:{row.comment_id}" if row.comment_id else f"post:{row.post_id}"
