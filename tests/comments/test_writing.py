"""Saying something by the page: it works with and without a script, and no refusal loses the text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Post
from aggregator.models.blog import Audience
from bloghub.people.models import Person
from comments import store
from comments.models import Comment, CommentState, Revision, Thread
from tests.comments.saying import say

pytestmark = pytest.mark.django_db

MakePost = Callable[..., Post]
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def post(make_post: MakePost, bo: Person) -> Post:
    return make_post(author=bo)


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def address(post: Post) -> str:
    return f"/posts/{post.pk}/comments/new/"


def test_what_is_sent_stands_under_the_post(reader: Client, aino: Person, post: Post) -> None:
    answer = reader.post(address(post), {"body": "I *know* this.", "key": str(uuid4()), "watch": "on"})
    comment = Comment.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/comments/{comment.pk}/"
    assert (comment.author, comment.html) == (aino, "<p>I <em>know</em> this.</p>")
    assert "<em>know</em>" in reader.get(answer["Location"], follow=True).content.decode()


def test_the_page_of_the_post_has_the_form(reader: Client, post: Post) -> None:
    page = reader.get(post.get_absolute_url()).content.decode()
    assert f'action="{address(post)}"' in page
    assert "Say something to Bo Ekdahl" in page
    assert "Say it as Aino Lehtinen" in page


def test_the_page_keeps_its_entity_tag_until_something_is_said(reader: Client, bo: Person, post: Post) -> None:
    first = reader.get(post.get_absolute_url())["ETag"]
    assert reader.get(post.get_absolute_url())["ETag"] == first
    say(bo, post)
    assert reader.get(post.get_absolute_url())["ETag"] != first


def test_a_script_gets_the_comment_and_a_fresh_form(reader: Client, post: Post) -> None:
    answer = reader.post(address(post), {"body": "At once."}, headers=SCRIPT)
    page = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#arrivals")
    assert "At once." in page
    assert 'hx-swap-oob="true"' in page
    assert answer["X-Said"] == f"{post.pk}-0"


def test_a_script_also_gets_what_others_said_meanwhile(reader: Client, bo: Person, post: Post) -> None:
    say(bo, post, "Before the page.")
    say(bo, post, "Meanwhile.")
    page = reader.post(address(post), {"body": "Mine.", "after": "1"}, headers=SCRIPT).content.decode()
    assert "Meanwhile." in page
    assert "Before the page." not in page


def test_an_answer_stands_under_what_it_answers(reader: Client, bo: Person, post: Post) -> None:
    parent = say(bo, post, "Who knows?")
    page = reader.get(f"{address(post)}?parent={parent.pk}").content.decode()
    assert "Answer Bo Ekdahl" in page
    assert "Who knows?" in page
    reader.post(address(post), {"body": "I do.", "parent": str(parent.pk)})
    assert Comment.objects.get(body="I do.").path == [1, 2]


def test_a_script_gets_the_form_of_an_answer_alone(reader: Client, bo: Person, post: Post) -> None:
    parent = say(bo, post)
    page = reader.get(f"{address(post)}?parent={parent.pk}", headers=SCRIPT).content.decode()
    assert page.lstrip().startswith("<form")
    assert "<html" not in page


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "nothing to read"),
        ("   \n\n ", "nothing to read"),
        ("> > >", "nothing to read"),
        ("\u202e\u200b\u2800", "nothing to read"),
        ("[a]: https://x.example", "nothing to read"),
        ("x" * 100_000, "has room for 10,000 characters; this has 100,000"),
    ],
)
def test_what_cannot_be_said_is_kept_in_the_form(reader: Client, post: Post, body: str, says: str) -> None:
    answer = reader.post(address(post), {"body": body})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert 'role="alert"' in page
    assert body[:1000].replace(">", "&gt;").strip() in page
    assert not Comment.objects.exists()


def test_a_locked_conversation_says_so_and_keeps_the_text(reader: Client, post: Post) -> None:
    Thread.objects.create(post=post, locked_at=timezone.now(), locked_because="It went in circles")
    answer = reader.post(address(post), {"body": "My long thoughts"})
    assert answer.status_code == 422
    assert "It went in circles" in answer.content.decode()
    assert "My long thoughts" in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "says"), [("deleted", "deleted by its writer"), ("hidden", "hidden by a moderator"), ("held", "not here")]
)
def test_an_answer_to_what_has_gone_is_kept(reader: Client, bo: Person, post: Post, state: str, says: str) -> None:
    parent = say(bo, post)
    Comment.objects.filter(pk=parent.pk).update(state=state)
    answer = reader.post(address(post), {"body": "My answer", "parent": str(parent.pk)})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "My answer" in answer.content.decode()


@pytest.mark.parametrize("state", [CommentState.HIDDEN, CommentState.HELD])
def test_a_refused_answer_does_not_show_what_it_cannot_answer(
    reader: Client, bo: Person, post: Post, state: CommentState
) -> None:
    comment = say(bo, post, "Awful words")
    Comment.objects.filter(pk=comment.pk).update(state=state)
    answer = reader.post(address(post), {"body": "Mine", "parent": comment.pk})
    assert answer.status_code == 422
    assert "Awful" not in answer.content.decode()


def test_a_post_that_went_away_or_was_never_open_sounds_the_same(
    reader: Client, make_blog: Callable[..., Blog], make_post: MakePost, crew: Group
) -> None:
    secret = make_post(make_blog(for_groups=(crew,)), title="Secret plan")
    answers = [reader.post(f"/posts/{pk}/comments/new/", {"body": "My words"}) for pk in (secret.pk, 10**9, 10**30)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert all("no longer there" in answer.content.decode() for answer in answers)
    assert all("My words" in answer.content.decode() for answer in answers)
    assert "Secret plan" not in answers[0].content.decode()
    assert not Comment.objects.exists()


def test_a_script_is_told_that_the_post_went_away(reader: Client) -> None:
    answer = reader.post("/posts/999/comments/new/", {"body": "My words"}, headers=SCRIPT)
    assert answer.status_code == 404
    assert answer.content.decode().startswith("This post is no longer there")  # its form holds the text


@pytest.mark.parametrize("parent", ["0", "-1", "x", "9" * 30, "1; DROP TABLE"])
def test_an_odd_parent_is_refused(reader: Client, post: Post, parent: str) -> None:
    assert reader.post(address(post), {"body": "Words", "parent": parent}).status_code == 422
    assert reader.get(address(post), {"parent": parent}).status_code == 404


def test_what_else_a_form_carries_has_no_effect(reader: Client, aino: Person, bo: Person, post: Post) -> None:
    more = {
        "author": bo.pk,
        "author_id": bo.pk,
        "state": "visible",
        "html": "<b>",
        "number": 99,
        "published_at": "2000-01-01",
    }
    reader.post(address(post), {"body": "Mine", **more})
    comment = Comment.objects.get()
    assert (comment.author, comment.number, comment.html) == (aino, 1, "<p>Mine</p>")


def test_a_look_stores_nothing_and_keeps_the_form(reader: Client, post: Post) -> None:
    page = reader.post(address(post), {"body": "Some *words*", "look": "1"}).content.decode()
    assert "<em>words</em>" in page
    assert "Some *words*" in page
    assert not Comment.objects.exists()


def test_a_preview_names_no_titles_of_hidden_posts(
    reader: Client, make_blog: Callable[..., Blog], make_post: MakePost, crew: Group, post: Post
) -> None:
    secret = make_post(make_blog(for_groups=(crew,)), title="Secret plan")
    body = f"See /posts/{secret.pk}/"
    assert "Secret plan" not in reader.post(address(post), {"body": body, "look": "1"}).content.decode()
    assert reader.post(address(secret), {"body": body, "look": "1"}).status_code == 404


def test_somebody_mentioned_who_may_not_see_the_post_is_named(
    client: Client, aino: Person, bo: Person, make_blog: Callable[..., Blog], make_post: MakePost, crew: Group
) -> None:
    aino.groups.add(crew)
    client.force_login(aino)
    post = make_post(make_blog(for_groups=(crew,)))
    answer = client.post(address(post), {"body": "Ask @bo and @aino"}, follow=True)
    assert "Bo Ekdahl cannot see this post and was not told." in answer.content.decode()


def test_only_the_writer_changes_a_comment(reader: Client, aino: Person, bo: Person, post: Post) -> None:
    mine, other = say(aino, post, "Mine"), say(bo, post, "Another's")
    assert "Mine" in reader.get(f"/comments/{mine.pk}/edit/").content.decode()
    assert reader.post(f"/comments/{mine.pk}/edit/", {"body": "Changed"}).status_code == 303
    for action in ("edit", "delete", "undelete"):
        assert reader.post(f"/comments/{other.pk}/{action}/", {"body": "Changed"}).status_code == 404
    assert sorted(Comment.objects.values_list("body", flat=True)) == ["Another's", "Changed"]


def test_a_refused_change_keeps_the_text(reader: Client, aino: Person, post: Post) -> None:
    mine = say(aino, post, "Mine")
    answer = reader.post(f"/comments/{mine.pk}/edit/", {"body": "x" * 10_001})
    assert answer.status_code == 422
    assert "x" * 10_001 in answer.content.decode()


def test_a_change_of_what_has_been_hidden_meanwhile_keeps_the_text(reader: Client, aino: Person, post: Post) -> None:
    mine = say(aino, post, "Mine")
    store.hide(mine, "Unkind", timezone.now())
    answer = reader.post(f"/comments/{mine.pk}/edit/", {"body": "My other words"})
    assert answer.status_code == 422
    assert "has been removed" in answer.content.decode()
    assert "My other words" in answer.content.decode()


def test_a_change_under_a_post_that_went_away_keeps_the_text(reader: Client, aino: Person, post: Post) -> None:
    mine = say(aino, post, "Mine")
    Blog.objects.update(audience=Audience.GROUPS)
    answer = reader.post(f"/comments/{mine.pk}/edit/", {"body": "My other words"})
    assert answer.status_code == 404
    assert "no longer there" in answer.content.decode()
    assert "My other words" in answer.content.decode()


def test_deleting_asks_first_and_can_be_undone(reader: Client, aino: Person, post: Post) -> None:
    mine = say(aino, post, "Regretted")
    assert "Delete this comment?" in reader.get(f"/comments/{mine.pk}/delete/").content.decode()
    page = reader.post(f"/comments/{mine.pk}/delete/", follow=True).content.decode()
    assert "Regretted" not in page
    assert f"/comments/{mine.pk}/undelete/" in page
    assert Revision.objects.get().body == "Regretted"
    assert "Regretted" in reader.post(f"/comments/{mine.pk}/undelete/", follow=True).content.decode()


def test_bringing_back_too_late_says_so(reader: Client, aino: Person, post: Post) -> None:
    mine = say(aino, post, "Regretted")
    reader.post(f"/comments/{mine.pk}/delete/")
    Comment.objects.update(removed_at=timezone.now() - timedelta(minutes=1))
    assert "too late" in reader.post(f"/comments/{mine.pk}/undelete/", follow=True).content.decode()
    assert Comment.objects.get().state == CommentState.DELETED


def test_getting_changes_nothing(reader: Client, aino: Person, post: Post) -> None:
    mine = say(aino, post)
    for path in (address(post), f"/comments/{mine.pk}/edit/", f"/comments/{mine.pk}/delete/"):
        assert reader.get(path).status_code == 200
    assert reader.get(f"/comments/{mine.pk}/undelete/").status_code == 405
    assert Comment.objects.get().state == CommentState.VISIBLE


def test_strangers_are_led_to_the_form_after_sign_in(client: Client, post: Post) -> None:
    answer = client.post(address(post), {"body": "Words"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={address(post)}"


def test_a_form_that_has_ended_shows_the_text_again(aino: Person, post: Post) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(aino)
    answer = client.post(address(post), {"body": "My <words>", "csrfmiddlewaretoken": "old"})
    assert answer.status_code == 403
    assert "My &lt;words&gt;" in answer.content.decode()
    assert not Comment.objects.exists()
