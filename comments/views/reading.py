"""How far the reader has come with a conversation."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from aggregator.models import Post
from bloghub.notifications.telling import read
from bloghub.people.access import signed_in
from comments.asked import number_in

# Only ever forward, and never past what there is: two tabs may answer in any order
COME_TO = """
    INSERT INTO aggregator_reading (person_id, post_id, read_at, comments_seen)
    VALUES (%(person)s, %(post)s, %(now)s, %(seen)s)
    ON CONFLICT (person_id, post_id) DO UPDATE
       SET read_at = excluded.read_at,
           comments_seen = greatest(aggregator_reading.comments_seen, excluded.comments_seen)
"""


@require_POST
def reading_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The reader has seen the comments of this post up to number ``seen``, and what they were told of it."""
    post = get_object_or_404(Post.objects.visible_to(request.user).only("pk", "last_comment_number", "title"), pk=pk)
    person, now = signed_in(request), timezone.now()
    seen = min(number_in(request.POST.get("seen", "")), post.last_comment_number)
    with connection.cursor() as cursor:
        cursor.execute(COME_TO, {"person": person.pk, "post": post.pk, "now": now, "seen": seen})
    read(person, {f"post:{post.pk}"}, now)
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return redirect(f"{post.get_absolute_url()}#conversation")
