"""Tests that try everything at length (`make soak`), and the spread of it that every run tries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

Thing = TypeVar("Thing")

FULL = bool(os.environ.get("BLOGHUB_SOAK"))
at_length = pytest.mark.skipif(not FULL, reason="takes minutes: make soak")


def scaled(whole: Sequence[Thing], *, few: int) -> list[Thing]:
    """All of them at full length, otherwise about ``few``, evenly spread from the first on."""
    return list(whole) if FULL else list(whole[:: max(1, len(whole) // few)])[:few]
