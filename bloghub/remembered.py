"""What ``make run`` was told, for ``manage.py``: a command in another terminal is about the same hub.

Without it a command would take the hub's own demo blogs for closed addresses and print links to the wrong port. A file
of the data directory, for its owner alone; what the shell says itself goes first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

_FILE = "environment.json"
_ITS_OWN = {"BLOGHUB_DATA_DIR", "BLOGHUB_ROLE"}  # where the file lies, and who reads it


def remember(data_dir: Path, environment: Mapping[str, str]) -> None:
    """Keeps the hub's variables of this environment, complete or not at all."""
    kept = {
        name: value
        for name, value in environment.items()
        if (name.startswith("BLOGHUB_") or name == "PORT") and name not in _ITS_OWN
    }
    draft = data_dir / f".{_FILE}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(kept, file, indent=1)
    draft.replace(data_dir / _FILE)


def recall(data_dir: Path) -> dict[str, str]:
    """What was kept last; nothing when nothing was, or when it cannot be read."""
    try:
        kept = json.loads((data_dir / _FILE).read_text())
        return {str(name): str(value) for name, value in kept.items()}
    except (OSError, ValueError, AttributeError):
        return {}
