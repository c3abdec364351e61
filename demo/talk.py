"""What the demo's colleagues say: reads ``talk.toml``. Owns its shape; who stores it is in comments/demo_talk.py."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

FILE = Path(__file__).resolve().parent / "talk.toml"


@dataclass(frozen=True, slots=True)
class Said:
    """One comment: ``after`` its post, ``answers`` the number of a comment before it, 0 for the post."""

    number: int
    writer: str
    after: timedelta
    answers: int
    words: str


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation about one post, in order of time. ``at`` is ``blog/post``; ``votes`` are usernames."""

    at: str
    said: tuple[Said, ...]
    votes: tuple[str, ...]


def load(file: Path = FILE) -> tuple[Talk, ...]:
    """All conversations."""
    return tuple(
        Talk(
            post["at"],
            tuple(
                Said(number, writer, timedelta(minutes=minutes), answers, words)
                for number, (writer, minutes, answers, words) in enumerate(post["said"], 1)
            ),
            tuple(post["votes"]),
        )
        for post in tomllib.loads(file.read_text())["post"]
    )
