"""Saying something: write, change, delete, bring back. Every refusal shows the form again with what was written.

Owns the pages and the fragments for a script; what may be said is decided in store.py and limits.py.
"""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from aggregator.models import Post
from aggregator.views.post import for_reading
from bloghub.people.access import signed_in
from comments import flagging, store
from comments.asked import INT8, number_in
from comments.conversation import arrived
from comments.forms import Saying, Sent, form_key
from comments.limits import Refused, gone
from comments.models import Comment, CommentState
from comments.wording import preview

UNPROCESSABLE, NOT_FOUND = 422, 404


class SeeOther(HttpResponseRedirect):
    """What was sent has been done: the browser gets the page that shows it (RFC 9110, 15.4.4)."""

    status_code = 303


@require_http_methods(["GET", "HEAD", "POST"])
def comment_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The form for a post, or with ``?parent=`` for a comment; sent, it is said."""
    if request.method != "POST":
        post = _post(request, pk)
        parent = _parent(post, request.GET.get("parent", ""))
        return _show(request, Saying(post, parent, key=form_key(signed_in(request), post, parent)))
    sent = Sent.read(request.POST)
    try:
        if "look" in request.POST:
            return _show(request, _shown_again(request, pk, sent, look=preview(sent.text, _post(request, pk).pk)))
        comment = store.publish(_draft(request, pk, sent), timezone.now())
    except Refused as refusal:
        return _show(request, _shown_again(request, pk, sent, refusal=refusal))
    except Http404:
        return _show(request, _shown_again(request, pk, sent, refusal=gone()))
    _tell(request, comment)
    return _said(request, comment) if request.headers.get("HX-Request") else SeeOther(comment.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
def comment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changing one's own comment."""
    if request.method != "POST":
        comment = _own(request, pk)
        if comment.state in {CommentState.DELETED, CommentState.HIDDEN}:
            raise Http404
        return _show(request, Saying(comment.post, comment.parent, comment, text=comment.body))
    text = str(request.POST.get("body", ""))
    try:
        comment = _own(request, pk)
    except Http404:
        return _show(request, Saying(None, text=text, refusal=gone()))
    saying = Saying(comment.post, comment.parent, comment, text)
    try:
        if "look" in request.POST:
            return _show(request, replace(saying, look=preview(text, comment.post_id)))
        comment = flagging.revise(comment, text, timezone.now())
    except Refused as refusal:
        return _show(request, replace(saying, refusal=refusal))
    _tell(request, comment)
    return _go(request, comment.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
def comment_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Deleting one's own comment, after a look at it; what to do about it for the next seconds is said in its place."""
    comment = _own(request, pk)
    if request.method != "POST":
        if comment.state == CommentState.DELETED:
            raise Http404
        return render(request, "comments/comment_delete.html", {"comment": comment, "post": comment.post})
    try:
        flagging.withdraw(comment, timezone.now())
    except Refused as refusal:  # it went away with its post
        raise Http404 from refusal
    return _go(request, _in_thread(comment))


@require_POST
def comment_undelete(request: HttpRequest, pk: int) -> HttpResponse:
    """Bringing back what one has just deleted."""
    comment = _own(request, pk)
    try:
        flagging.bring_back(comment, timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return _go(request, _in_thread(comment))


def _draft(request: HttpRequest, pk: int, sent: Sent) -> store.Draft:
    return store.Draft(
        writer=signed_in(request),
        post=Post(pk=pk),  # of both only the ids are read
        body=sent.text,
        parent=None if sent.parent is None else Comment(pk=sent.parent),
        key=sent.key,
        watch=sent.watch,
    )


def _shown_again(
    request: HttpRequest, pk: int, sent: Sent, *, refusal: Refused | None = None, look: str = ""
) -> Saying:
    """The form as it came."""
    post = Post.objects.visible_to(request.user).select_related("blog", "author").filter(pk=pk).first()
    answered = Comment.objects.select_related("author").filter(post=post, pk=sent.parent or 0)
    parent = answered.first() if post and sent.parent else None
    return Saying(post, parent, None, sent.text, str(sent.key), sent.watch, refusal, look)


def _post(request: HttpRequest, pk: int) -> Post:
    post = for_reading(pk)
    if post is None or not post.blog.is_visible_to(request.user):
        raise Http404
    return post


def _parent(post: Post, asked: str) -> Comment | None:
    """The comment that ``?parent=`` names; 404 when there is none to answer."""
    if not asked:
        return None
    comments = Comment.objects.filter(post=post, state=CommentState.VISIBLE).select_related("author")
    return get_object_or_404(comments, pk=number_in(asked, digits=INT8))


def _own(request: HttpRequest, pk: int) -> Comment:
    """The reader's own comment, on a post they may still see."""
    comments = Comment.objects.select_related("post__blog", "post__author", "parent__author")
    comment = get_object_or_404(comments, pk=pk, author=signed_in(request))
    if not comment.post.blog.is_visible_to(request.user):
        raise Http404
    return comment


def _show(request: HttpRequest, saying: Saying) -> HttpResponse:
    """The form: by itself for a script, as a page otherwise. Without a post there is none, and a script, whose form
    still holds the text, gets the reason alone."""
    status = 200
    if saying.refusal:
        status = UNPROCESSABLE if saying.post else NOT_FOUND
    is_script = bool(request.headers.get("HX-Request"))
    if is_script and saying.refusal and not saying.post:
        return HttpResponse(saying.refusal.message, content_type="text/plain; charset=utf-8", status=status)
    template = "comments/_form.html" if is_script else "comments/comment_create.html"
    if saying.comment and not is_script:
        template = "comments/comment_edit.html"
    response = render(request, template, {"saying": saying, "post": saying.post, "by_script": is_script}, status=status)
    response["Vary"] = "HX-Request"
    return response


def _tell(request: HttpRequest, comment: Comment) -> None:
    """What the writer should know, besides that it is said."""
    if comment.state == CommentState.HELD:
        messages.info(request, _("A moderator reads it before others do. Until then you alone see it here."))
    names = store.not_told(comment)
    if names:
        said = ngettext(
            "%(names)s cannot see this post and was not told.",
            "%(names)s cannot see this post and were not told.",
            len(names),
        )
        messages.warning(request, said % {"names": ", ".join(names)})


def _said(request: HttpRequest, comment: Comment) -> HttpResponse:
    """For a script: the comment for its place in the thread, and a fresh form for what is said next."""
    post = _post(request, comment.post_id)
    # With what others have said since the page was made, or it would be passed over
    known = number_in(str(request.POST.get("after", "")), default=comment.number)
    conversation = arrived(post, request.user, min(known, comment.number - 1))
    context = {"conversation": conversation, "post": post, "comment": comment}
    response = HttpResponse(render_to_string("comments/_said.html", context, request=request))
    response["HX-Retarget"], response["HX-Reswap"] = "#arrivals", "innerHTML"
    response["X-Said"] = f"{comment.post_id}-{comment.parent_id or 0}"  # drafts.js lets go of it
    return response


def _in_thread(comment: Comment) -> str:
    return f"{comment.post.get_absolute_url()}?comment={comment.number}#c{comment.number}"


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """There, by a script too: it loads the page anew."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return SeeOther(address)
