"""Markdown to HTML: what a comment looks like, worked out once when it is written and stored with it.

Owns the dialect (CommonMark, tables, strikethrough, shortcodes of emoji, no HTML), what becomes a link (addresses,
@mentions, posts of the hub), the colouring of code, and the bounds within which all of it stays quick. Knows no model:
names and titles are given. The only importer of the Markdown library, the linkifier, Pygments and emoji.

Whatever comes out has passed the gate (bloghub/lib/html.py) and may be put on pages as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

import emoji
from bleach.linkifier import LinkifyFilter
from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment as Remark, Generic, Keyword, Literal, Name, Number, Operator, String

from bloghub.lib.html import clean_html, html_from_text
from bloghub.lib.text import excerpt_of, plain_text, words_of_clean_html

RENDERER_VERSION = 1  # raise with every change of what comes out; then `manage.py render_comments`
MAX_LENGTH = 10_000  # characters of a comment
MAX_NAMES, MAX_POSTS = 50, 20  # people and posts that one comment is looked up for
MAX_ANCHORS = 100  # made of plain text; what follows stays text
MAX_DEPTH = 60  # levels of quotes and lists; deeper ones are shown as they were typed
MAX_WORK = 1_200  # by ``_work_in``; prose of the greatest length needs half, a bomb is shown as it was typed
MAX_CELLS = 600  # of tables; a row may be short of them, and every one that fails is made up
MAX_COLOURED = 2_400  # characters of code that are coloured, all of a comment together
ID_PREFIX = "said-"

# What the parser works hardest for, by measurement: about 20 µs a point
_WORK = {
    "\n": 2, ". ": 2, ") ": 2, "- ": 2, "+ ": 2, ">": 1, "*": 1, "_": 1, "~": 1, "`": 1, "\\": 1, "&": 1, "<": 5,
    "[": 6, "![": 8, "]:": 6, "|": 2, "@": 2, "://": 2, "www.": 2, "/posts/": 2,
    **dict.fromkeys("$%+-:=]^{}!", 0.3),
}  # fmt: skip
# A fence at the very start of a line is one whatever stands around it, and its content costs nothing
_FENCED = re.compile(r"^(`{3,}(?=[^`\n]*$)|~{3,}).*(?:\n(?! {0,3}\1[`~]*\s*$).*)*(?:\n.*)?", re.M)
_FENCE_WORK = 6

# No lexer whose patterns run away, nor one that imports half of the library
_LANGUAGES = (
    "bash c c++ cpp c# csharp css diff docker dockerfile fortran go html ini java javascript js json kotlin make "
    "matlab patch php powershell py python r rb ruby rs rust scala sh shell sql swift toml ts typescript xml yaml yml"
)
LANGUAGES = frozenset(_LANGUAGES.split())
_COLOURS = (  # the first that holds names the class (static/css/code.css)
    (Remark.Preproc, "d"),
    (Remark, "c"),
    (String, "s"),
    (Number, "m"),
    (Literal, "s"),
    (Keyword.Type, "t"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Builtin, "t"),
    (Name.Class, "t"),
    (Name.Decorator, "d"),
    (Name.Function, "f"),
    (Name.Tag, "k"),
    (Name.Attribute, "f"),
    (Generic.Deleted, "x"),
    (Generic.Inserted, "i"),
    (Generic.Heading, "k"),
    (Generic.Subheading, "k"),
)

_NAME = r"(?<![\w@/.+-])@[\w.+-]{1,150}(?<![.+-])"
_PATH = r"(?<![\w:/.?&=#%-])/posts/[0-9]{1,18}(?:/[\w%-]*)*"
_WEB = r"(?<![\w@.])(?:https?://|www\.)[^\s<>\"'`{}|\\^]{1,1000}(?<![.,:;!?*_~])"
_LINKED = re.compile(f"{_WEB}|{_PATH}|{_NAME}", re.I)
_MENTION = re.compile(_NAME)
_POST = re.compile(r"/posts/([0-9]{1,18})(?![0-9])")
_SHORTCODE = re.compile(r":[a-zA-Z0-9_+-]+:")
_ANCHOR_OR_IMAGE = re.compile(r"<(?:a|img) ")
_UNREAD = "\u2800"  # a Braille cell without a dot: a letter by name, nothing to the eye


@dataclass(frozen=True, slots=True)
class Context:
    """What the text is looked up in: ``people`` by user name in lower case (name to show, address of their page),
    ``posts`` by id (title), only those that may be named here; ``hub`` is the hub's own address, without a slash."""

    people: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    posts: Mapping[int, str] = field(default_factory=dict)
    hub: str = field(default_factory=lambda: str(settings.PUBLIC_URL))


