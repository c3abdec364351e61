"""The news of a feed in words, and the letter for a blogger whom the hub knows by a mail address only.

Each letter is marked as sent (``Feed.trouble_told_at``) before it is handed over: a worker that dies loses the one in
its hands at most, and none goes out twice.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from aggregator.health import reasons
from aggregator.models import Audience, Feed, FeedState
from aggregator.models.feed import POLLED_STATES
from bloghub.lib.mail import Letter, LetterRefusedError, ServerTroubleError, outbox
from bloghub.notifications.letters import written

log = logging.getLogger(__name__)

ENDED = (FeedState.GONE, FeedState.QUARANTINED)
TRIED_FOR = timedelta(days=3)  # since the trouble began, while a mail server asks to come again


@dataclass(frozen=True, slots=True)
class News:
    """What is told of a feed: ``what`` is failing, gone, quarantined or well, ``since`` when its trouble began (for
    well: when it was told)."""

    feed: Feed
    what: str
    since: datetime
    has_owners: bool = False

    @property
    def key(self) -> str:
        """Names this trouble for ever."""
        return f"feed-{self.what}:{self.feed.pk}:{int(self.since.timestamp())}"

    @property
    def title(self) -> str:
        """One line with the blog's name."""
        title = {"title": self.feed.blog.title}
        match self.what:
            case "well":
                return _("“%(title)s” is read again") % title
            case "gone":
                return _("“%(title)s” is gone, says its server") % title
            case "quarantined":
                return _("“%(title)s” is not read any more for now") % title
            case _:
                since = date_format(localtime(self.since), "DATE_FORMAT")
                return _("“%(title)s” cannot be read since %(day)s") % {**title, "day": since}

    @property
    def words(self) -> str:
        """Why, and what can be done about it."""
        if self.what == "well":
            return _("What was written meanwhile is on the hub, too, as far as the feed still holds it.")
        advice = reasons.advice(self.feed.last_error_code)
        return " ".join(part for part in (reasons.reason(self.feed), advice, self._goes_on()) if part)

    def _goes_on(self) -> str:
        if self.what in ("gone", "quarantined"):
            return _("The hub does not try again by itself. The posts it has stay.")
        return _("The hub goes on trying, and tells when it works again.")


def news_of(feed: Feed, now: datetime) -> News:
    """What there is to tell of a feed that is to be told of."""
    if feed.state in ENDED:
        return News(feed, str(feed.state), feed.failing_since or feed.last_polled_at or now)
    if feed.state in POLLED_STATES and not feed.consecutive_failures:
        return News(feed, "well", feed.trouble_told_at or now)
    return News(feed, "failing", feed.failing_since or now)


def letter(news: News) -> Letter:
    """What the blogger reads. Of a restricted blog no words leave the hub, not even its name."""
    feed = news.feed
    is_open = feed.blog.audience == Audience.EVERYONE
    page = feed.blog.get_absolute_url() if is_open else "/"  # its address is made of its name
    context = {"news": news, "is_open": is_open, "url": settings.PUBLIC_URL + page}
    subject, text, html = written("feed", context)
    return Letter(feed.blog.contact_email, subject, text, html, key=news.key)


class Mailbag:
    """Hands letters over one by one; what the mail server does not take now is due again."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.takes_letters = True  # until the server is away

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._box = self._stack.enter_context(outbox())  # no connection is made before the first letter
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def send_to_writer(self, news: News) -> None:
        """A letter to the writer of a blog that nobody here owns; nothing when its address is not known."""
        if news.has_owners or not news.feed.blog.contact_email:
            return
        try:
            self._box.send(letter(news))
        except LetterRefusedError as refusal:
            log.warning("the letter about feed %s was refused: %s", news.feed.pk, refusal)
            if not refusal.lasting and self._now - news.since < TRIED_FOR:
                _put_back(news)
        except ServerTroubleError as trouble:
            log.warning("letters about feeds wait for the mail server: %s", trouble)
            self.takes_letters = False
            _put_back(news)


def _put_back(news: News) -> None:
    """As if it had not been told: failing and gone were untold before, of well was told that it was ill."""
    Feed.objects.filter(pk=news.feed.pk).update(trouble_told_at=news.since if news.what == "well" else None)
