"""The forms of the conversation: what a browser may send, and nothing else that comes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid4, uuid5

from aggregator.models import Post
from bloghub.people.models import Person
from comments.asked import INT8, number_in
from comments.limits import Refused
from comments.models import Comment

_KEYS = UUID("5f1b7f0e-6f0a-4b53-9a39-0d5f7d3c2a11")


def form_key(person: Person, post: Post, parent: Comment | None = None) -> str:
    """The key of a form: the same until something is said under the post, so that its page keeps its entity tag, and
    another one afterwards, so that one may say the same twice."""
    return str(uuid5(_KEYS, f"{person.pk}/{post.pk}/{parent.pk if parent else 0}/{post.last_comment_number}"))


_UNTICKED = frozenset({"", "0", "false", "False"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A comment as it came from a form. Its words are judged by comments/store.py, whose refusals keep the text.

    Read without Django's forms, which every request would pay for, and which have nothing to say about it.
    """

    text: str
    key: UUID  # a new one when it came without
    parent: int | None  # which comment is answered; 0, which none is, when what was sent is no number
    watch: bool

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Self:
        """From what was posted; whatever else it holds is left alone."""
        parent = data.get("parent", "").strip()
        return cls(
            text=data.get("body", ""),
            key=_key(data.get("key", "")),
            parent=number_in(parent, digits=INT8) if parent else None,
            watch=data.get("watch", "") not in _UNTICKED,
        )


def _key(text: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError:
        return uuid4()


@dataclass(frozen=True, slots=True)
class Saying:
    """A form as it is shown: where it stands, and what is in it. ``post`` is None when it is no longer there."""

    post: Post | None
    parent: Comment | None = None
    comment: Comment | None = None  # that is being changed
    text: str = ""
    key: str = ""
    watch: bool = True
    refusal: Refused | None = None
    look: str = ""  # the text as it will look

    @property
    def id(self) -> str:
        """Names the form on its page: there is one for the post, and one for each comment that is being answered."""
        return f"e{self.comment.pk}" if self.comment else str(self.parent.pk if self.parent else 0)

    @property
    def draft(self) -> str:
        """The name under which a browser keeps its text."""
        return f"{self.post.pk}-{self.id}" if self.post else ""

    @property
    def listener(self) -> str:
        """To whom it is said."""
        if self.parent:
            return self.parent.speaker
        return self.post.byline if self.post else ""
