"""A blogger claims their blog: the link in the first mail, and what it opens.

The link is signed and names the blog and the address it was sent to. It is good for 60 days and only while the blog has
no owner, so it can be used once; whoever opens it has read that mailbox, and signs in as themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from aggregator.authorship import attribute, lock_feeds
from aggregator.models import Blog
from bloghub.people.models import Person
from comments.models import Claim, Comment

GOOD_FOR = 60 * 86_400  # s
TRIED_FOR = timedelta(days=2)  # while the mail server of the blogger asks to come again
_SALT = "comments.claiming"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the mail says."""

    email: str
    blog: Blog
    comment: Comment | None
    url: str
    invited_at: datetime


def invite(blog: Blog, comment: Comment, now: datetime) -> None:
    """Notes that this blog's writer is to be invited, once for ever. Nothing happens without an address."""
    if blog.contact_email:
        claim = Claim(blog=blog, email=blog.contact_email, comment=comment, invited_at=now)
        Claim.objects.bulk_create([claim], ignore_conflicts=True)


def take_unsent(now: datetime, limit: int = 50) -> list[Invitation]:
    """The invitations to send, marked as sent before anybody sends them: a mail lost is better than two."""
    with transaction.atomic():
        waiting = Claim.objects.filter(sent_at=None).order_by("invited_at").select_related("blog", "comment")
        claims = list(waiting.select_for_update(skip_locked=True, of=("self",))[:limit])
        Claim.objects.filter(pk__in=[claim.pk for claim in claims]).update(sent_at=now)
    return [Invitation(claim.email, claim.blog, claim.comment, link(claim), claim.invited_at) for claim in claims]


def put_back(blog: Blog) -> None:
    """Its mail could not be handed over: to be tried again."""
    Claim.objects.filter(blog=blog).update(sent_at=None)


def link(claim: Claim) -> str:
    """The address that claims the blog."""
    token = signing.dumps([claim.blog_id, claim.email], salt=_SALT)
    return settings.PUBLIC_URL + reverse("comments:claim-create", args=[token])


def blog_of(token: str) -> Blog | None:
    """The blog this link may still claim; None when it is no link of ours, too old, or the blog is somebody's."""
    try:
        blog_id, email = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Blog.objects.filter(pk=blog_id, claim__email=email, claim__claimed_at=None, owners=None).first()


def claim(token: str, person: Person, now: datetime) -> Blog | None:
    """Makes this person the owner of the blog, when the link is still good; of two at once one wins."""
    with transaction.atomic():
        blog = blog_of(token)
        if blog is None:
            return None
        lock_feeds([blog.pk])
        if not Claim.objects.filter(blog=blog, claimed_at=None).update(claimed_at=now, claimed_by=person):
            return None
        blog.owners.add(person)
        attribute([blog.pk])
    return blog
