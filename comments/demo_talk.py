"""The demo's conversations: puts what its colleagues say below their posts, each at its time.

Goes through ``store.publish`` and ``votes.vote`` as everybody does. What is said later than now comes later, so the
demo goes on talking while somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from django.conf import settings

from aggregator import votes
from aggregator.models import Feed, Post, PostVote
from bloghub.people.models import Person
from comments import store
from comments.limits import Refused
from comments.models import Comment
from demo.talk import Said, Talk, load

_KEYS = UUID("6f1c2ab4-9d0f-4f0e-8a55-2f9f6f7f1c11")
BETWEEN_VOTES = timedelta(minutes=7)


@dataclass(frozen=True, slots=True)
class _Due:
    """One comment whose time has come."""

    moment: datetime
    talk: Talk
    said: Said
    post: Post


def talk(now: datetime) -> int:
    """Says and votes all that is due and not there yet; returns how many comments are new. Safe to repeat.

    Waits until every feed of the demo was read once: pace is judged by what a writer said before, so what is said must
    come in order of time.
    """
    feeds = Feed.objects.filter(url__startswith=f"http://{settings.DEMO_ADDRESS}/")
    if not settings.DEMO_ADDRESS or feeds.filter(last_polled_at=None).exists():
        return 0
    posts = {_place(post): post for post in Post.objects.filter(feed__in=feeds).defer("content_html")}
    people = {person.username: person for person in Person.objects.filter(is_demo=True)}
    talks = load()
    due = sorted(_due(talks, posts, now), key=lambda one: one.moment)
    stored = _stored()
    new = [one for one in due if _key(one.talk, one.said.number) not in stored and one.said.writer in people]
    said = sum(_say(one, people[one.said.writer]) for one in new)
    _vote(talks, posts, people, now)
    return said


def _place(post: Post) -> str:
    return urlsplit(post.permalink).path.strip("/")


def _due(talks: tuple[Talk, ...], posts: Mapping[str, Post], now: datetime) -> Iterator[_Due]:
    for one in talks:
        post = posts.get(one.at)
        for said in one.said if post else ():
            if post and post.published_at + said.after <= now:
                yield _Due(post.published_at + said.after, one, said, post)


def _key(talk: Talk, number: int) -> UUID:
    return uuid5(_KEYS, f"{talk.at}#{number}")


def _stored() -> set[UUID]:
    known = Comment.objects.filter(author__is_demo=True, submission_key__isnull=False)
    return {key for key in known.values_list("submission_key", flat=True) if key is not None}


def _say(one: _Due, writer: Person) -> bool:
    parent = None
    if one.said.answers:
        parent = Comment.objects.filter(submission_key=_key(one.talk, one.said.answers), post=one.post).first()
        if parent is None:
            return False
    draft = store.Draft(writer, one.post, one.said.words, parent, _key(one.talk, one.said.number))
    try:
        store.publish(draft, one.moment)
    except Refused:  # a moderator has locked the thread, or somebody else's rule says no: that is theirs to decide
        return False
    return True


def _vote(talks: tuple[Talk, ...], posts: Mapping[str, Post], people: Mapping[str, Person], now: datetime) -> None:
    given = set(PostVote.objects.filter(person__is_demo=True).values_list("post", "person"))
    for one in talks:
        post = posts.get(one.at)
        for place, username in enumerate(one.votes, 1):
            voter = people.get(username)
            if post is None or voter is None or (post.pk, voter.pk) in given:
                continue
            if post.published_at + place * BETWEEN_VOTES <= now and not votes.is_own(voter, post):
                votes.vote(voter, post, post.published_at + place * BETWEEN_VOTES)
