"""A hostile ``RawFeed`` to a safe ``ParsedFeed``: what is stored and shown.

Owns the guid an entry comes with, plain text of titles, names and tags, excerpts and the content hash; which stored
post an entry is, ``identity.py`` says. Pure; HTML goes through ``bloghub.lib.html`` and nowhere else.
"""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape

from aggregator.polling.identity import digest
from aggregator.polling.limits import (
    MAX_AUTHOR,
    MAX_DESCRIPTION,
    MAX_ENCLOSURES,
    MAX_ENTRIES,
    MAX_GUID,
    MAX_HTML,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
)
from aggregator.polling.types import IncomingEnclosure, IncomingPost, ParsedFeed, RawEntry, RawFeed
from bloghub.lib.html import clean_html, text_from_html
from bloghub.lib.language import detect_language, primary_subtag
from bloghub.lib.text import excerpt_of, plain_line, without_preamble, words_of_clean_html
from bloghub.lib.urls import absolute_url, host_of

_EMAIL = re.compile(r"[^\s<>()\[\],;:\"]{1,64}@[^\s<>()\[\],;:\"]{1,190}")
_MIN_SUMMARY = 20  # characters; shorter ones ("Read more") say nothing
_WORDS_OF_EXCERPT = 600  # twice its characters, even when a word is a letter
_MIN_TEXT_FOR_LANGUAGE = 40
_WORDS_FOR_LANGUAGE = 1500  # as many as the sample can hold
_BIGINT = 2**63 - 1


def clean_feed(raw: RawFeed, *, url: str) -> ParsedFeed:
    """``raw`` made safe; ``url`` is the feed's own address, the last base for relative addresses. Never raises."""
    homepage = absolute_url(raw.homepage_url, url)
    language = primary_subtag(raw.language)
    cut: set[str] = set()
    posts = [_post(entry, homepage or url, language, cut) for entry in raw.entries]
    unique = without_repeats(posts)
    notes = [*raw.notes, *sorted(cut)]
    if raw.entries_dropped:
        notes.append(
            f"The feed holds {raw.entries_dropped + len(raw.entries)} entries; the {MAX_ENTRIES} newest were read."
        )
    if len(unique) < len(posts):
        notes.append(f"{len(posts) - len(unique)} entries stand in the feed twice; the newest of each was kept.")
    if posts and not any(post.published_at or post.updated_at for post in posts):
        notes.append("The entries have no dates that can be read.")
    return ParsedFeed(
        format=raw.format,
        title=plain_line(text_from_html(raw.title[: MAX_TITLE * 8]), MAX_TITLE),
        description=plain_line(text_from_html(raw.description[: MAX_DESCRIPTION * 8]), MAX_DESCRIPTION),
        homepage_url=homepage,
        language=language,
        author_name=author_of(raw.author_name, "")[0],
        hub_url=absolute_url(raw.hub_url, url) if raw.hub_url else "",
        topic_url=absolute_url(raw.topic_url, url) if raw.topic_url else "",
        ttl=raw.ttl,
        skip_hours=raw.skip_hours,
        skip_days=raw.skip_days,
        posts=tuple(unique),
        notes=tuple(notes),
    )


def _post(entry: RawEntry, home: str, feed_language: str, cut: set[str]) -> IncomingPost:
    permalink = absolute_url(entry.permalink, home)
    base = absolute_url(entry.base, home) or _page_of(permalink, home)
    title = title_of(entry)
    author_name, author_email = author_of(entry.author_name, entry.author_email)
    guid = guid_of(entry, permalink)
    source = entry.content or entry.summary
    if len(source) > MAX_HTML:
        source = source[:MAX_HTML].rpartition("<")[0] or source[:MAX_HTML]
        cut.add(f"A post is longer than {MAX_HTML // 1024} KiB of HTML; its end was cut.")
    content = clean_html(source, base=base, id_prefix=id_prefix_of(permalink, guid))
    words, word_count = words_of_clean_html(content)
    excerpt = excerpt_of(_summary_text(entry) or _opening(content, title, words))
    tags, enclosures = tags_of(entry.tags), enclosures_of(entry.enclosures, base)
    language = primary_subtag(entry.language) or feed_language or _language_of(words)
    shown = (title, author_name, permalink, content, excerpt, language, str(entry.published_at), *tags)
    return IncomingPost(
        guid=guid,
        permalink=permalink,
        title=title,
        author_name=author_name,
        author_email=author_email,
        content_html=content,
        excerpt=excerpt,
        language=language,
        word_count=word_count,
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        tags=tags,
        enclosures=enclosures,
        content_hash=content_hash(shown, enclosures),
    )


def id_prefix_of(permalink: str, guid: str) -> str:
    """What stands before every id in a post's content: an id of one post is none of another's, nor of our page."""
    return f"p{digest(permalink or guid, size=4)}-"


