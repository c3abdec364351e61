"""The shell's way to register and to poll: exit codes and one line of outcome each."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.models import Audience, Blog, Feed, FeedState, Host, Post
from bloghub.people.models import Person
from tests.aggregator.looks import link, page, rss
from tests.web import Answer, Web

pytestmark = pytest.mark.django_db


class Run:
    """One run of a command: exit code and what was said."""

    def __init__(self, *words: str) -> None:
        out = io.StringIO()
        self.code = 0
        try:
            call_command(*words, stdout=out)
        except CommandError as error:
            self.code = error.returncode
            out.write(f"{error}\n")
        except SystemExit as end:
            self.code = int(end.code or 0)
        self.lines = out.getvalue().splitlines()


# --- add_blog ----------------------------------------------------------------------------------------------------


def test_add_blog_takes_a_homepage_and_says_what_it_registered(web: Web) -> None:
    web.routes |= {"/": page(link("/feed")), "/feed": rss()}
    run = Run("add_blog", web.url)
    assert (run.code, run.lines) == (0, [f"registered: 'Engine Lab' (RSS 2.0, 5 posts) {web.url}/feed"])
    assert Feed.objects.get().url == web.url + "/feed"


def test_add_blog_takes_title_owners_and_audience(web: Web, aino: Person, bo: Person, crew: Group) -> None:
    web.routes["/feed"] = rss()
    owners = ["--owner", "AINO", "--owner", "bo@example.com"]
    assert Run("add_blog", web.url + "/feed", "--title", "Own", *owners, "--audience", "Crew").code == 0
    blog = Blog.objects.get()
    assert (blog.title, set(blog.owners.all())) == ("Own", {aino, bo})
    assert (blog.audience, list(blog.audience_groups.all())) == (Audience.GROUPS, [crew])


def test_add_blog_twice_registers_once(web: Web) -> None:
    web.routes["/feed"] = rss()
    Run("add_blog", web.url + "/feed")
    run = Run("add_blog", web.url + "/feed")
    assert (run.code, run.lines) == (0, [f"known already: 'Engine Lab' {web.url}/feed"])


@pytest.mark.parametrize("options", [["--owner", "nobody"], ["--audience", "No such group"]])
def test_add_blog_registers_nothing_for_people_or_groups_it_does_not_know(web: Web, options: list[str]) -> None:
    web.routes["/feed"] = rss()
    run = Run("add_blog", web.url + "/feed", *options)
    assert (run.code, Blog.objects.count()) == (1, 0)
    assert options[1] in run.lines[0]


def test_add_blog_tells_the_operator_which_line_would_open_a_closed_address(web: Web, settings: Settings) -> None:
    settings.FETCH_ALLOW = ""
    run = Run("add_blog", web.url)
    assert (run.code, Blog.objects.count(), web.connections) == (1, 0, 0)
    assert f"BLOGHUB_FETCH_ALLOW={web.address}" in run.lines[0]


# --- import_blogs ------------------------------------------------------------------------------------------------


def test_import_blogs_tells_every_line_and_no_bad_one_stops_the_rest(web: Web, tmp_path: Path) -> None:
    web.routes |= {"/a": rss("A"), "/b": rss("B"), "/broken": Answer(status=500)}
    listed = tmp_path / "blogs.txt"
    rows = [
        "\ufeff# our blogs",
        "",
        f"{web.url}/a",
        "nonsense at all",
        f"{web.url}/broken",
        f"  {web.address}/b  ",
        f"{web.url}/a",
    ]
    listed.write_text("\n".join(rows))
    run = Run("import_blogs", str(listed))
    assert run.code == 1
    assert [line.split(" ")[:3] for line in run.lines] == [
        ["line", "3:", "registered:"],
        ["line", "4:", "failed:"],
        ["line", "5:", "failed:"],
        ["line", "6:", "registered:"],
        ["line", "7:", "known"],
    ]
    assert set(Blog.objects.values_list("title", flat=True)) == {"A", "B"}


def test_import_blogs_reads_standard_input(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.routes["/a"] = rss("A")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{web.url}/a\r\n".encode())))
    run = Run("import_blogs", "-")
    assert (run.code, Blog.objects.count()) == (0, 1)


@pytest.mark.parametrize("document", [b"\x89PNG\r\n\xff\xfe", b"http://a\0b", b"x" * 10_000])
def test_import_blogs_refuses_what_is_no_list(tmp_path: Path, document: bytes) -> None:
    listed = tmp_path / "blogs.txt"
    listed.write_bytes(document)
    assert Run("import_blogs", str(listed)).code == 2


def test_import_blogs_says_when_there_is_no_such_file(tmp_path: Path) -> None:
    assert Run("import_blogs", str(tmp_path / "nowhere")).code == 2


# --- poll --------------------------------------------------------------------------------------------------------


@pytest.fixture
def feed(web: Web, make_blog: Callable[..., Blog]) -> Feed:
    web.routes["/feed"] = rss()
    return make_blog(url=web.url + "/feed").feeds.get()


def test_poll_says_what_is_new_then_that_nothing_is(feed: Feed) -> None:
    assert Run("poll", "--due").lines == [f"ok 5 new, 0 changed {feed.url}"]
    assert Post.objects.count() == 5
    assert Run("poll", "--feed", str(feed.pk)).lines == [f"unchanged {feed.url}"]
    assert Run("poll", "--due").lines == ["nothing is due"]


def test_poll_fails_with_the_reason(feed: Feed, web: Web) -> None:
    web.routes["/feed"] = Answer(status=404)
    run = Run("poll", "--all")
    assert (run.code, run.lines) == (1, [f"failed: There is nothing at this address (404). {feed.url}"])


def test_poll_all_leaves_paused_feeds_alone_but_an_id_does_not(feed: Feed) -> None:
    Feed.objects.update(state=FeedState.PAUSED)
    assert Run("poll", "--all").lines == ["there is no feed to poll"]
    assert Run("poll", "--feed", str(feed.pk)).lines == [f"ok 5 new, 0 changed {feed.url}"]


def test_poll_leaves_a_feed_to_the_worker_that_holds_it(feed: Feed, web: Web) -> None:
    Feed.objects.update(lease_until=timezone.now() + timedelta(minutes=5))
    run = Run("poll", "--all")
    assert (run.code, run.lines) == (0, [f"a worker has it just now {feed.url}"])
    assert not web.requests


def test_poll_says_when_there_is_no_such_feed(feed: Feed) -> None:
    run = Run("poll", "--feed", str(feed.pk), "999999")
    assert (run.code, len(run.lines)) == (1, 2)
    assert run.lines[1] == "there is no feed 999999"


def test_poll_says_what_becomes_of_a_feed(feed: Feed, web: Web) -> None:
    web.routes["/feed"] = Answer(status=404)
    Feed.objects.update(failing_since=timezone.now() - timedelta(days=14))
    assert Run("poll", "--all").lines == [
        f"failed: There is nothing at this address (404). It rests: tried once a day until it answers. {feed.url}"
    ]


def test_poll_says_where_a_feed_has_moved(feed: Feed, web: Web) -> None:
    Run("poll", "--all")
    web.routes |= {"/feed": Answer.redirect("/new", 301), "/new": web.routes["/feed"]}
    lines = [Run("poll", "--all").lines[0] for _ in range(3)]
    new = f"{web.url}/new"
    assert lines == [
        f"unchanged, says it has moved to {new} (seen 1 of 3 times) from {feed.url}",
        f"unchanged, says it has moved to {new} (seen 2 of 3 times) from {feed.url}",
        f"unchanged, polled at {new} from now on, instead of {feed.url}",
    ]


def test_poll_says_which_servers_are_left_alone(feed: Feed) -> None:
    Feed.objects.update(host="blogs.example")
    Host.objects.create(name="blogs.example", slow_until=timezone.now() + timedelta(minutes=5))
    nothing, alone = Run("poll", "--due").lines
    assert nothing == "nothing is due"
    assert alone.startswith("left alone until ")
    assert alone.endswith(" UTC, since it refused several feeds: blogs.example")


def test_poll_says_which_feeds_were_not_tried_since_their_server_began_to_refuse(
    make_blog: Callable[..., Blog], web: Web
) -> None:
    web.routes["*"] = Answer(status=429, headers={"Retry-After": "600"})
    for number in range(8):
        make_blog(url=f"{web.url}/{number}")
    told = [line.rpartition(" http")[0] for line in Run("poll", "--all").lines]
    assert len(told) == 8
    assert set(told) == {
        "failed: The server asks BlogHub to come less often (429).",
        "its server is left alone, since it refused several feeds",
    }


def test_poll_wants_to_be_told_what() -> None:
    assert Run("poll").code == 1
