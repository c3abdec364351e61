"""The drawing of a conversation: one line of voices in the order of time, from the stored shape of the thread.

Above the line, answers to the post; below it, colleagues answering each other. Owns the stored marks, the geometry and
the SVG; knows no model, and nothing of the words that stand beside the drawing. An arc is as high as the square root
of its reach, so that long ones neither flatten the short nor leave the picture (the half circles of Wattenberg's arc
diagrams, InfoVis 2002, would need a height that grows with the thread).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

SHOWN, FIRST = 40, 8  # of a longer thread the first eight are drawn, a gap, and the last ones
GONE = -1
_BY_AUTHOR, _ON_BLOG, _FLAGS = 1, 2, 4

Mark = int


@dataclass(frozen=True, slots=True)
class Size:
    """Lengths in px: of a step, the whole width, the room above and below the line; and half of a mark."""

    step: float
    width: float
    above: float
    below: float
    dot: float

    @property
    def margin(self) -> float:
        """Room for the pen and half of the largest mark at every edge."""
        return self.dot * 1.35 + 1

    @property
    def height(self) -> float:
        return self.above + self.below + 2


ROW = Size(step=9, width=150, above=15, below=12, dot=1.7)
COMPACT = Size(step=7, width=112, above=14, below=10, dot=1.4)
LARGE = Size(step=60, width=960, above=94, below=54, dot=5)


def mark_of(parent_number: int, *, by_author: bool = False, on_blog: bool = False) -> Mark:
    """What is stored for one comment; ``parent_number`` is 0 for an answer to the post."""
    return parent_number * _FLAGS + by_author * _BY_AUTHOR + on_blog * _ON_BLOG


def extend(shape: Sequence[Mark], count_before: int, mark: Mark) -> list[Mark]:
    """The stored shape with one comment more; ``count_before`` is the number of the comment before it."""
    longer = [*shape, mark]
    if len(longer) <= SHOWN:
        return longer
    return longer[:FIRST] + longer[FIRST - SHOWN :]


def remove(shape: Sequence[Mark], count: int, number: int) -> list[Mark]:
    """The stored shape after comment ``number`` of ``count`` has gone; its place stays empty."""
    return put(shape, count, number, GONE)


def put(shape: Sequence[Mark], count: int, number: int, mark: Mark) -> list[Mark]:
    """The stored shape with another mark for comment ``number`` of ``count``; as it was when that one is in the gap."""
    changed = list(shape)
    for place, at in enumerate(_numbers(shape, count)):
        if at == number:
            changed[place] = mark
    return changed


def _numbers(shape: Sequence[Mark], count: int) -> list[int]:
    """The number of each comment in the shape: from 1, and from behind the gap up to ``count``."""
    skipped = max(0, count - len(shape))
    return [place + 1 if place < FIRST else place + 1 + skipped for place in range(len(shape))]


@dataclass(frozen=True, slots=True)
class Voice:
    """One comment as it is drawn. ``x`` and ``parent_x`` in px from the left."""

    number: int
    x: float
    parent_x: float
    reach: float
    side: str  # "above" answers the post, "below" a colleague
    kind: str  # "voice", "author", "blog" or "gone"
    new: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything stands: ``line`` is the y of all marks."""

    size: Size
    voices: list[Voice]
    width: float
    line: float
    post_x: float
    gap_x: float | None

    def rise(self, voice: Voice) -> float:
        """The height of its arc: the farthest one of its side takes the room there is, short ones stay round."""
        room = (self.size.above if voice.side == "above" else self.size.below) - 1
        farthest = max(other.reach for other in self.voices if other.side == voice.side)
        least = min(self.size.dot * 2, room)
        roundest = abs(voice.x - voice.parent_x) * 0.6 + least
        return min(least + (room - least) * sqrt(voice.reach / farthest), roundest, room)


def draw(shape: Sequence[Mark], count: int, size: Size, new: Collection[int] = ()) -> Drawing:
    """Works out the drawing of a stored shape; ``count`` is the last comment's number, ``new`` are unseen numbers."""
    numbers = _numbers(shape, count)
    gapped = count > len(shape) > FIRST
    slots = len(shape) + gapped
    step = min(size.step, (size.width - 2 * size.margin) / max(1, slots))
    slot_of = {0: 0} | {number: place + 1 + (gapped and place >= FIRST) for place, number in enumerate(numbers)}
    voices = []
    for number, mark in zip(numbers, shape, strict=True):
        parent = _parent(mark, number)
        slot, back = slot_of[number], slot_of.get(parent, FIRST + 1)
        voices.append(
            Voice(
                number=number,
                x=size.margin + slot * step,
                parent_x=size.margin + back * step,
                reach=slot - back,
                side="below" if parent else "above",
                kind=_kind(mark),
                new=number in new,
            )
        )
    gap_x = size.margin + (FIRST + 1) * step if gapped else None
    return Drawing(size, voices, 2 * size.margin + slots * step, size.above + 1, size.margin, gap_x)


def _parent(mark: Mark, number: int) -> int:
    """What a comment answers; only what was said before it can be answered."""
    parent = mark // _FLAGS if mark >= 0 else 0
    return parent if parent < number else 0


def _kind(mark: Mark) -> str:
    if mark < 0:
        return "gone"
    if mark & _ON_BLOG:
        return "blog"
    return "author" if mark & _BY_AUTHOR else "voice"


