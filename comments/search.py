"""Comments as search has them: their rows, what its page shows of those it found, and their rows written anew.

Registered with aggregator/search/kinds.py, as the aggregator knows no comments. When a comment enters and leaves, says
comments/store.py, in its transactions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef

from aggregator.models import Searchable
from aggregator.search import index
from aggregator.search.index import INDEX_VERSION, Place, Row, forget_comments, names_of, put, text_of
from aggregator.search.kinds import COMMENT, Kind, Renewed
from aggregator.search.lexemes import Document
from bloghub.lib.language import detect_language
from comments.models import Comment, CommentState
from comments.models.comment import CommentQuerySet

BATCH = 500  # comments a transaction: whoever changes one of them meanwhile waits a fraction of a second
_MIN_TEXT_FOR_LANGUAGE = 40  # characters; less is taken to be in the language of the post

_READ = ("html", "author_name", "published_at", "post_id", "author__username", "author__display_name")


def row_of_comment(comment: Comment, blog_id: int, post_language: str) -> Row:
    """The row of a visible comment; of one that is not stored yet, all but its id."""
    text = text_of(comment.html)
    language = detect_language(text) if len(text) >= _MIN_TEXT_FOR_LANGUAGE else ""
    names = names_of(comment.author, comment.author_name)
    document = Document(comment=text, names=names, language=language or post_language)
    place = Place(blog_id, comment.author, comment.published_at)
    return index.row_of_comment((comment.post_id, comment.pk), place, document, comment.html)


def index_comments(comment_ids: Iterable[int]) -> None:
    """Brings their rows in line with these comments: written anew for those that are visible, gone for the others."""
    ids = set(comment_ids)
    visible = Comment.objects.filter(pk__in=ids, state=CommentState.VISIBLE).select_related("author", "post")
    comments = list(visible.only(*_READ, "post__blog_id", "post__language"))
    forget_comments(ids - {comment.pk for comment in comments})
    put(row_of_comment(comment, comment.post.blog_id, comment.post.language) for comment in comments)


def texts(comment_ids: Collection[int]) -> dict[int, str]:
    """What these comments say, in one query; without those that are not visible any more."""
    visible = Comment.objects.filter(pk__in=comment_ids, state=CommentState.VISIBLE)
    return dict(visible.values_list("pk", "html"))


def missing(after: int, everything: bool) -> int:
    """How many visible comments beyond this id have no row of this version; or how many there are."""
    return _to_renew(after, everything).count()


def renew(after: int, everything: bool) -> Renewed | None:
    """Writes the rows of the first such comments, under the locks of these: none is hidden meanwhile."""
    with transaction.atomic():
        wanted = _to_renew(after, everything).order_by("pk").select_for_update(no_key=True)
        batch = list(wanted.values_list("pk", flat=True)[:BATCH])
        index_comments(batch)
    return Renewed(len(batch), batch[-1]) if batch else None


def _to_renew(after: int, everything: bool) -> CommentQuerySet:
    comments = Comment.objects.filter(pk__gt=after, state=CommentState.VISIBLE)
    rows = Searchable.objects.filter(comment_id=OuterRef("pk"), version=INDEX_VERSION)
    return comments if everything else comments.filter(~Exists(rows))


COMMENTS = Kind(COMMENT, "comments", texts, missing, renew)