@dataclass(frozen=True, slots=True)
class Rendered:
    """``html`` is empty when nothing would be seen. ``mentions`` are user names in lower case, in the order of the
    text; ``links`` counts what leads away: addresses and pictures that are not of the hub."""

    html: str
    excerpt: str
    mentions: tuple[str, ...]
    links: int


def render(body: str, context: Context) -> Rendered:
    """A comment's Markdown as HTML; never raises. ``body`` beyond MAX_LENGTH is cut."""
    body = plain_text(body[:MAX_LENGTH])[:MAX_LENGTH].strip("\n")
    writing = _Writing(context)
    html = clean_html(_markup(body, writing), base=context.hub + "/", id_prefix=ID_PREFIX, coloured=True)
    words, _count = words_of_clean_html(html)
    text = " ".join(words)
    if not _is_seen(text):
        return Rendered("", "", (), 0)
    links = len(_ANCHOR_OR_IMAGE.findall(html)) - html.count(f'href="{escape(context.hub)}/')
    return Rendered(html, excerpt_of(text), tuple(writing.mentions), max(0, links))


def names_in(body: str) -> list[str]:
    """User names that the text may mention, in lower case, at most MAX_NAMES."""
    if "@" not in body:
        return []
    found = (name[1:].lower() for name in _MENTION.findall(body))
    return list(dict.fromkeys(found))[:MAX_NAMES]


def posts_in(body: str) -> list[int]:
    """Ids of posts whose addresses the text may hold, at most MAX_POSTS."""
    if "/posts/" not in body:
        return []
    return list(dict.fromkeys(int(number) for number in _POST.findall(body)))[:MAX_POSTS]


def _is_seen(text: str) -> bool:
    """Whether there is a letter, a digit, a mark or a sign to look at."""
    return any(unicodedata.category(char)[0] in "LNPS" and char != _UNREAD for char in text)


def _markup(body: str, writing: _Writing) -> str:
    """The text as HTML that has not passed the gate yet; as it was typed when its markup is a bomb."""
    if _work_in(body) > MAX_WORK or _cells_in(body) > MAX_CELLS:
        return html_from_text(body)
    try:
        tokens = _MARKDOWN.parse(body)
    except (RecursionError, ValueError, IndexError):  # a mistake of the library must not cost anybody their words
        return html_from_text(body)
    if any(token.level >= MAX_DEPTH - 1 for token in tokens):  # the parser leaves out what is deeper
        return html_from_text(body)
    writing.link(tokens)
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {"writing": writing}))


def _work_in(body: str) -> float:
    """How much the parser will have to do, in points of about 20 µs; a look that costs next to nothing."""
    text, fences = _FENCED.subn("", body)
    return fences * _FENCE_WORK + sum(text.count(sign) * points for sign, points in _WORK.items())


def _cells_in(body: str) -> int:
    """How many cells the tables can have: a table ends at an empty line, and is as wide as its widest line."""
    if "|" not in body:
        return 0
    blocks = (block.split("\n") for block in re.split(r"\n\s*\n", body) if "|" in block)
    return sum(len(lines) * max(line.count("|") for line in lines) for lines in blocks)


