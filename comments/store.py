"""Writes comments: the only code that creates or changes them, and the numbers of their posts with them.

Every function is one transaction under the lock of the post: the comment, its Activity, and the post's counters, shape
and rank change together or not at all. What may be said is judged in limits.py, how it looks in wording.py, who is
told in notifying.py, later: ``told_at`` stays empty until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from aggregator import arcs
from aggregator.models import Activity, Post
from aggregator.models.blog import Audience
from aggregator.ranking import rank_of
from bloghub.lib.prepared import Prepared
from bloghub.people.models import Person
from comments.limits import MOST_LINKS, UNDO, Refused, Standing, gone, judge, locked_message, standing_of
from comments.models import Comment, CommentState, Origin, Revision, Suspension, Thread, WatchReason
from comments.rendering import RENDERER_VERSION
from comments.search import index_comments, row_of_comment
from comments.wording import Wording, word

FREELY = timedelta(minutes=15)  # in which a change leaves no trace
UNDO_ACCEPTED = 2 * UNDO  # what travels meanwhile is given as much again
VISIBLE, HELD, HIDDEN, DELETED = CommentState.VISIBLE, CommentState.HELD, CommentState.HIDDEN, CommentState.DELETED
# What a change of its writer touches. Never the votes, which are counted without the lock of the post.
TEXT = ("body", "html", "excerpt", "mentioned", "renderer_version", "told_at")
REMOVAL = ("state", "removed_from", "removed_at")
PLACE = ("number", "path", "published_at")

# One statement for the comment and all that follows from it
SAY = Prepared("""
    WITH said AS (
        INSERT INTO comments_comment (
            post_id, parent_id, number, depth, path, author_id, author_name, origin, body, html, excerpt, mentioned,
            renderer_version, state, vote_count, published_at, removed_because, removed_from, submission_key)
        VALUES (
            %(post)s, %(parent)s, %(number)s, %(depth)s, %(path)s, %(author)s, '', 'hub', %(body)s, %(html)s,
            %(excerpt)s, %(mentioned)s::bigint[], %(version)s, %(state)s, 0, %(now)s, '', '', %(key)s)
        RETURNING id
    ), passing AS (
        INSERT INTO aggregator_activity (
            happened_at, blog_id, post_id, comment_id, author_id, author_name, answers_id, excerpt)
        SELECT %(now)s, %(blog)s, %(post)s, id, %(author)s, '', %(answers)s, %(excerpt)s
          FROM said WHERE %(state)s = 'visible'
    ), found AS (
        INSERT INTO aggregator_searchable (
            post_id, comment_id, blog_id, author_id, published_at, version, language, words)
        SELECT %(post)s, id, %(blog)s, %(author)s, %(now)s, %(index_version)s, %(language)s, %(words)s::tsvector
          FROM said WHERE %(state)s = 'visible'
    ), watching AS (
        INSERT INTO comments_watch (person_id, post_id, reason, muted, since)
        SELECT %(author)s, %(post)s, %(reason)s, FALSE, %(now)s WHERE %(watch)s
        ON CONFLICT (post_id, person_id) DO NOTHING
    ), counted AS (
        UPDATE aggregator_post
           SET comment_count = %(count)s, voice_count = %(voices)s, last_comment_number = %(number)s,
               last_comment_at = CASE WHEN %(state)s = 'visible' THEN greatest(last_comment_at, %(now)s)
                                      ELSE last_comment_at END,
               thread_shape = %(shape)s::int[], rank = %(rank)s
         WHERE id = %(post)s
    )
    SELECT id FROM said
""")


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment as its writer sends it. Of ``post`` and ``parent`` only the ids are read. ``key`` belongs to the form
    it came from: sent twice, it is one comment. ``watch``: the writer wishes to be told of answers."""

    writer: Person
    post: Post
    body: str
    parent: Comment | None = None
    key: UUID = field(default_factory=uuid4)
    watch: bool = True


def publish(draft: Draft, now: datetime) -> Comment:
    """Stores a comment, held for review when it must be; the stored one when its key has come before.

    Raises Refused: ``empty``, ``long``, ``gone``, ``parent``, ``deep``, ``locked``, ``guidelines``, ``pace``, ``slow``.
    """
    written = word(draft.body, draft.post.pk)
    parent_id = draft.parent.pk if draft.parent else None
    with transaction.atomic():
        standing = standing_of(draft.writer.pk, draft.post.pk, parent_id, draft.key, now)
        if standing is None:
            raise gone()
        if standing.stored is not None:
            stored = Comment.objects.get(pk=standing.stored)
            if stored.body == written.body:
                return stored
            draft = replace(draft, key=uuid4())  # other words in a form that the browser brought back: another comment
        judge(standing, answers=parent_id is not None, joined_at=draft.writer.date_joined, now=now)
        return _say(draft, written, standing, now)


