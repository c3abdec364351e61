"""The demo: its feeds are what they claim to be, its world is whole, its server is polite and keeps to loopback."""

from __future__ import annotations

import gzip
import io
import json
import re
import threading
import wave
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Feed
from aggregator.polling.clean import clean_feed
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import ParsedFeed
from aggregator.tasks import hurry_demo_feeds
from bloghub.people.models import Person
from demo import company, feeds, pages, serve, sound

EPOCH = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = EPOCH + timedelta(hours=2)  # when everything held back is out
ADDRESS = "http://127.0.0.1:8801"
KALTIVA = company.load()
DATED = KALTIVA.dated(EPOCH)
IMAGES = sorted((company.HERE / "content").glob("*/images/*.svg"))
BLOGS = pytest.mark.parametrize("blog", KALTIVA.blogs.values(), ids=lambda blog: blog.slug)


def site(epoch: datetime = EPOCH, address: str = ADDRESS) -> serve.Site:
    return serve.Site(KALTIVA, epoch, address)


def feed_of(blog: company.Blog, now: datetime = LATER, address: str = ADDRESS) -> bytes:
    answer = site(address=address).answer(blog.feed_path, now)
    assert answer is not None
    return answer.body


def polled(blog: company.Blog, address: str = ADDRESS) -> ParsedFeed:
    url = address + blog.feed_path
    media_type = feeds.FORMATS[blog.format].media_type
    return clean_feed(parse_feed(feed_of(blog, address=address), url=url, content_type=media_type), url=url)


@pytest.fixture(scope="module")
def server() -> Iterator[serve.Server]:
    with serve.Server(0, KALTIVA, EPOCH, lambda: LATER) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server: serve.Server, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=names)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


# The world


def test_the_company_is_large_enough_to_look_alive() -> None:
    counts = Counter(post.blog.slug for post in KALTIVA.posts)
    assert len(KALTIVA.blogs) == 13 and len(KALTIVA.people) == 14
    assert 90 <= len(KALTIVA.posts) <= 110
    assert all(6 <= count <= 12 for count in counts.values())
    assert {blog.language for blog in KALTIVA.blogs.values()} == {"en", "fi", "sv", "ja", "ar"}
    assert {person.site for person in KALTIVA.people.values()} >= {"Tampere", "Osaka", "Alexandria"}
    assert all(person.team and person.time_zone for person in KALTIVA.people.values())


def test_every_link_and_image_leads_somewhere() -> None:
    posts = {("post", post.blog.slug, post.slug) for post in KALTIVA.posts}
    images = {("image", path.parent.parent.name, path.name) for path in IMAGES}
    assert KALTIVA.references <= posts | images
    assert images <= KALTIVA.references


def test_blogs_answer_each_other() -> None:
    linked = {(post.blog.slug, to) for post in KALTIVA.posts for to in re.findall(r'"post:([a-z-]+)/', post.body)}
    assert len({(a, b) for a, b in linked if a != b}) >= 30


def test_no_post_links_to_one_that_was_not_written_yet() -> None:
    dated = {f"{item.post.blog.slug}/{item.post.slug}": item for item in DATED}
    for item in DATED:
        for target in re.findall(r'"post:([a-z0-9/-]+)"', item.post.body):
            assert dated[target].published_at <= item.updated_at, (item.post.path, target)


def test_slugs_are_unique_and_no_address_is_taken_twice() -> None:
    paths = Counter(post.path for post in KALTIVA.posts)
    assert max(paths.values()) == 1


def test_the_hub_opens_with_news_and_a_history() -> None:
    out = [item.published_at for item in DATED if item.published_at <= EPOCH]
    assert EPOCH - max(out) <= timedelta(minutes=30)
    assert EPOCH - min(out) >= timedelta(days=120)


def test_ten_posts_appear_one_by_one_while_it_runs() -> None:
    waiting = sorted(item.published_at for item in DATED if item.published_at > EPOCH)
    assert len(waiting) == 10
    assert {later - earlier for earlier, later in pairwise([EPOCH, *waiting])} == {timedelta(minutes=3)}


def test_one_blog_comes_back_after_three_months() -> None:
    times = sorted(item.published_at for item in DATED if item.post.blog.slug == "keys-and-valves")
    assert max(later - earlier for earlier, later in pairwise(times)) > timedelta(days=90)


