"""The comments of one piece of a thread, put together: nested in each other, or on their way into an open page.

Keeps pieces ready-made as everybody sees them, and puts what is one reader's own in its place: their comments, their
votes, what is new to them. How one comment looks is in moulds.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import get_language

from bloghub.lib.shelf import Shelf
from comments.conversation import Conversation, Spoken, spoken
from comments.moulds import Comments, branch
from comments.threads import Place, Step, nest

DAY = timedelta(days=1)
# How long a piece is kept, for it says how long ago everything was said: within the last day in minutes and hours, and
# before that in days, which begin at a quarter of an hour in every time zone. s
FRESH, OLD = 60, 900


@dataclass(frozen=True, slots=True)
class Piece:
    """``lines[i]`` is the comment of ``steps[i]`` with what goes before it, ``openings[i]``."""

    spoken: dict[int, Spoken]
    steps: list[Step]
    openings: list[str]
    lines: list[str]
    ending: str

    @property
    def weight(self) -> int:
        """Characters, about."""
        return sum(map(len, self.lines)) + sum(len(comment.html) for comment in self.spoken.values())

    def is_fresh(self) -> bool:
        youngest = max((comment.published_at for comment in self.spoken.values()), default=None)
        return youngest is not None and timezone.now() - youngest < DAY


_pieces: Shelf[Piece] = Shelf(32_000_000)  # characters


def piece_html(conversation: Conversation) -> str:
    """The comments of the piece that is shown, as ``<li>`` elements in each other."""
    piece = _kept(conversation)
    lines, comments = piece.lines.copy(), Comments(conversation)
    for index in _own(conversation, piece):
        step = piece.steps[index]
        lines[index] = piece.openings[index] + comments.html(step, piece.spoken.get(step.place.number))
    return "".join([*lines, piece.ending])


def arrivals_html(conversation: Conversation) -> str:
    """What was said meanwhile, each comment by itself in the list of answers it will join: ``data-into`` names whose
    answers they are, and comes before what belongs into itself."""
    comments, arrived = Comments(conversation), conversation.shown_numbers
    known, lines, above = spoken(conversation.post, sorted(arrived)), list[str](), list[Place]()
    for place in conversation.places:
        del above[place.level :]
        if place.number in arrived:
            comment = comments.html(Step(place, 0, False, False), known.get(place.number))
            lines.append(_arrival(f"{comment}</li>", above[-1] if above else None))
        above.append(place)
    return "".join(lines)


def _arrival(comment: str, above: Place | None) -> str:
    if above is None:
        return f'<ol class="thread" data-into="thread">{comment}</ol>'
    opening = branch(above.answers, _language()).replace("<details", f'<details data-into="c{above.number}"', 1)
    return f"{opening}{comment}</ol></details>"


def _own(conversation: Conversation, piece: Piece) -> Iterator[int]:
    """Where the piece is another one for this reader."""
    standpoint, new, asked = conversation.standpoint, conversation.new, conversation.asked.comment
    me, voted = standpoint.person_id, standpoint.voted
    for index, step in enumerate(piece.steps):
        number = step.place.number
        comment = piece.spoken.get(number)
        is_mine = comment is not None and comment.author_id is not None and comment.author_id == me
        if is_mine or number in new or number == asked or (comment is not None and comment.pk in voted):
            yield index


def _kept(conversation: Conversation) -> Piece:
    if conversation.stamp is None:
        return _made(conversation)
    key = _key(conversation)
    now = int(timezone.now().timestamp())
    times = ("fresh", now // FRESH), ("old", now // OLD)
    for time in times:
        kept = _pieces.get((*key, time))
        if kept is not None:
            return kept
    made = _made(conversation)
    _pieces.put((*key, times[0 if made.is_fresh() else 1]), made, made.weight)
    return made


def _key(conversation: Conversation) -> tuple[object, ...]:
    """All that decides how the piece looks to everybody who stands to it like this reader."""
    asked, standpoint = conversation.asked, conversation.standpoint
    return (
        conversation.post.pk,
        conversation.post.author_id,
        conversation.stamp,
        asked.order,
        -1 if asked.whole else conversation.index,
        standpoint.person_id is not None,
        standpoint.may_write,
        standpoint.moderates,
        _language(),
        timezone.get_current_timezone_name(),
    )


def _made(conversation: Conversation) -> Piece:
    steps = nest(conversation.shown)
    known = spoken(conversation.post, [step.place.number for step in steps])
    openings, ending = _openings(steps)
    comments = Comments(conversation, everybody=True)
    lines = [
        opening + comments.html(step, known.get(step.place.number))
        for opening, step in zip(openings, steps, strict=True)
    ]
    return Piece(known, steps, openings, lines, ending)


def _openings(steps: Sequence[Step]) -> tuple[list[str], str]:
    """What goes before each comment: the ends of those above it, or the beginning of the answers; what goes last."""
    openings, above = list[str](), list[Place]()
    endings: list[str] = []  # of each comment that is still open
    for step in steps:
        opening = "".join(endings.pop() for _comment in range(step.closes))
        if step.opens:
            opening += branch(above[-1].answers, _language())
            endings[-1] = "</ol></details></li>"
        openings.append(opening)
        endings.append("</li>")
        above.append(step.place)
    return openings, "".join(reversed(endings))


def _language() -> str:
    return get_language() or ""
