"""A restricted blog for those outside of its audience: no address says that it is there (checks Z1, Z3).

Aino was inside once, talked there, was told of it, and left: whatever she did then must not open it now.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Post
from aggregator.removal import remove_blogs
from bloghub.people.models import Person
from comments import cases
from comments.limits import UNDO
from comments.models import Comment
from tests import everything
from tests.everything import Address, Cast, Conversation, Ids, browser_of
from tests.scale import scaled

SECRET = "Quendor"  # stands in every word of the restricted blog
POST, COMMENT = 876_543_000, 876_544_000  # ids that nothing else has
# Where words of it may come back: not from the hub, but from the address that was asked for
TELLS = re.compile(rf"{SECRET}|{POST // 1000}\d\d\d|{COMMENT // 1000}\d\d\d|sealed", re.IGNORECASE)
_CHANGING = re.compile(r'(name="(?:csrfmiddlewaretoken|until|key)" value=")[^"]*')


@pytest.fixture
def secret(
    cast: Cast, crew: Group, make_blog: Callable[..., Blog], make_post: Callable[..., Post], settings: Settings
) -> Conversation:
    """A conversation on a restricted blog of Bo's, and an open one beside it; Aino and the moderator have left."""
    settings.ANONYMOUS_READING = True
    everything.settle(cast, timezone.now())
    _start_at(1000)
    everything.happen(make_post(author=cast.bo, title="Open"), cast, "Open", ago=timedelta(hours=5))
    blog = make_blog(f"{SECRET} blog", for_groups=(crew,), description=f"{SECRET} about")
    Blog.objects.filter(pk=blog.pk).update(slug="sealed")
    blog.refresh_from_db()
    blog.owners.add(cast.bo)
    crew.user_set.add(cast.bo, cast.aino, cast.judge)
    _start_at(COMMENT)
    post = make_post(
        blog,
        pk=POST,
        author=cast.bo,
        author_name=f"{SECRET} writer",
        title=f"{SECRET} title",
        excerpt=f"{SECRET} excerpt",
        content_html=f"<p>{SECRET} content</p>",
        ago=timedelta(minutes=90),
    )
    found = everything.happen(post, cast, SECRET)
    crew.user_set.remove(cast.aino, cast.judge)
    return found


