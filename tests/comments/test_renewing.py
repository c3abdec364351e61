"""Comments that an older renderer made look as today's do after ``render_comments``, and nobody hears of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from aggregator.models import Activity, Post
from bloghub.people.models import Person
from comments import renewing
from comments.models import Comment
from comments.rendering import RENDERER_VERSION
from comments.renewing import render_comments
from tests.comments.saying import say

pytestmark = pytest.mark.django_db
OLD = RENDERER_VERSION - 1


@pytest.fixture
def comments(make_post: Callable[..., Post], aino: Person, bo: Person) -> list[Comment]:
    """Five by an older renderer, which let something through."""
    post, writers = make_post(author=bo), (aino, bo)
    start = timezone.now() - timedelta(days=2)
    said = [say(writers[n % 2], post, f"*Words* {n}, @bo", now=start + n * timedelta(hours=1)) for n in range(5)]
    Comment.objects.update(html="<p onclick=x>Old</p>", excerpt="Old", renderer_version=OLD)
    Activity.objects.update(excerpt="Old")
    return said


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewing, "BATCH", 2)


def told(*words: str) -> list[str]:
    out = io.StringIO()
    call_command("render_comments", *words, stdout=out)
    return out.getvalue().splitlines()


def test_old_comments_look_as_new_ones_do(comments: list[Comment]) -> None:
    Comment.objects.update(told_at="2026-01-01T00:00Z")
    assert told()[-1] == "done: 5 comments rendered, 5 changed"
    first = Comment.objects.get(number=1)
    assert "<em>Words</em> 0" in first.html
    assert "/people/bo/" in first.html
    assert first.excerpt == Activity.objects.get(comment_id=first.pk).excerpt == comments[0].excerpt
    assert not Comment.objects.filter(told_at=None).exists()
    assert told() == ["done: 0 comments rendered, 0 changed"]
    assert told("--all")[-1] == "done: 5 comments rendered, 0 changed"


def test_what_was_deleted_or_said_on_the_blog_stays_as_it_is(comments: list[Comment]) -> None:
    Comment.objects.filter(number=1).update(state="deleted", body="", html="", excerpt="")
    Comment.objects.filter(number=2).update(origin="blog")
    assert told()[-1] == "done: 4 comments rendered, 3 changed"
    kept = dict(Comment.objects.filter(number__lte=2).values_list("number", "html"))
    assert kept == {1: "", 2: "<p onclick=x>Old</p>"}


@pytest.mark.usefixtures("small_batches")
def test_stopped_in_the_middle_it_goes_on_where_it_was(comments: list[Comment]) -> None:
    next(render_comments())
    assert Comment.objects.filter(renderer_version=OLD).count() == 3
    assert told() == [
        f"2 of 3 comments, 2 changed, up to comment {comments[3].pk}",
        f"3 of 3 comments, 3 changed, up to comment {comments[4].pk}",
        "done: 3 comments rendered, 3 changed",
    ]


@pytest.mark.usefixtures("small_batches")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    comments: list[Comment], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()

    def interrupted(comment: Comment) -> bool:
        if comment.pk == comments[2].pk:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(renewing, "_render", interrupted)
    with pytest.raises(SystemExit) as end:
        call_command("render_comments", "--all", stdout=out)
    assert end.value.code == 130
    assert out.getvalue().splitlines()[-1].endswith(f"manage.py render_comments --all --after {comments[1].pk}")
    assert Comment.objects.filter(renderer_version=RENDERER_VERSION).count() == 2