def _page_of(permalink: str, home: str) -> str:
    """What relative addresses in a post start from; a permalink on another host is a redirector or a linked article."""
    same = permalink.split("/", 3)[:3] == home.split("/", 3)[:3] or host_of(permalink) == host_of(home)
    return permalink if same else home


def title_of(entry: RawEntry) -> str:
    """The title as plain text: entities decoded once, markup removed only where the feed says that it is markup."""
    title = entry.title[: MAX_TITLE * 8]
    return plain_line(text_from_html(title) if entry.title_type == "html" else title, MAX_TITLE)


def _summary_text(entry: RawEntry) -> str:
    """The feed's own summary as text, when there is one beside the content that says something."""
    if not entry.content or not entry.summary:
        return ""
    summary = text_from_html(entry.summary[: MAX_DESCRIPTION * 4])
    return summary if len(summary) >= _MIN_SUMMARY else ""


def _opening(content: str, title: str, words: list[str]) -> str:
    """The first words of the text itself; ``words`` are all of ``content``."""
    body = without_preamble(content, title)
    return " ".join((words if body is content else words_of_clean_html(body)[0])[:_WORDS_OF_EXCERPT])


def _language_of(words: list[str]) -> str:
    text = " ".join(words[:_WORDS_FOR_LANGUAGE])
    return detect_language(text) if len(text) >= _MIN_TEXT_FOR_LANGUAGE else ""


def author_of(name: str, email: str) -> tuple[str, str]:
    """Name and address of mail, from ``Name``, ``mail@host (Name)`` or ``Name <mail@host>`` (RSS 2.0, RFC 5322)."""
    name = plain_line(unescape(name[: MAX_AUTHOR * 8]), MAX_AUTHOR * 2)
    found = _EMAIL.search(name)
    if found:
        email = email or found[0]
        rest = name.replace(found[0], " ").strip(' <>()[],;:-"')
        name = rest.removeprefix("mailto").strip(" :") or found[0].partition("@")[0]
    email = email.strip().removeprefix("mailto:")
    return plain_line(name, MAX_AUTHOR), email if len(email) <= MAX_AUTHOR and _EMAIL.fullmatch(email) else ""


def tags_of(tags: tuple[str, ...]) -> tuple[str, ...]:
    """At most ``MAX_TAGS`` tags as text, each once whatever its case; the first way of writing wins."""
    seen: dict[str, str] = {}
    for tag in tags:
        text = plain_line(unescape(tag), MAX_TAG)
        if text:
            seen.setdefault(text.casefold(), text)
    return tuple(seen.values())[:MAX_TAGS]


def enclosures_of(found: tuple[IncomingEnclosure, ...], base: str) -> tuple[IncomingEnclosure, ...]:
    """At most ``MAX_ENCLOSURES`` files with an absolute http or https address, each once."""
    kept: dict[str, IncomingEnclosure] = {}
    for one in found[: MAX_ENCLOSURES * 4]:
        url = absolute_url(one.url, base)
        if url and url not in kept:
            kept[url] = IncomingEnclosure(
                url=url,
                media_type=plain_line(one.media_type, 100).lower(),
                length=_within(one.length, _BIGINT),
                title=plain_line(one.title, MAX_TITLE),
                duration=_within(one.duration, 2**31 - 1),
            )
    return tuple(kept.values())[:MAX_ENCLOSURES]


def _within(number: int | None, top: int) -> int | None:
    return number if number is not None and 0 < number <= top else None


def guid_of(entry: RawEntry, permalink: str) -> str:
    """The publisher's identifier, else the permalink, else a hash of title and date, else of the content."""
    guid = plain_line(entry.guid, len(entry.guid) + 1) or permalink
    if not guid:
        return "hash:" + digest(_title_and_date(entry.title, entry.published_at) or entry.content or entry.summary)
    return _bounded(guid)


def _title_and_date(title: str, published_at: object) -> str:
    return f"{title}\n{published_at}" if title or published_at else ""


def without_repeats(posts: list[IncomingPost]) -> list[IncomingPost]:
    """``posts`` without those that have guid, permalink, title and date of an earlier one: the first is the newest."""
    kept: dict[tuple[object, ...], IncomingPost] = {}
    for post in posts:
        kept.setdefault((post.guid, post.permalink, post.title, post.published_at), post)
    return list(kept.values())


def _bounded(guid: str) -> str:
    return guid if len(guid) <= MAX_GUID else "sha256:" + sha256(guid.encode("utf-8", "replace")).hexdigest()


def content_hash(shown: tuple[str, ...], enclosures: tuple[IncomingEnclosure, ...]) -> str:
    """32 hex digits that change when, and only when, a reader would notice: in ``shown`` or the files.

    ``updated_at`` is left out: many engines set it anew with every build of the site.
    """
    files = (f"{one.url} {one.media_type} {one.length} {one.title} {one.duration}" for one in enclosures)
    return digest("\0".join((*shown, *files)))
