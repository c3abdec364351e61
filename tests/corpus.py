"""Where the test corpus lies, and the mark for tests that need it.

A clean clone has no corpus, on CI neither: its tests are then skipped, and the end of the run says so. A corpus that
``BLOGHUB_CORPUS`` names must be there.
"""

import os
from pathlib import Path

import pytest

from tests.absent import MARK

_named = os.environ.get("BLOGHUB_CORPUS")
CORPUS = Path(_named or Path(__file__).resolve().parent.parent.parent / "shared" / "corpus")

if _named and not CORPUS.is_dir():
    raise pytest.UsageError(f"BLOGHUB_CORPUS names {CORPUS}, and no folder is there.")

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"{MARK}: THE TEST CORPUS at {CORPUS} (tests on real feeds); set BLOGHUB_CORPUS"
)
