"""Addresses of the aggregator. An id decides which post it is; names of blogs, people and tags are their slugs."""

from __future__ import annotations

from django.urls import path, register_converter

from aggregator.views import (
    blog,
    digest,
    metrics,
    outline,
    person,
    polling,
    post,
    push,
    ranking,
    river,
    saved_search,
    search,
    suggest,
    tag,
    vote,
)

app_name = "aggregator"


class NameConverter:
    """A slug or user name in any script. NUL is no part of one: PostgreSQL would refuse to look for it."""

    regex = "[^/\x00]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NameConverter, "name")

urlpatterns = [
    path("", river.front_detail, name="front-detail"),
    path("latest/", river.post_list, name="post-list"),
    path("top/", ranking.top_list, name="top-list"),
    path("discussed/", ranking.discussed_list, name="discussed-list"),
    path("posts/<int:pk>/", post.post_detail),
    path("posts/<int:pk>/vote/", vote.vote_create, name="vote-create"),
    path("posts/<int:pk>/vote/delete/", vote.vote_delete, name="vote-delete"),
    path("posts/<int:pk>/<name:slug>/", post.post_detail, name="post-detail"),
    path("metrics", metrics.metrics_detail, name="metrics-detail"),
    path("blogs/", blog.blog_list, name="blog-list"),
    path("blogs.opml", outline.outline_list, name="outline-list"),
    path("blogs/suggest/", suggest.suggestion_list, name="suggestion-list"),
    path("blogs/<name:slug>/", blog.blog_detail, name="blog-detail"),
    path("blogs/<name:slug>/polling/", polling.polling_detail, name="polling-detail"),
    path("blogs/<name:slug>/polling/hook/", polling.hook_create, name="hook-create"),
    path("hook/<slug:key>/", push.hook_push, name="hook-push"),
    path("ping/", push.ping_create, name="ping-create"),
    path("ping", push.ping_create),  # as engines and their manuals have it
    path("RPC2", push.ping_create),
    path("websub/<slug:key>/", push.websub_callback, name="websub-callback"),
    path("people/", person.person_list, name="person-list"),
    path("people/<name:username>/", person.person_detail, name="person-detail"),
    path("search/", search.search_list, name="search-list"),
    path("search/names/", search.search_name_list, name="search-name-list"),
    path("search/suggestions/", search.search_suggestion_list, name="search-suggestion-list"),
    path("searches/", saved_search.savedsearch_list, name="savedsearch-list"),
    path("searches/new/", saved_search.savedsearch_create, name="savedsearch-create"),
    path("searches/<int:pk>/", saved_search.savedsearch_detail, name="savedsearch-detail"),
    path(
        "searches/<int:pk>/matches/<str:event>/", saved_search.savedsearch_match_detail, name="savedsearch-match-detail"
    ),
    path("searches/<int:pk>/edit/", saved_search.savedsearch_edit, name="savedsearch-edit"),
    path("searches/<int:pk>/delete/", saved_search.savedsearch_delete, name="savedsearch-delete"),
    path("settings/digest/", digest.digest_detail, name="digest-detail"),
    path("tags/", tag.tag_list, name="tag-list"),
    path("tags/<name:slug>/", tag.tag_detail, name="tag-detail"),
]