class _Writing:
    """One rendering: what may still be spent, and what was found."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.mentions: dict[str, None] = {}
        self.anchors = MAX_ANCHORS
        self.coloured = MAX_COLOURED
        # Its way with text is used, not its parser; that a callback may say None is documented, though not typed
        callbacks: list[Any] = [self._target]
        self._linker = LinkifyFilter(None, callbacks=callbacks, url_re=_LINKED)  # type: ignore[arg-type]
        hub = re.escape(context.hub)
        self._post = re.compile(rf"(?:{hub})?/posts/([0-9]{{1,18}})(?:/[\w%-]*)*(?:\?[^#\s]*)?(?:#\S*)?", re.I)

    def link(self, tokens: Iterable[Token]) -> None:
        """Turns addresses, mentions and shortcodes of emoji in running text into what they stand for."""
        for token in tokens:
            if token.children:
                token.children = list(self._linked(token.children))

    def _linked(self, children: Sequence[Token]) -> Iterator[Token]:
        inside = None
        for child in children:
            if child.type in {"link_open", "link_close"}:
                inside = child if child.type == "link_open" else None
            elif child.type == "text" and inside is None:
                yield from self._anchored(child)
                continue
            elif child.type == "text" and inside is not None and inside.info == "auto":
                child.content = self._title(child.content) or child.content
            yield child

    def _anchored(self, token: Token) -> Iterator[Token]:
        text = token.content
        if ":" in text and _SHORTCODE.search(text):
            text = token.content = emoji.emojize(text, language="alias")
        if self.anchors <= 0 or not _LINKED.search(text):
            yield token
            return
        for piece in self._linker.handle_links([{"type": "Characters", "data": text}]):
            yield _as_token(piece)

    def _target(self, attributes: dict[Any, Any], new: bool = False) -> dict[Any, Any] | None:
        """bleach's callback: where a found piece of text leads, and what it shows; None leaves it as it is."""
        if self.anchors <= 0:
            return None
        text = attributes["_text"]
        if text.startswith("@"):
            return self._mention(text[1:].lower())
        title = self._title(text)
        if text.startswith("/") and not title:
            return None
        self.anchors -= 1
        if title:
            return {"_text": title, "href": text, "dir": "auto"}
        return {"_text": text, "href": attributes[None, "href"]}

    def _mention(self, username: str) -> dict[Any, Any] | None:
        if username not in self.context.people:
            return None
        self.anchors -= 1
        self.mentions[username] = None
        name, address = self.context.people[username]
        return {"_text": name, "href": address, "dir": "auto"}

    def _title(self, address: str) -> str:
        """The title of the post at this address, when it is one of ours and may be named."""
        found = self._post.fullmatch(address) if self.context.posts else None
        return self.context.posts.get(int(found[1]), "") if found else ""


def _as_token(piece: Mapping[str, Any]) -> Token:
    """A token of the linkifier as one of the Markdown library."""
    if piece["type"] == "StartTag":
        return Token("link_open", "a", 1, attrs=dict(piece["data"]))
    if piece["type"] == "EndTag":
        return Token("link_close", "a", -1)
    return Token("text", "", 0, content=piece["data"])


def _heading(_renderer: Any, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """Headings of the page end at the third level: those of a comment begin below."""
    token = tokens[index]
    level = min(6, int(token.tag[1]) + 3)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _fence(_renderer: Any, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
    named = f' class="language-{escape(language)}"' if language else ""
    return f"<pre><code{named}>{_coloured(token.content, language, env['writing'])}</code></pre>\n"


def _coloured(code: str, language: str, writing: _Writing) -> str:
    if language not in LANGUAGES or len(code) > writing.coloured:
        return escape(code, quote=False)
    writing.coloured -= len(code)
    return "".join(
        f'<span class="hl-{colour}">{escape(text, quote=False)}</span>' if colour else escape(text, quote=False)
        for colour, text in _runs(_lexer(language).get_tokens(code))
    )


def _runs(tokens: Iterable[tuple[Any, str]]) -> Iterator[tuple[str, str]]:
    """Neighbours of one colour together; white space takes the colour before it."""
    last, gathered = "", ""
    for kind, text in tokens:
        colour = last if text.isspace() else _colour(kind)
        if colour != last and gathered:
            yield last, gathered
            gathered = ""
        last, gathered = colour, gathered + text
    yield last, gathered


@lru_cache(maxsize=512)
def _colour(kind: Any) -> str:
    return next((colour for family, colour in _COLOURS if kind in family), "")


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": MAX_DEPTH})
    markdown.enable(["table", "strikethrough"])
    for name in ("heading_open", "heading_close"):
        markdown.add_render_rule(name, _heading)
    markdown.add_render_rule("fence", _fence)
    return markdown


_MARKDOWN = _markdown()
