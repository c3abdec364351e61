"""``weblogUpdates.ping`` and ``extendedPing``: which of our feeds a ping speaks of. It may name any address, and none
that it names is ever fetched: it is only compared with those of registered blogs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models.functions import Lower

from aggregator.models import Blog, Feed
from aggregator.pushing.xmlrpc import BAD_ARGUMENTS, NO_SUCH_METHOD, Call, CallError
from bloghub.lib.urls import normalise_url

MOST = 20  # feeds of one ping: a page that is the home of more is no blog's

# (name, homepage) and (name, homepage, page to check, feed, tags…): where the addresses stand
_ADDRESSES = {"weblogUpdates.ping": (1,), "weblogUpdates.extendedPing": (1, 3)}
_LEAST = 2  # arguments


def feeds_named(call: Call) -> list[int]:
    """The feeds that this ping speaks of, and none when nobody is registered there; raises CallError."""
    places = _ADDRESSES.get(call.method)
    if places is None:
        raise CallError(NO_SUCH_METHOD, "BlogHub answers weblogUpdates.ping and weblogUpdates.extendedPing.")
    if len(call.arguments) < _LEAST:
        raise CallError(BAD_ARGUMENTS, "A ping names the blog, then its address.")
    return feeds_at(call.arguments[place] for place in places if place < len(call.arguments))


def feeds_at(addresses: Iterable[str]) -> list[int]:
    """The feeds at these addresses, or of the blogs whose homepages they are."""
    spelt = [spelling for address in addresses for spelling in spellings(address)]
    if not spelt:
        return []
    named = set(Feed.objects.filter(url__in=spelt).values_list("pk", flat=True))
    homes = Blog.objects.alias(home=Lower("homepage_url")).filter(home__in=[one.lower() for one in spelt])
    named |= set(Feed.objects.filter(blog__in=homes.values("pk")).order_by("pk").values_list("pk", flat=True)[:MOST])
    return sorted(named)[:MOST]


def spellings(address: str) -> Sequence[str]:
    """How an address may stand in the database: over http or https, with a slash at its end or without."""
    rest = normalise_url(address if "://" in address else f"http://{address}").partition("://")[2]
    ends = (rest.removesuffix("/"), rest.removesuffix("/") + "/") if "?" not in rest else (rest,)
    return [f"{scheme}://{end}" for scheme in ("https", "http") for end in ends if rest]
