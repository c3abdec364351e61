"""What the values of filters name, and what they leave of a search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Post, Tag, TaggedPost
from aggregator.search.matching import Answer, Asked, search
from aggregator.search.posts import index_posts
from aggregator.search.query import parse
from bloghub.people.models import Person


@pytest.fixture
def hub(make_blog: Callable[..., object], make_post: Callable[..., Post], bo: Person) -> None:
    """Four posts about valves, each unlike the others."""
    engines, ships = make_blog("Engine Room"), make_blog("Ships")
    posts = [
        make_post(engines, title="One", author=bo, ago=timedelta(days=3)),
        make_post(engines, title="Two", author_name="Zora Neale", content_html="<p>Valve</p><pre>x</pre>"),
        make_post(ships, title="Three", language="fi", comment_count=2),
        make_post(ships, title="Four in June", ago=timedelta(days=5000)),
    ]
    tag = Tag.objects.create(name="Heat pumps", slug="heat-pumps")
    TaggedPost.objects.create(tag=tag, content_object=posts[3], published_at=posts[3].published_at)
    for post in posts:
        Post.objects.filter(pk=post.pk).update(content_html=post.content_html + "<p>valve</p>")
    index_posts([post.pk for post in posts])


def ask(text: str, reader: Person) -> Answer:
    now = timezone.now()
    return search(Asked(parse(text, now.date())), reader, now)


def titles(answer: Answer) -> set[str]:
    return set(Post.objects.filter(pk__in=[hit.post_id for hit in answer.hits]).values_list("title", flat=True))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('blog:"engine room"', {"One", "Two"}),
        ('-blog:"Engine Room"', {"Three", "Four in June"}),
        ("blog:ships lang:fi", {"Three"}),
        ("author:bo", {"One"}),
        ('author:"Bo Ekdahl"', {"One"}),
        ("author:ekdahl", {"One"}),
        ('author:"zora neale"', {"Two"}),
        ("-author:bo", {"Two", "Three", "Four in June"}),
        ('tag:"heat-pumps"', {"Four in June"}),
        ("#Heat-Pumps", {"Four in June"}),
        ("lang:fi", {"Three"}),
        ("lang:Finnish", {"Three"}),
        ("lang:suomi", {"Three"}),
        ('team:"sea trials"', {"One"}),
        ("-site:Turku", {"Two", "Three", "Four in June"}),
        ("after:7d", {"One", "Two", "Three"}),
        ("before:7d", {"Four in June"}),
        ("has:comments", {"Three"}),
        ("-has:comments", {"One", "Two", "Four in June"}),
        ("has:code", {"Two"}),
        ("in:posts author:bo OR author:nobody", {"One"}),
    ],
)
def test_filters_keep_what_they_name(hub: None, aino: Person, filters: str, expected: set[str]) -> None:
    assert titles(ask(f"valve {filters}", aino)) == expected


def test_filters_alone_are_a_search(hub: None, aino: Person) -> None:
    assert titles(ask("blog:ships", aino)) == {"Three", "Four in June"}
    assert titles(ask("-blog:ships", aino)) == {"One", "Two"}
    assert titles(ask("-june", aino)) == {"One", "Two", "Three"}


def test_words_may_be_asked_of_titles_alone(hub: None, aino: Person) -> None:
    assert titles(ask("june in:title", aino)) == {"Four in June"}
    assert ask("valve in:title", aino).loosened == ("in:title",)


@pytest.mark.parametrize("unknown", ["blog:nowhere", "tag:none", "author:🙂x"])
def test_a_name_that_nobody_has_is_told_and_left_out(hub: None, aino: Person, unknown: str) -> None:
    answer = ask(f"valve {unknown}", aino)
    assert answer.loosened
    assert len(answer.hits) == 4
