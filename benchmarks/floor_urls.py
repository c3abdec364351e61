"""The hub's addresses and the empty view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bloghub.urls import urlpatterns as hub

EMPTY = "floor/"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [path(EMPTY, empty), *hub]