def _start_at(number: int) -> None:
    """The next comment gets the id after this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('comments_comment', 'id'), %s)", [number])


@pytest.fixture
def addresses(secret: Conversation, cast: Cast) -> list[Address]:
    """Every address with the ids of what is restricted, and the lists with odd ways to ask."""
    found = everything.addresses(Ids(secret, cast))
    queries = [f"?q={SECRET}", f"?parent={secret.said.pk}", "?after=0&show=1", "?order=best&piece=all", "?before=0-0"]
    return found + [
        Address(one.route, one.path + query) for one in found for query in queries if "admin/" not in one.path
    ]


def told(client: Client, address: Address, *, by_script: bool) -> list[str]:
    """What an answer gives away, beside the words of the address itself."""
    headers = {"HX-Request": "true"} if by_script else {}
    answer = client.get(address.path, headers=headers)
    content = b"".join(answer) if answer.streaming else answer.content
    text = content.decode(errors="replace") + "".join(f"{name}: {value}\n" for name, value in answer.items())
    text = re.sub(r"ID “\d+” doesn", "", text)  # the admin repeats what it was asked for, on the next page
    path, _question, query = address.path.partition("?")
    for asked in (
        address.path,
        address.path.replace("&", "&amp;"),
        path,
        quote(path),
        quote(path, ""),
        query.partition("=")[2],
    ):
        text = text.replace(asked, "") if asked else text
    return [
        f"{address.path}: …{text[max(0, match.start() - 60) : match.end() + 40]}…" for match in TELLS.finditer(text)
    ]


@pytest.mark.parametrize("who", scaled(["aino", "nobody", "judge"], few=2))
def test_no_address_tells_an_outsider_a_word(who: str, addresses: list[Address]) -> None:
    client = browser_of(Person.objects.filter(username=who).first())
    leaks = [
        line
        for address in addresses
        for by_script in (False, True)
        for line in told(client, address, by_script=by_script)
    ]
    assert leaks == []


def test_those_inside_are_told(addresses: list[Address]) -> None:
    """Or the other tests would show nothing."""
    client = browser_of(Person.objects.get(username="bo"))
    told_of = {address.route for address in addresses if told(client, address, by_script=False)}
    assert {"latest/", "blogs/", "tags/", "posts/<int:pk>/<name:slug>/", "notifications/", ""} <= told_of
    assert {"comments/<int:pk>/edit/", "people/<name:username>/", "posts/<int:pk>/comments/fresh/"} <= told_of


CLOSED = ("posts/", "comments/", "flags/", "blogs/<", "tags/<", "moderation/comments/")


@pytest.mark.parametrize("who", scaled(["aino", "nobody", "judge"], few=1))
def test_what_an_outsider_asks_for_is_not_there(who: str, addresses: list[Address], cast: Cast) -> None:
    """404, never 403: that something is forbidden would say that it is there."""
    client = browser_of(Person.objects.filter(username=who).first())
    wrong = []
    for address in addresses:
        if address.route.startswith(CLOSED):
            status = client.get(address.path).status_code
            to_sign_in = who == "nobody" and status == 302
            wrong += [(status, address.path)] if status not in {404, 405} and not to_sign_in else []
    assert wrong == []


@pytest.mark.parametrize("who", scaled(["aino", "judge"], few=1))
def test_nothing_that_an_outsider_sends_is_taken(who: str, addresses: list[Address]) -> None:
    client = browser_of(Person.objects.get(username=who))
    before = everything.tables()
    fields = {"body": "From outside", "because": "From outside", "reason": "unkind", "reply": "No", "note": ""}
    wrong: list[tuple[object, str]] = []
    for address in addresses:
        if address.route.startswith((*CLOSED, "moderation/comments/")) and "?" not in address.path:
            for sent in (fields | {"seconds": "300", "span": "day"}, fields | {"look": "1"}, {}):
                answer = client.post(address.path, sent)
                wrong += [(answer.status_code, address.path)] if answer.status_code not in {404, 405} else []
                wrong += [("told", address.path)] if SECRET in answer.content.decode() else []
    assert wrong == []
    assert everything.tables() == before


def test_neither_preview_nor_answer_names_it_elsewhere(secret: Conversation, cast: Cast) -> None:
    """Whoever may see it links to it under an open post: its title stays inside."""
    client = browser_of(cast.bo)
    post = Post.objects.get(title="Open")
    words = f"See /posts/{POST}/ and http://testserver/posts/{POST}/"
    look = client.post(f"/posts/{post.pk}/comments/new/", {"body": words, "look": "1"}).content.decode()
    assert "See" in look
    assert SECRET not in look
    assert client.post(f"/posts/{post.pk}/comments/new/", {"body": words}).status_code == 303
    assert not Comment.objects.filter(post=post, html__contains=SECRET).exists()


def test_pages_are_what_they_would_be_without_it(secret: Conversation, cast: Cast) -> None:
    """Byte for byte, so that no count, order or rank tells of it, either."""
    lists = ["/", "/latest/", "/top/", "/discussed/", "/blogs/", "/people/", "/people/bo/", "/people/aino/", "/tags/"]
    lists += [
        "/notifications/",
        "/settings/digest/",
        "/people/suggestions/?q=b",
        "/tags/open-tag/",
        "/latest/?before=zzzzzzzzzz-zz",
    ]
    open_post = Post.objects.get(title="Open")
    # Not so lately that its writer may still bring it back, for ten seconds
    Comment.objects.filter(removed_at__gt=timezone.now() - UNDO).update(removed_at=timezone.now() - timedelta(hours=1))
    lists += [open_post.get_absolute_url(), open_post.blog.get_absolute_url()]
    clients = [browser_of(None), browser_of(cast.aino)]
    with_it = [seen(client, path) for client in clients for path in lists]
    for comment in Comment.objects.filter(post=secret.post):
        assert not cases.judged_by(cast.judge).filter(pk=comment.pk).exists()
    remove_blogs([secret.post.blog_id])
    without = [seen(client, path) for client in clients for path in lists]
    assert [path for path, one, other in zip(lists * 2, with_it, without, strict=True) if one != other] == []


def seen(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code in {200, 302}, path
    return _CHANGING.sub(r"\1", answer.content.decode())
