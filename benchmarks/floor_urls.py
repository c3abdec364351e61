"""The hub's addresses, the empty view, and one that stores a row and does nothing else."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from bloghub.urls import urlpatterns as hub

EMPTY, INSERT = "floor/", "floor/insert/"
# What a comment is at least; benchmarks/writing.py makes and drops the table
BARE_TABLE = """
    CREATE TABLE bare_comment (
        id bigserial PRIMARY KEY, post_id bigint NOT NULL, author_id bigint NOT NULL,
        body text NOT NULL, html text NOT NULL, published_at timestamptz NOT NULL)
"""
BARE_INSERT = "INSERT INTO bare_comment (post_id, author_id, body, html, published_at) VALUES (%s, %s, %s, %s, now())"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def insert(request: HttpRequest) -> HttpResponse:
    """Stores what is sent in one statement, which commits itself."""
    body = request.POST["body"]
    with connection.cursor() as cursor:
        cursor.execute(BARE_INSERT, [1, 1, body, body])
    return HttpResponse("stored")


urlpatterns = [path(EMPTY, empty), path(INSERT, insert), *hub]
