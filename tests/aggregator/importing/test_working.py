"""What becomes of the rows of a list: looked at, told apart, registered; stopped, killed and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import DataError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.importing import working
from aggregator.importing.reading import Row
from aggregator.importing.starting import start
from aggregator.importing.words import outcome_words
from aggregator.models import Blog, BlogImport, Feed, ImportRow, Post, RowState
from aggregator.polling import poll
from aggregator.registration import register
from bloghub.people.models import Person
from tests.aggregator.looks import link, page, rss
from tests.web import Answer, Web

pytestmark = pytest.mark.django_db


def imported(*addresses: str, owner: str = "", title: str = "") -> BlogImport:
    return start([Row(line, address, title, owner) for line, address in enumerate(addresses, 1)], "A list")


def run(found: BlogImport) -> None:
    """What the workers do, until there is nothing left."""
    while working.work(found.pk, timezone.now()):
        pass


def states(found: BlogImport) -> list[str]:
    return list(found.rows.values_list("state", flat=True))


def outcomes(found: BlogImport) -> list[str]:
    return [outcome_words(row) for row in found.rows.select_related("blog", "same_as")]


# --- looking -----------------------------------------------------------------------------------------------------


def test_a_row_that_the_configuration_forbids_says_which_line_allows_it(settings: Settings) -> None:
    settings.FETCH_ALLOW = ""
    found = imported("http://127.0.0.1:8080/feed")
    run(found)
    assert outcomes(found)[0].endswith(" A line in the configuration allows it: BLOGHUB_FETCH_ALLOW=127.0.0.1:8080")


def test_every_row_gets_its_outcome_and_nothing_is_registered(web: Web, make_blog: Callable[..., Blog]) -> None:
    known = make_blog("Old", url=f"{web.url}/old")
    web.routes |= {"/": page(link("/a")), "/a": rss("A"), "/b": Answer(status=500), "/old": rss("Old")}
    found = imported(web.address, f"{web.url}/b", "nonsense at all", f"{web.url}/old", "")
    run(found)
    assert states(found) == ["ready", "failed", "failed", "known", "failed"]
    assert outcomes(found)[0] == "A (RSS 2.0, 5 posts)"
    assert "trouble of its own" in outcomes(found)[1]
    assert found.rows.get(position=4).blog == known
    assert list(Blog.objects.all()) == [known]
    assert not web.count("/old")  # what is known by its address needs no visit


def test_one_address_in_two_spellings_is_one_blog_and_visited_once(web: Web) -> None:
    web.routes["/a"] = rss("A")
    found = imported(f"{web.url}/a", f"{web.url.upper()}/a#top", web.address + "/a")
    run(found)
    assert states(found) == ["ready", "double", "double"]
    assert outcomes(found)[1:] == ["the same blog as line 1"] * 2
    assert web.count("/a") == 1


def test_a_redirect_and_a_homepage_lead_to_the_same_blog(web: Web) -> None:
    moved, today = Answer.redirect("/a", 301), Answer.redirect("/a", 302)
    web.routes |= {"/old": moved, "/today": today, "/": page(link("/a")), "/a": rss("A")}
    found = imported(f"{web.url}/a", f"{web.url}/old", f"{web.url}/today", f"{web.url}/")
    run(found)
    assert sorted(states(found)) == ["double", "double", "double", "ready"]


def test_one_document_at_two_addresses_is_one_blog_but_two_blogs_of_one_name_are_two(web: Web) -> None:
    home = "https://blogs.example/engine/"
    web.routes |= {"/rss": rss("A", link=home), "/copy": rss("A", link=home), "/other": rss("A", link=home, items=3)}
    found = imported(f"{web.url}/rss", f"{web.url}/copy", f"{web.url}/other")
    run(found)
    assert sorted(states(found)) == ["double", "ready", "ready"]
    assert found.rows.get(position=3).state == RowState.READY


def test_a_feed_that_is_registered_at_another_address_is_known(web: Web) -> None:
    web.routes |= {"/rss": rss("A", link=f"{web.url}/"), "/copy": rss("A", link=f"{web.url}/")}
    run(first := imported(f"{web.url}/rss"))
    first.choose_ready()
    run(first)
    feed = Feed.objects.get()
    now = timezone.now()
    claim = Feed.objects.free(now).claim(now, limit=1)
    poll.poll_feeds(claim.feed_ids, claim.token)
    assert Post.objects.count() == 5
    second = imported(f"{web.url}/copy")
    run(second)
    assert (states(second), second.rows.get().blog) == (["known"], feed.blog)


def test_the_double_of_a_double_is_told_of_the_first(web: Web) -> None:
    web.routes |= {"/a": rss("A"), "/old": Answer.redirect("/a", 301)}
    found = imported(f"{web.url}/a", f"{web.url}/old", f"{web.url}/old")
    working.SLICE, slice_size = 1, working.SLICE
    try:
        run(found)
    finally:
        working.SLICE = slice_size
    assert outcomes(found)[1:] == ["the same blog as line 1"] * 2


# --- registering -------------------------------------------------------------------------------------------------


def test_what_was_chosen_is_registered_with_its_owners_and_due_at_once(web: Web, aino: Person, bo: Person) -> None:
    web.routes["/a"] = rss("A")
    rows = [Row(1, f"{web.url}/a", "", "AINO@example.com"), Row(2, f"{web.url}/a", "", "bo, nobody")]
    found = start(rows, "A list")
    run(found)
    assert found.choose_ready() == 1
    run(found)
    blog = Blog.objects.get()
    assert (states(found), set(blog.owners.all())) == (["registered", "double"], {aino, bo})
    assert blog.feeds.get().next_poll_at <= timezone.now()
    assert web.count("/a") == 1  # what the dry run has found is enough
    assert {row.blog for row in found.rows.all()} == {blog}


def test_an_address_that_is_nobodys_may_claim_the_blog_later(web: Web) -> None:
    web.routes["/a"] = rss("A")
    found = imported(f"{web.url}/a", owner="eeva@example.com")
    run(found)
    found.choose_ready()
    run(found)
    blog = Blog.objects.get()
    assert (blog.contact_email, blog.owners.exists()) == ("eeva@example.com", False)


def test_the_lists_title_is_used_when_the_feed_has_none(web: Web) -> None:
    web.routes |= {"/a": rss(""), "/b": rss("Own", items=2)}
    found = imported(f"{web.url}/a", f"{web.url}/b", title="From the list")
    run(found)
    found.choose_ready()
    run(found)
    assert set(Blog.objects.values_list("title", flat=True)) == {"From the list", "Own"}


def test_registering_twice_registers_once(web: Web) -> None:
    web.routes["/a"] = rss("A")
    first, second = imported(f"{web.url}/a"), imported(f"{web.url}/a")
    for found in (first, second):
        run(found)
    for found in (first, second):
        found.choose_ready()
        run(found)
    assert (states(first), states(second), Blog.objects.count()) == (["registered"], ["known"], 1)


def test_a_row_the_database_refuses_does_not_stop_the_others(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.routes |= {"/a": rss("A"), "/b": rss("B")}
    found = imported(f"{web.url}/a", f"{web.url}/b")
    run(found)

    def refusing(preview: object, **options: object) -> Blog:
        if getattr(preview, "title", "") == "A":
            raise DataError
        return register(preview, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(working, "register", refusing)
    found.choose_ready()
    run(found)
    assert states(found) == ["failed", "registered"]
    assert Blog.objects.get().title == "B"


# --- leases ------------------------------------------------------------------------------------------------------


def test_one_worker_is_at_an_import_at_a_time(web: Web) -> None:
    web.routes["/a"] = rss("A")
    found, now = imported(f"{web.url}/a"), timezone.now()
    assert working.take(found.pk, now) is not None
    assert working.take(found.pk, now) is None
    assert not BlogImport.objects.idle(now).exists()


def test_what_a_killed_worker_had_is_done_by_the_next_when_its_lease_is_over(web: Web) -> None:
    web.routes["/a"] = rss("A")
    found, now = imported(f"{web.url}/a"), timezone.now()
    working.take(found.pk, now)  # and nothing more is heard of it
    later = now + working.LEASE + timedelta(seconds=1)
    assert list(BlogImport.objects.idle(later)) == [found]
    working.work(found.pk, later)
    assert states(found) == ["ready"]


def test_a_worker_that_comes_back_too_late_is_refused(web: Web) -> None:
    web.routes |= {"/a": rss("A")}
    found, now = imported(f"{web.url}/a"), timezone.now()
    late = working.take(found.pk, now)
    assert late is not None
    working.work(found.pk, now + working.LEASE + timedelta(seconds=1))
    web.routes["/a"] = Answer(status=500)
    assert list(working.settle(late)) == []
    assert states(found) == ["ready"]


def test_a_stopped_import_is_left_alone_until_it_is_resumed(web: Web) -> None:
    web.routes["/a"] = rss("A")
    found = imported(f"{web.url}/a")
    found.stop()
    assert not BlogImport.objects.idle(timezone.now()).exists()
    run(found)
    assert (states(found), web.requests) == (["waits"], [])
    found.resume()
    assert list(BlogImport.objects.idle(timezone.now())) == [found]
    run(found)
    assert states(found) == ["ready"]


def test_stopping_ends_a_slice_that_is_under_way_and_gives_its_rows_back(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "PULSE", 0.05)
    web.routes |= {"/a": rss("A"), "/b": Answer(wait=60)}
    found = imported(f"{web.url}/a", f"{web.url}/b")
    taken = working.take(found.pk, timezone.now())
    assert taken is not None
    for rows in working.settle(taken):
        assert [row.address for row in rows] == [f"{web.url}/a"]
        found.stop()
    assert states(found) == ["ready", "waits"]
    assert not ImportRow.objects.exclude(lease_until=None).exists()


def test_an_import_that_is_discarded_meanwhile_ends_quietly(web: Web) -> None:
    web.routes["/a"] = rss("A")
    found = imported(f"{web.url}/a")
    taken = working.take(found.pk, timezone.now())
    assert taken is not None
    found.delete()
    assert list(working.settle(taken)) == []


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_discarded_under_a_worker_waits_for_it(client: Client, admin: Person) -> None:
    """Both change its rows: in another order each would wait for the other."""
    found = imported(*(f"https://blogs.example/{number}" for number in range(5)))
    client.force_login(admin)
    taken = working.take(found.pk, timezone.now())
    assert taken is not None
    answers: list[int] = []

    def discard() -> None:
        try:
            path = f"/admin/aggregator/blogimport/{found.pk}/delete/"
            answers.append(client.post(path, {"post": "yes"}).status_code)
        finally:
            connection.close()

    discarding = Thread(target=discard)
    with transaction.atomic():
        assert working._judged(taken, {}) == []  # holds the import
        discarding.start()
        deadline = monotonic() + 20
        while not _somebody_waits() and monotonic() < deadline:
            sleep(0.01)
        found.rows.update(outcome="looked at")
    discarding.join()
    assert (answers, BlogImport.objects.count()) == ([302], 0)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
