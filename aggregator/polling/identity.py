"""Which stored post an incoming one is, and by which name a new one is kept. Pure.

Owns the rule of identity. Publishers are asked for one guid an article, for ever; some give the same guid to all
articles, some a new one at every build, some the position in the document. So a guid is a strong hint, not a proof,
and the rule asks what else speaks for it: the permalink, the title, the date.

An incoming post is the stored post

1. under its guid that agrees in permalink, title and date; or, whatever its guid, under the name of its very words;
2. under its guid that agrees in permalink, when no other entry of the document has both (an edited title);
3. of the same permalink whatever its guid, when that permalink is one entry's here and one post's there, and the title
   or the date agrees too (the guid changes with every build);
4. under its guid that agrees in title and date, when no other entry has all three (an edited address);
5. under its guid, when no other entry has that guid and not everything speaks against it: title, date and permalink
   all different is another article, and so is a title and date of its own on a page known to hold several articles.

A stored post is at most one incoming post, and the rules are asked in this order for the whole document: a post that is
still there under another guid is recognised before its old guid is believed. What no rule finds is new. It is kept
under its guid when that is free, else under a hash of guid and permalink, else under a hash of permalink, title and
date. Such a name only has to be free; who is who is found out anew at each poll, from what is stored, so neither the
order nor the length of the document changes it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from aggregator.polling.types import IncomingPost

# No blog is older than the web; dates before it are clocks and converters gone wrong (1970, year 1)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_ARTICLE = "article:"


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What is stored of a post, as far as recognising it asks. ``guid`` is the name it is kept under.

    ``is_guest``: the post is another feed's, and this is how it appears in ours; ``id`` is that of the appearance.
    """

    id: int
    guid: str
    permalink: str
    title: str
    published_at: datetime
    content_hash: str
    is_guest: bool = False


def digest(text: str, size: int = 16) -> str:
    """``2 * size`` hex digits; texts that are not valid Unicode have one too."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).hexdigest()


def link_name(guid: str, permalink: str) -> str:
    """The name of a post whose guid is taken by another article with another permalink."""
    return "link:" + digest(f"{guid}\0{permalink}")


def article_name(permalink: str, title: str, date: datetime | None) -> str:
    """The name of the very words; of a post that shares guid and permalink with another article."""
    return _ARTICLE + digest(f"{permalink}\0{title}\0{date.astimezone(UTC).isoformat() if date else ''}")


def credible(stated: datetime | None, now: datetime) -> datetime | None:
    """A publisher's date, unless it lies in the future or before the web."""
    return stated if stated and EARLIEST <= stated <= now else None


def names_of(post: IncomingPost, now: datetime) -> tuple[str, str, str]:
    """Every name that a stored post, or a tombstone, may have for it: guid, link name, article name."""
    words = article_name(post.permalink, post.title, credible(post.published_at, now))
    return post.guid, link_name(post.guid, post.permalink), words


def names_to_bury(guid: str, permalink: str, title: str, published_at: datetime) -> set[str]:
    """Under which names a removed post may come back; the publisher may have given its date, or none."""
    words = {article_name(permalink, title, date) for date in (published_at, None)}
    return {guid, *words} | ({link_name(guid, permalink)} if permalink else set())


def unsettled(known: Iterable[KnownPost], incoming: Iterable[IncomingPost], now: datetime) -> list[IncomingPost]:
    """The posts for which the stored ones under their guids do not settle everything: new, edited, or suspect."""
    rows = {row.guid: row for row in known}
    return [post for post in incoming if (row := rows.get(post.guid)) is None or not _is_settled(post, row, now)]


def _is_settled(post: IncomingPost, row: KnownPost, now: datetime) -> bool:
    """A guest's date is that of its home feed: what this feed says is the same as ever when its hash is."""
    same = row.is_guest and (row.permalink, row.content_hash) == (post.permalink, post.content_hash)
    return same or _agree(post, row, now)


def recognise(known: Iterable[KnownPost], incoming: Sequence[IncomingPost], now: datetime) -> dict[int, KnownPost]:
    """The stored post for each position in ``incoming`` that has one.

    ``known`` holds, of one feed, the posts under the guids of ``incoming``, and for those that ``unsettled`` names the
    posts under all their names and of their permalinks.
    """
    sides = _Sides(known, incoming, now)
    free = set(sides.rows)
    found: dict[int, KnownPost] = {}
    for rule in _RULES:
        for position, post in enumerate(incoming):
            row = None if position in found else rule(post, sides)
            if row is not None and row.guid in free:
                free.remove(row.guid)
                found[position] = row
    return found


