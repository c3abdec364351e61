"""Posts that an older gate let in obey today's rules after ``clean_posts``, and no poll takes that for an edit."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command

from aggregator import cleaning
from aggregator.cleaning import clean_posts
from aggregator.models import Blog, Post
from aggregator.polling.clean import clean_feed
from aggregator.polling.parse import parse_feed
from bloghub.lib.html import SANITISER_VERSION
from tests.aggregator.incoming import store_posts

pytestmark = pytest.mark.django_db

OLD = SANITISER_VERSION - 1
SLIPPED = '<p onclick="steal()">Two words</p><script>alert(1)</script><p><a href="javascript:alert(1)">link</a></p>'
CLEAN = (
    '<p>Two words</p><p><a rel="noopener noreferrer nofollow" referrerpolicy="no-referrer">link</a></p>'  # no address
)
FEED = b"""<rss version="2.0"><channel><title>Pumps</title><link>https://blogs.example/</link><item>
<title>Vanes</title><link>https://blogs.example/vanes</link><guid>vanes</guid><category>Sound</category>
<pubDate>Sat, 21 Nov 2026 10:00:00 +0200</pubDate><description>&lt;h1 id="a"&gt;Six&lt;/h1&gt;&lt;p&gt;
&lt;a href="#a"&gt;up&lt;/a&gt; &lt;a href="rest"&gt;rest&lt;/a&gt; &lt;img src="v.png"&gt;&lt;/p&gt;</description>
</item></channel></rss>"""


def said(*words: str) -> list[str]:
    out = io.StringIO()
    call_command("clean_posts", *words, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "BATCH", 2)


def test_what_slipped_through_an_older_gate_is_gone(make_post: Callable[..., Post]) -> None:
    post = make_post(content_html=SLIPPED, word_count=99, sanitiser_version=OLD)
    assert said() == [f"1 of 1 posts, 1 changed, up to post {post.pk}", "done: 1 posts cleaned, 1 changed"]
    cleaned = Post.objects.get()
    assert (cleaned.content_html, cleaned.word_count) == (CLEAN, 3)
    assert cleaned.sanitiser_version == SANITISER_VERSION
    assert said() == ["done: 0 posts cleaned, 0 changed"]


def test_posts_that_todays_gate_let_in_are_cleaned_only_when_asked(make_post: Callable[..., Post]) -> None:
    make_post(content_html=SLIPPED)
    assert said()[-1] == "done: 0 posts cleaned, 0 changed"
    assert said("--all")[-1] == "done: 1 posts cleaned, 1 changed"


@pytest.mark.usefixtures("small_batches")
def test_it_says_how_far_it_is(make_post: Callable[..., Post]) -> None:
    posts = [make_post(sanitiser_version=OLD) for _ in range(5)]
    assert said()[:-1] == [
        f"2 of 5 posts, 0 changed, up to post {posts[1].pk}",
        f"4 of 5 posts, 0 changed, up to post {posts[3].pk}",
        f"5 of 5 posts, 0 changed, up to post {posts[4].pk}",
    ]


@pytest.mark.usefixtures("small_batches")
def test_stopped_in_the_middle_it_goes_on_where_it_was(make_post: Callable[..., Post]) -> None:
    posts = [make_post(content_html=SLIPPED, sanitiser_version=OLD) for _ in range(5)]
    next(clean_posts())
    assert Post.objects.filter(sanitiser_version=OLD).count() == 3
    assert said()[-1] == "done: 3 posts cleaned, 3 changed"
    assert said("--all", "--after", str(posts[2].pk))[-1] == "done: 2 posts cleaned, 0 changed"


@pytest.mark.usefixtures("small_batches")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    make_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [make_post(sanitiser_version=OLD) for _ in range(3)]
    out = io.StringIO()

    def interrupted(post: Post) -> bool:
        if post.pk == posts[2].pk:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(cleaning, "_clean", interrupted)
    with pytest.raises(SystemExit) as end:
        call_command("clean_posts", "--all", stdout=out)
    assert end.value.code == 130
    assert out.getvalue().splitlines()[-1].endswith(f"manage.py clean_posts --all --after {posts[1].pk}")
    assert Post.objects.filter(sanitiser_version=SANITISER_VERSION).count() == 2


def test_a_poll_after_it_sees_no_edit_and_ids_stay(make_blog: Callable[..., Blog]) -> None:
    feed = make_blog(url="https://blogs.example/feed").feeds.get()
    url = "https://blogs.example/feed"
    posts = clean_feed(parse_feed(FEED, url=url, content_type="application/rss+xml"), url=url).posts
    assert store_posts(feed, *posts).created == 1
    before = Post.objects.values("content_html", "excerpt", "content_hash", "word_count", "updated_at").get()
    assert said("--all")[-1] == "done: 1 posts cleaned, 0 changed"
    assert Post.objects.values(*before).get() == before
    Post.objects.update(content_html=SLIPPED, sanitiser_version=OLD)
    said()
    assert store_posts(feed, *posts).updated == 0
