"""The conversation on the page of a post: its sentence, its drawing, its ways, and the comments themselves.

How comments are put together is in comments/pieces.py, what is asked of the database in comments/conversation.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from aggregator import arcs
from aggregator.models import Post
from comments.asked import Asked
from comments.conversation import Conversation, converse
from comments.pieces import arrivals_html, piece_html
from comments.threads import Order

register = template.Library()


@register.inclusion_tag("comments/_thread.html", takes_context=True)
def conversation(context: template.Context, post: Post) -> dict[str, Any]:
    """The whole section below a post: ``{% conversation post %}``."""
    request: HttpRequest = context["request"]
    found = converse(post, request.user, Asked.read(request.GET.dict()))
    return {**_flat(context), "conversation": found, "standpoint": found.standpoint, "talk": _surroundings(found)}


def _surroundings(found: Conversation) -> str:
    """All that stands around the comments depends on: a key for what is kept of it.

    The stamp of the post tells of its own row and its writer's; of the reader nothing goes in but where they stand.
    """
    own = found.standpoint
    told = own.person_id is not None, own.muted, own.is_host, own.suspended, own.locked_because, own.may_write
    where = found.asked.order, found.first_new and place_of(found, found.first_new)
    shape = bool(found.places), len(found.shown) == len(found.places), sorted(found.new)
    return f"{found.post.stamp} {found.tally} {told} {where} {shape}"


@register.simple_tag
def piece(conversation: Conversation) -> SafeString:
    """The comments of the piece that is shown."""
    return mark_safe(piece_html(conversation))  # noqa: S308 - moulds of our own


@register.simple_tag
def arrivals(conversation: Conversation) -> SafeString:
    """What was said meanwhile."""
    return mark_safe(arrivals_html(conversation))  # noqa: S308 - moulds of our own


@register.simple_tag
def sentence(conversation: Conversation) -> str:
    """How many speak, in whole sentences with one number each: no language's plurals fit two numbers in one."""
    count, people, sites, to_post = conversation.tally
    said = [
        ngettext("%(count)d comment.", "%(count)d comments.", count) % {"count": count},
        ngettext("%(count)d person takes part.", "%(count)d people take part.", people) % {"count": people},
    ]
    if sites > 1:
        said.append(
            ngettext("They write from %(count)d place.", "They write from %(count)d places.", sites) % {"count": sites}
        )
    answers = count - to_post
    if answers:
        words = ngettext("%(count)d answers another comment.", "%(count)d answer each other.", answers)
        said.append(words % {"count": answers})
    return " ".join(said)


@register.simple_tag
def drawing(conversation: Conversation) -> SafeString:
    """The conversation as arcs, each mark leading to its comment."""
    post = conversation.post
    told = [gettext("The shape of this conversation, in the order it was said."), sentence(conversation)]
    if conversation.new:
        count = len(conversation.new)
        told.append(ngettext("%(count)d is new to you.", "%(count)d are new to you.", count) % {"count": count})
    address = "#c{number}" if len(conversation.shown) == len(conversation.places) else "?comment={number}#c{number}"
    thread = tuple(post.thread_shape), post.last_comment_number, conversation.new, address
    return _drawn(thread, " ".join(told), str(post.author or ""), get_language() or "")


@lru_cache(maxsize=512)
def _drawn(
    thread: tuple[tuple[int, ...], int, frozenset[int], str], told: str, author: str, language: str
) -> SafeString:
    shape, last, new, address = thread
    svg = arcs.large(shape, last, told, new=new, address=address)
    values = {"svg": mark_safe(svg), "new": new, "author": author}  # noqa: S308 - it escapes what it is told
    return SafeString(get_template("comments/_drawing.html").render(values))


@register.simple_tag
def orders(conversation: Conversation) -> SafeString:
    """The ways to read it, the present one marked."""
    words = {
        Order.OLDEST: gettext("As it was said"),
        Order.NEWEST: gettext("Newest"),
        Order.BEST: gettext("Best rated"),
    }
    links = []
    for order, name in words.items():
        current = mark_safe(' aria-current="true"') if order is conversation.asked.order else ""
        links.append((_address(conversation, order=order), current, name))
    return format_html_join("", '<a href="{}#conversation"{}>{}</a>', links)


@register.simple_tag
def place_of(conversation: Conversation, number: int) -> str:
    """Where a comment is: on this page, or on the page of its piece."""
    if number in conversation.shown_numbers:
        return f"#c{number}"
    return f"{_address(conversation, comment=number)}#c{number}"


@register.simple_tag
def piece_address(conversation: Conversation, step: int, view: str = "") -> str:
    """The piece ``step`` further, or the whole for 0; as the page that stands alone, or as ``view`` answers it."""
    if not step:
        return f"{_address(conversation, piece='all')}#conversation"
    piece = conversation.index + 1 + step
    if view:
        return reverse(view, args=[conversation.post.pk]) + _address(conversation, piece=piece)
    indexes = conversation.pieces[piece - 1]
    end = indexes.start if step > 0 else indexes.stop - 1
    return f"{_address(conversation, piece=piece)}#c{conversation.places[end].number}"


def _address(conversation: Conversation, **asked: str | int) -> str:
    """A query string that keeps the order."""
    values: dict[str, str | int] = {"order": conversation.asked.order, **asked}
    kept = {name: value for name, value in values.items() if value != Order.OLDEST}
    return f"?{urlencode(kept)}" if kept else conversation.post.get_absolute_url()


def _flat(context: template.Context) -> dict[str, Any]:
    """The page's own context goes on into its parts: request, csrf_token, post."""
    return {str(name): value for name, value in context.flatten().items()}
