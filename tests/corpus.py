"""Where the test corpus lies, and the mark for tests that need it."""

import os
import warnings
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("BLOGHUB_CORPUS") or Path(__file__).resolve().parent.parent.parent / "shared" / "corpus")

if not CORPUS.is_dir():
    warnings.warn(
        f"THE TEST CORPUS IS ABSENT ({CORPUS}): tests on real feeds are not run. Set BLOGHUB_CORPUS.", stacklevel=1
    )

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"corpus absent at {CORPUS}; set BLOGHUB_CORPUS")
