"""The gate: the only way by which foreign or user HTML reaches a page.

Owns the list of what may pass and how it is made harmless; the only importer of nh3. It does not know posts, comments
or templates. Whatever comes out is safe to mark as safe: no script, style, form, frame, foreign class or id, and every
address in it is absolute and http, https or (in links) mailto.
"""

from __future__ import annotations

import re
import threading
from html import escape, unescape

import nh3

from bloghub.lib.urls import LINK_SCHEMES, WEB_SCHEMES, absolute_url, host_of

SANITISER_VERSION = 1  # raise with every change of what passes: older rows are cleaned again
MAX_DEPTH = 256


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAGS = _words(
    "a abbr address aside audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt "
    "em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section small "
    "source span strike strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var video wbr"
)
_DROPPED_WITH_CONTENT = _words(
    "script style iframe frameset noframes noembed object applet template svg math title textarea select button "
    "datalist canvas xmp plaintext portal fencedframe"
)
_SIZE = {"width", "height"}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src"},
    "blockquote": {"cite"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "alt", "data-src", "data-lazy-src", "data-original", *_SIZE},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "pre": {"class"},
    "q": {"cite"},
    "source": {"src", "type"},
    "span": {"class"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label"},
    "video": {"src", "poster", *_SIZE},
}
# Written by ourselves, not by nh3, whose order of forced attributes changes from run to run (and with it every hash).
_FORCED_ON_LINK = ' rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'
_FORCED_ON_IMAGE = ' loading="lazy" decoding="async" referrerpolicy="no-referrer"'
_FORCED_ON_MEDIA = ' controls="" preload="none"'
_LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original")
_URLS = frozenset({"src", "cite", "poster", *_LAZY_SOURCES})
_NUMBERS = frozenset({"width", "height", "colspan", "rowspan", "span", "start", "value"})

_NUMBER = re.compile(r"-?[0-9]{1,5}")
_LANGUAGE_CLASS = re.compile(r"(?:^|\s)lang(?:uage)?-([\w+#.-]{1,30})(?=\s|$)", re.ASCII)
_COLOUR_CLASS = re.compile("hl-[a-z]")  # of code in comments (static/css/code.css); colours and nothing else
_ID = re.compile(r"[^\s\"'<>&#]{1,100}")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_ATTRIBUTES = r'(?: [a-z-]+="[^"]*")*'
_SPECIAL = re.compile("<(img|audio|video|source|track|a|h1)[ >]")  # what _finish has rules for
_IMAGE = re.compile(rf"<img({_ATTRIBUTES})>")
_PLAYER = re.compile(rf"<(audio|video)({_ATTRIBUTES})>")
_SOURCELESS = re.compile(r'<(?:source|track)(?:(?! src=")(?: [a-z-]+="[^"]*"))*>')
_ANCHOR = re.compile(rf"<a({_ATTRIBUTES})>")
_LINK = re.compile(rf"<a({_ATTRIBUTES})>((?:[^<]++|<(?!/?a[ >]))*+)</a>")
_HEADING = re.compile(r"<(/?)h([1-5])(?=[ >])")
_TAG = re.compile(rf"<(/?)([a-z0-9]+){_ATTRIBUTES}>")
_RAW_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)[^>]*>?")
_VOID = frozenset({"br", "hr", "img", "col", "source", "track", "wbr"})
# Elements that have no content or end where the next of their kind starts (HTML, 13.1.2.4).
_NEVER_NESTS = _VOID | _words("p li dt dd tr td th thead tbody tfoot rt rp input link meta area base embed param")
_FRAME = re.compile(r"""<iframe\b[^>]*?\ssrc\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>""", re.I)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufdd0-\ufdef\ufffe\uffff]")
# The bytes without which none of these is written in UTF-8: C0 itself, and the first bytes of C1 and of the others.
_IN_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xC2, 0xEF])
_ADDRESS = re.compile(
    r"\s*(?:(?:[a-z][a-z0-9+.-]*:)?[\\/]{2}|(?=www\.)|(?=[\w.-]+\.(?:com|org|net|edu|gov|info|io|dev|app|int|local|corp|intra"
    r"|internal|intranet|lan)(?:[/:?#\s]|$)))([^\s/\\?#]+)",
    re.I,
)

