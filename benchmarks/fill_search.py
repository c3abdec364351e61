"""Fills the search table for the posts of ``fill.py``, and a tenth as many comments with theirs, in little time.

The words of a row are made once for each entry of the pool and for each text of a comment; what a row has of its own,
such as its date and the word that only it holds, is put in. Words are counted in a sample, as counting them in the
background would have done it, roughly.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from aggregator.models import Searchable, Tag
from aggregator.models.tag import tag_slug
from aggregator.search.index import INDEX_VERSION, Place, Row, row_of_comment, row_of_post, tagged, text_of
from aggregator.search.lexemes import Document, month_facet, year_facet
from aggregator.search.vocabulary import keep_forms
from benchmarks.farm_content import TONGUES, token
from benchmarks.fill import (
    BLOGS,
    CHUNK,
    VARIANTS,
    WRITERS,
    Company,
    Copy,
    blog_of,
    in_thread,
    published_at,
    rows_before_indexes,
)
from benchmarks.fill_talk import text_of as comment_of
from bloghub.people.models import Person
from comments.models import Comment
from comments.rendering import RENDERER_VERSION, Context, render

EVERY = 10  # posts to a comment
TEXTS = 24  # different comments
LATER = timedelta(hours=5)  # from a post to its comment
SAMPLE = 20_000  # rows whose words are counted
_WORD = "zqword"  # where a row's own word goes


@dataclass(frozen=True, slots=True)
class Pattern:
    """The row of an entry of the pool, or of a comment, with places for what each has of its own."""

    row: str
    words: str

    def line(self, moment: datetime, word: str, own: dict[str, object]) -> str:
        words = self.words.replace(_WORD, word).replace(":y0000", year_facet(moment))
        words = words.replace(":m000000", month_facet(moment)).replace(":b0'", f":b{own.get('blog_id')}'")
        return self.row % {"published_at": moment.isoformat(), "words": words, **own}


class SearchFill:
    """Rows for the posts of a company, and comments with theirs; ``grow`` follows the company's."""

    def __init__(self, company: Company) -> None:
        self.company, self.count = company, 0
        self._rows, self._comments = Copy(Searchable), Copy(Comment)
        ids = dict(Tag.objects.values_list("slug", "pk"))
        self._posts = [[self._post(blog, number, ids) for number in range(1, VARIANTS + 1)] for blog in range(BLOGS)]
        talkers = company.people[-TEXTS:]
        self._talk = [self._comment(number, person) for number, person in enumerate(talkers)]

    def _post(self, blog: int, number: int, ids: dict[str, int]) -> Pattern:
        post = self.company.clean(blog, number)
        author = self.company.people[blog] if blog % 5 < 3 else None
        row = row_of_post(0, post, Place(self.company.blogs[blog].pk, author, published_at(0)), post.tags)
        row = tagged(row, dict.fromkeys(ids[tag_slug(name)] for name in post.tags))
        values: dict[str, object] = {"blog_id": row.blog_id, "comment_id": None}
        return self._pattern(row, token(blog, number), values, ("post_id",))

    def _comment(self, number: int, person: Person) -> tuple[str, Pattern]:
        """The templates of a comment and of its row."""
        said = comment_of(_WORD, number)
        rendered = render(said, Context())
        values: dict[str, object] = {
            "author_id": person.pk, "number": 1, "path": "{1}", "body": said, "html": rendered.html,
            "excerpt": rendered.excerpt, "mentioned": "{}", "renderer_version": RENDERER_VERSION,
        }  # fmt: skip
        names = (person.display_name, person.username)
        document = Document(comment=text_of(rendered.html), names=names, language="en")
        row = row_of_comment((0, 0), Place(0, person, published_at(0)), document, rendered.html)
        comment = self._comments.template(values, "id", "post_id", "published_at", "told_at").replace(_WORD, "%(word)s")
        return comment, self._pattern(row, _WORD, {}, ("post_id", "comment_id", "blog_id"))

    def _pattern(self, row: Row, word: str, values: dict[str, object], own: tuple[str, ...]) -> Pattern:
        words = row.words.replace(f"'{word}'", f"'{_WORD}'").replace("\\", "\\\\")
        words = words.replace(year_facet(row.published_at), ":y0000").replace(month_facet(row.published_at), ":m000000")
        values |= {"author_id": row.author_id, "version": INDEX_VERSION, "language": row.language}
        return Pattern(self._rows.template(values, "id", "published_at", "words", *own), words)

    def grow(self, posts: int) -> None:
        """Adds what is missing up to so many posts. Leaves statistics and numbers of words in order."""
        starts = range(self.count, posts, CHUNK)
        with rows_before_indexes(Searchable, Comment), ThreadPoolExecutor(WRITERS) as writers:
            for _ in writers.map(in_thread(lambda start: self._write(start, min(start + CHUNK, posts))), starts):
                pass
        self.count = posts
        _settle()

    def _write(self, start: int, end: int) -> None:
        numbers = range(start + 1, end + 1)
        commented = [number for number in numbers if number % EVERY == 0]
        rows = [self._row_of_post(number) for number in numbers]
        self._rows.write(rows + [self._row_of_comment(number) for number in commented])
        if commented:
            self._comments.write([self._comment_line(number) for number in commented])

    def _row_of_post(self, number: int) -> str:
        blog, moment = blog_of(number), published_at(number)
        pattern = self._posts[blog][number // BLOGS % VARIANTS]
        return pattern.line(moment, token(blog, number), {"id": number * 2, "post_id": number})

    def _row_of_comment(self, number: int) -> str:
        """The comment on this post."""
        blog = self.company.blogs[blog_of(number)].pk
        own: dict[str, object] = {"id": number * 2 + 1, "post_id": number, "comment_id": number, "blog_id": blog}
        return self._talk[number % TEXTS][1].line(published_at(number) + LATER, f"zqcomment{number}", own)

    def _comment_line(self, number: int) -> str:
        moment = (published_at(number) + LATER).isoformat()
        own = {"id": number, "post_id": number, "published_at": moment, "told_at": moment}
        return self._talk[number % TEXTS][0] % {**own, "word": f"zqcomment{number}"}


_COUNT = """
    WITH newest AS MATERIALIZED (SELECT max(id) - {sample} AS first FROM aggregator_searchable),
        size AS MATERIALIZED (SELECT count(*)::float / count(*) FILTER (WHERE id > (SELECT first FROM newest)) AS share
                                FROM aggregator_searchable)
    INSERT INTO aggregator_searchword (word, documents)
    SELECT word, greatest(1, ndoc * (SELECT share FROM size)) FROM newest,
           LATERAL ts_stat(format('SELECT words FROM aggregator_searchable WHERE id > %s', first))
     WHERE left(word, 1) NOT IN (':', '=', '~')
"""
_WORDS_OF = """
    SELECT word FROM ts_stat(format('SELECT words FROM aggregator_searchable WHERE language = %%L AND id >
        (SELECT max(id) - {sample} FROM aggregator_searchable)', %s))
     WHERE left(word, 1) NOT IN (':', '=', '~')
"""
_COUNT_MONTHS = """
    INSERT INTO aggregator_searchmonth (month, documents)
    SELECT to_char(published_at AT TIME ZONE 'UTC', 'YYYYMM'), count(*) FROM aggregator_searchable GROUP BY 1
"""


def _settle() -> None:
    """What storing, counting in the background and autovacuum would have done by now."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE aggregator_post SET comment_count = 1 WHERE comment_count = 0 AND id %% 10 = 0", [])
        cursor.execute("TRUNCATE aggregator_searchform, aggregator_searchword, aggregator_searchmonth")
        cursor.execute(_COUNT.format(sample=SAMPLE))
        for language in TONGUES:
            cursor.execute(_WORDS_OF.format(sample=SAMPLE), [language])
            keep_forms((word for (word,) in cursor.fetchall()), language)
        cursor.execute(_COUNT_MONTHS)
        for model in (Searchable, Comment):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) FROM {table}", [table])
        cursor.execute(
            "VACUUM (ANALYZE) aggregator_searchable, aggregator_searchword, aggregator_searchform, aggregator_post,"
            " comments_comment"
        )
