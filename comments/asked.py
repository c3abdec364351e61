"""What an address asks of a conversation, and the numbers in it. Pure: a text goes in, and none is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from comments.threads import Order

INT4, INT8 = 9, 18  # digits that a column of the database has room for, whatever they are


def number_in(text: str, *, digits: int = INT4, default: int = 0) -> int:
    """The number that a text is, of so many digits at most; ``default`` when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else default


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: an order, one comment in its place, or a piece (from 1; 0 is whatever holds it)."""

    order: Order = Order.OLDEST
    comment: int = 0
    piece: int = 0
    whole: bool = False
    after: int | None = None  # only what was said after this number, all of it new

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """From a query string; what makes no sense asks for nothing."""
        try:
            order = Order(query.get("order", ""))
        except ValueError:
            order = Order.OLDEST
        piece = query.get("piece", "")
        return cls(order, number_in(query.get("comment", "")), number_in(piece), whole=piece == "all")
