"""The page of results: what it shows, what its links ask for, and that no address breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Post
from aggregator.search.finding import TooSlow
from aggregator.search.matching import Answer, Asked, search
from aggregator.search.posts import index_posts
from aggregator.views import search as view
from bloghub.people.models import Person
from tests.aggregator.pages import text_of, titles
from tests.aggregator.search.asked import count_words
from tests.comments.saying import say, settle

pytestmark = pytest.mark.django_db
Tell = Callable[..., Post]


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def page(client: Client, q: str, **more: str) -> str:
    return text_of(client, f"/search/?q={quote(q)}" + "".join(f"&{name}={value}" for name, value in more.items()))


def links(html: str, part: str) -> dict[str, dict[str, str]]:
    """The links within the element of this class: their words, and what they ask for."""
    found = {}
    inside = re.search(rf'<(\w+) class="{part}["\s].*?</\1>', html, re.DOTALL)
    for address, words in re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', inside[0] if inside else "", re.DOTALL):
        asked = parse_qs(urlsplit(unescape(address)).query)
        found[" ".join(unescape(re.sub("<[^>]*>", " ", words)).split())] = {
            name: value[0] for name, value in asked.items()
        }
    return found


# --- results ---------------------------------------------------------------------------------------------------------


def test_a_post_is_shown_with_who_wrote_it_and_the_words_marked(reader: Client, tell: Tell, bo: Person) -> None:
    post = tell("Pumps that hum", "A long story of one pump in Vaasa.", author=bo, tags=("Noise",))
    html = page(reader, "pump")
    assert titles(html) == ["<mark>Pumps</mark> that hum"]
    assert "A long story of one <mark>pump</mark> in Vaasa." in html
    for shown in (post.get_absolute_url(), bo.get_absolute_url(), "Sea Trials, Turku", "/tags/noise/", post.blog.title):
        assert shown in html
    assert "<b>1</b> post or comment" in html


def test_a_comment_is_shown_with_whom_it_answers_and_leads_to_its_place(
    reader: Client, tell: Tell, aino: Person, bo: Person
) -> None:
    post = tell("Quiet harbour", author=bo)
    first = settle(bo, post)
    comment = say(aino, post, "The bearing sings at night.", parent=first)
    html = page(reader, "bearing")
    assert f'<a href="/comments/{comment.pk}/">The <mark>bearing</mark> sings at night.</a>' in html
    assert "answers" in html
    assert f'<a href="{bo.get_absolute_url()}"><bdi>Bo Ekdahl</bdi></a>' in html
    assert f'<a href="{post.get_absolute_url()}"' in html


def test_what_was_found_by_a_tag_or_a_name_shows_which(reader: Client, tell: Tell, aino: Person, bo: Person) -> None:
    post = tell("A quiet harbour", author=bo, tags=("ropes", "Noise & smell"))
    tell("Some noise", author=aino, tags=("noise",))
    say(aino, post, "Well said.")
    html = page(reader, "noise")
    assert 'Tagged <a class="tag" href="/tags/noise-and-smell/"><bdi><mark>Noise</mark> &amp; smell</bdi></a>' in html
    assert html.count("Tagged") == 1
    html = page(reader, "lehtinen")
    assert (
        html.count(
            f'Written by <a class="name" href="{aino.get_absolute_url()}"><bdi>Aino <mark>Lehtinen</mark></bdi></a>'
        )
        == 2
    )
    assert "Written by <" not in page(reader, "noise -smell")
    html = page(reader, "harbour ekdahl")
    assert "<mark>harbour</mark>" in html and "Bo <mark>Ekdahl</mark>" in html


def test_text_that_looks_like_markup_stays_text(reader: Client, tell: Tell) -> None:
    tell("<mark>A</mark> pump & <script>alert(1)</script>", "&lt;img src=x onerror=alert(2)&gt; the pump")
    html = page(reader, "pump <script>alert(3)</script>")
    assert "&lt;mark&gt;A&lt;/mark&gt; <mark>pump</mark> &amp; &lt;<mark>script</mark>&gt;" in html
    assert not re.search(r"<script>|<img", html)
    assert 'value="pump &lt;script&gt;alert(3)&lt;/script&gt;"' in html


def test_a_title_says_its_language_and_direction(reader: Client, tell: Tell) -> None:
    tell("كيف نجيب العميل", "المضخة", language="ar")
    assert re.search(r'<h2 class="title" lang="ar" dir="rtl">', page(reader, "العميل"))


def test_kinds_and_order_are_links_that_keep_the_query(reader: Client, tell: Tell, bo: Person) -> None:
    say(bo, tell("A pump"), "What pump?")
    tell("Another pump")
    html = page(reader, "pump", sort="date")
    assert links(html, "kinds") == {
        "Everything 3": {"q": "pump", "sort": "date"},
        "Posts 2": {"q": "pump", "sort": "date", "tab": "posts"},
        "Comments 1": {"q": "pump", "sort": "date", "tab": "comments"},
    }
    assert links(html, "orders") == {"Best first": {"q": "pump"}, "Newest first": {"q": "pump", "sort": "date"}}
    assert titles(page(reader, "pump", tab="comments")) == []
    assert "<b>1</b> comment<" in page(reader, "pump", tab="comments")


def test_later_pages_follow_and_lead_back(reader: Client, tell: Tell) -> None:
    for number in range(25):
        tell(f"Pump {number:02}")
    for sort in ("relevance", "date"):
        first = page(reader, "pump", sort=sort)
        (onward,) = links(first, "pages").values()
        second = page(reader, **onward)
        assert len({*titles(first), *titles(second)}) == 25
        (back,) = links(second, "pages").values()
        assert titles(page(reader, **back)) == titles(first)


# --- filters ---------------------------------------------------------------------------------------------------------


def test_filters_are_chips_that_come_off_one_by_one(reader: Client, tell: Tell) -> None:
    tell("A pump", tags=("noise",))
    html = page(reader, "pump tag:noise -lang:fi after:2020")
    assert links(html, "chips") == {
        "Take off: tag noise": {"q": "pump -lang:fi after:2020"},
        "Take off: not: in suomi": {"q": "pump tag:noise after:2020"},
        "Take off: since 2020": {"q": "pump tag:noise -lang:fi"},
        "Clear all": {"q": "pump"},
    }


def test_facets_add_what_they_name_and_take_it_off_again(reader: Client, tell: Tell, aino: Person, bo: Person) -> None:
    tell("A pump", author=aino, tags=("noise", "valves"))
    tell("Other pump", author=bo, tags=("noise",), language="fi")
    html = page(reader, "pump", tab="posts")
    assert links(html, "facet facet-tag") == {
        "noise 2": {"q": "pump tag:noise", "tab": "posts"},
        "valves 1": {"q": "pump tag:valves", "tab": "posts"},
    }
    assert links(html, "facet facet-author")["Bo Ekdahl 1"]["q"] == "pump author:bo"
    assert links(html, "facet facet-lang")["suomi 1"]["q"] == "pump lang:fi"
    for name, words in (("author", "Bo Ekdahl 1"), ("lang", "suomi 1"), ("team", "Sea Trials 1")):
        narrowed = page(reader, **links(html, f"facet facet-{name}")[words])
        assert titles(narrowed) == ["Other <mark>pump</mark>"]
        chosen = links(narrowed, f"facet facet-{name}")
        assert [asked["q"] for words, asked in chosen.items() if "take off" in words] == ["pump"]


def test_years_are_facets(reader: Client, tell: Tell) -> None:
    new, old = tell("A pump"), tell("Old pump")
    Post.objects.filter(pk=old.pk).update(published_at=new.published_at.replace(year=2020, day=1))
    index_posts([old.pk])
    html = page(reader, "pump")
    asked = links(html, "facet facet-year")["2020 1"]
    assert asked["q"] == "pump after:2020 before:2021"
    narrowed = page(reader, **asked)
    assert titles(narrowed) == ["Old <mark>pump</mark>"]
    assert [each["q"] for each in links(narrowed, "facet facet-year").values()] == ["pump"]


# --- names -----------------------------------------------------------------------------------------------------------


def test_blogs_and_people_of_the_name_come_first(reader: Client, tell: Tell, make_blog: Callable[..., Blog]) -> None:
    for number in range(5):
        make_blog(f"Pump room {number}")
    Person.objects.create_user("pia", display_name="Pia Pumppu", team="Boilers")
    tell("A pump")
    names = links(page(reader, "pump"), "known")
    assert len(names) == 5  # three blogs, a person, and where all of them are
    assert {"Pump room 0", "Pia Pumppu", "All blogs and people of this name"} <= names.keys()
    everybody = text_of(reader, "/search/names/?q=pump")
    assert everybody.count("Pump room") == 5
    assert "Pia Pumppu" in everybody
    assert links(page(reader, "pump tag:x OR lang:en"), "known") == {}
    assert links(page(reader, "pump", tab="posts"), "known") == {}


# --- where nothing is found ------------------------------------------------------------------------------------------


def test_nothing_found_says_what_would_be(reader: Client, tell: Tell, aino: Person, bo: Person) -> None:
    tell("A pump", tags=("noise",), author=aino)
    tell("A valve", tags=("quiet",), author=bo)
    html = page(reader, "tag:quiet author:aino")
    assert "Nothing was found" in html
    assert "“tag:quiet author:&quot;Aino Lehtinen&quot;”" in html
    assert links(html, "instead") == {
        "Without “tag quiet” : 1": {"q": "author:aino"},
        "Without “by Aino Lehtinen” : 1": {"q": "tag:quiet"},
    }
    assert "/tags/noise/" in html
    assert "Is a blog missing?" in html


def test_what_was_left_out_of_the_query_is_said(reader: Client, tell: Tell) -> None:
    tell("A pump", "hums")
    html = page(reader, "pump zyzzyva")
    assert "Found without" in html
    assert '<bdi class="left-out">zyzzyva</bdi>' in html
    assert titles(html) == ["A <mark>pump</mark>"]


def test_nothing_is_said_to_be_shown_too_beside_nothing(reader: Client, tell: Tell) -> None:
    for number in range(6):
        tell(f"Turbine {number}")
    count_words()
    html = page(reader, "trubine")
    assert "Nothing was found as it was typed." in html and "is shown, too" not in html
    tell("A trubine")
    html = page(reader, "trubine")
    assert "is shown, too" in html and "as it was typed" not in html


def test_what_would_be_found_is_left_out_when_it_takes_too_long(
    reader: Client, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(asked: Asked, *more: Any) -> Answer:
        if not asked.forgiving:
            raise TooSlow(busy=False)
        return search(asked, *more)

    tell("A pump", tags=("noise",))
    monkeypatch.setattr(view, "search", impatient)
    html = page(reader, "tag:quiet author:aino")
    assert "Nothing was found" in html
    assert links(html, "instead") == {}


def test_words_of_a_phrase_taken_apart_are_marked(reader: Client, tell: Tell) -> None:
    tell("A pump, some heat")
    assert titles(page(reader, '"heat pump"')) == ["A <mark>pump</mark>, some <mark>heat</mark>"]


def test_what_was_not_understood_is_said(reader: Client, tell: Tell) -> None:
    tell("A pump")
    html = page(reader, "pump colour:red <b>:x")
    assert "“colour:” is no operator here: searched as text." in html
    assert "<b>:x" not in html


def test_without_a_query_it_says_what_one_may_ask(reader: Client, tell: Tell) -> None:
    tell("A pump", tags=("noise",))
    for q in ("", " ", "\x00", '""'):
        html = page(reader, q)
        assert "heat pump" in html
        assert "/tags/noise/" in html
        assert "team:" in html


@pytest.mark.parametrize(("busy", "status"), [(True, 429), (False, 503)])
def test_a_search_that_was_given_up_is_a_page(
    reader: Client, monkeypatch: pytest.MonkeyPatch, busy: bool, status: int
) -> None:
    def too_slow(*asked: object) -> None:
        raise TooSlow(busy=busy)

    monkeypatch.setattr(view, "search", too_slow)
    response = reader.get("/search/?q=the&sort=date")
    assert response.status_code == status
    assert int(response.headers["Retry-After"]) > 0
    html = response.content.decode()
    assert 'value="the"' in html
    assert "/search/?q=the&amp;sort=date" in html


# --- for whom --------------------------------------------------------------------------------------------------------


def test_what_is_for_others_is_nowhere(
    reader: Client, tell: Tell, aino: Person, bo: Person, crew: Group, make_blog: Callable[..., Blog]
) -> None:
    tell("Open pump")
    secret = make_blog("Wages pump", for_groups=(crew,))
    post = tell("Pump of wages", "secret", blog=secret, tags=("pumpwages",))
    crew.user_set.add(bo)
    say(bo, post, "The pump costs a lot.")
    assert titles(page(reader, "pump")) == ["Open <mark>pump</mark>"]
    for path in ("/search/?q=pump", "/search/?q=wages", "/search/names/?q=wages", "/search/suggestions/?q=pumpwages"):
        html = text_of(reader, path)
        assert not re.search("Wages pump|of wages|costs a lot|/pumpwages", html), path
    aino.groups.add(crew)
    assert len(titles(page(reader, "pump"))) == 2
    assert "Wages pump" in page(reader, "wages")
    assert "pumpwages" in text_of(reader, "/search/suggestions/?q=pumpwages")


def test_strangers_are_sent_to_sign_in_unless_they_may_read(client: Client, tell: Tell, settings: Settings) -> None:
    tell("A pump")
    paths = ("/search/?q=pump", "/search/names/?q=pump", "/search/suggestions/?q=pump")
    assert [client.get(path).status_code for path in paths] == [302, 302, 302]
    settings.ANONYMOUS_READING = True
    assert [client.get(path).status_code for path in paths] == [200, 200, 200]
    assert [client.post(path).status_code for path in paths] == [405, 405, 405]