def _say(draft: Draft, written: Wording, standing: Standing, now: datetime) -> Comment:
    held = standing.is_suspended or written.rendered.links > MOST_LINKS
    number = standing.last_number + 1
    path = [*(standing.parent.path if standing.parent else ()), number]
    comment = Comment(
        post_id=draft.post.pk,
        parent_id=draft.parent.pk if draft.parent else None,
        number=number,
        depth=len(path) - 1,
        path=path,
        author=draft.writer,
        body=written.body,
        html=written.rendered.html,
        excerpt=written.rendered.excerpt,
        mentioned=written.mentioned,
        renderer_version=RENDERER_VERSION,
        state=HELD if held else VISIBLE,
        published_at=now,
        submission_key=draft.key,
    )
    [(comment.pk,)] = SAY.rows(**_columns(comment, standing), watch=draft.watch, reason=WatchReason.COMMENTED.value)
    comment._state.adding, comment._state.db = False, connection.alias
    return comment


def _columns(comment: Comment, standing: Standing) -> dict[str, Any]:
    """What SAY is told: the comment, and the numbers of its post with it."""
    visible = comment.state == VISIBLE
    writes_here = comment.author_id == standing.author_id
    counts = visible and not writes_here and not standing.has_voice
    count, voices = standing.comment_count + visible, standing.voice_count + counts
    parent = standing.parent
    mark = arcs.mark_of(parent.number if parent else 0, by_author=writes_here) if visible else arcs.GONE
    row = row_of_comment(comment, standing.blog_id, standing.language)
    return {
        "post": comment.post_id,
        "parent": comment.parent_id,
        "number": comment.number,
        "depth": comment.depth,
        "path": comment.path,
        "author": comment.author_id,
        "body": comment.body,
        "html": comment.html,
        "excerpt": comment.excerpt,
        "mentioned": comment.mentioned,
        "version": comment.renderer_version,
        "state": str(comment.state),
        "key": str(comment.submission_key),
        "now": comment.published_at,
        "blog": standing.blog_id,
        "answers": parent.author_id if parent else None,
        "count": count,
        "voices": voices,
        "index_version": row.version,
        "language": row.language,
        "words": row.words,
        "shape": arcs.extend(standing.shape, standing.last_number, mark),
        "rank": rank_of(standing.vote_count, count, voices, standing.published_at),
    }


def revise(comment: Comment, body: str, now: datetime) -> Comment:
    """Another text for a comment. FREELY no trace is left; later it is marked as edited and a Revision kept.

    Raises Refused: ``empty``, ``long``, ``removed``, ``locked``, ``links``, ``suspended``.
    """
    written = word(body, comment.post_id)
    with transaction.atomic():
        comment = _locked(comment)
        _judge_revision(comment, written, now)
        if written.body == comment.body:
            return comment
        if now - comment.published_at > FREELY:
            Revision.objects.create(comment=comment, body=comment.body, replaced_at=now)
            comment.edited_at = now
        if set(written.mentioned) - set(comment.mentioned):
            comment.told_at = None  # whoever was told already is not told again (notifications/telling.py)
        _put_text(comment, written)
        comment.save(update_fields=[*TEXT, "edited_at"])
        Activity.objects.filter(comment_id=comment.pk).update(excerpt=comment.excerpt)
        index_comments([comment.pk])
    return comment


def _judge_revision(comment: Comment, written: Wording, now: datetime) -> None:
    if comment.state in {HIDDEN, DELETED}:
        raise Refused("removed", _("This comment has been removed and cannot be changed."))
    if because := Thread.objects.filter(post=comment.post_id, locked_at__isnull=False).values_list("locked_because"):
        raise Refused("locked", locked_message(because[0][0]))
    if comment.state == HELD:
        return  # a moderator reads it in any case
    if any(suspension.is_in_force(now) for suspension in Suspension.objects.filter(person=comment.author_id)):
        raise Refused(
            "suspended",
            _("What you write is read by a moderator first at the moment, so what stands cannot be changed."),
        )
    if written.rendered.links > MOST_LINKS:
        raise Refused("links", _("A comment that stands may hold 5 links at most. What you wrote is kept."))


def withdraw(comment: Comment, now: datetime) -> Comment:
    """Its writer deletes it: the text goes, moderators keep it in a Revision; a second time nothing more happens."""
    with transaction.atomic():
        comment = _locked(comment)
        if comment.state == DELETED:
            return comment
        Revision.objects.create(comment=comment, body=comment.body, replaced_at=now)
        comment.removed_from, comment.state, comment.removed_at = comment.state, DELETED, now
        comment.body = comment.html = comment.excerpt = ""
        comment.save(update_fields=["body", "html", "excerpt", *REMOVAL])
        _settle(comment)
    return comment


def bring_back(comment: Comment, now: datetime) -> Comment:
    """Its writer undoes the deletion: as it was before, hidden and held ones too. Raises Refused: ``late``."""
    with transaction.atomic():
        comment = _locked(comment)
        if comment.state != DELETED:
            return comment
        if comment.removed_at is None or now - comment.removed_at > UNDO_ACCEPTED:
            raise Refused("late", _("It is too late to undo that. You can say it again."))
        _restore_text(comment, comment.removed_at)
        comment.state = CommentState(comment.removed_from or VISIBLE)
        comment.removed_from = ""
        comment.told_at = None  # its deletion took back what was told of it
        if comment.state != HIDDEN:
            comment.removed_at = None
        comment.save(update_fields=[*TEXT, *REMOVAL])
        _settle(comment)
    return comment


