"""Which posts are whose: finds the colleague behind a post, when a poll brings it and when a blog's owners change.

A feed can claim any name and any mail address; only the people whom an admin made owners are believed to be behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection, transaction
from psycopg2.extras import execute_values

from aggregator.models import Blog, Feed, Post
from aggregator.polling.types import IncomingPost
from aggregator.search.index import reattribute
from bloghub.people.models import Person

# The mail address of a post is not stored: whom only that has told stays its author as long as they are an owner
_ATTRIBUTE = """
    UPDATE aggregator_post AS post SET author_id = new.author_id::bigint
      FROM (VALUES %s) AS new (blog_id, author_name, author_id)
     WHERE post.blog_id = new.blog_id AND post.author_name = new.author_name
       AND post.author_id IS DISTINCT FROM new.author_id::bigint
       AND (new.author_id IS NOT NULL OR new.author_name = '' OR NOT EXISTS (
           SELECT FROM aggregator_blog_owners AS owner
            WHERE owner.blog_id = post.blog_id AND owner.person_id = post.author_id))
"""


class Authors:
    """The owners of these blogs, read by one query."""

    def __init__(self, blog_ids: Iterable[int]) -> None:
        self._owners: Mapping[int, list[Person]] = defaultdict(list)
        rows = Blog.owners.through.objects.filter(blog__in=set(blog_ids)).select_related("person")
        for row in rows.order_by("pk"):
            self._owners[row.blog_id].append(row.person)

    def of(self, blog: Blog, post: IncomingPost) -> Person | None:
        """The owner whom the post names by mail or name; the only owner when it names nobody else."""
        return self.named(blog.pk, post.author_name, post.author_email)

    def named(self, blog_id: int, name: str, email: str = "") -> Person | None:
        """The same for a name and a mail address, either of which may be empty."""
        owners = self._owners.get(blog_id, [])
        name, email = name.casefold(), email.casefold()
        for owner in owners:
            if email and owner.email.casefold() == email:
                return owner
            if name and name in {owner.display_name.casefold(), owner.username.casefold()}:
                return owner
        return owners[0] if len(owners) == 1 and not name else None


def lock_feeds(blog_ids: Iterable[int]) -> None:
    """Keeps polls from these blogs until the transaction ends: before anything else of the blogs is written, for a
    poll locks the feeds first, too, and would otherwise deadlock with us.
    """
    list(Feed.objects.filter(blog__in=list(blog_ids)).order_by("pk").select_for_update().values_list("pk"))


def attribute(blog_ids: Iterable[int]) -> None:
    """Finds the authors of all posts of these blogs anew, after their owners have changed; safe to repeat."""
    blogs = sorted(set(blog_ids))
    with transaction.atomic():
        lock_feeds(blogs)
        authors = Authors(blogs)
        names = Post.objects.filter(blog__in=blogs).order_by().values_list("blog", "author_name").distinct()
        found = [(blog, name, authors.named(blog, name)) for blog, name in names]
        rows = [(blog, name, author.pk if author else None) for blog, name, author in found]
        if rows:
            with connection.cursor() as cursor, connection.wrap_database_errors:
                execute_values(cursor.cursor, _ATTRIBUTE, rows, page_size=len(rows))
            reattribute(blogs)
