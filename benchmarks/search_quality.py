"""Does search find the post that somebody remembers? Known-item queries over real blogs, beside PostgreSQL's own way.

The collection is every post of the test corpus' feeds, through the project's own parser and gate. From posts drawn with
a fixed seed come queries of each kind, made without the project's tokeniser; the post they were made from must be
found, among the first ten, and best of all first. The baseline is ``to_tsvector('simple')`` with ``ts_rank``.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from aggregator.models import Blog, Feed, Post
from aggregator.polling.clean import clean_feed
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import IncomingPost
from aggregator.search.index import Place, put, row_of_post
from aggregator.search.matching import Asked, search
from aggregator.search.query import parse
from aggregator.search.vocabulary import count_anew
from benchmarks.harness import Hub, heading, table
from bloghub.lib.html import SANITISER_VERSION
from bloghub.lib.stems import stems
from bloghub.lib.text import words_of_clean_html
from tests.corpus import CORPUS

SEED = 4
ASKED = 400  # queries of a kind, where there are so many
SHOWN = 10
RARE = 5  # posts that hold a rare word, at most
HOME = "http://127.0.0.1/feed"

# As people would type it: not a part of a code, a contraction or a word with marks
_WORD = re.compile(r"(?<![^\s(\"“«„])[^\W\d_]{3,}(?![^\s.,;:!?)\"”»“])")
_FIVE_WORDS = re.compile(r"(?<!\S)[^\W\d_]+(?: [^\W\d_]+){4}(?!\S)")
_PIECE = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]{4,}")
_CODE = re.compile(
    r"(?<![\w.+#/-])(?:[A-Z]{1,4}-?\d{1,5}|\d{1,3}[A-Z]{1,2}|[A-Za-z]{2,12}\.(?:js|py|rb|NET|io)|C\+\+|[CF]#|\.NET|v?\d+\.\d+\.\d+"
    r"|[A-Z]{2,4}/[A-Z]{2,4})(?![\w+#/-])"
)


@dataclass(frozen=True)
class Item:
    """A post as readers remember it. Feeds share posts: those with one ``key`` are one."""

    number: int
    title: str
    body: str
    language: str
    post: IncomingPost

    @property
    def key(self) -> tuple[str, str]:
        return self.title.lower(), self.body[:200]

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(f"{self.title} {self.body}".lower())


@dataclass
class Collection:
    """All items, and what is known of their words."""

    items: list[Item]
    holders: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    inflections: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for item in self.items:
            for word in set(item.words):
                self.holders[word].add(item.number)
                for stem in stems(word, item.language):
                    self.inflections[item.language, stem].add(word)
        self.keys = {item.number: item.key for item in self.items}
        self.codes = Counter(code for item in self.items for code in set(_CODE.findall(item.body)))

    def rare(self, item: Item) -> list[str]:
        """Words of the text that few others have, the rarest first."""
        body = set(_WORD.findall(item.body.lower())) - set(_PIECE.findall(item.body))
        known = sorted((len(self.holders[word]), word) for word in body if not _PIECE.search(word))
        return [word for holders, word in known if holders <= RARE]


def read_corpus() -> Collection:
    """Every post of the corpus' feeds."""
    posts = [
        post
        for path in sorted((CORPUS / "feeds").iterdir())
        for post in clean_feed(parse_feed(path.read_bytes(), url=HOME), url=HOME).posts
    ]
    return Collection(
        [
            Item(
                number, post.title, " ".join(words_of_clean_html(post.content_html)[0]), post.language, post
            )
            for number, post in enumerate(posts, 1)
        ]
    )  # fmt: skip


# --- what is asked ---------------------------------------------------------------------------------------------------


def title_words(item: Item, _all: Collection, dice: random.Random) -> str:
    """Up to four words of the title, in any order."""
    words = list(dict.fromkeys(_WORD.findall(item.title)))
    return " ".join(dice.sample(words, min(len(words), 4))) if len(words) > 1 and not _PIECE.search(item.title) else ""


def rare_words(item: Item, every: Collection, _dice: random.Random) -> str:
    return " ".join(every.rare(item)[:2])


def misspelt(item: Item, every: Collection, dice: random.Random) -> str:
    """A long word of the title with two letters changed about or one left out, and a second word of it."""
    words = [word for word in dict.fromkeys(_WORD.findall(item.title)) if not _PIECE.search(word)]
    long = [word for word in words if len(word) > 6 and word.isascii()]
    if not long or len(words) < 2:
        return ""
    word = dice.choice(long)
    at = dice.randrange(1, len(word) - 2)
    changed_about = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    wrong = dice.choice([changed_about, word[:at] + word[at + 1 :]])
    if wrong.lower() == word.lower() or wrong.lower() in every.holders:
        return ""
    return f"{wrong} {dice.choice([each for each in words if each != word])}"


def phrase(item: Item, _all: Collection, dice: random.Random) -> str:
    """Five words of the text as they stand there, quoted."""
    found = _FIVE_WORDS.findall(item.body)
    return f'"{dice.choice(found)}"' if found and not _PIECE.search(item.body) else ""


def inflected(item: Item, every: Collection, dice: random.Random) -> str:
    """Two words that the post has in other forms only."""
    own, found = set(item.words), []
    for word in every.rare(item)[:60]:
        for stem in stems(word, item.language):
            others = sorted(every.inflections[item.language, stem] - own)
            found += dice.sample(others, min(len(others), 1))
    return " ".join(dict.fromkeys(found[:2])) if len(found) > 1 else ""


