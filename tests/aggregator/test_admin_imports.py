"""Importing blogs in the admin: a list, a page that shows what becomes of its rows, and what can be done about it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from aggregator.importing import working
from aggregator.importing.reading import Row
from aggregator.importing.starting import start
from aggregator.models import Blog, BlogImport, ImportRow, RowState
from bloghub.people.models import Person
from tests.aggregator.looks import made, rss
from tests.web import Web

pytestmark = pytest.mark.django_db
ADD = "/admin/aggregator/blogimport/add/"
LIST = "/admin/aggregator/blogimport/"
ACTS = ["stop", "resume", "register"]


@pytest.fixture
def found(admin: Person) -> BlogImport:
    """Three rows: one can be registered, one failed, one waits."""
    rows = [Row(line, f"https://blogs.example/{line}", f"Blog {line}", "root") for line in (1, 2, 3)]
    blog_import = start(rows, "ours.opml", by=admin)
    preview = made("https://blogs.example/1", "Engines").as_state()
    blog_import.rows.filter(position=1).update(state=RowState.READY, preview=preview)
    blog_import.rows.filter(position=2).update(state=RowState.FAILED, outcome="The server asks for a password (401).")
    return blog_import


def page_of(found: BlogImport) -> str:
    return f"{LIST}{found.pk}/change/"


def pasted(words: str, **more: object) -> dict[str, object]:
    return {"words": words, "kind": "", **more}


# --- a new one ---------------------------------------------------------------------------------------------------


def test_a_pasted_list_becomes_an_import_without_any_request(desk: Client, web: Web) -> None:
    answer = desk.post(ADD, pasted(f"{web.url}/a\n{web.url}/b\n"))
    found = BlogImport.objects.get()
    assert answer["Location"] == page_of(found)
    assert [row.address for row in found.rows.all()] == [f"{web.url}/a", f"{web.url}/b"]
    assert (str(found.started_by), found.is_running, web.requests) == ("Rauha Admin", True, [])


def test_an_uploaded_file_is_read_by_what_it_is(desk: Client) -> None:
    document = b'<opml><body><outline text="A" xmlUrl="http://a.example/"/></body></opml>'
    desk.post(ADD, pasted("", document=SimpleUploadedFile("our blogs.opml", document)))
    found = BlogImport.objects.get()
    assert (found.name, found.rows.get().title) == ("our blogs.opml", "A")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (pasted(""), "There is no address in this list."),
        (pasted("<opml>"), "broken at line 1"),
        (pasted('<!DOCTYPE a [<!ENTITY b "c">]><opml/>'), "declares entities"),
        (pasted("<opml>" + "<outline>" * 5000), "nested more than"),
        (pasted("<opml>" + '<outline xmlUrl="http://a/"/>' * 10_001 + "</opml>"), "more than 10,000"),
        (pasted("http://a/", kind="nothing"), "nothing"),
        (pasted("http://a/", document=SimpleUploadedFile("a", b"http://b/")), "not both"),
        (pasted("", document=SimpleUploadedFile("a", b"x" * 5_300_000)), "larger than 5 MB"),
        (pasted("", document=SimpleUploadedFile("a", b"\xff\xfe\xfa")), "UTF-8"),
    ],
    ids=["empty", "broken", "entities", "deep", "many", "kind", "both", "large", "picture"],
)
def test_what_is_no_list_is_refused_with_the_reason(desk: Client, form: dict[str, object], words: str) -> None:
    answer = desk.post(ADD, form)
    assert (answer.status_code, words in answer.content.decode()) == (400, True)
    assert not BlogImport.objects.exists()


def test_a_paste_of_many_megabytes_is_refused(desk: Client) -> None:
    assert desk.post(ADD, pasted("http://a.example/\n" * 300_000)).status_code == 400


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_shows_every_row_with_its_outcome_and_how_far_it_is(desk: Client, found: BlogImport) -> None:
    html = desk.get(page_of(found)).content.decode()
    for shown in ("2 of 3 looked at", "Engines (RSS 2.0, 0 posts)", "The server asks for a password", "Blog 3"):
        assert shown in html
    assert "Owner: Rauha Admin" in html
    assert 'hx-trigger="every 2s"' in html and "Look again" in html


def test_rows_can_be_filtered_by_state(desk: Client, found: BlogImport) -> None:
    html = desk.get(page_of(found) + "?state=failed").content.decode()
    assert "https://blogs.example/2" in html
    assert "https://blogs.example/1" not in html
    assert "https://blogs.example/1" in desk.get(page_of(found) + "?state=nonsense&page=x").content.decode()


def test_htmx_gets_the_part_that_changes(desk: Client, found: BlogImport) -> None:
    html = desk.get(page_of(found), headers={"HX-Request": "true"}).content.decode()
    assert html.startswith('<div id="import"')
    assert "<html" not in html


def test_nothing_refreshes_itself_when_nobody_is_at_work(desk: Client, found: BlogImport) -> None:
    found.stop()
    html = desk.get(page_of(found)).content.decode()
    assert "stopped" in html and "hx-get" not in html
    found.rows.filter(state=RowState.WAITS).delete()
    html = desk.get(page_of(found)).content.decode()
    assert "done" in html and "hx-get" not in html


def test_what_a_list_says_is_text(desk: Client) -> None:
    found = start([Row(1, 'http://a.example/"><script>1</script>', "<img src=x>", "<b>x</b>")], "<i>list</i>")
    html = desk.get(page_of(found)).content.decode()
    for tag in ("<script>1", "<img src=x>", "<b>x", "<i>list"):
        assert tag not in html


def test_a_long_list_comes_in_pages_at_a_fixed_number_of_queries(
    desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    found = start([Row(line, f"http://a.example/{line}", "", f"person{line}") for line in range(1, 251)], "long")
    with django_assert_max_num_queries(9):
        html = desk.get(page_of(found)).content.decode()
    assert html.count('<th scope="row">') == 100
    assert "http://a.example/201<" in desk.get(page_of(found) + "?page=3").content.decode()


# --- what can be done --------------------------------------------------------------------------------------------


def test_stop_and_resume_do_what_they_say(desk: Client, found: BlogImport) -> None:
    for _twice in range(2):
        assert desk.post(f"{LIST}{found.pk}/stop/")["Location"] == page_of(found)
        assert not BlogImport.objects.get().is_running
    for _twice in range(2):
        desk.post(f"{LIST}{found.pk}/resume/")
        assert BlogImport.objects.get().is_running


def test_register_has_the_ready_rows_registered_by_the_workers(desk: Client, found: BlogImport) -> None:
    found.rows.filter(state=RowState.WAITS).delete()
    html = desk.post(f"{LIST}{found.pk}/register/", follow=True).content.decode()
    assert "1 blog is being registered." in html
    assert found.rows.get(position=1).state == RowState.CHOSEN
    working.work(found.pk, timezone.now())
    blog = Blog.objects.get()
    assert [str(owner) for owner in blog.owners.all()] == ["Rauha Admin"]
    html = desk.get(page_of(found)).content.decode()
    assert f"/admin/aggregator/blog/{blog.pk}/change/" in html
    assert "1 of 1 registered" in html
    assert "0 blogs" in desk.post(f"{LIST}{found.pk}/register/", follow=True).content.decode()


def test_discarding_asks_first_forgets_the_list_and_keeps_the_blogs(desk: Client, web: Web) -> None:
    web.routes["/a"] = rss("A")
    found = start([Row(1, f"{web.url}/a")], "ours")
    for _step in range(2):
        working.work(found.pk, timezone.now())
        found.choose_ready()
    working.work(found.pk, timezone.now())
    html = desk.get(f"{LIST}{found.pk}/delete/").content.decode()
    assert "Rows of imports" in html
    desk.post(f"{LIST}{found.pk}/delete/", {"post": "yes"})
    assert (BlogImport.objects.count(), ImportRow.objects.count(), Blog.objects.count()) == (0, 0, 1)


def test_the_list_of_imports_says_how_far_each_is(desk: Client, found: BlogImport) -> None:
    found.stop()
    html = desk.get(LIST).content.decode()
    assert "ours.opml" in html and "2 of 3 looked at, stopped" in html


@pytest.mark.parametrize("act", ACTS)
def test_an_act_refuses_get_and_says_when_there_is_no_such_import(desk: Client, found: BlogImport, act: str) -> None:
    assert desk.get(f"{LIST}{found.pk}/{act}/").status_code == 405
    assert desk.post(f"{LIST}999999/{act}/").status_code == 404
    assert desk.post(page_of(found)).status_code == 405


def test_nobody_may_import_who_may_not_add_a_blog(client: Client, aino: Person, found: BlogImport) -> None:
    aino.is_staff = True
    aino.save()
    client.force_login(aino)
    paths = [f"{LIST}{found.pk}/{act}/" for act in ACTS]
    assert {client.post(path).status_code for path in [ADD, *paths]} == {403}
    assert {client.get(path).status_code for path in [ADD, LIST, page_of(found), f"{LIST}{found.pk}/delete/"]} == {403}
    aino.user_permissions.add(Permission.objects.get(codename="add_blog"))
    assert client.get(page_of(found)).status_code == 200


def test_strangers_are_asked_to_sign_in(client: Client, found: BlogImport) -> None:
    assert client.post(f"{LIST}{found.pk}/stop/").status_code == 302
    assert BlogImport.objects.get().is_running
