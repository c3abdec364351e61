"""``manage.py import_blogs``: every format, dry runs, stopping and going on, in a terminal and not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from aggregator.importing import working
from aggregator.models import Blog, BlogImport, RowState
from bloghub.people.models import Person
from tests.aggregator.looks import rss
from tests.aggregator.test_commands import Run
from tests.web import Answer, Web

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed(web: Web, tmp_path: Path) -> Path:
    """Two blogs in OPML, one that is broken, and the first once more."""
    web.routes |= {"/a": rss("A"), "/b": rss("B"), "/broken": Answer(status=500)}
    outlines = [f'<outline text="{name}" xmlUrl="{web.url}/{name}"/>' for name in ("a", "broken", "b", "a")]
    path = tmp_path / "blogs.opml"
    path.write_text("\n".join(["<opml><body>", *outlines, "</body></opml>"]))
    return path


def beginnings(run: Run) -> list[str]:
    return [" ".join(line.split(" ")[:3]) for line in run.lines]


def test_an_opml_list_is_registered_row_by_row(listed: Path) -> None:
    run = Run("import_blogs", str(listed))
    assert run.code == 1
    assert beginnings(run) == ["line 2: registered:", "line 3: failed:", "line 4: registered:", "line 5: known"]
    assert set(Blog.objects.values_list("title", flat=True)) == {"A", "B"}
    assert not BlogImport.objects.exists()  # all of it is told


def test_a_dry_run_tells_what_would_be_and_registers_nothing(listed: Path) -> None:
    run = Run("import_blogs", str(listed), "--dry-run")
    assert run.code == 1
    assert beginnings(run) == ["line 2: can", "line 3: failed:", "line 4: can", "line 5: twice:"]
    assert not Blog.objects.exists()


def test_after_a_dry_run_only_what_failed_is_visited_again(listed: Path, web: Web) -> None:
    Run("import_blogs", str(listed), "--dry-run")
    web.routes["/broken"] = rss("C")
    visits = web.count("/a")
    run = Run("import_blogs", str(listed))
    assert (run.code, run.lines[0]) == (0, "going on: 4 of 4 were looked at before")
    assert (web.count("/a"), Blog.objects.count()) == (visits, 3)


def test_a_second_dry_run_looks_again(listed: Path, web: Web) -> None:
    Run("import_blogs", str(listed), "--dry-run")
    web.routes["/broken"] = rss("C")
    assert Run("import_blogs", str(listed), "--dry-run").code == 0
    assert BlogImport.objects.count() == 1


def test_stopped_it_goes_on_where_it_was(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle, slices = working.settle, []

    def interrupted(taken: working.Slice) -> object:
        slices.append(taken)
        if len(slices) == 2:
            raise KeyboardInterrupt
        return settle(taken)

    monkeypatch.setattr(working, "SLICE", 2)
    monkeypatch.setattr(working, "settle", interrupted)
    run = Run("import_blogs", str(listed))
    assert run.code == 130
    assert "run the same command again" in run.lines[-1]
    monkeypatch.setattr(working, "settle", settle)
    monkeypatch.setattr(working, "LEASE", working.LEASE * 0)  # what was stopped so hard keeps its lease
    BlogImport.objects.get().rows.update(lease_until=None)
    again = Run("import_blogs", str(listed))
    assert (again.code, Blog.objects.count()) == (1, 2)
    assert beginnings(again)[1:] == ["line 2: registered:", "line 3: failed:", "line 4: registered:", "line 5: known"]


def test_ctrl_c_gives_back_what_was_under_way(listed: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes while the command waits for the network."""
    web.routes["/b"] = Answer(wait=60)
    monkeypatch.setattr(working, "PULSE", 0.05)
    judged = working._judged

    def interrupted(taken: working.Slice, seen: dict[int, object]) -> object:
        if not seen and BlogImport.objects.get().counts()[RowState.READY]:
            raise KeyboardInterrupt
        return judged(taken, seen)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(working, "_judged", interrupted)
    assert Run("import_blogs", str(listed)).code == 130
    rows = BlogImport.objects.get().rows
    assert rows.filter(state=RowState.WAITS).count() == 1
    assert not rows.exclude(lease_until=None).exists()


def test_a_table_brings_titles_and_owners(web: Web, tmp_path: Path, aino: Person) -> None:
    web.routes["/a"] = rss("")
    path = tmp_path / "blogs.csv"
    path.write_text(f"owner;url;title\nAino@Example.com;{web.url}/a;Engines\n")
    assert Run("import_blogs", str(path)).code == 0
    blog = Blog.objects.get()
    assert (blog.title, list(blog.owners.all())) == ("Engines", [aino])


def test_the_format_can_be_said(web: Web, tmp_path: Path) -> None:
    web.routes["/a"] = rss("A")
    path = tmp_path / "blogs"
    path.write_text(f"{web.url}/a,A,nobody\n")
    assert Run("import_blogs", str(path), "--format", "csv").code == 0
    assert Run("import_blogs", str(path), "--format", "opml").code == 2
    assert Blog.objects.count() == 1


def test_in_a_terminal_a_bar_shows_how_far_it_is(listed: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with pytest.raises(SystemExit):
        call_command("import_blogs", str(listed), stdout=out)
    assert "\r\033[K[" in out.getvalue()
    assert "4 of 4 looked at" in out.getvalue()
    assert "\033" not in "\n".join(Run("import_blogs", str(listed)).lines)


def test_workers_leave_a_shells_import_alone_and_an_admin_may_take_it_over(
    listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = working.take

    def taken_over(pk: int, *moment: object, **options: object) -> working.Slice | None:
        BlogImport.objects.get(pk=pk).resume()
        return take(pk, *moment, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(working, "take", taken_over)
    run = Run("import_blogs", str(listed))
    assert run.code == 1
    assert "Somebody else" in run.lines[-1]
