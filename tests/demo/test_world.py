"""The demo's world is whole: people, blogs, posts and times, pictures and sounds."""

from __future__ import annotations

import io
import re
import wave
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from demo import company, sound
from tests.demo.kaltiva import DATED, EPOCH, IMAGES, KALTIVA


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
