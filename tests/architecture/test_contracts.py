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
        "aggregator/exploring.py",
        "aggregator/polling/courier.py",
        "aggregator/polling/poll.py",
    ]


def test_html_is_marked_safe_in_named_places_only() -> None:
    tags = {"aggregator/templatetags/times.py", "aggregator/templatetags/rows.py"}
    assert offenders(r"\bmark_safe\b|\|safe\b", but={"aggregator/admin/blog.py"} | tags) == []


def test_nothing_is_pickled() -> None:
    assert offenders(r"\bpickle\b(?!s)|\bmarshal\b|\bshelve\b") == []


# What has been sent through the gate before it was stored, each once
CLEANED = {
    "templates/aggregator/post_detail.html": ["post.content_html"],
    "templates/comments/_look.html": ["look"],
    "templates/comments/_spoken.html": ["comment.html"],
    "templates/comments/comment_create.html": ["saying.parent.html"],
    "templates/comments/comment_delete.html": ["comment.html"],
    "templates/comments/guidelines_detail.html": ["html"],
    "templates/comments/moderation_act.html": ["act.comment.html"],
}


def test_no_template_carries_style_or_script_of_its_own() -> None:
    foreign = r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|javascript:|\|safe|autoescape off"
    in_mails, in_pages = re.compile(rf"<script|{foreign}", re.I), re.compile(rf"\sstyle=|{foreign}", re.I)
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        # Mail programs know no styles but those of the elements, and run nothing
        if (in_mails if path.parent == ROOT / "templates/email" else in_pages).search(
            re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text(), flags=re.DOTALL)
        )
    ]
    assert {path: re.findall(r"([\w.]+)\|safe", (ROOT / path).read_text()) for path in guilty} == CLEANED


def test_no_file_speaks_of_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [ROOT / name for name in listed if not name.startswith(("static/vendor/", "tests/architecture/"))]
    words = re.compile(r"/(?:work|farm|root)/|\bpypi\.org|-index-url=|registry\.npmjs")
    assert [str(path) for path in texts if path.is_file() and words.search(path.read_text(errors="ignore"))] == []
