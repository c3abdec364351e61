"""One data directory for each file of tests, and its servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bloghub import embedded
from tests.embedded.hands import (
    is_kept,
    until,
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "var"


@pytest.fixture
def used(data_dir: Path) -> Iterator[embedded.Use]:
    """The servers of ``data_dir``, used by this test; whatever it did, they are stopped after it."""
    held = embedded.use(data_dir)
    yield held
    held.close()
    until(lambda: not is_kept(data_dir), "the servers to stop")
