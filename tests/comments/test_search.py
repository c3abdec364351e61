"""A comment can be found as soon as it is said, as long as everybody may read it, and by the words it has now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Post, Searchable
from aggregator.search.kinds import kind_of
from bloghub.people.models import Person
from comments import store
from comments.models import Comment, CommentState
from comments.renewing import render_comments
from tests.comments.saying import say, settle

pytestmark = pytest.mark.django_db


def found(asked: str) -> list[int | None]:
    rows = Searchable.objects.extra(where=["words @@ %s::tsquery"], params=[asked])
    return list(rows.order_by("comment_id").values_list("comment_id", flat=True))


@pytest.fixture
def post(make_post: Callable[..., Post]) -> Post:
    return make_post(language="fi")


def test_it_is_found_by_its_words_its_writer_and_what_it_is(post: Post, aino: Person) -> None:
    comment = say(aino, post, "Kiitos `pumppu`")
    facets = (":kc", f":a{aino.pk}", f":b{post.blog_id}", ":lfi", ":code", f":m{comment.published_at:%Y%m}")
    for lexeme in ("kiitos", "lehtinen", "aino", *facets):
        assert found(f"'{lexeme}'") == [comment.pk], lexeme
    row = Searchable.objects.get()
    assert (row.post, row.author, row.published_at, row.language) == (post, aino, comment.published_at, "fi")


def test_a_longer_one_speaks_a_language_of_its_own(post: Post, aino: Person) -> None:
    say(aino, post, "This is what we have seen with the pumps of the other house, and it was not good at all.")
    assert found("':len' & 'pumps'")


def test_an_edit_is_found_by_its_new_words_alone(post: Post, aino: Person) -> None:
    comment = say(aino, post, "First words")
    store.revise(comment, "Other thoughts", timezone.now())
    assert found("'thoughts'") == [comment.pk] and not found("'first'")


def test_what_is_held_is_found_when_it_is_let_through(post: Post, aino: Person) -> None:
    links = " ".join(f"https://a.example/{number}" for number in range(9))
    comment = say(aino, post, f"Look {links}")
    assert comment.state == CommentState.HELD and not found("':kc'")
    store.revise(comment, f"See {links}", timezone.now())
    assert not found("':kc'")
    store.show(comment, timezone.now())
    assert found("'see'") == [comment.pk]


def test_what_is_hidden_is_found_when_it_is_shown_again(post: Post, aino: Person) -> None:
    comment = say(aino, post, "Rude words")
    store.hide(comment, "rude", timezone.now())
    assert not found("':kc'")
    store.show(comment, timezone.now())
    assert found("'rude'") == [comment.pk]


def test_what_is_deleted_is_found_when_that_is_undone(post: Post, aino: Person) -> None:
    comment = say(aino, post, "Rash words")
    store.withdraw(comment, timezone.now())
    assert not found("':kc'")
    store.bring_back(comment, timezone.now() + timedelta(seconds=1))
    assert found("'rash'") == [comment.pk]


def test_it_goes_with_its_post(post: Post, aino: Person) -> None:
    say(aino, post)
    post.delete()
    assert not Searchable.objects.exists()


def test_rendered_anew_it_is_found_by_what_it_shows(post: Post, aino: Person) -> None:
    comment = say(aino, post, "Words")
    Comment.objects.filter(pk=comment.pk).update(body="Thoughts", renderer_version=0)
    list(render_comments())
    assert found("'thoughts'") == [comment.pk] and not found("'words'")


def test_what_comments_say_comes_with_one_query(
    post: Post, aino: Person, bo: Person, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    settle(bo, post)
    shown, hidden = say(aino, post, "Here"), say(bo, post, "Not here")
    store.hide(hidden, "rude", timezone.now())
    with django_assert_num_queries(1):
        assert kind_of("c").texts([shown.pk, hidden.pk]) == {shown.pk: "<p>Here</p>"}
