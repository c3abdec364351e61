"""A vote for a comment: given and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from bloghub.people.access import signed_in
from bloghub.people.models import Person
from comments import voting
from comments.models import Comment


@require_POST
def comment_vote_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The reader finds this comment worth reading."""
    return _change(request, pk, voting.cast, voted=True)


@require_POST
def comment_vote_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """The reader takes it back."""
    return _change(request, pk, voting.take_back, voted=False)


def _change(
    request: HttpRequest, pk: int, change: Callable[[Comment, Person, datetime], bool], *, voted: bool
) -> HttpResponse:
    comments = Comment.objects.visible_to(request.user).select_related("post__blog")
    comment = get_object_or_404(comments, pk=pk)
    person = signed_in(request)
    change(comment, person, timezone.now())
    if not request.headers.get("HX-Request"):
        return redirect(comment)
    mine = comment.author_id == person.pk
    values = {"pk": comment.pk, "number": comment.number, "votes": comment.vote_count or "", "may_vote": True}
    return render(request, "comments/_vote.html", {**values, "voted": voted and not mine, "mine": mine})
