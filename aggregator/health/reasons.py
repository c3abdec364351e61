"""What an outcome of a poll is called, and what to do about it, in words for bloggers and admins.

The reason itself is the Trouble's own sentence, kept in the feed's row. Owns the words around it: short ones for
charts and lists, and the advice. Strangers never see any of this (TroubleKind).
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from aggregator.models import Feed, FeedState
from aggregator.polling.history import CHANGED, NOT_MODIFIED, OTHER, SAME

_HTTP = "http_"
_SERVER_ERRORS = range(500, 600)

_LABELS: dict[str, Promise] = {
    CHANGED: _("read"),
    NOT_MODIFIED: _("unchanged, says the server"),
    SAME: _("the same as before"),
    OTHER: _("other trouble"),
    "dns": _("unknown server name"),
    "certificate": _("certificate"),
    "tls": _("no safe connection"),
    "refused": _("server does not answer"),
    "unreachable": _("server does not answer"),
    "connect_timeout": _("server does not answer"),
    "disconnected": _("connection breaks off"),
    "cut_short": _("connection breaks off"),
    "bad_http": _("answer is no proper HTTP"),
    "content_coding": _("answer cannot be unpacked"),
    "stalled": _("too slow"),
    "deadline": _("too slow"),
    "too_large": _("too large"),
    "too_many_redirects": _("redirects in circles"),
    "redirect_loop": _("redirects in circles"),
    "insecure_redirect": _("redirects to an open line"),
    "bad_address": _("address not allowed"),
    "blocked_scheme": _("address not allowed"),
    "blocked_port": _("address not allowed"),
    "blocked_address": _("address not allowed"),
    "own_address": _("address not allowed"),
    "not_listed": _("address not allowed"),
    "web_page": _("web page, not a feed"),
    "opml": _("list of feeds, not a feed"),
    "sitemap": _("sitemap, not a feed"),
    "image": _("image, not a feed"),
    "empty": _("empty answer"),
    "broken_xml": _("broken feed"),
    "broken_json": _("broken feed"),
    "entity_bomb": _("broken feed"),
    "too_deep": _("broken feed"),
    "not_xml": _("not a feed"),
    "not_json": _("not a feed"),
    "not_json_feed": _("not a feed"),
    "not_a_feed": _("not a feed"),
    "no_feed_found": _("not a feed"),
    "parser_timeout": _("breaks the reader"),
    "parser_died": _("breaks the reader"),
    "parser_memory": _("breaks the reader"),
    "not_storable": _("fault of BlogHub"),
    "internal": _("fault of BlogHub"),
    "http_401": _("asks for a password (401)"),
    "http_403": _("forbidden (403)"),
    "http_404": _("not found (404)"),
    "http_410": _("gone for good (410)"),
    "http_429": _("too many requests (429)"),
}

_UNREACHABLE = _("Is the server running, and may the hub's machine reach it through the firewall?")
_SERVER = _("This is the server's doing: whoever runs it can tell from its log.")
_SLOW = _("The server is overloaded or makes the feed anew for every visit; a cache in front of it helps.")
_CIRCLES = _("The server sends visitors in circles. A browser that has never been there shows the same.")
_POLICY = _("The hub's rules do not allow this address. An admin of the hub can allow it in the configuration.")
_BROKEN = _("A validator for feeds shows the place. A plug-in or a template of the blog often is the cause.")
_OTHER_PAGE = _("Look for the feed's address on the blog's pages, and give it to an admin of the hub.")
_PARSER = _("The feed is far too large or broken. With fewer posts in it, it can be tried again.")
_OURS = _("This is a fault of the hub, not of the blog: its log says more.")
_NOT_FOUND = _("Did the blog move, or change its engine? An admin of the hub can enter the new address.")

_ADVICE: dict[str, Promise] = {
    "dns": _("Is the server's name spelt right, and does it still exist? A renamed server needs a new address here."),
    "certificate": _("Whoever runs the server has to renew or correct its certificate."),
    "tls": _("The server's encryption is out of date or set up wrongly; whoever runs it can tell."),
    **dict.fromkeys(("refused", "unreachable", "connect_timeout"), _UNREACHABLE),
    **dict.fromkeys(("disconnected", "cut_short", "bad_http", "content_coding"), _SERVER),
    **dict.fromkeys(("stalled", "deadline"), _SLOW),
    "too_large": _("Let the feed hold fewer posts, or only the beginning of each."),
    **dict.fromkeys(("too_many_redirects", "redirect_loop"), _CIRCLES),
    "insecure_redirect": _("The server must not send those who sign in from https to http."),
    **dict.fromkeys(("bad_address", "blocked_scheme", "blocked_port", "blocked_address"), _POLICY),
    **dict.fromkeys(("own_address", "not_listed"), _POLICY),
    "web_page": _("Perhaps it moved, or its server began to ask for a sign-in. The feed's new address is needed."),
    **dict.fromkeys(("opml", "sitemap", "image", "not_xml", "not_a_feed", "no_feed_found"), _OTHER_PAGE),
    **dict.fromkeys(("not_json", "not_json_feed"), _OTHER_PAGE),
    **dict.fromkeys(("broken_xml", "broken_json", "entity_bomb", "too_deep", "empty"), _BROKEN),
    **dict.fromkeys(("parser_timeout", "parser_died", "parser_memory"), _PARSER),
    **dict.fromkeys(("internal", "not_storable"), _OURS),
    "http_401": _("The feed needs a sign-in for the hub, or has to be open to it."),
    "http_403": _("Does the server turn machines away? It knows the hub by its user agent."),
    "http_404": _NOT_FOUND,
    "http_410": _("If the blog has moved, an admin of the hub can enter its new address. Its posts stay."),
    "http_429": _("The hub comes less often by itself; nothing needs to be done unless it goes on for days."),
}


def label(outcome: str) -> str:
    """A few words for an outcome (history.py): “certificate”, “not found (404)”, “server trouble (503)”."""
    if outcome in _LABELS:
        return str(_LABELS[outcome])
    status = _status(outcome)
    if status in _SERVER_ERRORS:
        return gettext("server trouble (%(status)d)") % {"status": status}
    return gettext("other answer (%(status)d)") % {"status": status} if status else str(_LABELS[OTHER])


def advice(code: str) -> str:
    """What somebody can do about a trouble; empty when nothing is known."""
    if code in _ADVICE:
        return str(_ADVICE[code])
    return str(_SERVER) if _status(code) in _SERVER_ERRORS else ""


def reason(feed: Feed) -> str:
    """Why this feed is in trouble, one plain sentence; empty when it is well."""
    if feed.last_error_code == "web_page" and feed.last_good_at is not None:  # it has been a feed
        return gettext("The address now answers with a web page, not a feed; did the blog move?")
    if not feed.last_error and feed.state == FeedState.GONE:
        return gettext("The server says that this address is gone for good (410).")
    return feed.last_error


def _status(code: str) -> int:
    """The HTTP status in ``http_404``, 0 where there is none."""
    number = code.removeprefix(_HTTP)
    return int(number) if number != code and number.isascii() and number.isdigit() else 0
