"""What the values of filters are called: titles of blogs, names of people and tags, for who may see these.

Links name a blog by its slug, which nobody else would type; the page shows what people know it by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from aggregator.models import Blog, Tag, TaggedPost
from aggregator.models.blog import hidden_from
from aggregator.models.tag import tag_slug
from aggregator.search.operators import Filter, filter_of
from aggregator.search.query import Query, write
from bloghub.people.models import Person

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

Names = dict[Filter, str]


def names_of(query: Query, reader: Reader) -> Names:
    """The names of what filters of ``query`` name by slug or user name; at most one statement for each operator."""
    names: Names = {}
    for operator, find in _FINDERS.items():
        filters = [each for each in query.filters if each.name == operator]
        known = find({each.value for each in filters}, reader) if filters else {}
        names |= {each: known[key] for each in filters if (key := _key(each)) in known}
    return names


def spelt(query: Query, names: Names, reader: Reader) -> str:
    """The text of ``query`` with these names in it, where each means the same one thing; to be shown, and typed again.

    At most two statements.
    """
    clear = {each: name for each, name in names.items() if filter_of(each.name, name) == each._replace(value=name)}
    alone = {operator: count(_lowered(operator, clear), reader) for operator, count in _COUNTERS.items()}
    shown = {
        each: each._replace(value=name)
        for each, name in clear.items()
        if (tag_slug(name) == _key(each) if each.name == "tag" else alone[each.name][name.lower()] == 1)
    }
    return write(query.term, (shown.get(each, each) for each in query.filters))


def _key(filter: Filter) -> str:
    return tag_slug(filter.value) if filter.name == "tag" else filter.value.lower()


def _lowered(operator: str, names: Names) -> set[str]:
    return {name.lower() for each, name in names.items() if each.name == operator}


def _blogs(values: Collection[str], reader: Reader) -> dict[str, str]:
    blogs = Blog.objects.visible_to(reader).filter(slug__in=[value.lower() for value in values])
    return dict(blogs.values_list("slug", "title"))


def _people(values: Collection[str], reader: Reader) -> dict[str, str]:
    """Colleagues are no secret among colleagues; strangers see what they have typed."""
    if not reader.is_authenticated:
        return {}
    people = Person.objects.annotate(key=Lower("username")).filter(key__in=[value.lower() for value in values])
    return {key: name for key, name in people.values_list("key", "display_name") if name}


def _tags(values: Collection[str], reader: Reader) -> dict[str, str]:
    seen = TaggedPost.objects.filter(tag=OuterRef("pk")).exclude(content_object__blog__in=hidden_from(reader))
    tags = Tag.objects.filter(Exists(seen), slug__in=[tag_slug(value) for value in values])
    return dict(tags.values_list("slug", "name"))


def _blogs_called(names: Collection[str], reader: Reader) -> Counter[str]:
    """How many blogs each of these may mean, in lower case."""
    if not names:
        return Counter()
    blogs = Blog.objects.visible_to(reader).annotate(key=Lower("title")).filter(Q(key__in=names) | Q(slug__in=names))
    return _counted(blogs.values_list("key", "slug"))


def _people_called(names: Collection[str], reader: Reader) -> Counter[str]:
    if not names:
        return Counter()
    people = Person.objects.annotate(key=Lower("display_name"), login=Lower("username"))
    return _counted(people.filter(Q(key__in=names) | Q(login__in=names)).values_list("key", "login"))


def _counted(rows: Collection[tuple[str, str]]) -> Counter[str]:
    return Counter(name for row in rows for name in set(row))


_FINDERS: dict[str, Callable[[Collection[str], Reader], dict[str, str]]] = {
    "blog": _blogs,
    "author": _people,
    "tag": _tags,
}
_COUNTERS: dict[str, Callable[[Collection[str], Reader], Counter[str]]] = {
    "blog": _blogs_called,
    "author": _people_called,
}