@pytest.mark.parametrize("slug", ["pump-house-diary", "water-towers"])
def test_two_blogs_have_a_run_of_posts(slug: str) -> None:
    recent = [item for item in DATED if item.post.blog.slug == slug and item.published_at > EPOCH - timedelta(days=8)]
    assert len(recent) >= 5


def test_dates_are_read_on_the_authors_own_clock() -> None:
    osaka = KALTIVA.people["haruka.nishimura"]
    assert company.date_from("2d 10:05", osaka, EPOCH) == datetime(2026, 2, 28, 1, 5, tzinfo=UTC)
    assert company.date_from("35m ago", osaka, EPOCH) == EPOCH - timedelta(minutes=35)
    assert company.date_from("+6m", osaka, EPOCH) == EPOCH + timedelta(minutes=6)
    with pytest.raises(company.ContentError):
        company.date_from("yesterday", osaka, EPOCH)


def test_a_content_file_with_a_mistake_is_named(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text((company.HERE / "company.toml").read_text(encoding="utf-8"), "utf-8")
    bad = tmp_path / "content" / "qatra" / "001-x.html"
    bad.parent.mkdir(parents=True)
    bad.write_text("title: x\ntagz: y\n---\n<p>z</p>", "utf-8")
    with pytest.raises(company.ContentError, match=r"001-x\.html.*tagz"):
        company.load(tmp_path)


# Feeds


@BLOGS
def test_the_feed_is_well_formed_and_of_its_format(blog: company.Blog) -> None:
    body, version = feed_of(blog), feeds.FORMATS[blog.format].version
    if version == "jsonfeed11":
        assert json.loads(body)["version"] == "https://jsonfeed.org/version/1.1"
        return
    parsed = feedparser.parse(body)
    assert not parsed.bozo
    assert parsed.version == version
    assert parsed.feed.title == blog.title


@BLOGS
def test_the_hub_reads_what_was_written(blog: company.Blog) -> None:
    feed = polled(blog)
    written = {ADDRESS + item.post.path: item for item in DATED if item.post.blog == blog}
    assert (feed.title, feed.language, feed.notes) == (blog.title, blog.language, ())
    assert {post.permalink for post in feed.posts} == set(written)
    for post in feed.posts:
        item = written[post.permalink]
        assert post.title == item.post.title
        assert post.language == item.post.language
        assert (post.published_at or post.updated_at) in {item.published_at, item.updated_at}
        assert post.author_name in {item.post.author.display_name, ""}
        assert post.excerpt


@BLOGS
def test_the_gate_takes_nothing_out(blog: company.Blog) -> None:
    if blog.format == "rss092":
        pytest.skip("it publishes summaries only")
    written = {ADDRESS + item.post.path: item.post.body for item in DATED if item.post.blog == blog}
    for post in polled(blog).posts:
        assert Counter(re.findall(r"<(\w+)", post.content_html)) == Counter(
            re.findall(r"<(\w+)", written[post.permalink])
        )


def test_one_blog_gives_summaries_only() -> None:
    blog = KALTIVA.blogs["first-read"]
    assert all(post.word_count < 40 and "<p>" not in post.content_html for post in polled(blog).posts)


@BLOGS
def test_guids_are_unique_and_survive_a_restart(blog: company.Blog) -> None:
    runs = [parse_feed(feed_of(blog, now), url=ADDRESS).entries for now in (EPOCH, LATER)]
    before, after = ({entry.permalink: entry.guid or entry.permalink for entry in run} for run in runs)
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(runs[1])


@BLOGS
def test_guids_do_not_hang_on_the_port_where_the_format_has_any(blog: company.Blog) -> None:
    if blog.format in {"rss091", "rss092"}:
        pytest.skip("RSS 0.9x has no guid: the permalink stands in")
    there = [post.guid for post in polled(blog, "http://127.0.0.1:9999").posts]
    assert there == [post.guid for post in polled(blog).posts]


def test_links_relative_to_xml_base_become_whole() -> None:
    body = feed_of(KALTIVA.blogs["night-flow"]).decode()
    assert 'href="/under-gatan/' in body.replace("&quot;", '"') or "href=&quot;/under-gatan/" in body
    html = " ".join(post.content_html for post in polled(KALTIVA.blogs["night-flow"]).posts)
    assert f'href="{ADDRESS}/under-gatan/klockan-tre/"' in html


def test_episodes_carry_their_recording() -> None:
    for post in polled(KALTIVA.blogs["line-pressure"]).posts:
        (enclosure,) = post.enclosures
        assert (enclosure.media_type, enclosure.duration) == ("audio/wav", sound.SECONDS)
        answer = site().answer(urlsplit(enclosure.url).path, LATER)
        assert answer is not None and len(answer.body) == enclosure.length


def test_what_is_held_back_is_nowhere_until_its_time() -> None:
    path = "/pump-house-diary/the-wheel-is-on-its-way/"
    for minutes, there in ((0, False), (2, False), (3, True)):
        now = EPOCH + timedelta(minutes=minutes)
        assert (path.encode() in feed_of(KALTIVA.blogs["pump-house-diary"], now)) is there
        assert (site().answer(path, now) is not None) is there


# Pictures and sounds


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
def test_images_are_quiet_svg(path: Path) -> None:
    root = ET.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {"viewBox", "width", "height"} <= set(root.keys())
    for element in root.iter():
        assert element.tag.rpartition("}")[2] not in {"script", "foreignObject", "use", "image", "style", "a"}
        assert not [name for name in element.keys() if name.startswith("on") or name.endswith("href")]  # noqa: SIM118


@pytest.mark.parametrize("name", sound.SOUNDS)
def test_sounds_are_audible_wav_and_always_the_same(name: str) -> None:
    file = sound.wav(name)
    with wave.open(io.BytesIO(file)) as audio:
        assert audio.getnframes() == audio.getframerate() * sound.SECONDS
        assert len(set(audio.readframes(20_000))) > 50
    sound.wav.cache_clear()
    assert sound.wav(name) == file


# The server


def test_dates_survive_a_restart(tmp_path: Path) -> None:
    first = serve.read_epoch(tmp_path / "state", EPOCH)
    second = serve.read_epoch(tmp_path / "state", LATER)
    assert first == second == EPOCH


def test_homepages_name_their_feed(server: serve.Server) -> None:
    for blog in KALTIVA.blogs.values():
        response, body = get(server, blog.path)
        assert response.status == 200
        assert f'href="{blog.feed_path}"' in body.decode() and 'rel="alternate"' in body.decode()


def test_pages_know_their_direction() -> None:
    arabic = next(item for item in DATED if item.post.language == "ar")
    assert 'lang="ar" dir="rtl"' in pages.post_page(arabic)


@BLOGS
def test_an_unchanged_feed_answers_304(server: serve.Server, blog: company.Blog) -> None:
    response, body = get(server, blog.feed_path)
    assert response.status == 200 and body
    etag, modified = response.headers["ETag"], response.headers["Last-Modified"]
    assert get(server, blog.feed_path, If_None_Match=etag)[0].status == 304
    assert get(server, blog.feed_path, If_Modified_Since=modified)[0].status == 304
    assert get(server, blog.feed_path, If_None_Match='"old"', If_Modified_Since=modified)[0].status == 200


def test_a_new_post_changes_the_validators() -> None:
    blog = KALTIVA.blogs["pump-house-diary"]
    before, after = (site().answer(blog.feed_path, EPOCH + timedelta(minutes=m)) for m in (2, 3))
    assert before is not None and after is not None
    assert before.etag != after.etag and before.last_modified != after.last_modified


def test_it_compresses_for_who_asks(server: serve.Server) -> None:
    response, body = get(server, "/hot-metal/feed/", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == get(server, "/hot-metal/feed/")[1]


def test_images_and_sounds_can_be_embedded_by_the_hub(server: serve.Server) -> None:
    image, _ = get(server, "/water-towers/images/clock.svg")
    audio, whole = get(server, "/line-pressure/audio/hiss.wav")
    part, some = get(server, "/line-pressure/audio/hiss.wav", Range="bytes=10-19")
    assert (image.headers["Content-Type"], audio.headers["Content-Type"]) == ("image/svg+xml", "audio/wav")
    assert image.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (part.status, some, part.headers["Content-Range"]) == (206, whole[10:20], f"bytes 10-19/{len(whole)}")


@pytest.mark.parametrize(
    "path", ["/nobody/", "/hot-metal/nothing/", "/hot-metal/images/../../company.toml", "/hot-metal/images/%2e%2e"]
)
def test_what_is_not_there_is_404(server: serve.Server, path: str) -> None:
    response, body = get(server, path)
    assert response.status == 404 and b"nothing here" in body


def test_it_listens_on_loopback_only(server: serve.Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["blogs.attacker.example", "0.0.0.0", "127.0.0.1.attacker.example", ""])
def test_it_answers_to_no_other_name(server: serve.Server, host: str) -> None:
    assert get(server, "/", Host=host)[0].status == 421


# On the hub


@pytest.mark.django_db
class TestSetupDemo:
    def test_it_registers_the_company(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        assert Blog.objects.count() == 13
        assert {urlsplit(feed.url).path for feed in Feed.objects.all()} == {
            blog.feed_path for blog in KALTIVA.blogs.values()
        }
        assert Feed.objects.due(datetime.now(UTC)).count() == 13
        assert Blog.objects.get(title="Pump House Diary").owners.count() == 2

    def test_nobody_in_the_demo_has_a_password_or_rights(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        people = Person.objects.filter(is_demo=True)
        assert people.count() == 14
        assert not any(person.has_usable_password() or person.is_staff or person.is_superuser for person in people)
        assert people.get(username="haruka.nishimura").email == "haruka.nishimura@kaltiva.example"

    def test_the_works_council_blog_is_for_its_members(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        blog = Blog.objects.filter(title="Round Table")
        assert blog.visible_to(Person.objects.get(username="elin.sjogren")).exists()
        assert not blog.visible_to(Person.objects.get(username="tiago.moura")).exists()

    def test_twice_is_once_and_a_new_address_is_followed(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        Feed.objects.update(next_poll_at=datetime.now(UTC) + timedelta(hours=1))
        call_command("setup_demo", address="127.0.0.1:9901")
        assert (Blog.objects.count(), Person.objects.count()) == (13, 14)
        assert not Feed.objects.exclude(url__startswith="http://127.0.0.1:9901/").exists()
        assert not Blog.objects.exclude(homepage_url__startswith="http://127.0.0.1:9901/").exists()
        assert Feed.objects.due(datetime.now(UTC)).count() == 13

    def test_what_was_learned_about_the_old_address_is_forgotten(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        token = Feed.objects.all().claim(datetime.now(UTC), limit=20).token
        Feed.objects.update(etag='"1"', body_hash="hash", consecutive_failures=3, last_error="No answer.")
        call_command("setup_demo", address="127.0.0.1:9901")
        assert not Feed.objects.held(token).exists()
        assert Feed.objects.due(datetime.now(UTC)).count() == 13
        assert set(Feed.objects.values_list("etag", "body_hash", "last_error")) == {("", "", "")}

    def test_at_the_same_address_everything_learned_is_kept(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        Feed.objects.update(etag='"1"', body_hash="hash")
        call_command("setup_demo", address="127.0.0.1:8801")
        assert set(Feed.objects.values_list("etag", "body_hash")) == {('"1"', "hash")}

    def test_its_feeds_are_hurried_and_no_others(self, settings: Settings, make_blog: Callable[..., Blog]) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        make_blog(url="http://127.0.0.1:88012/feed")
        Feed.objects.update(next_poll_at=datetime.now(UTC) + timedelta(hours=1))
        settings.DEMO_ADDRESS = "127.0.0.1:8801"
        with CaptureQueriesContext(connection) as seen:
            hurry_demo_feeds()
        assert Feed.objects.due(datetime.now(UTC)).count() == 13
        [locked] = [query["sql"] for query in seen.captured_queries if query["sql"].startswith("SELECT")]
        assert locked.endswith("ORDER BY 1 ASC FOR UPDATE SKIP LOCKED")

    def test_a_deleted_demo_blog_stays_deleted(self) -> None:
        call_command("setup_demo", address="127.0.0.1:8801")
        Blog.objects.get(title="Hot Metal").delete()
        call_command("setup_demo", address="127.0.0.1:8801")
        assert Blog.objects.count() == 12

    def test_it_stays_away_from_a_hub_in_use(self) -> None:
        Blog.objects.create(title="A real one", slug="a-real-one")
        call_command("setup_demo", address="127.0.0.1:8801")
        assert Blog.objects.count() == 1 and not Person.objects.exists()

    def test_a_real_colleague_of_the_same_name_is_left_alone(self) -> None:
        Person.objects.create_user("Eero.Nurmi", "eero@company.example", display_name="Eero N.")
        call_command("setup_demo", address="127.0.0.1:8801")
        real = Person.objects.get(username="Eero.Nurmi")
        assert (real.is_demo, real.display_name, real.blogs.count()) == (False, "Eero N.", 0)

    @pytest.mark.parametrize("address", ["", "10.0.0.1:80", "127.0.0.1", "127.0.0.1:80.attacker.example"])
    def test_it_knows_no_other_address_than_loopback(self, address: str) -> None:
        with pytest.raises(CommandError, match="only"):
            call_command("setup_demo", address=address)