def small(shape: Sequence[Mark], count: int, new: Collection[int] = (), size: Size = ROW) -> str:
    """SVG for a row, hidden from screen readers: the words stand beside it. A dashed ring while nobody has answered.

    All arcs are one path and all dots another, so that a row of 40 comments stays light.
    """
    drawing = draw(shape, count, size, new)
    said = [voice for voice in drawing.voices if voice.kind != "gone"]
    if not said:
        return waiting(size)
    pieces = [f'<svg class="arcs small" {_frame(drawing.width, size.height)} aria-hidden="true">']
    for name, voices in (("", _where(said, new=False)), (" new", _where(said, new=True))):
        arcs = "".join(_arc(drawing, voice) for voice in voices)
        dots = "".join(_point(drawing, voice.x) for voice in voices if voice.kind != "blog")
        squares = "".join(_point(drawing, voice.x) for voice in voices if voice.kind == "blog")
        pieces += [
            f'<path class="{kind}{name}" d="{path}"/>'
            for kind, path in (("arc", arcs), ("dots", dots), ("squares", squares))
            if path
        ]
    pieces += [_gap(drawing), _post(drawing), "</svg>"]
    return "".join(pieces)


def large(
    shape: Sequence[Mark],
    count: int,
    sentence: str,
    *,
    new: Collection[int] = (),
    address: str = "#c{number}",
    size: Size = LARGE,
) -> str:
    """SVG that stands above a thread, with ``sentence`` for those who do not see it.

    Each mark leads to its comment at ``address``, for pointers alone: to everybody else the thread itself says the
    same, so the links are no stops of the keyboard. As high and wide as what it shows; nothing at all for nothing.
    """
    drawing = draw(shape, count, size, new)
    said = [voice for voice in drawing.voices if voice.kind != "gone"]
    if not said:
        return ""
    pieces = [f'<svg class="arcs large" {_frame(drawing.width, size.height)}>']
    pieces.append(f'<g role="img" aria-label="{escape(sentence)}">')
    pieces += [f'<path class="arc{_new(voice)}" d="{_arc(drawing, voice)}"/>' for voice in said]
    pieces += [_gap(drawing), _post(drawing)]
    pieces += [_mark(drawing, voice) for voice in said]
    # Beside the picture, not in it: what is drawn with role="img" may hold nothing to press (ARIA 1.2, 5.2.8.6)
    pieces.append('</g><g class="jumps" aria-hidden="true">')
    pieces += [_jump(drawing, voice, address) for voice in said]
    return "".join([*pieces, "</g></svg>"])


def waiting(size: Size = ROW) -> str:
    """SVG of the dashed ring: a post that still waits for a first comment."""
    middle = _round(size.dot * 3.5)
    ring = f'<circle class="ring" cx="{middle}" cy="{middle}" r="{_round(size.dot * 2.9)}"/>'
    return f'<svg class="arcs small waiting" {_frame(size.dot * 7, size.dot * 7)} aria-hidden="true">{ring}</svg>'


def _where(voices: Sequence[Voice], *, new: bool) -> list[Voice]:
    return [voice for voice in voices if voice.new == new]


def _new(voice: Voice) -> str:
    return " new" if voice.new else ""


def _frame(width: float, height: float) -> str:
    wide, high = _round(width), _round(height)
    return f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'


def _arc(drawing: Drawing, voice: Voice) -> str:
    """Half an ellipse from what is answered to the answer: clockwise is above, since y grows downwards."""
    span = voice.x - voice.parent_x
    sweep = 1 if voice.side == "above" else 0
    radii = f"{_round(span / 2)} {_round(drawing.rise(voice))}"
    return f"M{_round(voice.parent_x)} {_round(drawing.line)}a{radii} 0 0 {sweep} {_round(span)} 0"


def _point(drawing: Drawing, x: float) -> str:
    """A line without length, which the round or square caps of its pen make a mark (SVG 2, 13.5.6)."""
    return f"M{_round(x)} {_round(drawing.line)}h0"


def _jump(drawing: Drawing, voice: Voice, address: str) -> str:
    """Where a pointer presses: the whole height around a mark, up to half the way to its neighbours."""
    href = escape(address.replace("{number}", str(voice.number)))
    step = abs(drawing.voices[0].x - drawing.post_x)
    x, y = _round(voice.x - step / 2), _round(drawing.line - 22)
    return f'<a href="{href}" tabindex="-1"><rect class="hit" x="{x}" y="{y}" width="{_round(step)}" height="44"/></a>'


def _mark(drawing: Drawing, voice: Voice) -> str:
    """One mark of a large drawing: a ring, filled for the post's author, a square when it was said on the blog."""
    dot = drawing.size.dot
    if voice.kind != "blog":
        name = "voice author" if voice.kind == "author" else "voice"
        return f'<circle class="{name}{_new(voice)}" cx="{_round(voice.x)}" cy="{_round(drawing.line)}" r="{dot}"/>'
    side = _round(dot * 1.8)
    x, y = _round(voice.x - dot * 0.9), _round(drawing.line - dot * 0.9)
    return f'<rect class="voice{_new(voice)}" x="{x}" y="{y}" width="{side}" height="{side}"/>'


def _post(drawing: Drawing) -> str:
    half = drawing.size.dot * 1.25
    x, y, side = _round(drawing.post_x - half), _round(drawing.line - half), _round(half * 2)
    return f'<rect class="post" x="{x}" y="{y}" width="{side}" height="{side}" rx="{_round(half * 0.34)}"/>'


def _gap(drawing: Drawing) -> str:
    """Three points where comments are left out."""
    if drawing.gap_x is None:
        return ""
    apart = drawing.size.dot * 1.6
    points = "".join(_point(drawing, drawing.gap_x + shift) for shift in (-apart, 0, apart))
    return f'<path class="gap" d="{points}"/>'


def _round(length: float) -> str:
    """One decimal at most: a tenth of a pixel is what an eye sees."""
    return f"{round(length, 1):g}"
