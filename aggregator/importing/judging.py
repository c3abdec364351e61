"""What a row has become, now that somebody has looked: can be registered, is known, came twice, or cannot be.

Two rows bring the same blog when a spelling of their feeds' addresses is the same, one redirects to the other, or both
documents are one: they call themselves by the same name and homepage, and their newest posts have the same guids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from django.db import transaction

from aggregator.importing.starting import bare
from aggregator.models import Blog, Feed, ImportRow, Post, RowState
from aggregator.models.feed import alike
from aggregator.polling.types import Trouble
from aggregator.registration import Preview

_FIRST = (RowState.READY, RowState.CHOSEN, RowState.REGISTERED, RowState.KNOWN)  # of which another may be the double
_COLUMNS = ["state", "outcome", "keys", "preview", "blog", "same_as", "lease_until"]


def judge(pairs: Sequence[tuple[ImportRow, Preview | Trouble]]) -> None:
    """Settles rows of one import, in their order. The caller holds the import, so that two workers do not judge at once
    and each take its own row for the first."""
    found = [outcome for _row, outcome in pairs if isinstance(outcome, Preview)]
    blogs = blogs_at(address for preview in found for address in preview.addresses)
    namesakes = _namesakes(found)
    firsts = _firsts(pairs)
    for row, outcome in sorted(pairs, key=lambda pair: pair[0].position):
        row.lease_until = None
        if isinstance(outcome, Trouble):
            row.state, row.outcome = RowState.FAILED, _sentence(outcome)
            continue
        row.preview, row.keys = outcome.as_state(), keys_of(outcome)
        row.blog = next((blogs[url] for url in outcome.addresses if url in blogs), None)
        row.blog = row.blog or _same_feed(outcome, namesakes)
        row.same_as = next((firsts[key] for key in row.keys if key in firsts), None)
        if row.same_as is not None:
            row.state, row.blog = RowState.DOUBLE, row.same_as.blog
            continue
        row.state = RowState.READY if row.blog is None else RowState.KNOWN
        firsts |= dict.fromkeys(row.keys, row)
    _write([row for row, _outcome in pairs])


def settle_known(rows: Iterable[ImportRow]) -> list[ImportRow]:
    """Those whose very address is a registered feed's need no look: marks them, and gives them back."""
    rows = list(rows)
    blogs = blogs_at(f"http://{key}" for row in rows for key in row.keys)
    known = [row for row in rows if any(f"http://{key}" in blogs for key in row.keys)]
    for row in known:
        row.state, row.lease_until = RowState.KNOWN, None
        row.blog = next(blogs[f"http://{key}"] for key in row.keys if f"http://{key}" in blogs)
    with transaction.atomic():
        _write(known)
    return known


def blogs_at(addresses: Iterable[str]) -> dict[str, Blog]:
    """The blogs with a feed at one of these addresses, under each of its spellings, over http and https."""
    feeds = Feed.objects.filter(url__in=alike(addresses)).select_related("blog").order_by("-pk")
    return {url: feed.blog for feed in feeds for url in alike([feed.url])}


def keys_of(preview: Preview) -> list[str]:
    """What a feed is known by within its list."""
    if not preview.guids:
        return list(bare(preview.addresses))
    words = "\0".join([preview.title, preview.homepage_url, *sorted(preview.guids)])
    return [*bare(preview.addresses), f"id:{blake2b(words.encode(), digest_size=16).hexdigest()}"]


def _firsts(pairs: Sequence[tuple[ImportRow, Preview | Trouble]]) -> dict[str, ImportRow]:
    """The rows of the same import that were settled before, by what they share with these; one query."""
    keys = {key for _row, outcome in pairs if isinstance(outcome, Preview) for key in keys_of(outcome)}
    if not keys:
        return {}
    rows = ImportRow.objects.filter(blog_import=pairs[0][0].blog_import_id, state__in=_FIRST, keys__overlap=list(keys))
    settled: Mapping[int, ImportRow] = rows.select_related("blog").defer("preview").in_bulk()
    return {key: row for row in sorted(settled.values(), key=lambda row: -row.position) for key in row.keys}


def _namesakes(found: Sequence[Preview]) -> dict[tuple[str, str], list[Feed]]:
    """The registered feeds that go by the same name and homepage as one of these; one query."""
    titles, homes = {preview.title for preview in found}, {preview.homepage_url for preview in found}
    feeds = Feed.objects.filter(title__in=titles, blog__homepage_url__in=homes).select_related("blog").order_by("pk")
    named: dict[tuple[str, str], list[Feed]] = {}
    for feed in feeds.defer("notes", "history"):
        named.setdefault((feed.title, feed.blog.homepage_url), []).append(feed)
    return named


def _same_feed(preview: Preview, namesakes: Mapping[tuple[str, str], Sequence[Feed]]) -> Blog | None:
    """The blog whose feed, at another address, holds all the newest posts and goes by the same name and homepage."""
    if not preview.guids:
        return None
    for feed in namesakes.get((preview.title, preview.homepage_url), ())[:10]:
        if Post.objects.filter(feed=feed, guid__in=preview.guids).count() == len(set(preview.guids)):
            return feed.blog
    return None


def _write(rows: Sequence[ImportRow]) -> None:
    """With the rows that name the same address again: theirs is the outcome of the first of all."""
    ImportRow.objects.bulk_update(rows, _COLUMNS)
    for row in rows:
        if row.state in (RowState.KNOWN, RowState.DOUBLE):
            ImportRow.objects.filter(same_as=row).update(same_as=row.same_as or row, blog=row.blog)


def _sentence(trouble: Trouble) -> str:
    """Kept as it is, so in the language of all troubles."""
    if not trouble.hint:
        return trouble.reason
    return f"{trouble.reason} A line in the configuration allows it: {trouble.hint}"
