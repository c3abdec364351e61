"""The sizes a document may have, and how parsing says no. Numbers are caps, not errors: what is over them is cut."""

from __future__ import annotations

from aggregator.polling.types import Trouble, TroubleKind

MAX_ENTRIES = 500  # the newest
MAX_HTML = 256 * 1024  # characters an entry
MAX_TITLE = 1000
MAX_AUTHOR = 200
MAX_TAGS = 50
MAX_TAG = 64
MAX_GUID = 500  # characters; longer ones are stored as a hash, since b-tree rows are limited
MAX_ENCLOSURES = 20
MAX_DESCRIPTION = 2000


class ParseError(Exception):
    """The document cannot be read as a feed; ``trouble`` says why in words for the blog's owner."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


def not_a_feed(code: str, reason: str) -> Trouble:
    return Trouble(TroubleKind.NOT_A_FEED, code, reason)
