"""What the formats of feeds are called, for people. Which one a document has is found out by ``parse.py``."""

from __future__ import annotations

_NAMES = {
    "rss": "RSS",
    "rss090": "RSS 0.90",
    "rss091n": "RSS 0.91 (Netscape)",
    "rss091u": "RSS 0.91 (UserLand)",
    "rss092": "RSS 0.92",
    "rss093": "RSS 0.93",
    "rss094": "RSS 0.94",
    "rss10": "RSS 1.0",
    "rss20": "RSS 2.0",
    "atom": "Atom",
    "atom01": "Atom 0.1",
    "atom02": "Atom 0.2",
    "atom03": "Atom 0.3",
    "atom10": "Atom 1.0",
    "cdf": "CDF",
    "jsonfeed": "JSON Feed",
    "jsonfeed1": "JSON Feed 1.0",
    "jsonfeed10": "JSON Feed 1.0",
    "jsonfeed11": "JSON Feed 1.1",
}


def format_name(word: str) -> str:
    """“RSS 2.0” for ``rss20``; a word that is not known as it is."""
    return _NAMES.get(word, word)