def hide(comment: Comment, because: str, now: datetime) -> Comment:
    """A moderator hides it, for a reason that everybody may read; the text stays for a later ``show``."""
    with transaction.atomic():
        comment = _locked(comment)
        if comment.state in {HIDDEN, DELETED}:
            return comment
        comment.removed_from, comment.state, comment.removed_at = comment.state, HIDDEN, now
        comment.removed_because = because
        comment.save(update_fields=["removed_because", *REMOVAL])
        _settle(comment)
    return comment


def show(comment: Comment, now: datetime) -> Comment:
    """A moderator restores a hidden comment, or lets a held one through, be it after turning it away. What was held is
    said only now: it comes after what others said meanwhile, or those who have read that would never meet it. What its
    writer deleted stays deleted."""
    with transaction.atomic():
        comment = _locked(comment)
        if comment.state in {VISIBLE, DELETED}:
            return comment
        if HELD in {comment.state, comment.removed_from}:
            _renumber(comment, now)
        comment.state, comment.removed_from, comment.removed_at, comment.removed_because = VISIBLE, "", None, ""
        comment.told_at = None  # its hiding took back what was told of it
        comment.save(update_fields=["removed_because", "told_at", *REMOVAL, *PLACE])
        _settle(comment)
    return comment


def not_told(comment: Comment) -> list[str]:
    """The names of those mentioned who may not see the post, and so will not hear of it."""
    if not comment.mentioned or comment.post.blog.audience == Audience.EVERYONE:
        return []
    people = Person.objects.filter(pk__in=comment.mentioned).order_by("display_name")
    return [str(person) for person in people if not comment.post.blog.is_visible_to(person)]


def _locked(comment: Comment) -> Comment:
    """The comment as it is now, its post locked: what follows is decided on no stale state."""
    if not Post.objects.select_for_update(no_key=True).filter(pk=comment.post_id).values_list("pk"):
        raise gone()
    found = Comment.objects.filter(pk=comment.pk).first()
    if found is None:
        raise gone()
    return found


def _put_text(comment: Comment, written: Wording) -> None:
    comment.body, comment.html, comment.excerpt = written.body, written.rendered.html, written.rendered.excerpt
    comment.mentioned, comment.renderer_version = written.mentioned, RENDERER_VERSION


def _restore_text(comment: Comment, removed_at: datetime) -> None:
    kept = Revision.objects.filter(comment=comment, replaced_at=removed_at).latest("pk")
    _put_text(comment, word(kept.body, comment.post_id))
    kept.delete()


def _renumber(comment: Comment, now: datetime) -> None:
    """The last place in its thread. Nobody answers what is held, so no path leads through the old one."""
    post = Post.objects.only("last_comment_number", "thread_shape").get(pk=comment.post_id)
    number = post.last_comment_number + 1
    comment.number, comment.path, comment.published_at = number, [*comment.path[:-1], number], now
    shape = arcs.extend(post.thread_shape, post.last_comment_number, arcs.GONE)
    Post.objects.filter(pk=post.pk).update(last_comment_number=number, thread_shape=shape)


def _settle(comment: Comment) -> None:
    """After a change of state: its Activity and its row in search come or go, its post's numbers are counted anew."""
    post = Post.objects.get(pk=comment.post_id)
    Activity.objects.filter(comment_id=comment.pk).delete()
    if comment.state == VISIBLE:
        _pass_by(comment, post)
    index_comments([comment.pk])
    seen = Comment.objects.filter(post=post, state=VISIBLE).aggregate(
        count=Count("pk"),
        voices=Count("author", distinct=True, filter=~Q(author=post.author_id) if post.author_id else Q()),
        newest=Max("published_at"),
    )
    mark = _mark(comment, post) if comment.state == VISIBLE else arcs.GONE
    Post.objects.filter(pk=post.pk).update(
        comment_count=seen["count"],
        voice_count=seen["voices"],
        last_comment_at=seen["newest"],
        thread_shape=arcs.put(post.thread_shape, post.last_comment_number, comment.number, mark),
        rank=rank_of(post.vote_count, seen["count"], seen["voices"], post.published_at),
    )


def _pass_by(comment: Comment, post: Post) -> None:
    Activity.objects.create(
        happened_at=comment.published_at,
        blog_id=post.blog_id,
        post=post,
        comment_id=comment.pk,
        author_id=comment.author_id,
        author_name=comment.author_name,
        answers_id=comment.parent.author_id if comment.parent else None,
        excerpt=comment.excerpt,
    )


def _mark(comment: Comment, post: Post) -> int:
    by_author = post.author_id is not None and comment.author_id == post.author_id
    return arcs.mark_of(
        comment.parent.number if comment.parent else 0, by_author=by_author, on_blog=comment.origin == Origin.BLOG
    )
