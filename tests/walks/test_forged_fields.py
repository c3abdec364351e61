"""What nobody was asked for: extra fields, lookups of the database and odd values in addresses and forms (check Z3)."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from pytest_django.fixtures import Settings

from aggregator.models import Post
from bloghub.lib.paging import write_cursor
from bloghub.people.models import Person
from comments.models import Comment
from tests import everything
from tests.everything import Address, Cast, Conversation, browser_of
from tests.scale import FULL, scaled

_CHANGING = re.compile(r'(name="(?:csrfmiddlewaretoken|until|key)" value=")[^"]*')
# Addresses repeat their own query: in links that come back to them
_QUERY = re.compile(r"[?&](?:amp;)?(?:author__password__startswith|order_by|_connector|is_staff|id__gt)=[^\"'&#<\s]*")
LOOKUPS = {
    "author__password__startswith": "s",
    "order_by": "password",
    "_connector": "OR",
    "is_staff": "1",
    "id__gt": "0",
}


@pytest.mark.parametrize("who", scaled(["aino", "judge"], few=1))
def test_lookups_in_an_address_change_nothing_of_its_page(who: str, addresses: list[Address]) -> None:
    client = browser_of(Person.objects.get(username=who))
    ours = [address.path for address in addresses if not address.route.startswith("admin/")]
    assert [path for path in ours if seen(client, path) != seen(client, path, LOOKUPS)] == []


def seen(client: Client, path: str, query: dict[str, str] | None = None) -> tuple[int, str]:
    answer = client.get(path, query or {})
    content = b"".join(answer) if answer.streaming else answer.content
    text = content.decode(errors="replace") + answer.get("Location", "")
    return answer.status_code, _QUERY.sub("", _CHANGING.sub(r"\1", text))


def test_lookups_break_no_page_of_the_admin(addresses: list[Address], admin: Person) -> None:
    client = browser_of(admin)
    paths = [address.path for address in addresses if address.route.startswith("admin/")]
    failed = [path for path in paths if client.get(path, LOOKUPS).status_code >= 500]
    assert failed == []


# Who somebody is and what they may do, and whose words are whose: no form of ours asks for any of it
GUARDED = (
    "SELECT id, username, password, is_staff, is_superuser, is_active, email FROM people_person ORDER BY id",
    "SELECT id, post_id, parent_id, author_id, number, origin, published_at FROM comments_comment WHERE id <= %s "
    "ORDER BY id",
    "SELECT id, blog_id, author_id, title, permalink, published_at FROM aggregator_post ORDER BY id",
    "SELECT id, title, slug, audience FROM aggregator_blog ORDER BY id",
    "SELECT person_id, group_id FROM people_person_groups ORDER BY 1, 2",
    "SELECT person_id, permission_id FROM people_person_user_permissions ORDER BY 1, 2",
    "SELECT blog_id, person_id FROM aggregator_blog_owners ORDER BY 1, 2",
)


def guarded(newest: int) -> list[list[tuple[object, ...]]]:
    found = []
    with connection.cursor() as cursor:
        for statement in GUARDED:
            cursor.execute(statement, [newest] if "%s" in statement else [])
            found.append(cursor.fetchall())
    return found


def forged(admin: Person, post: Post) -> dict[str, str]:
    """Every column somebody might wish to set."""
    extra = {"is_staff": "1", "is_superuser": "1", "is_active": "0", "username": "evil", "password": "evil", "pk": "1"}
    extra |= {"author": str(admin.pk), "author_id": str(admin.pk), "writer": str(admin.pk), "person": str(admin.pk)}
    extra |= {"post_id": str(post.pk), "state": "deleted", "number": "1", "origin": "blog", "by": str(admin.pk)}
    return extra | LOOKUPS | {"published_at": "2001-01-01T00:00:00Z", "vote_count": "999", "recipient": str(admin.pk)}


PROPER = {"body": "Said", "because": "So.", "reason": "unkind", "reply": "No.", "note": "", "seen": "1", "span": "day"}
ODD = [
    "\x00",
    "\x00<b>\ud7ff\ufffe",
    "-1",
    str(2**31),
    str(2**63),
    "9" * 400,
    "٣",
    "NaN",
    "\u202e",
    "%s%%(x)s",
    "x" * 70_000,
]


@pytest.mark.parametrize("who", scaled(["aino", "bo", "judge"], few=1))
def test_forged_fields_have_no_effect(who: str, addresses: list[Address], admin: Person, talk: Conversation) -> None:
    """Each form as its page sends it, with every column of the table beside it."""
    me = Person.objects.get(username=who)
    client = browser_of(me)
    newest = Comment.objects.latest("pk").pk
    before, failed = guarded(newest), []
    sent = forged(admin, talk.post) | PROPER | {"post": str(talk.post.pk), "seconds": "300"}
    for address in addresses:
        if not address.route.startswith(("claims/", "sign-out/", "admin/logout/")):
            status = client.post(address.path, sent).status_code
            failed += [(status, address.path)] if status >= 500 else []
    assert failed == []
    assert guarded(newest) == before
    assert set(Comment.objects.filter(pk__gt=newest).values_list("author", flat=True)) <= {me.pk}
    assert not Comment.objects.filter(pk__gt=newest).exclude(published_at__year=timezone.now().year).exists()


@pytest.mark.parametrize("odd", scaled(ODD, few=4), ids=lambda odd: ascii(odd[:12]))
def test_no_form_breaks_on_an_odd_value(odd: str, addresses: list[Address], talk: Conversation) -> None:
    failed = []
    names = (
        *PROPER,
        "post",
        "parent",
        "key",
        "seconds",
        "from",
        "until",
        "next",
        "after",
        "watch",
        "username",
        "digest",
    )
    for who in ("aino", "judge"):
        client = browser_of(Person.objects.get(username=who))
        for address in addresses:
            if not address.route.startswith(("sign-out/", "admin/", "sign-in/")):
                status = client.post(address.path, dict.fromkeys(names, odd)).status_code
                failed += [(status, address.path)] if status >= 500 else []
    assert failed == []


@pytest.mark.parametrize("number", scaled([2**63, 0, 2**31, 10**30, 2**63 - 1], few=2))
def test_no_address_breaks_on_an_id_that_cannot_be(number: int, talk: Conversation, cast: Cast) -> None:
    failed = []
    paths = {"/" + re.sub(r"<int:\w+>", str(number), route) for route in everything.routes() if "<int:" in route}
    paths = {re.sub(r"<\w+:\w+>", "x", path) for path in paths}
    assert len(paths) > 30
    for person in (cast.aino, cast.judge):
        client = browser_of(person)
        for path in sorted(paths):
            for ask in (client.get, client.post):
                status = ask(path, PROPER).status_code
                failed += [(status, path)] if status >= 500 else []
    assert failed == []


LISTS = ["/", "/latest/", "/top/", "/discussed/", "/blogs/", "/people/", "/people/bo/", "/tags/", "/notifications/"]
LISTS += ["/moderation/log/", "/moderation/", "/people/suggestions/", "/guidelines/", "/settings/notifications/"]
NAMES = ["before", "after", "order", "piece", "comment", "parent", "q", "next", "show", "period", "kept", "page"]
STRANGE = (
    st.sampled_from([*ODD[:-1], "", "0-0", "zz-zz", "-", "1-", "-1--1", write_cursor((10**18, 1)), "z" * 300])
    | st.text()
)


@hypothesis_settings(
    max_examples=150 if FULL else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=st.data())
def test_no_list_breaks_on_an_odd_query(data: st.DataObject, strange_lists: tuple[Client, list[str]]) -> None:
    client, paths = strange_lists
    query = data.draw(st.dictionaries(st.sampled_from(NAMES), STRANGE, min_size=1, max_size=3))
    path = data.draw(st.sampled_from(paths))
    by_script = {"HX-Request": "true"} if data.draw(st.booleans()) else {}
    assert client.get(path, query, headers=by_script).status_code in {200, 302, 404}, (path, query)


@pytest.fixture
def strange_lists(talk: Conversation, cast: Cast, settings: Settings) -> tuple[Client, list[str]]:
    post = f"/posts/{talk.post.pk}/"
    blog, tag = talk.post.blog.get_absolute_url(), talk.post.tags.get().get_absolute_url()
    paths = [*LISTS, blog, tag, talk.post.get_absolute_url(), f"{post}comments/", f"{post}comments/fresh/"]
    return browser_of(cast.judge), [*paths, f"{post}comments/new/"]


def test_the_place_in_one_list_is_none_in_another(strange_lists: tuple[Client, list[str]]) -> None:
    """Rivers run over times, rankings over numbers."""
    client, paths = strange_lists
    places = [write_cursor((datetime.now(timezone.get_current_timezone()), 1)), write_cursor((2**62, 3))]
    answers = {
        client.get(path, {side: at}).status_code for path in paths for side in ("before", "after") for at in places
    }
    assert answers <= {200, 302}
