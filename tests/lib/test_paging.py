"""Keyset pages: nothing is lost or shown twice between them, and nonsense in the address harms nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.models import Blog, Post
from bloghub.lib.paging import PAGE_SIZE, Page, paginate, read_cursor, write_cursor

MakePost = Callable[..., Post]
MakeBlog = Callable[..., Blog]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "keyset",
    [
        (datetime(2026, 11, 22, 8, 12, 3, 999_999, tzinfo=UTC), 17),
        (datetime(1, 1, 1, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, tzinfo=UTC), 2**63 - 1),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 1),
    ],
)
def test_a_cursor_names_its_place_to_the_microsecond(keyset: tuple[datetime, int]) -> None:
    assert read_cursor(write_cursor(keyset)) == keyset


@pytest.mark.parametrize(
    "text",
    ["", "-", "1", "1-", "-1", "x y-1", "zzzzzzzzzzzzz-1", "1-3w5e11264sgsg", "1-zzzzzzzzzzzzz", "1-2-3", "\x00-\x00",
     "١-١", "1_0-1", "' OR 1=1-1", "+1-1", "z" * 10_000 + "-1"],
)  # fmt: skip
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert read_cursor(text) is None


def walk(step: str) -> list[Page[Post]]:
    """All pages from one end of the list to the other."""
    pages = [paginate(Post.objects.all(), {})]
    while cursor := pages[-1].older:
        pages.append(paginate(Post.objects.all(), {"before": cursor}))
    if step == "newer":
        pages = pages[-1:]
        while cursor := pages[-1].newer:
            pages.append(paginate(Post.objects.all(), {"after": cursor}))
    return pages


@pytest.fixture
def posts(make_blog: MakeBlog, make_post: MakePost) -> list[int]:
    """Three pages of posts, newest first; half of them share one moment."""
    blog = make_blog()
    times = [NOON if number % 2 else NOON - timedelta(minutes=number) for number in range(2 * PAGE_SIZE + 5)]
    rows = [make_post(blog, published_at=moment) for moment in times]
    return [row.pk for row in sorted(rows, key=lambda row: (row.published_at, row.pk), reverse=True)]


@pytest.mark.django_db
def test_older_pages_show_every_post_once_in_order(posts: list[int]) -> None:
    pages = walk("older")
    assert [len(page.rows) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 5]
    assert [post.pk for page in pages for post in page.rows] == posts


@pytest.mark.django_db
def test_newer_pages_lead_back_to_the_full_first_page(posts: list[int]) -> None:
    pages = walk("newer")
    assert [post.pk for post in pages[-1].rows] == posts[:PAGE_SIZE]
    assert pages[-1].is_first
    assert {post.pk for page in pages for post in page.rows} == set(posts)


@pytest.mark.django_db
def test_a_post_that_arrives_meanwhile_moves_no_older_page(posts: list[int], make_post: MakePost) -> None:
    second = paginate(Post.objects.all(), {}).older
    before = [post.pk for post in paginate(Post.objects.all(), {"before": second}).rows]
    make_post(published_at=NOON + timedelta(days=1))
    assert [post.pk for post in paginate(Post.objects.all(), {"before": second}).rows] == before


@pytest.mark.django_db
def test_a_place_whose_post_is_gone_still_divides_the_list(posts: list[int]) -> None:
    cursor = paginate(Post.objects.all(), {}).older
    Post.objects.filter(pk=posts[PAGE_SIZE - 1]).delete()
    assert paginate(Post.objects.all(), {"before": cursor}).rows[0].pk == posts[PAGE_SIZE]


@pytest.mark.django_db
def test_before_the_oldest_there_is_nothing(posts: list[int]) -> None:
    page = paginate(Post.objects.all(), {"before": write_cursor((datetime(1990, 1, 1, tzinfo=UTC), 1))})
    assert (page.rows, page.older) == ([], "")
