"""The letter that invites a blogger to claim their blog. When it goes out: claiming.py."""

from __future__ import annotations

import logging
from datetime import datetime

from aggregator.models import Audience
from bloghub.lib.mail import Letter, LetterRefusedError, ServerTroubleError, outbox
from bloghub.notifications.letters import written
from comments import claiming
from comments.claiming import Invitation
from comments.models import CommentState

log = logging.getLogger(__name__)


def send_invitations(now: datetime) -> int:
    """Sends those that wait; returns how many were handed over. Without a mail server they wait on."""
    sent = 0
    invitations = claiming.take_unsent(now)
    with outbox() as box:
        for place, invitation in enumerate(invitations):
            try:
                box.send(letter(invitation))
                sent += 1
            except LetterRefusedError as refusal:
                log.warning("the invitation for blog %s was refused: %s", invitation.blog.pk, refusal)
                if not refusal.lasting and now - invitation.invited_at < claiming.TRIED_FOR:
                    claiming.put_back(invitation.blog)
            except ServerTroubleError as trouble:
                log.warning("invitations wait for the mail server: %s", trouble)
                for waiting in invitations[place:]:
                    claiming.put_back(waiting.blog)
                break
    return sent


def letter(invitation: Invitation) -> Letter:
    """What the blogger reads: what was said, by whom, and the link that makes the blog theirs.

    Of a restricted blog no words leave the hub, nor those of a comment that was hidden or deleted since.
    """
    blog, comment = invitation.blog, invitation.comment
    shown = comment is not None and comment.state == CommentState.VISIBLE and blog.audience == Audience.EVERYONE
    told = comment if shown else None
    subject, text, html = written("claim", {"blog": blog, "comment": told, "url": invitation.url})
    return Letter(invitation.email, subject, text, html, key=f"claim {blog.pk}")