def is_removed(post: IncomingPost, sides: Document, removed: Set[str]) -> bool:
    """Whether a post that is not stored has a tombstone, under a name that is its own in this document."""
    if not removed:
        return False
    guid, link, words = names_of(post, sides.now)
    return (
        words in removed
        or (guid in removed and sides.guids[guid] == 1)
        or (link in removed and sides.has_own_link(post))
    )


def free_name(post: IncomingPost, sides: Document, taken: Set[str]) -> str:
    """The name to keep a new post under; empty when its very words are taken."""
    if post.guid not in taken:
        return post.guid
    guid, link, words = names_of(post, sides.now)
    names = (guid, link, words) if sides.has_own_link(post) else (guid, words)
    return next((name for name in names if name not in taken), "")


class Document:
    """How often each guid, permalink and title stands in one document."""

    def __init__(self, incoming: Sequence[IncomingPost], now: datetime) -> None:
        self.now = now
        self.guids = Counter(post.guid for post in incoming)
        self.pages = Counter(post.permalink for post in incoming)
        self.links = Counter((post.guid, post.permalink) for post in incoming)
        self.words = Counter((post.guid, post.title, post.published_at) for post in incoming)

    def has_own_link(self, post: IncomingPost) -> bool:
        return bool(post.permalink) and self.links[post.guid, post.permalink] == 1


class _Sides(Document):
    """A document, and the stored posts by what they may be recognised by."""

    def __init__(self, known: Iterable[KnownPost], incoming: Sequence[IncomingPost], now: datetime) -> None:
        super().__init__(incoming, now)
        self.rows = {row.guid: row for row in known}
        self.of_page: dict[str, list[KnownPost]] = defaultdict(list)
        for row in self.rows.values():
            self.of_page[row.permalink].append(row)
        self.shared_pages = {row.permalink for row in self.rows.values() if row.guid.startswith(_ARTICLE)}


def _same_article(post: IncomingPost, sides: _Sides) -> KnownPost | None:
    row = sides.rows.get(post.guid)
    if row is not None and _agree(post, row, sides.now):
        return row
    return sides.rows.get(names_of(post, sides.now)[2]) if sides.shared_pages else None


def _same_link(post: IncomingPost, sides: _Sides) -> KnownPost | None:
    if not sides.has_own_link(post) or post.permalink in sides.shared_pages:
        return None
    rows = (sides.rows.get(name) for name in (post.guid, link_name(post.guid, post.permalink)))
    return next((row for row in rows if row and row.permalink == post.permalink), None)


def _same_page(post: IncomingPost, sides: _Sides) -> KnownPost | None:
    rows = sides.of_page.get(post.permalink, [])
    if not post.permalink or len(rows) != 1 or sides.pages[post.permalink] != 1:
        return None
    [row] = rows
    same_title = bool(post.title) and row.title == post.title
    same = same_title or row.published_at == post.published_at or row.content_hash == post.content_hash
    return row if same else None


def _same_words(post: IncomingPost, sides: _Sides) -> KnownPost | None:
    row = sides.rows.get(post.guid)
    if row is None or not post.title or sides.words[post.guid, post.title, post.published_at] > 1:
        return None
    return row if (row.title, row.published_at) == (post.title, post.published_at) else None


def _same_guid(post: IncomingPost, sides: _Sides) -> KnownPost | None:
    row = sides.rows.get(post.guid)
    if row is None or sides.guids[post.guid] > 1:
        return None
    same_page = row.permalink == post.permalink and post.permalink not in sides.shared_pages
    return row if same_page or row.title == post.title or _dates_agree(post, row, sides.now) else None


_RULES: tuple[Callable[[IncomingPost, _Sides], KnownPost | None], ...] = (
    _same_article,
    _same_link,
    _same_page,
    _same_words,
    _same_guid,
)


def _agree(post: IncomingPost, row: KnownPost, now: datetime) -> bool:
    return (row.permalink, row.title) == (post.permalink, post.title) and _dates_agree(post, row, now)


def _dates_agree(post: IncomingPost, row: KnownPost, now: datetime) -> bool:
    """No date, or none to believe, contradicts nothing."""
    return credible(post.published_at, now) in {None, row.published_at}