_now = threading.local()  # base, id prefix and ``coloured`` of the clean in progress: the cleaner itself is built once


def clean_html(html: str, *, base: str, id_prefix: str, coloured: bool = False) -> str:
    """``html`` of a stranger as a safe fragment; never raises, and cleaning twice changes nothing more.

    ``base`` is the absolute address that relative ones are resolved against (an address that stays relative is
    dropped). ``id_prefix`` is put before every id and every link to one, so that footnotes work and nothing on our
    page can be clobbered. Headings move down one level when there is an h1, which belongs to the page. ``coloured``
    keeps the classes of coloured code (``hl-`` and one letter, on span), for text that the hub has marked up itself.
    """
    html = _without_controls(html)
    if html.count("<") > MAX_DEPTH:
        html = _flatten(html)
    if "iframe" in html:
        html = _FRAME.sub(_frame_as_link, html)
    _now.base, _now.id_prefix, _now.coloured = base, id_prefix, coloured
    return _finish(_CLEANER.clean(html))


def text_from_html(html: str) -> str:
    """The text of a short piece of HTML (a title, a name) on one line: markup removed, entities decoded once."""
    if "<" in html:
        html = _NO_TAGS.clean(_encodable(html))
    return " ".join(unescape(html).split())


def html_from_text(text: str) -> str:
    """Plain text as HTML: escaped, a paragraph per blank line, single newlines kept."""
    blocks = (escape(block.strip(), quote=False) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in blocks if block)


def _without_controls(html: str) -> str:
    """``html`` in characters that HTML and UTF-8 allow; a look at its bytes spares most documents the slow search."""
    try:
        data = html.encode()
    except UnicodeEncodeError:
        return _encodable(_CONTROL.sub("", html))
    return _CONTROL.sub("", html) if len(data.translate(None, _IN_CONTROLS)) < len(data) else html


def _encodable(text: str) -> str:
    """Lone surrogates (JSON allows them) are not UTF-8 and would be refused by nh3 and by PostgreSQL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _flatten(html: str) -> str:
    """Raw markup without the tags that open a level beyond MAX_DEPTH: the parser's time grows with depth squared.

    A rough count before the parse (60,000 nested elements would cost it 16 s); ``_limit_depth`` is exact afterwards.
    """
    opened: dict[str, int] = {}
    depth = 0

    def keep(found: re.Match[str]) -> str:
        nonlocal depth
        tag = found[2].lower()
        if tag in _NEVER_NESTS:
            return found[0]
        if found[1]:
            level = 1 if opened.get(tag) else 0
            opened[tag] = opened.get(tag, 0) - level
            depth -= level
            return found[0]
        if depth >= MAX_DEPTH:
            return ""
        opened[tag] = opened.get(tag, 0) + 1
        depth += 1
        return found[0]

    return _RAW_TAG.sub(keep, html)


def _frame_as_link(found: re.Match[str]) -> str:
    """An embedded player is not let in, but the way to it stays: the link passes the gate like any other."""
    address = absolute_url(unescape(found[1] or found[2] or ""), _now_base())
    link = f'<p><a href="{escape(address)}">{escape(address)}</a></p>' if address else ""
    return link + found[0]


def _now_base() -> str:
    return str(getattr(_now, "base", ""))


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Called by nh3 for each attribute that passed the list: the value to keep, or None to drop it."""
    if name == "href":
        if value.strip().startswith("#"):
            return "#" + _prefixed(value.strip()[1:]) if _ID.fullmatch(value.strip()[1:]) else None
        return absolute_url(value, _now.base, LINK_SCHEMES) or None
    if name in _URLS:
        return absolute_url(value, _now.base, WEB_SCHEMES) or None
    return _filter_plain(tag, name, value)


