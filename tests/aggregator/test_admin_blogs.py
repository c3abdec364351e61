"""Registering a blog in the admin: an address, a look at what is there, then the decision."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import signing
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from aggregator.models import Audience, Blog, Feed, FeedState, Post
from bloghub.people.models import Person
from tests.aggregator.looks import link, made, page, rss
from tests.web import Web

pytestmark = pytest.mark.django_db
ADD = "/admin/aggregator/blog/add/"
LOOK = "/admin/aggregator/blog/add/preview/"
BLOGS = "/admin/aggregator/blog/"


@pytest.fixture
def clerk(client: Client, aino: Person) -> Callable[..., Client]:
    """The browser of somebody on the staff with these permissions and no others."""

    def sign_in(*permissions: str) -> Client:
        aino.is_staff = True
        aino.save()
        aino.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(aino)
        return client

    return sign_in


def token_of(html: str) -> str:
    match = re.search(r'name="token" value="([^"]+)"', html)
    assert match, "the page carries no preview"
    return match[1]


def decided(token: str, **changes: object) -> dict[str, object]:
    return {"token": token, "title": "Engine Lab", "audience": "everyone", **changes}


def test_the_add_button_asks_for_an_address(desk: Client) -> None:
    html = desk.get(ADD).content.decode()
    assert 'name="address"' in html
    assert f'action="{LOOK}"' in html


def test_the_preview_shows_what_is_there_and_stores_nothing(desk: Client, web: Web) -> None:
    web.routes |= {"/": page(link("/feed") + link("/comments.xml")), "/feed": rss()}
    html = desk.post(LOOK, {"address": web.address}).content.decode()
    for shown in ("Engine Lab", "RSS 2.0", f"{web.url}/feed", "Post 5", "Post 4", "Post 3", f"{web.url}/comments.xml"):
        assert shown in html
    assert "Post 2" not in html
    assert not Blog.objects.exists()


def test_what_was_previewed_is_registered_as_the_admin_decides(
    desk: Client, web: Web, aino: Person, crew: Group
) -> None:
    web.routes["/feed"] = rss()
    token = token_of(desk.post(LOOK, {"address": web.url + "/feed"}).content.decode())
    form = decided(token, title="Own title", owners=[aino.pk], audience="groups", audience_groups=[crew.pk])
    answer = desk.post(ADD, form, follow=True)
    blog = Blog.objects.get()
    assert (blog.title, blog.audience, blog.feeds.get().url) == ("Own title", Audience.GROUPS, web.url + "/feed")
    assert (list(blog.owners.all()), list(blog.audience_groups.all())) == ([aino], [crew])
    assert "“Own title” is registered" in answer.content.decode()
    assert web.count("/feed") == 1


def test_a_wrong_decision_keeps_the_preview_and_what_was_typed(desk: Client) -> None:
    form = decided(made().as_token(), title="Kept", audience="groups")
    html = desk.post(ADD, form).content.decode()
    assert "Name at least one group" in html
    assert 'value="Kept"' in html
    assert token_of(html)
    assert not Blog.objects.exists()


@pytest.mark.parametrize(
    "token",
    ["", "forged", signing.dumps({"feed_url": "http://127.0.0.1/"}, salt="other")],
    ids=["empty", "forged", "other salt"],
)
def test_a_forged_preview_registers_nothing(desk: Client, token: str) -> None:
    answer = desk.post(ADD, decided(token))
    assert answer.status_code == 400
    assert 'name="address"' in answer.content.decode()
    assert not Blog.objects.exists()


def test_fields_that_are_not_in_the_form_have_no_effect(desk: Client) -> None:
    desk.post(ADD, decided(made().as_token(), slug="mine", post_count=99, feed_url="http://127.0.0.1/", id=7, pk=7))
    blog = Blog.objects.get()
    assert (blog.slug, blog.post_count, blog.feeds.get().url) == ("engine-lab", 0, "https://blogs.example/feed")
    assert blog.pk != 7


def test_a_closed_address_gives_the_line_that_would_open_it(desk: Client, web: Web, settings: Settings) -> None:
    settings.FETCH_ALLOW = ""
    answer = desk.post(LOOK, {"address": web.url})
    assert answer.status_code == 400
    assert f"BLOGHUB_FETCH_ALLOW={web.address}" in answer.content.decode()
    assert web.connections == 0


@pytest.mark.parametrize("address", ["", "file:///etc/passwd", "http://a@b.example/", "x" * 9000, "http://x/\0"])
def test_what_is_no_address_is_refused_in_the_form(desk: Client, address: str) -> None:
    answer = desk.post(LOOK, {"address": address})
    assert answer.status_code == 400
    assert 'name="address"' in answer.content.decode()


def test_a_known_blog_is_shown_instead_of_registered_again(desk: Client, web: Web) -> None:
    web.routes["/feed"] = rss()
    token = token_of(desk.post(LOOK, {"address": web.url + "/feed"}).content.decode())
    desk.post(ADD, decided(token))
    known = reverse("admin:aggregator_blog_change", args=[Blog.objects.get().pk])
    assert known in desk.post(LOOK, {"address": web.url + "/feed"}).content.decode()
    assert desk.post(ADD, decided(token)).headers["Location"] == known
    assert Blog.objects.count() == 1


def test_hostile_words_of_a_feed_are_shown_as_words(desk: Client, web: Web) -> None:
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;"
    web.routes["/feed"] = rss(title=hostile, link="javascript:alert(1)")
    html = desk.post(LOOK, {"address": web.url + "/feed"}).content.decode()
    assert "<script>alert(1)" not in html
    assert "javascript:" not in html


def test_looking_by_get_leads_to_the_form(desk: Client) -> None:
    assert desk.get(LOOK).headers["Location"] == ADD


def test_registering_needs_the_permission_to_add(clerk: Callable[..., Client], web: Web) -> None:
    web.routes["*"] = rss()
    browser = clerk("view_blog", "change_blog")
    assert browser.get(ADD).status_code == 403
    assert browser.post(LOOK, {"address": web.url}).status_code == 403
    assert browser.post(ADD, decided(made().as_token())).status_code == 403
    assert not Blog.objects.exists()
    assert not web.requests


def test_the_permission_to_add_is_enough(clerk: Callable[..., Client]) -> None:
    browser = clerk("add_blog")
    assert browser.get(ADD).status_code == 200
    assert browser.post(ADD, decided(made().as_token())).status_code == 302
    assert Blog.objects.exists()


@pytest.mark.parametrize("path", [ADD, LOOK, BLOGS])
def test_the_admin_is_for_staff_and_has_the_hubs_own_door(client: Client, aino: Person, path: str) -> None:
    door = reverse("people:session-create")
    assert client.get(path, follow=True).redirect_chain[-1][0].startswith(door)
    client.force_login(aino)
    assert client.get(path, follow=True).redirect_chain[-1][0].startswith(door)


def test_forged_posts_without_a_token_are_refused(admin: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)
    assert browser.post(ADD, decided(made().as_token())).status_code == 403
    assert browser.post(LOOK, {"address": "https://blogs.example/"}).status_code == 403
    assert not Blog.objects.exists()


# --- the list ----------------------------------------------------------------------------------------------------


def test_the_list_shows_owners_audience_and_trouble(
    desk: Client, make_blog: Callable[..., Blog], aino: Person, crew: Group
) -> None:
    blog = make_blog("Engines", for_groups=(crew,))
    blog.owners.add(aino)
    Feed.objects.update(consecutive_failures=3)
    Blog.objects.update(last_post_at=datetime(2026, 11, 22, 16, 19, tzinfo=UTC))
    html = desk.get(BLOGS).content.decode()
    for shown in ("Engines", "Aino Lehtinen", "Crew", "failing, 3 times in a row", "22 Nov 2026, 16:19"):
        assert shown in html


def test_the_list_costs_the_same_for_one_blog_and_for_twenty(
    desk: Client,
    make_blog: Callable[..., Blog],
    aino: Person,
    crew: Group,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_blog(for_groups=(crew,)).owners.add(aino)
    desk.get(BLOGS)
    with django_assert_num_queries(7) as seen:
        desk.get(BLOGS)
    for _ in range(20):
        make_blog(for_groups=(crew,)).owners.add(aino)
    with django_assert_num_queries(len(seen.captured_queries)):
        desk.get(BLOGS)


@pytest.mark.parametrize(
    ("query", "shown"), [("feed=failing", "Ill"), ("feed=paused", "Paused"), ("q=Healthy", "Healthy")]
)
def test_the_list_is_filtered_and_searched(
    desk: Client, make_blog: Callable[..., Blog], query: str, shown: str
) -> None:
    blogs = {title: make_blog(f"{title} blog") for title in ("Ill", "Paused", "Healthy")}
    blogs["Ill"].feeds.update(consecutive_failures=1)
    blogs["Paused"].feeds.update(state=FeedState.PAUSED)
    html = desk.get(f"{BLOGS}?{query}").content.decode()
    assert [title for title in blogs if f"{title} blog" in html] == [shown]


def test_deleting_a_blog_tells_the_number_of_posts_and_takes_them_along(
    desk: Client, make_blog: Callable[..., Blog], make_post: Callable[..., Post]
) -> None:
    blog = make_blog("Old blog", post_count=2)
    make_post(blog), make_post(blog)
    path = f"{BLOGS}{blog.pk}/delete/"
    assert "posts: 2" in desk.get(path).content.decode().replace("<li>", "").lower()
    desk.post(path, {"post": "yes"})
    assert not Blog.objects.exists()
    assert not Post.objects.exists()


def test_no_blog_takes_the_address_of_a_page(desk: Client, make_blog: Callable[..., Blog]) -> None:
    blog = make_blog()
    form = {"title": "Ideas", "slug": "suggest", "audience": "everyone"}
    assert "page of the hub" in desk.post(f"{BLOGS}{blog.pk}/change/", form).content.decode()
    assert not Blog.objects.filter(slug="suggest").exists()


def test_a_company_s_short_host_names_are_good_homepages(desk: Client, make_blog: Callable[..., Blog]) -> None:
    blog = make_blog(homepage_url="http://blogs/~anna/")
    form = {"title": "Anna", "slug": blog.slug, "homepage_url": "http://blogs/~anna/", "audience": "everyone"}
    assert desk.post(f"{BLOGS}{blog.pk}/change/", form).status_code == 302
    bad = desk.post(f"{BLOGS}{blog.pk}/change/", form | {"homepage_url": "javascript:alert(1)"})
    assert bad.status_code == 200
    blog.refresh_from_db()
    assert blog.homepage_url == "http://blogs/~anna/"


def test_only_who_may_read_a_blog_gets_the_button_to_its_page(
    desk: Client, admin: Person, make_blog: Callable[..., Blog], make_post: Callable[..., Post], crew: Group
) -> None:
    blog = make_blog(for_groups=(crew,))
    post = make_post(blog)
    pages = [f"{BLOGS}{blog.pk}/change/", f"/admin/aggregator/post/{post.pk}/change/"]
    assert [b"View on site" in desk.get(page).content for page in pages] == [False, False]
    admin.groups.add(crew)
    assert [b"View on site" in desk.get(page).content for page in pages] == [True, True]
