"""The house's rules that a machine can check: which way arrows point, who may import what."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Set as AbstractSet
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = [path for folder in ("bloghub", "aggregator", "demo") for path in (ROOT / folder).rglob("*.py")]


def offenders(pattern: str, *, but: AbstractSet[str] = frozenset()) -> list[str]:
    """Files of the product whose text matches, but for these."""
    found = [str(path.relative_to(ROOT)) for path in CODE if re.search(pattern, path.read_text(), re.MULTILINE)]
    return sorted(set(found) - but)


def test_except_exception_stands_once_a_thread() -> None:
    assert offenders(r"^\s+except Exception\b|except:") == [
        "aggregator/polling/courier.py",
        "aggregator/polling/poll.py",
    ]


def test_html_is_marked_safe_in_named_places_only() -> None:
    tags = {"aggregator/templatetags/times.py", "aggregator/templatetags/rows.py"}
    assert offenders(r"\bmark_safe\b|\|safe\b", but={"aggregator/admin/blog.py"} | tags) == []


def test_nothing_is_pickled() -> None:
    assert offenders(r"\bpickle\b(?!s)|\bmarshal\b|\bshelve\b") == []


def test_no_template_carries_style_or_script_of_its_own() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\|safe|autoescape off", re.I)
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if path.parent.name != "email"  # mail programs know no other styles
        and inline.search(re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text(), flags=re.DOTALL))
    ]
    assert guilty == ["templates/aggregator/post_detail.html"]  # the cleaned content of the post, once
    assert (ROOT / guilty[0]).read_text().count("|safe") == 1


def test_no_file_speaks_of_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [ROOT / name for name in listed if not name.startswith(("static/vendor/", "tests/architecture/"))]
    words = re.compile(r"/(?:work|farm|root)/|\bpypi\.org|-index-url=|registry\.npmjs")
    assert [str(path) for path in texts if path.is_file() and words.search(path.read_text(errors="ignore"))] == []
