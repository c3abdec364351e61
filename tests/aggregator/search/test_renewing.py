"""Posts that an older version stored become findable: by the hub itself, or at once by ``index_search``."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from aggregator.models import Post, Searchable, SearchWord
from aggregator.search import posts as search_posts
from aggregator.search.index import INDEX_VERSION
from aggregator.tasks import catch_up_with_search
from bloghub.people.models import Person
from comments.models import Comment
from tests.comments.threads import say

pytestmark = pytest.mark.django_db

NO_WORDS = "done: the words of 0 rows"


def said(*words: str) -> list[str]:
    out = io.StringIO()
    call_command("index_search", *words, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_posts, "BATCH", 2)


def test_it_writes_the_rows_that_are_missing_and_says_how_far_it_is(
    make_post: Callable[..., Post], aino: Person, small_batches: None
) -> None:
    posts = [make_post() for _ in range(3)]
    comment = say(posts[0], aino, "Hello")
    assert said() == [
        f"2 of 3 posts, up to {posts[1].pk}",
        f"3 of 3 posts, up to {posts[2].pk}",
        f"1 of 1 comments, up to {comment.pk}",
        "done: 3 posts, 1 comments",
        "the words of 4 rows counted",
        "done: the words of 4 rows",
    ]
    assert Searchable.objects.count() == 4
    assert SearchWord.objects.filter(word="hello").exists()
    assert said()[0] == "done: 0 posts, 0 comments"


def test_rows_of_another_version_are_written_anew(make_post: Callable[..., Post]) -> None:
    old, new = make_post(), make_post()
    said()
    Searchable.objects.filter(post=old).update(version=INDEX_VERSION - 1, words="")
    assert said()[-3] == "done: 1 posts, 0 comments"
    assert Searchable.objects.get(post=old).words
    assert said("--all")[-3] == "done: 2 posts, 0 comments"
    assert said("--all", "--after", f"posts:{old.pk}")[-3] == "done: 1 posts, 0 comments"
    assert said("--all", "--after", "comments:0")[-3] == "done: 0 comments"
    assert new.pk > old.pk


def test_it_only_counts_when_asked_to(make_post: Callable[..., Post]) -> None:
    make_post()
    assert said("--words") == [NO_WORDS]


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    make_post: Callable[..., Post], small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [make_post() for _ in range(3)]
    index = search_posts.index_posts

    def interrupted(post_ids: list[int]) -> None:
        if posts[2].pk in post_ids:
            raise KeyboardInterrupt
        index(post_ids)

    monkeypatch.setattr(search_posts, "index_posts", interrupted)
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("index_search", "--all", stdout=out)
    assert end.value.code == 130
    assert out.getvalue().splitlines()[-1].endswith(f"manage.py index_search --all --after posts:{posts[1].pk}")
    assert Searchable.objects.count() == 2


@pytest.mark.parametrize("words", ["posts", "posts:x", "people:3", ":"])
def test_it_refuses_to_start_nowhere(words: str) -> None:
    with pytest.raises(CommandError, match="posts or comments"):
        said("--after", words)


def test_the_hub_catches_up_by_itself_once(make_post: Callable[..., Post], aino: Person) -> None:
    say(make_post(), aino)
    catch_up_with_search()
    assert Searchable.objects.count() == 2
    Searchable.objects.all().delete()
    catch_up_with_search()  # has been through all rows: what is gone since is none of its business
    assert not Searchable.objects.exists()
    assert Comment.objects.exists()