def piece(item: Item, _all: Collection, dice: random.Random) -> str:
    """Four to six characters of Chinese, Japanese or Korean."""
    found = _PIECE.findall(f"{item.title} {item.body}")
    if not found:
        return ""
    run = dice.choice(found)
    length = min(len(run), dice.randint(4, 6))
    at = dice.randint(0, len(run) - length)
    return str(run[at : at + length])


def code(item: Item, every: Collection, dice: random.Random) -> str:
    """A product code, version or symbol, with a rare word where many posts have it."""
    found = _CODE.findall(item.body)
    if not found:
        return ""
    chosen = dice.choice(found)
    return chosen if every.codes[chosen] <= RARE else " ".join([chosen, *every.rare(item)[:1]])


KINDS: dict[str, Callable[[Item, Collection, random.Random], str]] = {
    "title words": title_words,
    "rare words": rare_words,
    "misspelt title word": misspelt,
    "phrase": phrase,
    "other forms of the words": inflected,
    "Chinese, Japanese, Korean": piece,
    "codes and symbols": code,
}


def queries(collection: Collection, kind: str, wanted: int) -> Iterator[tuple[str, Item]]:
    dice = random.Random(f"{SEED} {kind}")
    items = dice.sample(collection.items, len(collection.items))
    repeated = [*items, *items] if kind.startswith("Chinese") else items
    made = ((text, item) for item in repeated if (text := KINDS[kind](item, collection, dice)))
    for _number, found in zip(range(wanted), made, strict=False):
        yield found


# --- who answers -----------------------------------------------------------------------------------------------------


def fill(collection: Collection) -> None:
    """The posts on one blog, findable as a poll makes them, their words counted; and the baseline's table."""
    now = timezone.now()
    blog = Blog.objects.create(title="Everybody", slug="everybody")
    feed = Feed.objects.create(blog=blog, url=HOME, host="127.0.0.1")
    posts = [_post(item, feed, now) for item in collection.items]
    Post.objects.bulk_create(posts, batch_size=500)
    for post, item in zip(posts, collection.items, strict=True):
        put([row_of_post(post.pk, post, Place(blog.pk, None, post.published_at), item.post.tags)])
    for _counted in count_anew():
        pass
    rows = [(item.number, f"{item.title} {item.body}"[:500_000]) for item in collection.items]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE collection (id int PRIMARY KEY, plain tsvector)")
        cursor.executemany("INSERT INTO collection VALUES (%s, to_tsvector('simple', %s))", rows)
        cursor.execute("ANALYZE")


def _post(item: Item, feed: Feed, now: datetime) -> Post:
    post = item.post
    return Post(
        pk=item.number,
        blog_id=feed.blog_id,
        feed=feed,
        guid=str(item.number),
        title=post.title,
        author_name=post.author_name,
        content_html=post.content_html,
        excerpt=post.excerpt,
        language=post.language,
        word_count=post.word_count,
        published_at=min(post.published_at or now, now),
        first_seen_at=now,
        sanitiser_version=SANITISER_VERSION,
    )


def ours(text: str) -> list[int]:
    """The product's answer, as the first page shows it: the numbers of the first posts."""
    now = timezone.now()
    answer = search(Asked(parse(text, now.date())), AnonymousUser(), now)
    return [hit.post_id for hit in answer.hits[:SHOWN]]


def baseline(text: str) -> list[int]:
    ask = "phraseto_tsquery" if text.startswith('"') else "plainto_tsquery"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM collection, {ask}('simple', %s) AS asked WHERE plain @@ asked"
            f" ORDER BY ts_rank(plain, asked) DESC, id LIMIT {SHOWN}",
            [text],
        )
        return [number for (number,) in cursor.fetchall()]


# --- the answer ------------------------------------------------------------------------------------------------------


def run(_hub: Hub, *, quick: bool) -> None:
    """Prints the table; without the corpus, that there is none."""
    if not CORPUS.is_dir():
        print(f"\n**Not measured**: how well search finds, for there is no corpus at {CORPUS} (BLOGHUB_CORPUS).")
        return
    collection = read_corpus()
    fill(collection)
    heading(
        f"Search: is the post found that one remembers, among {len(collection.items):,}?",
        f"Real posts of many languages; up to {ASKED} queries of a kind, made from posts drawn with a fixed seed. "
        "Share of queries whose post comes first and among the first ten, and the mean of one over its rank; in "
        "brackets `to_tsvector('simple')` with `ts_rank`.",
    )
    rows = [_row(collection, kind, ASKED // 10 if quick else ASKED) for kind in KINDS]
    table(("kind", "queries", "first", "among ten", "MRR"), rows)


def _row(collection: Collection, kind: str, wanted: int) -> tuple[object, ...]:
    made = list(queries(collection, kind, wanted))
    both = [measure(collection, made, answer) for answer in (ours, baseline)]
    return kind, len(made), *(f"{mine:.3f} ({theirs:.3f})" for mine, theirs in zip(*both, strict=True))


def measure(
    collection: Collection, made: Sequence[tuple[str, Item]], answer: Callable[[str], Iterable[int]]
) -> tuple[float, float, float]:
    """success@1, success@10 and MRR."""
    ranks = [_rank([collection.keys[number] for number in answer(text)], item.key) for text, item in made]
    count = max(len(ranks), 1)
    return ranks.count(1) / count, sum(map(bool, ranks)) / count, sum(1 / rank for rank in ranks if rank) / count


def _rank(found: Sequence[tuple[str, str]], wanted: tuple[str, str]) -> int:
    return found.index(wanted) + 1 if wanted in found else 0
