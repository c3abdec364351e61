"""The conversation on the page of a post, and what is asked about it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Post, Reading
from bloghub.people.models import Person
from comments.models import Comment, CommentState, CommentVote, Thread
from tests.aggregator.pages import text_of
from tests.comments.threads import say

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]
_COMMENT = re.compile(r'<li class="comment[^"]*" id="c(\d+)">')


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def numbers(html: str) -> list[int]:
    return [int(number) for number in _COMMENT.findall(html)]


def test_it_shows_who_speaks_where_from_and_what_they_say(
    reader: Client, make_post: MakePost, bo: Person, aino: Person
) -> None:
    post = make_post(author=bo)
    first = say(post, aino, "Is it true?")
    say(post, bo, "Nearly.", first)
    html = text_of(reader, post.get_absolute_url())
    assert "2 comments. 2 people take part. They write from 2 places. 1 answers another comment." in html
    assert html.index("Is it true?") < html.index("1 answer<") < html.index("Nearly.")
    assert "wrote this post" in html
    assert f'href="/comments/{first.pk}/"' in html


def test_names_are_text_however_they_are_spelt(reader: Client, make_post: MakePost) -> None:
    post = make_post()
    evil = Person.objects.create_user("evil", display_name='<img src=x onerror="1"> %(html)s', team="<b>", site="%s")
    say(post, evil, "100 % of it, %(name)s")
    say(post, None, "x", author_name='"><script>', origin="blog")
    html = text_of(reader, post.get_absolute_url())
    assert "<img src=x" not in html
    assert "<script>" not in html.split('id="conversation"')[1]
    assert "&lt;img src=x onerror=&quot;1&quot;&gt; %(html)s" in html
    assert "100 % of it, %(name)s" in html


@pytest.mark.parametrize("count", [1, 50])
def test_the_number_of_queries_does_not_grow(
    reader: Client,
    make_post: MakePost,
    bo: Person,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    post = make_post()
    for _comment in range(count):
        say(post, bo)
    reader.get(post.get_absolute_url())
    with django_assert_num_queries(4):  # session with person, bell, post, standpoint; comments are kept
        html = text_of(reader, post.get_absolute_url())
    assert len(numbers(html)) == count


def test_an_answer_too_deep_to_draw_says_whom_it_answers(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    comment = None
    for _depth in range(6):
        comment = say(post, bo, parent=comment)
    html = text_of(reader, post.get_absolute_url())
    assert html.count('answering <a href="#c5"><bdi>Bo Ekdahl</bdi></a>') == 1
    assert html.count("answering <a") == 1


def test_an_answer_that_was_hidden_is_not_counted_as_none(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    say(post, bo, "insult", say(post, bo, "question"), state=CommentState.HIDDEN)
    html = text_of(reader, post.get_absolute_url())
    assert "<summary>An answer that is gone</summary>" in html


def test_a_deleted_comment_keeps_its_place_above_answers_only(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    gone = say(post, bo, "regret", state=CommentState.DELETED)
    say(post, bo, "answer", gone)
    say(post, bo, "alone", state=CommentState.DELETED)
    html = text_of(reader, post.get_absolute_url())
    assert numbers(html) == [1, 2]
    assert "regret" not in html
    assert "Its writer has deleted this comment." in html


def test_a_hidden_comment_tells_why_and_not_what(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    say(post, bo, "insult", state=CommentState.HIDDEN, removed_because="It attacks a person")
    html = text_of(reader, post.get_absolute_url())
    assert "insult" not in html
    assert "It attacks a person" in html


def test_a_held_comment_is_for_its_writer_and_moderators(
    client: Client, make_post: MakePost, bo: Person, aino: Person, admin: Person
) -> None:
    post = make_post()
    held = say(post, bo, "six links", state=CommentState.HELD)
    for person, sees in ((bo, True), (aino, False), (admin, True)):
        client.force_login(person)
        assert ("six links" in text_of(client, post.get_absolute_url())) == sees
        assert client.get(f"/comments/{held.pk}/").status_code == (302 if sees else 404)


def test_a_long_thread_comes_in_pieces_and_every_permalink_finds_its_own(
    reader: Client, make_post: MakePost, bo: Person
) -> None:
    post = make_post()
    comments = [say(post, bo) for _comment in range(130)]
    address = post.get_absolute_url()
    first = text_of(reader, address)
    assert len(numbers(first)) == 60
    assert "Show the other 70 comments" in first
    assert reader.get(f"/comments/{comments[99].pk}/")["Location"] == f"{address}?comment=100#c100"
    found = text_of(reader, f"{address}?comment=100")
    assert "60 comments before these" in found
    assert 'class="comment d0 is-asked" id="c100"' in found
    pieces = [text_of(reader, f"{address}?piece={piece}") for piece in (1, 2, 3)]
    assert [number for piece in pieces for number in numbers(piece)] == list(range(1, 131))
    assert len(numbers(text_of(reader, f"{address}?piece=all"))) == 130


@pytest.mark.parametrize("query", ["piece=0", "piece=99", "piece=-1", "comment=x", "order=x", "comment=99999999999"])
def test_an_address_that_makes_no_sense_shows_the_conversation(
    reader: Client, make_post: MakePost, bo: Person, query: str
) -> None:
    post = make_post()
    say(post, bo)
    assert numbers(text_of(reader, f"{post.get_absolute_url()}?{query}")) == [1]


def test_new_is_what_others_said_since_the_last_visit(
    reader: Client, make_post: MakePost, bo: Person, aino: Person
) -> None:
    post = make_post()
    say(post, bo)
    address = post.get_absolute_url()
    assert "new to you" not in text_of(reader, address)
    reader.post(f"/posts/{post.pk}/reading/", {"seen": "1"})
    say(post, bo)
    say(post, aino)
    html = text_of(reader, address)
    assert "1 new to you" in html
    assert html.count("is-new") == 1
    assert '<span class="hidden">New</span>' in html


def test_reading_goes_forward_only_and_not_past_what_there_is(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    for _comment in range(3):
        say(post, bo)
    for told, come_to in (("2", 2), ("1", 2), ("junk", 2), ("99", 3), ("-1", 3), ("9" * 5000, 3)):
        assert reader.post(f"/posts/{post.pk}/reading/", {"seen": told}).status_code == 302
        assert Reading.objects.get().comments_seen == come_to
    assert reader.get(f"/posts/{post.pk}/reading/").status_code == 405


def test_one_s_own_votes_show_and_nobody_else_s(client: Client, make_post: MakePost, bo: Person, aino: Person) -> None:
    post = make_post()
    comment = say(post, None, author_name="Harald", origin="blog", vote_count=1)
    CommentVote.objects.create(comment=comment, person=aino)
    for person, pressed in ((aino, "true"), (bo, "false")):
        client.force_login(person)
        html = text_of(client, post.get_absolute_url())
        assert f'id="v1" form="act" aria-pressed="{pressed}"' in html


def test_only_one_s_own_can_be_changed(reader: Client, make_post: MakePost, bo: Person, aino: Person) -> None:
    post = make_post()
    own, other = say(post, aino), say(post, bo)
    html = text_of(reader, post.get_absolute_url())
    assert f"/comments/{own.pk}/edit/" in html
    assert f"/comments/{other.pk}/edit/" not in html
    assert f"/comments/{other.pk}/vote/" in html
    assert f"/comments/{own.pk}/vote/" not in html


def test_a_locked_thread_says_so_and_offers_no_form(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    say(post, bo)
    Thread.objects.create(post=post, locked_at=timezone.now(), locked_because="All is said")
    html = text_of(reader, post.get_absolute_url())
    assert "This conversation is locked" in html
    assert "All is said" in html
    assert "<textarea" not in html
    assert "comments/new/" not in html


def test_a_stranger_reads_and_is_asked_to_sign_in(
    client: Client, make_post: MakePost, bo: Person, settings: Settings
) -> None:
    settings.ANONYMOUS_READING = True
    post = make_post()
    say(post, bo, "Hello.")
    html = text_of(client, post.get_absolute_url())
    assert "Hello." in html
    assert "Sign in to say something" in html
    assert 'form="act"' not in html


def test_what_is_fresh_is_counted_once_and_then_not_modified(
    reader: Client, make_post: MakePost, bo: Person, aino: Person
) -> None:
    post = make_post()
    say(post, bo)
    address = f"/posts/{post.pk}/comments/fresh/?after=1"
    quiet = reader.get(address)
    assert quiet.content.strip() == b""
    assert reader.get(address, headers={"If-None-Match": quiet["ETag"]}).status_code == 304
    say(post, bo, "fresh one")
    say(post, aino, "my own")
    loud = reader.get(address, headers={"If-None-Match": quiet["ETag"]})
    assert "1 new comment<" in loud.content.decode()
    assert reader.get(address, headers={"If-None-Match": loud["ETag"]}).status_code == 304


def test_one_hidden_and_another_restored_is_not_the_same_news(
    reader: Client, make_post: MakePost, bo: Person, aino: Person
) -> None:
    post = make_post()
    say(post, bo)
    mine, theirs = say(post, aino), say(post, bo)
    Comment.objects.filter(pk=theirs.pk).update(state=CommentState.HIDDEN)
    address = f"/posts/{post.pk}/comments/fresh/?after=1"
    quiet = reader.get(address)
    Comment.objects.filter(pk=theirs.pk).update(state=CommentState.VISIBLE)
    Comment.objects.filter(pk=mine.pk).update(state=CommentState.HIDDEN)
    again = reader.get(address, headers={"If-None-Match": quiet["ETag"]})
    assert "1 new comment<" in again.content.decode()


def test_what_has_arrived_names_its_place(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    first = say(post, bo)
    second = say(post, bo, parent=first)
    say(post, bo)
    say(post, bo, parent=second)
    html = text_of(reader, f"/posts/{post.pk}/comments/fresh/?after=2&show=1")
    assert numbers(html) == [4, 3]
    assert 'data-into="c2"' in html
    assert 'data-into="thread"' in html
    assert html.count("is-new") == 2


@pytest.mark.parametrize("path", ["/comments/{comment}/", "/posts/{post}/comments/", "/posts/{post}/comments/fresh/"])
def test_a_blog_for_others_keeps_its_conversation(
    reader: Client, make_blog: Callable[..., Blog], make_post: MakePost, crew: Group, bo: Person, path: str
) -> None:
    post = make_post(make_blog(for_groups=(crew,)))
    comment = say(post, bo)
    assert reader.get(path.format(comment=comment.pk, post=post.pk)).status_code == 404


def test_whoever_has_left_is_called_so_everywhere(reader: Client, make_post: MakePost) -> None:
    post = make_post()
    gone = say(post, None, "Farewell.")
    html = text_of(reader, post.get_absolute_url())
    assert 'aria-label="Somebody who has left"' in html
    assert "<bdi>Somebody who has left</bdi>" in html
    assert "<bdi></bdi>" not in html
    form = text_of(reader, f"/posts/{post.pk}/comments/new/?parent={gone.pk}")
    assert "Answer Somebody who has left" in form


def test_the_picture_marks_as_new_what_the_words_count(
    reader: Client, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    for writer in (bo, aino, bo, aino):
        say(post, writer)
    Reading.objects.create(person=aino, post=post, comments_seen=1)
    html = text_of(reader, post.get_absolute_url())
    assert "1 is new to you." in html
    picture = html[html.index('role="img"') : html.index('class="jumps"')]
    assert picture.count('class="voice new"') == 1
