"""Beat when the clock is set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bloghub.beat import SteadyScheduler
from bloghub.celery import app

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """The time as celery asks for it; what it has sent, by that clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        self.sent: list[tuple[str, datetime]] = []
        monkeypatch.setattr(app, "now", lambda: self.now)
        monkeypatch.setattr(SteadyScheduler, "producer", None)  # no broker is asked for
        monkeypatch.setattr(
            SteadyScheduler, "apply_entry", lambda _, entry, producer=None: self.sent.append((entry.name, self.now))
        )

    def run(self, scheduler: SteadyScheduler, seconds: int) -> list[tuple[str, datetime]]:
        """What is sent within so many seconds, second by second."""
        before = len(self.sent)
        for _ in range(seconds):
            while scheduler.tick() == 0:
                pass
            self.now += timedelta(seconds=1)
        return self.sent[before:]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def beat(folder: Path) -> SteadyScheduler:
    return SteadyScheduler(app, schedule_filename=str(folder / "schedule"))


def claims(sent: list[tuple[str, datetime]]) -> list[datetime]:
    return [moment for name, moment in sent if name == "claim-due-feeds"]


def test_due_feeds_are_claimed_every_ten_seconds_also_after_the_clock_was_set_back(
    clock: Clock, tmp_path: Path
) -> None:
    scheduler = beat(tmp_path)
    usual = claims(clock.run(scheduler, 60))
    assert 5 <= len(usual) <= 7
    clock.now -= timedelta(hours=1)
    after = claims(clock.run(scheduler, 60))
    assert 5 <= len(after) <= 7  # none missed, none sent in a flood
    scheduler.close()


def test_a_beat_that_starts_after_the_step_does_not_wait_either(clock: Clock, tmp_path: Path) -> None:
    first = beat(tmp_path)
    clock.run(first, 30)
    first.close()
    clock.now -= timedelta(hours=1)
    second = beat(tmp_path)
    assert claims(clock.run(second, 30))
    second.close()
