"""Chips and the field: blogs, people and tags by their names, not by what links call them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Post
from bloghub.people.models import Person
from tests.aggregator.pages import text_of, titles

Tell = Callable[..., Post]


@pytest.fixture
def engines(make_blog: Callable[..., Blog], tell: Tell, bo: Person) -> Blog:
    blog: Blog = make_blog("Engine Room")
    tell("A pump", blog=blog, author=bo, tags=("Heat & Noise",))
    return blog


def asked(client: Client, q: str) -> tuple[str, list[str]]:
    """What stands in the field, and the chips."""
    html = text_of(client, f"/search/?q={quote(q)}")
    field = re.search(r'id="q"[^>]* value="([^"]*)"', html)
    chips = re.findall(r'class="chip"[^>]*><span class="hidden">[^<]*</span><bdi>(.*?)</bdi>', html)
    return unescape(field[1]) if field else "", [unescape(chip) for chip in chips]


def test_what_links_ask_for_is_shown_by_its_names(client: Client, aino: Person, engines: Blog) -> None:
    client.force_login(aino)
    q = f"pump blog:{engines.slug} tag:heat-and-noise author:bo"
    field, chips = asked(client, q)
    assert field == 'pump blog:"Engine Room" tag:"Heat & Noise" author:"Bo Ekdahl"'
    assert chips == ["blog Engine Room", "tag Heat & Noise", "by Bo Ekdahl"]
    for text in (q, field):
        assert titles(text_of(client, f"/search/?q={quote(text)}")) == ["A <mark>pump</mark>"]


def test_what_somebody_typed_stays_as_they_typed_it(client: Client, aino: Person, engines: Blog) -> None:
    client.force_login(aino)
    assert asked(client, f"blog:{engines.slug}  pump")[0] == f"blog:{engines.slug}  pump"


def test_a_name_that_two_have_is_no_address(
    client: Client, aino: Person, engines: Blog, make_blog: Callable[..., Blog]
) -> None:
    client.force_login(aino)
    make_blog("ENGINE room")
    assert asked(client, f"pump blog:{engines.slug}") == (f"pump blog:{engines.slug}", ["blog Engine Room"])


def test_a_facet_is_taken_off_by_either_name(client: Client, aino: Person, bo: Person, engines: Blog) -> None:
    client.force_login(aino)
    for name in ("bo", '"Bo Ekdahl"'):
        html = text_of(client, f"/search/?q={quote(f'pump author:{name}')}")
        facet = re.search(r'facet-author".*?href="([^"]*)" aria-current', html, re.DOTALL)
        assert facet and unescape(facet[1]).endswith("?q=pump")


def test_names_that_are_for_others_are_not_told(
    client: Client, aino: Person, crew: Group, make_blog: Callable[..., Blog], tell: Tell
) -> None:
    secret = make_blog("Secret plans", for_groups=(crew,))
    tell("Plans", blog=secret, tags=("Very Secret",))
    client.force_login(aino)
    q = f"pump blog:{secret.slug} tag:very-secret"
    assert asked(client, q) == (q, [f"blog {secret.slug}", "tag very-secret"])


def test_strangers_are_told_no_names_of_people(client: Client, bo: Person, tell: Tell, settings: Settings) -> None:
    tell("A pump")
    settings.ANONYMOUS_READING = True
    assert asked(client, "pump author:bo") == ("pump author:bo", ["by bo"])


def test_all_filters_are_taken_off_at_once(client: Client, aino: Person, engines: Blog) -> None:
    client.force_login(aino)
    assert "Clear all" not in text_of(client, "/search/?q=pump+lang:en")
    html = text_of(client, "/search/?q=pump+lang:en+has:code")
    assert re.search(r'href="/search/\?q=pump">Clear all</a>', html)
