"""The forms of the conversation: what a browser may send, and nothing else that comes with it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from django import forms
from django.utils.translation import gettext_lazy as _

from aggregator.models import Post
from bloghub.people.models import Person
from comments.limits import Refused
from comments.models import Comment

_KEYS = UUID("5f1b7f0e-6f0a-4b53-9a39-0d5f7d3c2a11")


def form_key(person: Person, post: Post, parent: Comment | None = None) -> str:
    """The key of a form: the same until something is said under the post, so that its page keeps its entity tag, and
    another one afterwards, so that one may say the same twice."""
    return str(uuid5(_KEYS, f"{person.pk}/{post.pk}/{parent.pk if parent else 0}/{post.last_comment_number}"))


class CommentForm(forms.Form):
    """A comment as it is written. Its words are judged by comments/store.py, whose refusals keep the text."""

    body = forms.CharField(strip=False, required=False)
    key = forms.UUIDField(required=False)
    parent = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    watch = forms.BooleanField(label=_("Tell me of answers"), required=False)

    @property
    def text(self) -> str:
        """What was written, also when something else about the form is wrong."""
        return str(self.data.get("body", ""))

    @property
    def sent_key(self) -> UUID:
        """The form's key; a new one when it came without."""
        return self.cleaned_data.get("key") or uuid4()

    @property
    def sent_parent(self) -> int | None:
        """Which comment is answered; one that cannot be when what was sent is no number."""
        return 0 if "parent" in self.errors else self.cleaned_data.get("parent")


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
