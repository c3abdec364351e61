"""Small charts as shapes: what an SVG of the health page is drawn from, without a script, and the table beside it.

Owns the geometry. Units are those of a view box that is stretched to the room there is, so nothing in it is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.models import PollHour

WIDTH, HEIGHT = 480.0, 100.0
GAP = 0.25  # of a column
LEAST = 1.0  # of the height: what happened at all can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle; ``kind`` is its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over the hours. ``base`` is the height of the line on which they stand, ``most`` the greatest value up."""

    bars: list[Bar]
    base: float
    most: float
    width: float = WIDTH
    height: float = HEIGHT


def polls_chart(hours: Sequence[PollHour]) -> Chart:
    """Good polls upwards, failed ones downwards: no colour is needed to tell them apart."""
    good, failed = [hour.polls - hour.failed for hour in hours], [hour.failed for hour in hours]
    unit = HEIGHT / max(1, max(good, default=0) + max(failed, default=0))
    base = max(good, default=0) * unit if any(failed) else HEIGHT
    up = _columns(good, unit, base, "good", upwards=True)
    return Chart(up + _columns(failed, unit, base, "failed", upwards=False), base, max(good, default=0))


def lag_chart(hours: Sequence[PollHour]) -> Chart:
    """The longest wait of each hour, and before it the mean one."""
    most, mean = [hour.lag_most for hour in hours], [hour.lag_mean for hour in hours]
    unit = HEIGHT / max(1.0, *most)
    behind = _columns(most, unit, HEIGHT, "most", upwards=True)
    return Chart(behind + _columns(mean, unit, HEIGHT, "mean", upwards=True), HEIGHT, max(most, default=0.0))


def _columns(values: Sequence[float], unit: float, base: float, kind: str, *, upwards: bool) -> list[Bar]:
    step = WIDTH / max(1, len(values))
    bars = []
    for place, value in enumerate(values):
        if value <= 0:
            continue
        height = max(LEAST, value * unit)
        y = max(0.0, base - height) if upwards else base
        x, width = place * step + step * GAP / 2, step * (1 - GAP)
        bars.append(Bar(round(x, 2), round(y, 2), round(width, 2), round(height, 2), kind))
    return bars
