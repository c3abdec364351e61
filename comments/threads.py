"""Puts a thread in order: who follows whom, how far inward, and which comments make one piece of the page.

Pure: it knows numbers and no texts. Which rows a reader may see is decided before (conversation.py), how they look
after (templatetags/threads.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, StrEnum
from typing import NamedTuple

DEEPEST = 4  # levels drawn below the first; a deeper answer stays there and says whom it answers
PIECE = 60  # comments on one page at most


class Order(StrEnum):
    """The order of reading. Answers always follow what they answer."""

    OLDEST = "oldest"  # as it was said
    NEWEST = "newest"  # branches by their latest comment, answers inside them as they were said
    BEST = "best"  # by votes, on every level


class Standing(Enum):
    """What is left of a comment for this reader."""

    SAID = "said"
    PLACEHOLDER = "placeholder"  # its place is kept in any case
    GONE = "gone"  # its place is kept while something stands below it


class Bone(NamedTuple):
    """One comment of a thread: its number, the number it answers (0 is the post), its votes."""

    number: int
    parent: int
    votes: int = 0
    standing: Standing = Standing.SAID


class Place(NamedTuple):
    """Where one comment stands. ``level`` is drawn (0 … DEEPEST), ``depth`` is true, ``answers`` counts what was said
    in its branch, itself apart, and ``said`` is False for a placeholder."""

    number: int
    parent: int
    level: int
    depth: int
    answers: int
    said: bool

    @property
    def names_its_parent(self) -> bool:
        """Whether the drawing no longer shows whom it answers."""
        return self.depth > DEEPEST


class _Branches:
    """What each comment has below it: answers that stand, how many of them were said, the latest of them."""

    def __init__(self, bones: Sequence[Bone]) -> None:
        self.by_number = {bone.number: bone for bone in bones}
        self.said = dict.fromkeys(self.by_number, 0)
        self.latest = {number: number for number in self.by_number}
        self.replies: dict[int, list[int]] = {}
        for bone in reversed(bones):  # answers come after what they answer, so every branch is complete when it is met
            if bone.standing is not Standing.GONE or bone.number in self.replies:
                self._hang(bone)

    def _hang(self, bone: Bone) -> None:
        # What answers a comment this reader does not have answers the post for them
        parent = bone.parent if bone.parent in self.by_number else 0
        self.replies.setdefault(parent, []).append(bone.number)
        if parent:
            self.said[parent] += self.said[bone.number] + (bone.standing is Standing.SAID)
            self.latest[parent] = max(self.latest[parent], self.latest[bone.number])

    def votes(self, number: int) -> int:
        return self.by_number[number].votes


def arrange(bones: Iterable[Bone], order: Order = Order.OLDEST) -> list[Place]:
    """All that stands of a thread, in the order of reading. Linear but for the sorting of siblings; no recursion,
    because a thread may be as deep as it is long."""
    branches = _Branches(sorted(bones))
    ahead = [(number, 0) for number in _last_first(branches, 0, order)]
    places = []
    while ahead:
        number, depth = ahead.pop()
        bone = branches.by_number[number]
        said = bone.standing is Standing.SAID
        level = min(depth, DEEPEST)
        places.append(Place(number, bone.parent, level, depth, branches.said[number], said))
        if number in branches.replies:
            ahead += [(reply, depth + 1) for reply in _last_first(branches, number, order)]
    return places


def _last_first(branches: _Branches, parent: int, order: Order) -> list[int]:
    """The answers to one comment, the one that is read last first: as a stack wants them."""
    replies = branches.replies.get(parent, [])
    if order is Order.BEST and len(replies) > 1:
        key: Callable[[int], tuple[int, int]] = lambda number: (branches.votes(number), -number)  # noqa: E731 - names it
        return sorted(replies, key=key)
    if order is Order.NEWEST and not parent:
        return sorted(replies, key=branches.latest.__getitem__)
    return replies  # hung up from the last to the first


def cut(places: Sequence[Place], size: int = PIECE) -> list[range]:
    """The pieces of a thread: ``size`` comments at most, cut before a first-level comment where one is near."""
    pieces, start = [], 0
    while len(places) - start > size:
        candidates = range(start + size, start + size // 2, -1)
        end = next((index for index in candidates if places[index].level == 0), start + size)
        pieces.append(range(start, end))
        start = end
    return [*pieces, range(start, len(places))]


def piece_with(places: Sequence[Place], pieces: Sequence[range], number: int) -> int:
    """Which piece holds this comment; the first one when none does."""
    index = next((index for index, place in enumerate(places) if place.number == number), 0)
    return next((piece for piece, indexes in enumerate(pieces) if index in indexes), 0)


class Step(NamedTuple):
    """One comment in the nesting of lists: ``closes`` comments end before it, and ``opens`` says whether it begins the
    list of answers of the one before it. ``orphan``: what it answers is on another piece."""

    place: Place
    closes: int
    opens: bool
    orphan: bool


def nest(places: Iterable[Place]) -> list[Step]:
    """How the comments of one piece lie in each other. After the last one, as many are open as ``left_open`` says."""
    steps: list[Step] = []
    open_levels: list[int] = []
    for place in places:
        closes = 0
        while open_levels and open_levels[-1] >= place.level:
            open_levels.pop()
            closes += 1
        opens = bool(open_levels) and not closes
        steps.append(Step(place, closes, opens, place.depth > 0 and not open_levels))
        open_levels.append(place.level)
    return steps


def left_open(steps: Iterable[Step]) -> int:
    """How many comments are still open after the last step."""
    depth = 0
    for step in steps:
        depth += 1 - step.closes
    return depth


def attached_to(places: Sequence[Place], number: int) -> int:
    """In whose list of answers a comment is drawn: what it answers, or the ancestor one level up when it is deeper
    than the drawing; 0 for the first level, and for a number that is not there."""
    above: list[int] = []
    for place in places:
        del above[place.level :]
        if place.number == number:
            return above[-1] if above else 0
        above.append(place.number)
    return 0