def _filter_plain(tag: str, name: str, value: str) -> str | None:
    if name == "id":
        return _prefixed(value) if _ID.fullmatch(value) else None
    if name == "class" and tag == "span":
        return value if _now.coloured and _COLOUR_CLASS.fullmatch(value) else None
    if name == "class":
        language = _LANGUAGE_CLASS.search(value)
        return f"language-{language[1]}" if language else None
    if name in _NUMBERS:
        return value if _NUMBER.fullmatch(value) else None
    if name == "dir":
        return value.lower() if value.lower() in {"ltr", "rtl", "auto"} else None
    return value


def _prefixed(identifier: str) -> str:
    prefix = str(_now.id_prefix)
    return identifier if identifier.startswith(prefix) else prefix + identifier


def _finish(html: str) -> str:
    """What nh3 cannot do: whole elements by their attributes, headings, honest links, depth."""
    present = set(_SPECIAL.findall(html))
    if "img" in present:
        html = _IMAGE.sub(_image, html)
    if "audio" in present or "video" in present:
        html = _PLAYER.sub(rf"<\1\2{_FORCED_ON_MEDIA}>", html)
    if "source" in present or "track" in present:
        html = _SOURCELESS.sub("", html)
    if "a" in present:
        html = _LINK.sub(_honest_link, _ANCHOR.sub(lambda found: found[0][:-1] + _FORCED_ON_LINK + ">", html))
    if "h1" in present:
        html = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) + 1}", html)
    if html.count("</") > MAX_DEPTH:
        html = _limit_depth(html)
    return html.strip()


def _image(found: re.Match[str]) -> str:
    """An image with an address and a size: lazy-loading scripts' addresses promoted, tracking pixels dropped."""
    attributes = dict(_ATTRIBUTE.findall(found[1]))
    source = attributes.pop("src", "")
    for name in _LAZY_SOURCES:
        source = attributes.pop(name, "") or source
    if not source or {attributes.get("width"), attributes.get("height")} & {"0", "1"}:
        return ""
    return (
        f'<img src="{source}"'
        + "".join(f' {name}="{value}"' for name, value in attributes.items())
        + _FORCED_ON_IMAGE
        + ">"
    )


def _honest_link(found: re.Match[str]) -> str:
    """A link whose text reads as an address on another host gets the real host added: ``… [evil.example]``."""
    if "." not in found[2] and "/" not in found[2]:
        return found[0]
    text = unescape(_TAG.sub("", found[2]))
    shown = _ADDRESS.match(text)
    if not shown:
        return found[0]
    real = host_of(unescape(dict(_ATTRIBUTE.findall(found[1])).get("href", "")))
    claimed = host_of("//" + shown[1].rpartition("@")[2])
    if not real or _same_place(claimed, real) or text.rstrip().endswith(f"[{real}]"):
        return found[0]
    return f"<a{found[1]}>{found[2].rstrip()} [{escape(real)}]</a>"


def _same_place(claimed: str, real: str) -> bool:
    claimed, real = claimed.removeprefix("www."), real.removeprefix("www.")
    return claimed == real or ("." in claimed and real.endswith("." + claimed)) or claimed.endswith("." + real)


def _limit_depth(html: str) -> str:
    """Elements deeper than MAX_DEPTH lose their tags, not their text; browsers crawl on thousands of levels."""
    depth = 0

    def keep(found: re.Match[str]) -> str:
        nonlocal depth
        if found[2] in _VOID:
            return found[0]
        if found[1]:
            depth -= 1
            return found[0] if depth < MAX_DEPTH else ""
        depth += 1
        return found[0] if depth <= MAX_DEPTH else ""

    return _TAG.sub(keep, html)


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(_DROPPED_WITH_CONTENT),
    attributes=ATTRIBUTES,
    attribute_filter=_filter_attribute,
    link_rel=None,
    url_schemes=set(LINK_SCHEMES),
    url_relative="pass_through",
)
_NO_TAGS = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style"}, attributes={}, link_rel=None)
