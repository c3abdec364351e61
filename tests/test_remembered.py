"""A command in another terminal is about the same hub as make run."""

from __future__ import annotations

from pathlib import Path

from bloghub.remembered import recall, remember


def test_what_the_hub_was_told_is_found_again_by_its_owner_alone(tmp_path: Path) -> None:
    remember(tmp_path, {"PORT": "8077", "BLOGHUB_DEMO": "1", "BLOGHUB_ROLE": "web", "HOME": "/somewhere"})
    remember(tmp_path, {"PORT": "8078", "BLOGHUB_DEMO": "1", "BLOGHUB_ROLE": "web", "HOME": "/somewhere"})
    assert recall(tmp_path) == {"PORT": "8078", "BLOGHUB_DEMO": "1"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_without_a_memory_nothing_is_recalled(tmp_path: Path) -> None:
    assert recall(tmp_path) == {}
    (tmp_path / "environment.json").write_text("[]")
    assert recall(tmp_path) == {}
