"""The demo's conversations: said once, in order of time, at their time, by those who may see the post."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.management.commands.setup_demo import set_up
from aggregator.models import Feed, Post, PostVote
from comments import demo_talk
from comments.models import Comment, CommentState
from demo.company import load as load_company
from demo.talk import Talk, load
from tests.aggregator.incoming import incoming, store_posts

ADDRESS = "127.0.0.1:8765"


@pytest.fixture
def demo(settings: Settings) -> datetime:
    """The demo with all its posts; returns the moment it was started."""
    settings.DEMO_ADDRESS = ADDRESS
    company, now = load_company(), timezone.now()
    set_up(company, f"http://{ADDRESS}")
    feeds = {feed.url: feed for feed in Feed.objects.all()}
    for dated in company.dated(now):
        post, address = dated.post, f"http://{ADDRESS}"
        entry = incoming(post.slug, permalink=address + post.path, title=post.title, published_at=dated.published_at)
        store_posts(feeds[address + post.blog.feed_path], entry)
    Feed.objects.update(last_polled_at=now)
    return now


def test_what_is_written_fits_the_company() -> None:
    company = load_company()
    posts = {f"{post.blog.slug}/{post.slug}": post for post in company.posts}
    for talk in load():
        blog = posts[talk.at].blog
        may_see = set(company.groups[blog.audience].members) if blog.audience else set(company.people)
        assert {said.writer for said in talk.said} | set(talk.votes) <= may_see, talk.at
        assert not {posts[talk.at].author.username, *blog.owners} & set(talk.votes), talk.at
        assert [said.after for said in talk.said] == sorted({said.after for said in talk.said}), talk.at
        assert all(said.answers < said.number for said in talk.said), talk.at


@pytest.mark.django_db
def test_everything_is_said_once_and_in_its_place(demo: datetime) -> None:
    talks: tuple[Talk, ...] = load()
    later = demo + timedelta(days=2)
    Post.objects.filter(published_at__gt=demo).update(published_at=demo)
    assert demo_talk.talk(later) == sum(len(talk.said) for talk in talks)
    assert demo_talk.talk(later) == 0
    assert set(Comment.objects.values_list("state", flat=True)) == {CommentState.VISIBLE}
    assert PostVote.objects.count() == sum(len(talk.votes) for talk in talks)
    longest = max(talks, key=lambda talk: len(talk.said))
    comments = list(Comment.objects.filter(post__permalink__endswith=f"/{longest.at}/").order_by("number"))
    assert [(comment.parent.number if comment.parent else 0) for comment in comments] == [
        said.answers for said in longest.said
    ]
    assert comments[0].post.comment_count == len(longest.said)


@pytest.mark.django_db
def test_nobody_speaks_before_the_time_has_come(demo: datetime) -> None:
    earlier = demo - timedelta(days=40)
    demo_talk.talk(earlier)
    assert 0 < Comment.objects.count() < sum(len(talk.said) for talk in load())
    assert not Comment.objects.filter(published_at__gt=earlier).exists()


@pytest.mark.django_db
def test_all_wait_until_every_feed_was_read(demo: datetime) -> None:
    Feed.objects.filter(pk=Feed.objects.order_by("pk").values("pk")[:1]).update(last_polled_at=None)
    assert demo_talk.talk(demo) == 0
