"""From what somebody typed to what is stored of it: cleaned, measured, and rendered with the names and titles it holds.

Looks up the people and posts that a text names; how Markdown becomes HTML is in rendering.py, who may say it in
limits.py, and what is stored in store.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from aggregator.models import Post
from aggregator.models.blog import Audience
from bloghub.lib.text import plain_text
from bloghub.people.models import Person, person_address
from comments.limits import Refused
from comments.rendering import MAX_LENGTH, Context, Rendered, names_in, posts_in, render


@dataclass(frozen=True, slots=True)
class Wording:
    """A text with what comes of it. ``mentioned`` are ids of people."""

    body: str
    rendered: Rendered
    mentioned: list[int]


def word(body: str, post_id: int) -> Wording:
    """A text that may be stored under this post, as far as the text itself decides. Raises Refused: ``empty``,
    ``long``."""
    body = plain_text(body).strip("\n")
    if len(body) > MAX_LENGTH:
        said = _("A comment has room for %(most)s characters; this has %(count)s. What you wrote is kept.")
        raise Refused("long", said % {"most": f"{MAX_LENGTH:,}", "count": f"{len(body):,}"})
    wording = reword(body, post_id)
    if not wording.rendered.html:
        raise Refused("empty", _("There is nothing to read in it yet."))
    return wording


def reword(body: str, post_id: int) -> Wording:
    """A text that has been stored already, by the present rules; nothing is refused."""
    people = {person.username.lower(): person for person in _people(body)}
    named = {username: (str(person), person_address(person.username)) for username, person in people.items()}
    rendered = render(body, Context(people=named, posts=_titles(body, post_id)))
    return Wording(body, rendered, [people[username].pk for username in rendered.mentions])


def preview(body: str, post_id: int) -> str:
    """The HTML of a text that is not stored yet. Raises Refused: ``empty``, ``long``."""
    return word(body, post_id).rendered.html


def _people(body: str) -> list[Person]:
    names = names_in(body)
    if not names:
        return []
    sql = "SELECT * FROM people_person WHERE is_active AND lower(username) = ANY(%s)"
    return list(Person.objects.raw(sql, [names]))


def _titles(body: str, post_id: int) -> dict[int, str]:
    """Titles of the posts named in the text that every reader of this post may know: of open blogs, and of its own."""
    numbers = [number for number in posts_in(body) if number < 2**63]
    if not numbers:
        return {}
    own = Q(blog__in=Post.objects.filter(pk=post_id).values("blog"))
    posts = Post.objects.filter(Q(blog__audience=Audience.EVERYONE) | own, pk__in=numbers)
    return {post.pk: str(post) for post in posts.only("title", "excerpt", "guid")}
